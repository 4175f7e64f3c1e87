//! What the live picture costs by the number of vessels, in nanoseconds: `cargo bench --bench picture`.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to but its reader")]

use std::hint::black_box;
use std::time::{Duration, Instant};
use watchkeeper::geo::{Degrees, KNOT, Metres, Position};
use watchkeeper::picture::Picture;
use watchkeeper::place::{Detail, Surroundings};
use watchkeeper::track::{Class, Fix, Standing, Step, TrackId};

const FLEETS: [usize; 3] = [20_000, 50_000, 300_000];
const STEPS: usize = 2_000_000;
const QUESTIONS: usize = 20_000;

/// SplitMix64: the same vessels at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn step(track: u64, random: &mut Random) -> Step {
    let position = Position::from_degrees(6.0 + 7.0 * random.share(), 99.5 + 5.0 * random.share()).unwrap();
    let moving = random.share() < 0.75;
    let fix = Fix {
        track: TrackId::new(0, track),
        sequence: track,
        time: sensors::Time::from_seconds(0),
        mmsi: sensors::Mmsi(567_000_000 + track as u32),
        position,
        speed: Some(if moving { 20 + (180.0 * random.share()) as u16 } else { 0 }),
        course: Some((3600.0 * random.share()) as u16),
        heading: None,
        status: 0,
        class: Class::A,
        receiver: sensors::ReceiverId(0),
        standing: Standing::Used,
    };
    let (coast, detail) = (Metres(50_000.0), Detail::Basemap);
    let surroundings = Surroundings { coast, on_land: false, port: None, river: false, detail };
    Step { fix, surroundings, night: false, fixes: 9 }
}

fn each(total: Duration, of: usize) -> f64 {
    total.as_nanos() as f64 / of as f64
}

fn main() {
    for vessels in FLEETS {
        let mut random = Random(7);
        let mut fleet: Vec<Step> = (0..vessels as u64).map(|n| step(n, &mut random)).collect();
        let mut picture = Picture::default();
        let began = Instant::now();
        fleet.iter().for_each(|step| picture.step(*step));
        let inserted = each(began.elapsed(), vessels);

        // All report in turn, ten seconds apart each.
        let mut stepping = Duration::ZERO;
        for n in 0..STEPS {
            let step = &mut fleet[n % vessels];
            let metres = f64::from(step.fix.speed.unwrap()) / 10.0 * KNOT * 10.0;
            let course = Degrees(f64::from(step.fix.course.unwrap()) / 10.0);
            step.fix.position = step.fix.position.travelled(course, Metres(metres));
            let began = Instant::now();
            picture.step(*step);
            stepping += began.elapsed();
        }
        let ask = |radius: f64, count: Option<usize>| {
            let mut random = Random(11);
            let (began, mut found) = (Instant::now(), 0);
            for _ in 0..QUESTIONS {
                let at = fleet[random.next() as usize % vessels].fix.position;
                found += match count {
                    Some(count) => black_box(picture.nearest(at, count, Metres(radius))).len(),
                    None => black_box(picture.within(at, Metres(radius))).len(),
                };
            }
            (each(began.elapsed(), QUESTIONS), found as f64 / QUESTIONS as f64)
        };
        let (near, near_found) = ask(500.0, None);
        let (wide, wide_found) = ask(5_000.0, None);
        let (nearest, _) = ask(50_000.0, Some(10));
        let began = Instant::now();
        let pairs = picture.pairs(Metres(500.0), |live| live.step.fix.speed.is_some_and(|s| s > 0)).len();
        let pairing = each(began.elapsed(), vessels);
        println!(
            "{vessels:>7} vessels: insert {inserted:.0} ns, step {:.0} ns (with its clock)",
            each(stepping, STEPS)
        );
        println!(
            "        within 500 m {near:.0} ns ({near_found:.1} found), within 5 km {wide:.0} ns ({wide_found:.1} found)"
        );
        println!(
            "        nearest ten {nearest:.0} ns, pairs within 500 m {pairing:.0} ns a vessel ({pairs} pairs)"
        );
    }
}
