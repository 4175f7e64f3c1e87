//! How fast positions are written down and found again, and how much room they take:
//! `cargo bench --bench history [-- POSITIONS]`, 2 million by default, of 2,000 vessels in the Gulf of Thailand.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to but its reader")]

use sensors::{Mmsi, ReceiverId, Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::{Duration, Instant};
use watchkeeper::geo::{Area, Degrees, KNOT, Metres, Position};
use watchkeeper::history::{Paging, Reader, Which, Whose, Writer};
use watchkeeper::track::{Class, Fix, Standing, TrackId};

const VESSELS: u64 = 2_000;
const START: i64 = 1_795_000_000_000;
const QUESTIONS: usize = 200;

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

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn around(&mut self, spread: i64) -> i64 {
        self.below(2 * spread as u64 + 1) as i64 - spread
    }
}

struct Vessel {
    /// Where it really is; what it sends has the noise of GNSS.
    at: Position,
    speed: i64,
    course: i64,
    interval: i64,
    time: i64,
    moored: bool,
}

impl Vessel {
    fn sail(&mut self, time: i64, random: &mut Random) {
        let elapsed = (time - self.time) as f64 / 1000.0;
        self.time = time;
        if self.moored {
            return;
        }
        if random.below(100) == 0 {
            self.course += random.around(600);
        }
        self.course = (self.course + random.around(5)).rem_euclid(3600);
        self.speed = (self.speed + random.around(1)).clamp(20, 220);
        let metres = Metres(self.speed as f64 / 10.0 * KNOT * elapsed);
        let there = self.at.travelled(Degrees(self.course as f64 / 10.0), metres);
        let gulf = Area { west: 99.5, south: 6.0, east: 104.5, north: 13.0 };
        if gulf.contains(there) {
            self.at = there;
        } else {
            self.course = (self.course + 1800) % 3600;
        }
    }
}

fn fleet(positions: usize, random: &mut Random) -> Vec<Fix> {
    let mut vessels: Vec<Vessel> = (0..VESSELS)
        .map(|_| Vessel {
            at: Position {
                lat: 3_600_000 + random.below(4_200_000) as i32,
                lon: 59_700_000 + random.below(3_000_000) as i32,
            },
            speed: 20 + random.below(150) as i64,
            course: random.below(3600) as i64,
            interval: [2, 10, 30, 60, 180, 180][random.below(6) as usize],
            time: START,
            moored: random.below(4) == 0,
        })
        .collect();
    let mut due: BinaryHeap<_> = (0..vessels.len()).map(|v| Reverse((START, v))).collect();
    let mut sequence = 0;
    let mut fixes = Vec::with_capacity(positions);
    while fixes.len() < positions {
        let Reverse((time, number)) = due.pop().unwrap();
        let vessel = &mut vessels[number];
        vessel.sail(time, random);
        due.push(Reverse((time + vessel.interval * 1000 + random.around(400), number)));
        // Other lines come between.
        sequence += 1 + random.below(2);
        let noise = |random: &mut Random| (random.around(6) + random.around(6)) as i32;
        fixes.push(Fix {
            track: TrackId::new(0, number as u64 + 1),
            sequence,
            time: Time::from_millis(time),
            mmsi: Mmsi(567_000_000 + number as u32),
            position: Position { lat: vessel.at.lat + noise(random), lon: vessel.at.lon + noise(random) },
            speed: Some(if vessel.moored { random.below(2) } else { vessel.speed as u64 } as u16),
            course: Some(((vessel.course + random.around(10)).rem_euclid(3600)) as u16),
            heading: Some(((vessel.course / 10 + random.around(1)).rem_euclid(360)) as u16),
            status: if vessel.moored { 5 } else { 0 },
            class: Class::A,
            receiver: ReceiverId(if random.below(5) == 0 { 1 } else { 0 }),
            standing: Standing::Used,
        });
    }
    fixes
}

/// Writes all; gives how long it took, how much of that was the file, and the bytes of the blocks.
async fn write(fixes: &[Fix], path: &Path) -> (Duration, Duration, u64) {
    let mut writer = Writer::open(path).await.unwrap();
    let began = Instant::now();
    let (mut bytes, mut flushing) = (0, Duration::ZERO);
    for fix in fixes {
        writer.append(fix);
        if writer.is_due() {
            bytes += writer.flush(fix.sequence, Which::FullBlocksOnly).await.unwrap().bytes;
        }
    }
    let newest = fixes.iter().map(|fix| fix.sequence).max().unwrap_or(0);
    let last = Instant::now();
    bytes += writer.flush(newest, Which::All).await.unwrap().bytes;
    flushing += last.elapsed();
    (began.elapsed(), flushing, bytes)
}

async fn ask(name: &str, mut question: impl AsyncFnMut() -> usize) {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        rows += question().await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let ms = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1000.0;
    println!("{name}: p50 {:.2} ms, p99 {:.2} ms, {} rows on average", ms(50), ms(99), rows / QUESTIONS);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let positions = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(2_000_000);
    let mut random = Random(1);
    let fixes = fleet(positions, &mut random);
    let folder = tempfile::tempdir_in(std::env::var_os("CARGO_TARGET_TMPDIR").unwrap_or_else(|| ".".into()));
    let folder = folder.unwrap();
    let path = folder.path().join("history.db");

    let (took, _, bytes) = write(&fixes, &path).await;
    let size = std::fs::metadata(&path).unwrap().len();
    let each = |bytes: u64| bytes as f64 / fixes.len() as f64;
    println!("written: {:.2} million positions/s", fixes.len() as f64 / took.as_secs_f64() / 1e6);
    println!("size: {:.2} bytes/position in blocks, {:.2} with indexes and all", each(bytes), each(size));

    let reader = Reader::open(&path).await.unwrap();
    let span = fixes[fixes.len() - 1].time.since(fixes[0].time).as_millis();
    let page = Paging { limit: 10_000, after: None };
    let mut any_time =
        |most: Span| Time::from_millis(START + random.below((span - most.as_millis()).max(1) as u64) as i64);
    let mut numbers = Random(2);
    ask("track, 24 h", async || {
        let from = any_time(Span::from_hours(24));
        let whose = Whose::Mmsi(Mmsi(567_000_000 + numbers.below(VESSELS) as u32));
        reader.track(whose, from, from + Span::from_hours(24), &page).await.unwrap().rows.len()
    })
    .await;
    ask("area, half a degree by 6 h", async || {
        let from = any_time(Span::from_hours(6));
        let (west, south) =
            (99.5 + numbers.below(450) as f64 / 100.0, 6.0 + numbers.below(650) as f64 / 100.0);
        let area = Area { west, south, east: west + 0.5, north: south + 0.5 };
        reader.area(&area, from, from + Span::from_hours(6), None, &page).await.unwrap().rows.len()
    })
    .await;

    let part = &fixes[..fixes.len() / 2];
    let (.., whole) = write(part, &folder.path().join("part.db")).await;
    for (name, change) in [
        (
            "milliseconds",
            (|f, _| f.time = Time::from_millis(f.time.as_millis() / 1000 * 1000)) as fn(&mut Fix, u64),
        ),
        ("sequence", |f, nth| f.sequence = nth),
        ("receiver", |f, _| f.receiver = ReceiverId(0)),
    ] {
        let mut counts = vec![0; VESSELS as usize + 1];
        let mut without = part.to_vec();
        for fix in &mut without {
            let nth = &mut counts[(fix.track.as_u64()) as usize];
            *nth += 1;
            change(fix, *nth);
        }
        let (.., bytes) = write(&without, &folder.path().join(format!("{name}.db"))).await;
        println!("of which {name}: {:.2} bytes/position", (whole as f64 - bytes as f64) / part.len() as f64);
    }
}
