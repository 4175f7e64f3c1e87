//! Coverage learned from vessels whose way is known.

use super::*;
use crate::admit::Copy;
use sensors::StationId;

const HERE: (f64, f64) = (10.52, 103.52);

fn at(seconds: i64) -> Time {
    Time::from_seconds(1_794_960_000 + seconds)
}

/// A vessel under way, heard at this second by this receiver.
fn step(vessel: u32, seconds: i64, receiver: u16, place: (f64, f64)) -> Step {
    let mut step = Step::sample(vessel.into(), place.0, place.1);
    step.fix.mmsi = Mmsi(567_000_000 + vessel);
    step.fix.time = at(seconds);
    step.fix.receiver = ReceiverId(receiver);
    step
}

fn copies(vessel: u32, seconds: i64, receivers: &[u16]) -> Hearing {
    let copy = |&receiver: &u16| Copy {
        receiver: ReceiverId(receiver),
        station: StationId::NONE,
        after: 0,
        power: None,
        level: None,
        strength: None,
    };
    Hearing {
        sequence: 1,
        told: 2,
        time: at(seconds),
        mmsi: Mmsi(567_000_000 + vessel),
        copies: receivers.iter().map(copy).collect(),
    }
}

fn here() -> Position {
    Position::from_degrees(HERE.0, HERE.1).expect("on earth")
}

/// Three vessels for an hour; receiver 0 hears them every minute, receiver 1 the first `of_four` of every four.
fn learned(of_four: i64) -> Reception {
    let mut reception = Reception::default();
    for minute in 0..60 {
        for vessel in 0..3 {
            reception.step(&step(vessel, minute * 60 + i64::from(vessel), 0, HERE));
            if minute % 4 < of_four {
                reception.take(&[copies(vessel, minute * 60 + i64::from(vessel), &[0, 1])]);
            }
        }
        // Receiver 1 works all the time.
        reception.step(&step(77, minute * 60 + 30, 1, (10.9, 103.9)));
    }
    reception
}

#[test]
fn what_is_heard_by_one_and_missed_by_another_is_learned() {
    let reception = learned(1);
    let of = |receiver| reception.at(ReceiverId(receiver), Class::A, here(), at(100));
    let best = of(0).expect("known");
    assert!(best.chance > 0.98 && best.lower > 0.95 && best.vessels == 3, "{best:?}");
    assert!((170.0..=180.0).contains(&best.blocks), "{best:?}");
    let weak = of(1).expect("known");
    assert!((0.2..0.3).contains(&weak.chance) && weak.lower < weak.chance, "{weak:?}");
}

#[test]
fn nothing_is_said_of_another_class_quarter_or_place_nor_by_few() {
    let reception = learned(1);
    let at_most = |class, place: (f64, f64), time| {
        reception.at(ReceiverId(0), class, Position::from_degrees(place.0, place.1).expect("on earth"), time)
    };
    assert!(at_most(Class::A, HERE, at(0)).is_some());
    assert_eq!(at_most(Class::B, HERE, at(0)), None);
    assert_eq!(at_most(Class::A, HERE, at(6 * 3600)), None);
    assert_eq!(at_most(Class::A, (10.52, 103.58), at(0)), None);
    let mut two_vessels = Reception::default();
    for minute in 0..60 {
        (0..2).for_each(|vessel| two_vessels.step(&step(vessel, minute * 60, 0, HERE)));
    }
    assert_eq!(two_vessels.at(ReceiverId(0), Class::A, here(), at(0)), None);
}

#[test]
fn a_vessel_unheard_for_minutes_between_two_fixes_was_missed_there() {
    let mut reception = Reception::default();
    for round in 0..20 {
        for vessel in 0..3 {
            reception.step(&step(vessel, round * 600, 0, HERE));
        }
        for minute in 0..10 {
            reception.step(&step(77, round * 600 + minute * 60 + 30, 0, (10.9, 103.9)));
        }
    }
    let chance = reception.at(ReceiverId(0), Class::A, here(), at(0)).expect("known");
    assert!((0.09..0.13).contains(&chance.chance), "{chance:?}");
}

#[test]
fn a_moored_vessel_is_not_expected_every_minute() {
    let mut reception = Reception::default();
    for round in 0..60 {
        for vessel in 0..3 {
            let mut moored = step(vessel, round * 180, 0, HERE);
            moored.fix.speed = Some(0);
            reception.step(&moored);
        }
    }
    let chance = reception.at(ReceiverId(0), Class::A, here(), at(0)).expect("known");
    assert!(chance.chance > 0.98, "{chance:?}");
}

#[test]
fn a_receiver_that_hears_nothing_at_all_makes_no_hole() {
    let mut reception = learned(4);
    let before = reception.at(ReceiverId(1), Class::A, here(), at(0)).expect("known");
    for minute in 75..120 {
        (0..3).for_each(|vessel| reception.step(&step(vessel, minute * 60, 0, HERE)));
    }
    let after = reception.at(ReceiverId(1), Class::A, here(), at(0)).expect("known");
    assert!(after.chance > 0.9 && before.chance > 0.9, "{before:?} {after:?}");
}

#[test]
fn a_way_over_the_date_line_is_the_short_one() {
    let (west, east) = (Position { lat: 0, lon: 107_999_000 }, Position { lat: 600, lon: -107_999_000 });
    assert_eq!(between(west, east, 1, 2), Position { lat: 300, lon: -108_000_000 });
    assert_eq!(between(west, east, 3, 4), Position { lat: 450, lon: -107_999_500 });
    assert_eq!(between(east, west, 1, 4), Position { lat: 450, lon: -107_999_500 });
}

#[test]
fn cells_are_listed_in_order_with_their_corners() {
    let reception = learned(4);
    let cells = reception.cells(ReceiverId(0), Class::A);
    let [cell] = &cells[..] else { panic!("one known cell: {cells:?}") };
    assert_eq!(cell.south_west, Position::from_degrees(10.5, 103.5).expect("on earth"));
    assert_eq!(cell.quarter, 0);
    assert_eq!(Some(cell.chance), reception.at(ReceiverId(0), Class::A, here(), at(0)));
}

#[test]
fn what_is_saved_is_the_same_bytes_whatever_came_first() {
    let reception = learned(2);
    let saved = postcard::to_stdvec(&reception).unwrap();
    let back: Reception = postcard::from_bytes(&saved).unwrap();
    assert_eq!(postcard::to_stdvec(&back).unwrap(), saved);
    assert_eq!(back.cells(ReceiverId(1), Class::A), reception.cells(ReceiverId(1), Class::A));
}

#[test]
fn vessels_and_cells_are_bounded() {
    let mut reception = Reception::default();
    for vessel in 0..SENDERS_MAX as u32 + 10 {
        reception.step(&step(vessel, 0, 0, HERE));
    }
    assert_eq!((reception.senders.len(), reception.left_out()), (SENDERS_MAX, 10));
}
