//! Calls for help through all four stages: raised at once, shown where they come from, and never cleared for want of ears.

use super::*;
use crate::alert::{ChangeKind, Priority};
use crate::geo::Position;
use crate::track::Standing;
use sensors::message::{Body, Message, Place, PositionA, SafetyText, to_sentences};
use sensors::receiver::Batch;
use sensors::sentence::tag_block;
use sensors::{Mmsi, Span};

const SART: u32 = 970_514_033;
const SHIP: u32 = 514_000_001;

struct Sea {
    watch: Watch,
    outcome: Outcome,
}

fn at(seconds: i64) -> Time {
    Time::from_seconds(1_800_000_000 + seconds)
}

fn position(status: u8, lat: f64, lon: f64, knots: f64) -> Body {
    let Position { lat, lon } = Position::from_degrees(lat, lon).unwrap();
    let place = Some(Place { lat, lon, accurate: true });
    Body::PositionA(PositionA { status, place, speed: Some((knots * 10.0) as u16), ..PositionA::default() })
}

fn words(text: &str) -> Body {
    Body::SafetyText(SafetyText { text: text.into(), ..SafetyText::default() })
}

fn line(mmsi: u32, body: Body) -> String {
    let kind = if matches!(body, Body::SafetyText(_)) { 14 } else { 1 };
    to_sentences(&Message { kind, repeat: 0, mmsi: Mmsi(mmsi), body }, "AI", 'A', 0).concat()
}

impl Sea {
    fn new() -> Sea {
        Sea { watch: Watch::new(Arc::new(Places::world())), outcome: Outcome::default() }
    }

    fn take(&mut self, entry: Entry) {
        let first = self.watch.next();
        self.watch.take(&Numbered { first, entry }, &mut self.outcome);
    }

    fn hear(&mut self, second: i64, line: &str) {
        let mut batch = Batch::new(ReceiverId(0));
        batch.push(at(second), line.as_bytes());
        self.take(Entry::Lines(batch));
    }

    fn tick(&mut self, second: i64) {
        self.take(Entry::Tick(at(second)));
    }

    /// What happened to alerts since the last call: kind, and where to look in degrees.
    fn told(&mut self) -> Vec<(ChangeKind, Option<(f64, f64)>)> {
        let degrees = |position: Position| (position.latitude().round(), position.longitude().round());
        let told = self.outcome.changes.drain(..);
        told.map(|change| (change.kind, change.alert.position.map(degrees))).collect()
    }

    fn tracks(&self) -> Vec<String> {
        self.outcome.fixes.iter().map(|fix| fix.track.to_string()).collect()
    }
}

use ChangeKind::{Cleared, Raised, Updated};

#[test]
fn a_ships_call_is_shown_where_it_says_that_it_is_and_does_not_carry_off_its_track() {
    let mut sea = Sea::new();
    for minute in 0..5 {
        sea.hear(60 * minute, &line(SHIP, position(0, 10.0, 103.0, 0.0)));
    }
    // A stray position, and then a speed that only broken transponders report.
    sea.hear(300, &line(SHIP, position(14, 15.0, 110.0, 0.0)));
    assert_eq!(sea.told(), [(Raised, Some((15.0, 110.0)))]);
    sea.hear(360, &line(SHIP, position(0, 10.0, 103.0, 0.0)));
    sea.hear(420, &line(SHIP, position(14, 11.0, 103.0, 51.2)));
    assert_eq!(sea.told(), [(Raised, Some((11.0, 103.0)))]);
    sea.hear(480, &line(SHIP, position(0, 10.0, 103.0, 0.0)));
    assert_eq!(sea.tracks(), ["0-1", "0-1", "0-1", "0-1", "0-1", "0-6", "0-1", "0-1", "0-1"]);
    let standings: Vec<Standing> = sea.outcome.fixes.iter().map(|fix| fix.standing).collect();
    assert_eq!((standings[5], standings[7]), (Standing::Jump, Standing::Noise));
    let shown: Vec<f64> =
        sea.watch.picture().all().map(|live| live.step.fix.position.longitude().round()).collect();
    assert_eq!(shown, [103.0]);
}

#[test]
fn nobody_is_told_to_help_himself() {
    let mut sea = Sea::new();
    for minute in 0..5 {
        sea.hear(60 * minute, &line(SHIP, position(0, 10.0, 103.0, 0.0)));
    }
    sea.hear(250, &line(SHIP + 1, position(0, 10.2, 103.0, 0.0)));
    // 25 miles from its track, and 13 from another vessel.
    sea.hear(300, &line(SHIP, position(14, 10.42, 103.0, 0.0)));
    let helpers = &sea.outcome.changes[0].alert.helpers;
    assert_eq!(helpers.iter().map(|helper| helper.vessel.mmsi.0).collect::<Vec<_>>(), [SHIP + 1]);
}

#[test]
fn a_call_from_where_nobody_can_be_is_raised_without_a_place() {
    let mut sea = Sea::new();
    sea.hear(0, &line(SHIP, position(14, 0.0, 0.0, 0.0)));
    assert_eq!(sea.told(), [(Raised, None)]);
}

#[test]
fn the_first_place_of_a_call_is_told_at_once() {
    let mut sea = Sea::new();
    sea.hear(0, &line(SART, words("SART ACTIVE")));
    sea.hear(5, &line(SART, position(14, 10.0, 103.0, 0.0)));
    sea.hear(10, &line(SART, position(14, 10.001, 103.0, 0.0)));
    assert_eq!(sea.told(), [(Raised, None), (Updated, Some((10.0, 103.0)))]);
}

#[test]
fn a_call_goes_on_being_told_when_another_receivers_clock_is_hours_slow() {
    let mut sea = Sea::new();
    for n in 0..6 {
        let text = line(SART, position(14, 10.0 + f64::from(n) * 1e-3, 103.0, 0.0));
        let second = 90 * i64::from(n);
        let slow = at(second) - Span::from_hours(2);
        let tag = tag_block::compose(&format!("c:{}", slow.as_millis() / 1000));
        sea.hear(second, &if n == 0 { text } else { format!("{tag}{text}") });
    }
    let kinds: Vec<ChangeKind> = sea.told().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [Raised, Updated, Updated, Updated, Updated, Updated]);
}

#[test]
fn a_call_outlives_its_track() {
    let mut sea = Sea::new();
    // Room for one track in each share: any other vessel of the share pushes the caller's out.
    let settings = Settings {
        track: track::Settings { tracks_max: 8, ..track::Settings::default() },
        ..Settings::default()
    };
    sea.take(Entry::Settings(settings.to_text()));
    sea.hear(0, &line(SART, position(14, 10.0, 103.0, 0.0)));
    for n in 0..64 {
        sea.hear(1 + i64::from(n), &line(567_000_000 + n, position(0, 12.0, 102.0, 5.0)));
    }
    assert!(sea.watch.picture().all().all(|live| live.step.fix.mmsi != Mmsi(SART)), "its track is gone");
    assert_eq!(sea.told(), [(Raised, Some((10.0, 103.0)))]);
    assert_eq!(sea.watch.open_alerts().count(), 1);
}

#[test]
fn time_in_which_nobody_listened_is_not_silence_of_a_call() {
    let mut sea = Sea::new();
    sea.hear(0, &line(SART, position(14, 10.0, 103.0, 0.0)));
    (0..60).for_each(|tenth| sea.tick(10 * tenth));
    // The watch is down for two hours; then twenty minutes more are listened to, and then another five.
    let up = 7200;
    (0..120).for_each(|tenth| sea.tick(up + 10 * tenth));
    assert_eq!(sea.told(), [(Raised, Some((10.0, 103.0)))]);
    (120..150).for_each(|tenth| sea.tick(up + 10 * tenth));
    assert_eq!(sea.told(), [(Cleared, Some((10.0, 103.0)))]);
}

#[test]
fn a_call_is_not_over_while_its_receiver_is_known_to_hear_nothing() {
    let base = |second| {
        let body = Body::Clock(sensors::message::Clock::at(at(second), None));
        to_sentences(&Message { kind: 4, repeat: 0, mmsi: Mmsi(5_670_001), body }, "AI", 'A', 0).concat()
    };
    let listen = |sea: &mut Sea, from: i64, to: i64, hears: bool| {
        for second in (from..to).step_by(10) {
            if hears {
                sea.hear(second, &base(second));
            }
            sea.tick(second);
        }
    };
    let mut sea = Sea::new();
    listen(&mut sea, 0, 600, true);
    sea.hear(600, &line(SART, position(14, 10.0, 103.0, 0.0)));
    // Its base station falls silent with all else: the antenna is down, for two hours.
    listen(&mut sea, 610, 7800, false);
    assert_eq!(sea.watch.receivers()[0].health, admit::Health::Down);
    assert_eq!(sea.told(), [(Raised, Some((10.0, 103.0)))]);
    listen(&mut sea, 7800, 9000, true);
    assert_eq!(sea.told(), []);
    listen(&mut sea, 9000, 9700, true);
    assert_eq!(sea.told(), [(Cleared, Some((10.0, 103.0)))]);
}

#[test]
fn a_call_says_what_its_time_is_worth() {
    let mut sea = Sea::new();
    let text = line(SART, position(14, 10.0, 103.0, 0.0));
    let stamped = |by: Span| {
        let stamp = (at(0) + by).as_millis() / 1000;
        format!("{}{text}", tag_block::compose(&format!("c:{stamp}")))
    };
    sea.hear(0, &stamped(Span::from_hours(-2)));
    let alert = &sea.outcome.changes[0].alert;
    assert_eq!((alert.began_at, alert.priority), (at(-7200), Priority::Distress));
    let told = alert.measures.iter().find(|measure| measure.name == "heard_before_arrival");
    assert_eq!(told.map(|measure| measure.value), Some(120.0));
    // A clock an hour ahead, or in 1970, can't be believed: the call has the time of its arrival.
    for by in [Span::from_hours(1), Span::from_millis(-at(0).as_millis())] {
        let mut sea = Sea::new();
        sea.hear(0, &stamped(by));
        assert_eq!(sea.outcome.changes[0].alert.began_at, at(0));
    }
}

#[test]
fn vessels_first_heard_in_one_line_are_tracks_of_their_own() {
    let mut sea = Sea::new();
    let (one, other) =
        (line(SHIP, position(0, 10.0, 103.0, 0.0)), line(SART, position(14, 11.0, 103.0, 0.0)));
    let third = line(SHIP + 1, position(14, 12.0, 103.0, 0.0));
    sea.hear(0, &format!("{one}{other}{third}"));
    assert_eq!(sea.tracks(), ["0-1", "0-1.1", "0-1.2"]);
    assert_eq!(sea.watch.picture().all().count(), 3);
    let alerts: std::collections::BTreeSet<_> =
        sea.outcome.changes.iter().map(|change| change.alert.id).collect();
    assert_eq!(alerts.len(), 2);
    sea.hear(60, &format!("{other}{one}"));
    assert_eq!(sea.tracks()[3..], ["0-1.1", "0-1"]);
}
