//! Two ships on one number, positions that can't be, and the short way that must give the long way's answer.

use super::open::{Choice, choose, choose_in_full};
use super::*;
use crate::admit::{self, Admitted};
use crate::place::Places;
use proptest::prelude::*;
use sensors::message::{Body, Message, Place, PositionA, StaticVoyage};
use sensors::radar::{OwnShip, Radar, TargetPosition, TargetStatus, TrackedTarget};
use sensors::report::{Ais, Content};
use sensors::{Report, Span, StationId};
use std::sync::LazyLock;

struct Sea {
    tracks: Tracks,
    settings: Settings,
    places: Places,
    next: u64,
    gained: Gained,
}

impl Sea {
    fn new() -> Sea {
        let (tracks, gained) = (Tracks::default(), Gained::default());
        Sea { tracks, settings: Settings::default(), places: Places::world(), next: 1, gained }
    }

    fn hear(&mut self, second: i64, content: Content, standing: admit::Standing) -> Option<Step> {
        let time = Time::from_seconds(1_800_000_000 + second);
        let report = Report {
            receiver: ReceiverId(0),
            station: StationId::NONE,
            sequence: self.next,
            part: 0,
            time,
            stamped: false,
            heard_at: time,
            content,
        };
        self.next += 1;
        let site = Position::from_degrees(10.0, 103.0);
        let admitted = Admitted { report, standing, doubted: None };
        let followed = self.tracks.follow(&admitted, site, &self.settings, &self.places, &mut self.gained);
        followed.and_then(|followed| followed.step)
    }

    fn fix(&mut self, second: i64, mmsi: u32, lat: f64, lon: f64, knots: f64) -> Option<Step> {
        self.heard(second, mmsi, lat, lon, knots, admit::Standing::Good)
    }

    fn heard(
        &mut self,
        second: i64,
        mmsi: u32,
        lat: f64,
        lon: f64,
        knots: f64,
        standing: admit::Standing,
    ) -> Option<Step> {
        let at = Position::from_degrees(lat, lon).unwrap();
        let place = Some(Place { lat: at.lat, lon: at.lon, accurate: true });
        let speed = Some((knots * 10.0) as u16);
        let body = Body::PositionA(PositionA { place, speed, course: Some(900), ..PositionA::default() });
        self.hear(second, ais(1, mmsi, body), standing)
    }

    fn radar(&mut self, second: i64, radar: Radar) {
        self.hear(second, Content::Radar(Box::new(radar)), admit::Standing::Good);
    }

    fn tracks_of_fixes(&self) -> Vec<String> {
        self.gained.fixes.iter().map(|fix| fix.track.to_string()).collect()
    }

    fn standings(&self) -> Vec<Standing> {
        self.gained.fixes.iter().map(|fix| fix.standing).collect()
    }

    fn forgotten(&self) -> usize {
        self.gained.events.iter().filter(|event| matches!(event, Event::Forgotten(_))).count()
    }
}

fn ais(kind: u8, mmsi: u32, body: Body) -> Content {
    let message = Message { kind, repeat: 0, mmsi: Mmsi(mmsi), body };
    Content::Ais(Ais { message, own_ship: false, payload_hash: 0, signal: None, derived: false })
}

const MINUTE: f64 = 1.0 / 60.0;

#[test]
fn two_ships_on_one_number_are_two_tracks() {
    let mut sea = Sea::new();
    for minute in 0..20_i64 {
        let east = minute as f64 * 10.0 / 60.0 * MINUTE;
        sea.fix(60 * minute, 416_000_000, 10.0, 103.0 + east, 10.0);
        sea.fix(60 * minute + 30, 416_000_000, 12.0, 101.0 + east, 10.0);
    }
    let of = sea.tracks_of_fixes();
    assert!(of.iter().step_by(2).all(|track| track == "0-1"), "{of:?}");
    assert!(of.iter().skip(1).step_by(2).all(|track| track == "0-2"), "{of:?}");
    assert!(sea.tracks.is_shared(Mmsi(416_000_000)));
    let mut expected = vec![Standing::Used; 40];
    expected[1] = Standing::Jump;
    assert_eq!(sea.standings(), expected, "the second ship waits for its second fix");
}

#[test]
fn a_single_jump_is_kept_and_counted_and_moves_nothing() {
    let mut sea = Sea::new();
    for minute in 0..10_i64 {
        let (lat, lon) = if minute == 5 { (15.0, 110.0) } else { (10.0, 103.0) };
        let step = sea.fix(60 * minute, 514_000_001, lat, lon, 0.0);
        assert_eq!(step.is_some(), minute != 5);
    }
    assert_eq!(sea.tracks.refused().by_standing()[&Standing::Jump], 1);
    assert!(!sea.tracks.is_shared(Mmsi(514_000_001)));
    let steps = sea.gained.events.iter().filter(|event| matches!(event, Event::Step(_))).count();
    assert_eq!(steps, 9);
}

#[test]
fn a_call_for_help_is_never_kept_waiting() {
    let mut sea = Sea::new();
    assert!(sea.fix(0, 970_000_001, 10.0, 103.0, 0.0).is_some());
    assert!(sea.fix(60, 970_000_001, 15.0, 110.0, 0.0).is_some());
}

#[test]
fn broken_positions_are_kept_with_their_reason() {
    let mut sea = Sea::new();
    sea.fix(0, 514_000_001, 10.0, 103.0, 0.0);
    for (speed, lat, lon) in [(51.2, 10.0, 103.0), (63.0, 10.0, 103.0), (0.0, 0.0, 0.0)] {
        assert!(sea.fix(60, 514_000_001, lat, lon, speed).is_none());
    }
    sea.heard(70, 514_000_001, 10.0, 103.0, 0.0, admit::Standing::Stale);
    sea.heard(80, 514_000_001, 10.0, 103.0, 0.0, admit::Standing::Unclocked);
    sea.fix(-60, 514_000_001, 10.0, 103.0, 0.0);
    use Standing::{Late, Noise, NullIsland, Stale, Unclocked, Used};
    assert_eq!(sea.standings(), [Used, Noise, Noise, NullIsland, Stale, Unclocked, Late]);
    assert!(sea.tracks_of_fixes().iter().all(|track| track == "0-1"));
    let refused = sea.tracks.refused().by_standing();
    assert_eq!((refused[&Noise], refused[&NullIsland], refused[&Stale], refused[&Late]), (2, 1, 1, 1));
}

#[test]
fn a_fix_that_may_be_either_ships_ends_both_tracks() {
    let mut sea = Sea::new();
    // A mile apart is told apart while they report often; after an hour of silence nothing tells.
    for minute in 0..20_i64 {
        sea.fix(60 * minute, 416_000_000, 10.0, 103.0, 0.0);
        sea.fix(60 * minute + 30, 416_000_000, 12.0, 101.0, 0.0);
    }
    assert_eq!(sea.forgotten(), 0);
    sea.settings.speed_shared_max = Knots(45.0);
    sea.fix(60 * 60 * 7, 416_000_000, 11.0, 102.0, 0.0);
    assert_eq!((sea.tracks.ambiguous(), sea.forgotten(), sea.tracks.open()), (1, 2, 1));
    assert_eq!(sea.tracks_of_fixes().last().unwrap(), "0-41");
}

#[test]
fn an_mmsi_has_no_more_tracks_than_the_settings_say_and_a_flood_pushes_no_believed_one_out() {
    let mut sea = Sea::new();
    for minute in 0..4 {
        sea.fix(60 * minute, 123_456_789, 10.0, 103.0, 0.0);
    }
    for n in 0..200 {
        sea.fix(300, 123_456_789, f64::from(n % 15) * 5.0 - 40.0, f64::from(n / 15) * 10.0, 0.0);
    }
    assert!(sea.tracks.open() <= sea.settings.tracks_per_mmsi_max);
    assert!(sea.tracks.evicted() > 0);
    assert!(
        sea.fix(360, 123_456_789, 10.0, 103.0, 0.0).is_some_and(|step| step.fix.track == TrackId::new(0, 1))
    );
}

#[test]
fn a_number_that_gives_wrong_ship_data_is_remembered_with_its_history() {
    let mut sea = Sea::new();
    sea.fix(0, 514_000_001, 10.0, 103.0, 0.0);
    for (minute, name) in [(1, "SOK SAN"), (2, "SOK SAN"), (3, "LUCKY STAR")] {
        let said = StaticVoyage { name: Some(name.into()), ..StaticVoyage::default() };
        sea.hear(60 * minute, ais(5, 514_000_001, Body::StaticVoyage(Box::new(said))), admit::Standing::Good);
    }
    let (_, particulars, identity) = sea.tracks.identities(Mmsi(514_000_001)).next().unwrap();
    assert_eq!(particulars.name.as_deref(), Some("LUCKY STAR"));
    let names = identity.unwrap().values(Attribute::Name);
    assert_eq!(names.iter().map(|said| said.count).collect::<Vec<_>>(), [2, 1]);
}

fn target(number: u16, miles: f64, bearing: f64, status: TargetStatus) -> Radar {
    use sensors::radar::{Angle, Reference, Units};
    Radar::Target(TrackedTarget {
        number: Some(number),
        distance: Some(miles),
        bearing: Some(Angle { degrees: bearing, reference: Some(Reference::Relative) }),
        units: Some(Units::Nautical),
        status: Some(status),
        ..TrackedTarget::default()
    })
}

#[test]
fn a_radar_target_is_a_track_placed_by_range_bearing_and_heading() {
    let mut sea = Sea::new();
    sea.radar(0, target(12, 6.0, 0.0, TargetStatus::Tracked));
    assert_eq!(sea.tracks.unplaced(), 1, "without a heading a relative bearing says nothing");
    sea.radar(
        1,
        Radar::OwnShip(OwnShip { heading: Some(90.0), heading_valid: Some(true), ..OwnShip::default() }),
    );
    sea.radar(2, target(12, 6.0, 0.0, TargetStatus::Tracked));
    let fix = sea.gained.fixes[0];
    assert_eq!((fix.class, fix.mmsi), (Class::RadarTarget, Mmsi(0)));
    assert!((fix.position.longitude() - 103.0 - 6.0 * MINUTE / libm::cos(10_f64.to_radians())).abs() < 1e-3);
    assert!((fix.position.latitude() - 10.0).abs() < 1e-3);
    let described = sea.gained.events.iter().find_map(|event| match event {
        Event::Particulars(track, particulars) => Some((*track, particulars.radar_target)),
        _ => None,
    });
    assert_eq!(described, Some((fix.track, Some(12))));
}

#[test]
fn a_lost_target_ends_and_its_number_begins_another_track() {
    let mut sea = Sea::new();
    sea.radar(
        0,
        Radar::OwnShip(OwnShip { heading: Some(0.0), heading_valid: Some(true), ..OwnShip::default() }),
    );
    for (second, miles) in [(2, 6.0), (4, 6.0), (6, 18.0), (8, 18.0)] {
        sea.radar(second, target(12, miles, 0.0, TargetStatus::Tracked));
    }
    sea.radar(10, target(12, 18.0, 0.0, TargetStatus::Lost));
    sea.radar(12, target(12, 18.0, 0.0, TargetStatus::Query));
    sea.radar(14, target(12, 18.0, 0.0, TargetStatus::Tracked));
    sea.radar(16, target(12, 18.0, 0.0, TargetStatus::Query));
    let of = sea.tracks_of_fixes();
    assert_eq!(of, ["0-2", "0-2", "0-4", "0-4", "0-7", "0-7", "0-9"], "far away, lost, and acquired anew");
    assert_eq!(sea.forgotten(), 3);
    let now = Time::from_seconds(1_800_000_000) + Span::from_minutes(12);
    sea.tracks.tick(now, &sea.settings, &mut sea.gained.events);
    assert_eq!((sea.forgotten(), sea.tracks.open()), (4, 0));
}

#[test]
fn a_target_told_by_its_place_needs_no_heading() {
    let mut sea = Sea::new();
    let (number, position) = (Some(7), Some((10.1, 103.1)));
    sea.radar(0, Radar::Position(TargetPosition { number, position, ..TargetPosition::default() }));
    assert_eq!(sea.gained.fixes[0].position, Position::from_degrees(10.1, 103.1).unwrap());
}

/// Seconds since the fix before, how far north and east of it in units, speed, course, class.
type Leg = (i64, i32, i32, Option<u16>, Option<u16>, u8);

/// One vessel's way, with pauses, wrong speeds, and stray positions.
fn ways() -> impl Strategy<Value = Vec<Leg>> {
    let near =
        prop_oneof![4 => -40..40_i32, 3 => -700..700_i32, 2 => -4_000..4_000_i32, 1 => -60_000..60_000_i32];
    let wait = prop_oneof![6 => 0..200_i64, 2 => 0..4_000_i64, 1 => 0..40_000_i64];
    let speed = proptest::option::weighted(0.9, prop_oneof![0..20_u16, 0..300_u16]);
    let course = proptest::option::weighted(0.9, 0..3600_u16);
    proptest::collection::vec((wait, near.clone(), near, speed, course, 0..12_u8), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_short_way_gives_the_long_ways_answer(
        way in ways(), lat in -89..89_i32, lon in -180..180_i32, shared: bool,
    ) {
        let settings = Settings::default();
        let places = &*PLACES;
        let (mut quick, mut full) = (open_track(), open_track());
        let mut fix = Step::sample(1, f64::from(lat), f64::from(lon)).fix;
        let mut gained = Gained::default();
        for (n, (wait, north, east, speed, course, class)) in way.into_iter().enumerate() {
            fix.time = fix.time + Span::from_seconds(wait);
            fix.position.lat = (fix.position.lat + north).clamp(-54_000_000, 54_000_000);
            fix.position.lon = (fix.position.lon + east).clamp(-108_000_000, 108_000_000);
            (fix.speed, fix.course) = (speed, course);
            fix.class = match class { 0 => Class::LongRange, 1..=2 => Class::B, _ => Class::A };
            let short = choose(&quick, &fix, || shared, &settings);
            let long = choose_in_full(&full, &fix, shared, &settings);
            prop_assert_eq!(outline(&short), outline(&long), "fix {}", n);
            for (tracks, choice) in [(&mut quick, short), (&mut full, long)] {
                if let Choice::Continues(at, found) = choice {
                    tracks[at].move_on(fix, found, places, &mut gained);
                }
            }
        }
    }
}

/// Read once: it takes longer than all else here.
static PLACES: LazyLock<Places> = LazyLock::new(Places::world);

fn open_track() -> Vec<open::Track> {
    vec![open::Track::new(TrackId::new(0, 1), Time::default())]
}

/// All of a choice that has consequences; the metric shows in later choices.
fn outline(choice: &Choice) -> String {
    match choice {
        Choice::Continues(at, found) => {
            format!("continues {at} past {:?}", found.map_or(0, |found| found.passed_over))
        }
        other => format!("{other:?}"),
    }
}
