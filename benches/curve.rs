//! What one line costs the core as the vessels become many, and the memory it takes: `make bench-curve`.
//!
//! `cargo bench --bench curve [-- VESSELS ...]`. Each size runs in a process of its own, so that its peak of memory is its own.
//! Half of the vessels keep to a hundred crowded ports, half are spread over the seas between 60 degrees north and
//! south; each is heard every ten seconds, as class A under way is, and says its name now and then. The last row is no fleet but a flood: a million different
//! MMSIs, each heard once, held against the bound on tracks.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to but its reader")]

use sensors::message::{Body, Message, Place, PositionA, StaticB, to_sentences};
use sensors::receiver::Batch;
use sensors::{Mmsi, ReceiverId, Span, Time};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::place::Places;
use watchkeeper::watch::{Outcome, Settings, Watch};

const SIZES: [u64; 5] = [1_000, 5_000, 20_000, 100_000, 300_000];

/// Lines that are timed, at least.
const LINES_MIN: u64 = 600_000;

const FLOOD: u64 = 1_000_000;

/// Lines of one batch, as a busy link gives them.
const BATCH: usize = 512;

fn main() {
    // `cargo bench` adds a flag of its own.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    match wanted.as_slice() {
        [kind, vessels] if kind == "one" => one(vessels.parse().unwrap()),
        [kind] if kind == "flood" => flood(),
        _ => table(&wanted),
    }
}

fn table(wanted: &[String]) {
    let sizes: Vec<u64> = match wanted {
        [] => SIZES.to_vec(),
        wanted => wanted.iter().map(|text| text.parse().expect("a number of vessels")).collect(),
    };
    println!("{:>9}  {:>9}  {:>9}  {:>9}  {:>9}", "vessels", "ns/line", "ratio", "peak MiB", "tracks");
    let mut first = None;
    for size in sizes {
        let (nanos, mib, tracks) = child(&["one", &size.to_string()]);
        let base = *first.get_or_insert(nanos);
        println!("{size:>9}  {nanos:>9.0}  {:>9.2}  {mib:>9.0}  {tracks:>9.0}", nanos / base);
    }
    let (nanos, mib, tracks) = child(&["flood"]);
    let base = first.unwrap_or(nanos);
    println!("{:>9}  {nanos:>9.0}  {:>9.2}  {mib:>9.0}  {tracks:>9.0}", "flood", nanos / base);
}

fn child(arguments: &[&str]) -> (f64, f64, f64) {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut figures = said.split_whitespace().map(|word| word.parse::<f64>().unwrap());
    let mut next = || figures.next().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (next(), next(), next())
}

/// SplitMix64: the same sea at every run.
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A share of 1, the same for the same vessel and purpose.
fn share(vessel: u64, purpose: u64) -> f64 {
    (random(vessel << 8 | purpose) >> 11) as f64 / (1_u64 << 53) as f64
}

/// From one report of a vessel to its next, ms.
const ROUND: i64 = 10_000;

/// How long this thread has had a processor: what others do on the machine is not in it.
fn on_the_processor() -> Duration {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(said.split_whitespace().next().unwrap().parse().unwrap())
}

struct Sea {
    watch: Watch,
    outcome: Outcome,
    spent: Duration,
    lines: u64,
    batch: Batch,
}

impl Sea {
    fn new(tracks_max: Option<usize>) -> Sea {
        let mut settings = Settings::default();
        settings.track.tracks_max = tracks_max.unwrap_or(settings.track.tracks_max);
        let mut sea = Sea {
            watch: Watch::new(Arc::new(Places::world())),
            outcome: Outcome::default(),
            spent: Duration::ZERO,
            lines: 0,
            batch: Batch::new(ReceiverId(0)),
        };
        sea.take(Entry::Settings(settings.to_text()));
        sea
    }

    fn take(&mut self, entry: Entry) {
        let numbered = Numbered { first: self.watch.next(), entry };
        let began = on_the_processor();
        self.watch.take(&numbered, &mut self.outcome);
        self.spent += on_the_processor() - began;
        self.outcome = Outcome::default();
    }

    fn hear(&mut self, at: Time, message: &Message) {
        for line in to_sentences(message, "AI", 'A', 0) {
            self.lines += 1;
            self.batch.push(at, line.as_bytes());
        }
        if self.batch.len() >= BATCH {
            let batch = self.batch.take();
            self.take(Entry::Lines(batch));
        }
    }

    fn say(&self) {
        let nanos = self.spent.as_nanos() as f64 / self.lines as f64;
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: f64 = peak.split_whitespace().next().unwrap().parse().unwrap();
        println!("{nanos} {} {}", kib / 1024.0, self.watch.picture().len());
    }
}

fn start() -> Time {
    Time::from_seconds(1_795_000_000)
}

/// Where a vessel is in round `round`, ten seconds each: half of them around a port, half out at sea, most of them moving.
fn position(vessel: u64, round: u64) -> Message {
    let (lat, lon) = if vessel.is_multiple_of(2) {
        let port = random(vessel) % 100;
        let (north, east) = (share(vessel, 1) - 0.5, share(vessel, 2) - 0.5);
        (100.0 * share(port, 3) - 50.0 + 0.3 * north, 350.0 * share(port, 4) - 175.0 + 0.3 * east)
    } else {
        (120.0 * share(vessel, 5) - 60.0, 350.0 * share(vessel, 6) - 175.0)
    };
    let moored = vessel.is_multiple_of(4);
    let knots = if moored { 0.0 } else { 4.0 + 14.0 * share(vessel, 7) };
    let course = share(vessel, 8) * 360.0;
    let run = knots * round as f64 / 360.0 / 60.0;
    // To and fro along its course, so that nobody leaves the map.
    let leg = 0.5;
    let along = leg - (run % (2.0 * leg) - leg).abs();
    let outward = run % (2.0 * leg) < leg;
    let (lat, lon) =
        (lat + along * libm::cos(course.to_radians()), lon + along * libm::sin(course.to_radians()));
    let heading = if outward { course } else { (course + 180.0) % 360.0 };
    let place = Place { lat: (lat * 600_000.0) as i32, lon: (lon * 600_000.0) as i32, accurate: true };
    let body = Body::PositionA(PositionA {
        status: if moored { 5 } else { 0 },
        speed: Some((knots * 10.0) as u16),
        course: Some((heading * 10.0) as u16 % 3600),
        place: Some(place),
        second: Some((vessel % 60) as u8),
        ..PositionA::default()
    });
    Message { kind: 1, repeat: 0, mmsi: Mmsi(201_000_000 + vessel as u32), body }
}

fn name(vessel: u64) -> Message {
    let body = Body::StaticB(Box::new(StaticB::A { name: Some(format!("VESSEL {vessel}")) }));
    Message { kind: 24, repeat: 0, mmsi: Mmsi(201_000_000 + vessel as u32), body }
}

fn round(sea: &mut Sea, vessels: u64, round: u64) {
    sea.take(Entry::Tick(start() + Span::from_millis(round as i64 * ROUND)));
    for vessel in 0..vessels {
        let at = start() + Span::from_millis(round as i64 * ROUND + vessel as i64 * ROUND / vessels as i64);
        sea.hear(at, &position(vessel, round));
        if random(vessel + round).is_multiple_of(36) {
            sea.hear(at, &name(vessel));
        }
    }
}

fn one(vessels: u64) {
    let mut sea = Sea::new(Some(vessels as usize * 2));
    // Beginning tracks is not the cost of following them.
    for n in 0..2 {
        round(&mut sea, vessels, n);
    }
    (sea.spent, sea.lines) = (Duration::ZERO, 0);
    for n in 2..2 + LINES_MIN.div_ceil(vessels).max(3) {
        round(&mut sea, vessels, n);
    }
    sea.say();
}

fn flood() {
    let mut sea = Sea::new(None);
    for vessel in 0..FLOOD {
        let at = start() + Span::from_millis(vessel as i64 * 2);
        if vessel.is_multiple_of(5_000) {
            sea.take(Entry::Tick(at));
        }
        sea.hear(at, &position(vessel, 0));
    }
    sea.say();
}
