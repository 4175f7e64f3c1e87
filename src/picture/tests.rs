//! Answers of the picture, held against looking at everything.

use super::*;
use crate::geo::wrap_longitude;
use proptest::prelude::*;

fn ids(found: &[(Metres, &Live)]) -> Vec<String> {
    found.iter().map(|(_, live)| live.step.fix.track.to_string()).collect()
}

#[test]
fn finds_neighbours_across_the_antimeridian_and_after_small_moves() {
    let mut picture = Picture::default();
    picture.step(Step::sample(1, 0.0, 179.999));
    picture.step(Step::sample(2, 0.0, -179.998));
    picture.step(Step::sample(3, 0.0, 179.0));
    picture.step(Step::sample(3, 0.0, 179.004));
    let here = Position::from_degrees(0.0, 180.0).expect("on earth");
    assert_eq!(ids(&picture.within(here, Metres(500.0))), ["0-1", "0-2"]);
    let there = Position::from_degrees(0.0, 179.004).expect("on earth");
    assert_eq!(ids(&picture.within(there, Metres(1.0))), ["0-3"]);
}

#[test]
fn a_rebuilt_picture_gives_the_same_answers() {
    let mut picture = Picture::default();
    for n in 0..500 {
        let n_f = n as f64;
        picture.step(Step::sample(n, 9.0 + n_f % 25.0 * 0.001, 103.0 + n_f / 25.0 * 0.001));
    }
    picture.forget(TrackId::new(0, 17));
    let again: Picture =
        postcard::from_bytes(&postcard::to_stdvec(&picture).expect("writes")).expect("reads");
    let here = Position::from_degrees(9.01, 103.01).expect("on earth");
    assert_eq!(ids(&picture.within(here, Metres(900.0))), ids(&again.within(here, Metres(900.0))));
    assert_eq!(ids(&picture.nearest(here, 10, Metres(50_000.0))).len(), 10);
}

#[test]
fn dead_reckoning_runs_both_ways() {
    let live = Live {
        step: Step::sample(1, 0.0, 0.0),
        particulars: Arc::default(),
        pinned: Position { lat: 0, lon: 0 },
    };
    let ahead = live.reckoned(Time::from_seconds(360));
    assert!((ahead.longitude() - 1.0 / 60.0).abs() < 1e-4, "10 kn east for 6 minutes is a mile");
    assert!(live.reckoned(Time::from_seconds(-360)).longitude() < 0.0);
}

/// Positions near each other, anywhere: at the poles and at 180 degrees more often than elsewhere.
fn places() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let lat = prop_oneof![-90.0..=90.0, 89.9..=90.0, -90.0..=-89.9, Just(90.0), -0.02..0.02];
    let lon = prop_oneof![-180.0..=180.0, 179.99..=180.0, -180.0..=-179.99, Just(180.0), Just(-180.0)];
    let spread = prop_oneof![Just(0.002), Just(0.05), Just(3.0)];
    (lat, lon, spread).prop_flat_map(|(lat, lon, spread)| {
        let one = (-1.0..1.0, -1.0..1.0, prop_oneof![3 => Just(1.0), 1 => Just(60.0)]).prop_map(
            move |(north, east, wide): (f64, f64, f64)| {
                let lat: f64 = lat + north * spread;
                (lat.clamp(-90.0, 90.0), wrap_longitude(lon + east * spread * wide))
            },
        );
        proptest::collection::vec(one, 2..60)
    })
}

fn picture_of(places: &[(f64, f64)]) -> Picture {
    let mut picture = Picture::default();
    for (n, &(lat, lon)) in (0..).zip(places) {
        // Pinned up to half a kilometre away.
        let there = Step::sample(n, lat, lon).fix.position.travelled(Degrees(n as f64 * 37.0), Metres(480.0));
        picture.step(Step::sample(n, there.latitude(), there.longitude()));
        picture.step(Step::sample(n, lat, lon));
    }
    picture
}

fn by_distance(mut all: Vec<(f64, u64)>) -> Vec<(f64, u64)> {
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all
}

fn told(found: &[(Metres, &Live)]) -> Vec<(f64, u64)> {
    found.iter().map(|(metres, live)| (metres.0, live.step.fix.track.as_u64())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn finds_whom_looking_at_everyone_finds(
        places in places(),
        radius in prop_oneof![Just(0.0), 1.0..3_000.0, 1_000.0..300_000.0, Just(9_000_000.0)],
        count in 1..9_usize,
    ) {
        let picture = picture_of(&places);
        let centre = Step::sample(0, places[0].0, places[0].1).fix.position;
        let near = |a: Position, b: Position| Some(a.distance(b).0).filter(|metres| *metres <= radius);
        let all = picture.all().filter_map(|live| {
            Some((near(centre, live.step.fix.position)?, live.step.fix.track.as_u64()))
        });
        let all = by_distance(all.collect());
        prop_assert_eq!(told(&picture.within(centre, Metres(radius))), &all[..]);
        let nearest = &all[..count.min(all.len())];
        prop_assert_eq!(told(&picture.nearest(centre, count, Metres(radius))), nearest.to_vec());
        let again: Picture = postcard::from_bytes(&postcard::to_stdvec(&picture).unwrap()).unwrap();
        prop_assert_eq!(told(&again.within(centre, Metres(radius))), &all[..]);
        prop_assert_eq!(postcard::to_stdvec(&again).unwrap(), postcard::to_stdvec(&picture).unwrap());
    }

    #[test]
    fn finds_the_pairs_that_looking_at_all_finds(places in places(), radius in 1.0..5_000.0_f64) {
        let picture = picture_of(&places);
        let mut expected = Vec::new();
        for one in picture.all().map(|live| live.step.fix) {
            for other in picture.all().map(|live| live.step.fix).filter(|other| one.track < other.track) {
                let metres = one.position.distance(other.position).0;
                if metres <= radius {
                    expected.push((metres, one.track, other.track));
                }
            }
        }
        expected.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let found = picture.pairs(Metres(radius), |_| true);
        let found: Vec<_> = found.into_iter().map(|(metres, one, other)| (metres.0, one, other)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_box_holds_what_looking_at_everyone_finds(
        places in places(), (south, high) in (-90.0..90.0, 0.0..30.0), (west, wide) in (-180.0..180.0, 0.0..200.0),
        near: bool,
    ) {
        let picture = picture_of(&places);
        let area = if near {
            let here = Step::sample(0, places[0].0, places[0].1).fix.position;
            Area::around(here, Metres(2_000.0))
        } else {
            Area { south, north: f64::min(south + high, 90.0), west, east: wrap_longitude(west + wide) }
        };
        let all = picture.all().filter(|live| area.contains(live.step.fix.position));
        let mut all: Vec<TrackId> = all.map(|live| live.step.fix.track).collect();
        all.sort_unstable();
        let found: Vec<TrackId> = picture.inside(&area).iter().map(|live| live.step.fix.track).collect();
        prop_assert_eq!(found, all);
    }
}

#[test]
fn a_ring_across_180_degrees_holds_what_is_in_it() {
    let mut picture = Picture::default();
    for (n, (lat, lon)) in [(0.0, 179.95), (0.0, -179.95), (0.5, 179.95), (0.0, 0.0)].into_iter().enumerate()
    {
        picture.step(Step::sample(n as u64, lat, lon));
    }
    let corners = [(-0.1, 179.9), (-0.1, -179.9), (0.1, -179.9), (0.1, 179.9)];
    let ring = corners.map(|(lat, lon)| Position::from_degrees(lat, lon).unwrap());
    let of = |found: Vec<&Live>| found.iter().map(|live| live.step.fix.track.to_string()).collect::<Vec<_>>();
    assert_eq!(of(picture.in_ring(&ring)), ["0-0", "0-1"]);
    let hollow = [(-1.0, -1.0), (1.0, 0.0), (-1.0, 1.0), (-0.5, 0.0)];
    let hollow = hollow.map(|(lat, lon)| Position::from_degrees(lat, lon).unwrap());
    assert_eq!(of(picture.in_ring(&hollow)), ["0-3"]);
    assert!(picture.in_ring(&ring[..2]).is_empty());
}
