//! What stage 0 makes of recordings, and what it and the learning of reception cost.
//!
//! `cargo bench --bench stage0 -- FILES`: of each file, how many reports were let in as what, and nanoseconds a line.

#![allow(clippy::print_stdout, reason = "its figures are for whoever runs it")]

use sensors::receiver::replay::{Options, Reader};
use sensors::{ReceiverId, Time};
use std::{collections::BTreeMap, path::Path, time::Instant};
use watchkeeper::admit::Admit;
use watchkeeper::entry::Entry;
use watchkeeper::geo::{Metres, Position};
use watchkeeper::journal::Ticker;
use watchkeeper::place::{Detail, Surroundings};
use watchkeeper::reception::Reception;
use watchkeeper::track::{Class, Fix, Step, TrackId};

fn main() {
    for file in std::env::args().skip(1).filter(|arg| !arg.starts_with("--")) {
        recording(Path::new(&file));
    }
    steps();
}

/// One recording through stage 0 alone.
fn recording(file: &Path) {
    let mut reader = Reader::open(file, &Options::default()).expect("a recording that can be read");
    let (mut ticker, mut entries) = (Ticker::default(), Vec::new());
    while let Some(batch) = reader.next_batch().expect("a recording that can be read") {
        ticker.cut(batch, &mut entries);
    }
    let (mut admit, mut sequence, mut admitted) = (Admit::default(), 1, Vec::new());
    let (mut by_standing, mut several, mut most) = (BTreeMap::new(), 0, 0);
    let began = Instant::now();
    for entry in &entries {
        match entry {
            Entry::Lines(batch) => admit.lines(sequence, batch, &mut admitted),
            Entry::Tick(now) => {
                for hearing in admit.tick(*now, sequence).hearings {
                    several += u64::from(hearing.copies.len() > 1);
                    most = most.max(hearing.copies.len());
                }
            }
            _ => {}
        }
        sequence += entry.len();
        for admitted in admitted.drain(..) {
            *by_standing.entry(admitted.standing).or_insert(0_u64) += 1;
        }
    }
    let each = began.elapsed().as_nanos() / u128::from(sequence);
    println!("{}: {each} ns a line; let in {by_standing:?}", file.display());
    println!("  {:?}; heard by several {several}, at most by {most}", admit.sorted());
    for receiver in admit.receivers() {
        println!(
            "  receiver {}: {:?} {}, {:?}",
            receiver.receiver.0, receiver.health, receiver.why, receiver.clock
        );
    }
}

/// Twenty thousand vessels under way, ten minutes.
fn steps() {
    const VESSELS: u32 = 20_000;
    const ROUNDS: i64 = 60;
    let mut reception = Reception::default();
    let mut all: Vec<Step> = (0..VESSELS).map(step).collect();
    let began = Instant::now();
    for round in 0..ROUNDS {
        for step in &mut all {
            step.fix.time = Time::from_seconds(1_795_000_000 + round * 10);
            reception.step(step);
        }
    }
    let each = began.elapsed().as_nanos() / u128::from(VESSELS) / ROUNDS as u128;
    println!("reception: {each} ns a step, {} cells", reception.len());
}

fn step(vessel: u32) -> Step {
    let (row, column) = (f64::from(vessel / 200), f64::from(vessel % 200));
    let fix = Fix {
        track: TrackId::new(0, vessel.into()),
        sequence: vessel.into(),
        time: Time::from_seconds(0),
        mmsi: sensors::Mmsi(567_000_000 + vessel),
        position: Position::from_degrees(8.0 + column / 50.0, 100.0 + row / 25.0).expect("on earth"),
        speed: Some(100),
        course: Some(900),
        heading: None,
        status: 0,
        class: Class::A,
        receiver: ReceiverId((vessel % 6) as u16),
        standing: watchkeeper::track::Standing::Used,
    };
    let surroundings = Surroundings {
        coast: Metres(50_000.0),
        on_land: false,
        port: None,
        river: false,
        detail: Detail::Basemap,
    };
    Step { fix, surroundings, night: true, fixes: 9 }
}
