//! What stage 0 makes of recordings, and what it and the learning of reception cost.
//!
//! `cargo bench --bench stage0 -- FILES`: of each file, how many reports were let in as what, and nanoseconds a line.
//! `--list` names every report that was not simply let in: as what, its time, its station, and its line. `--together`
//! takes the files as what so many receivers heard at the same time.

#![allow(clippy::print_stdout, reason = "its figures are for whoever runs it")]

use sensors::receiver::replay::{Options, Reader};
use sensors::{ReceiverId, Report, Time, receiver::Batch};
use std::{collections::BTreeMap, path::Path, time::Instant};
use watchkeeper::admit::{Admit, ClockState, Source, Standing, Stations};
use watchkeeper::entry::Entry;
use watchkeeper::geo::{Metres, Position};
use watchkeeper::journal::Ticker;
use watchkeeper::place::{Detail, Surroundings};
use watchkeeper::reception::Reception;
use watchkeeper::track::{Class, Fix, Step, TrackId};

fn main() {
    let (options, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let given = |option: &str| options.iter().any(|given| given == option);
    if given("--together") {
        stage_0(&files.join(" + "), &together(&files), given("--list"));
    } else {
        for file in &files {
            let (mut ticker, mut entries) = (Ticker::default(), Vec::new());
            batches(file, 0).into_iter().for_each(|batch| ticker.cut(batch, &mut entries));
            stage_0(file, &entries, given("--list"));
        }
    }
    steps();
}

fn batches(file: &str, receiver: u16) -> Vec<Batch> {
    let options = Options { receiver: ReceiverId(receiver), ..Options::default() };
    let mut reader = Reader::open(Path::new(file), &options).expect("a recording that can be read");
    std::iter::from_fn(|| reader.next_batch().expect("a recording that can be read")).collect()
}

/// The lines of all, in the order of their times.
fn together(files: &[String]) -> Vec<Entry> {
    let all: Vec<Batch> =
        files.iter().zip(0..).flat_map(|(file, receiver)| batches(file, receiver)).collect();
    let mut lines: Vec<(Time, ReceiverId, &[u8])> = Vec::new();
    for batch in &all {
        lines.extend(batch.iter().map(|(heard_at, line)| (heard_at, batch.receiver(), line)));
    }
    lines.sort_by_key(|(heard_at, receiver, _)| (*heard_at, *receiver));
    let (mut ticker, mut entries) = (Ticker::default(), Vec::new());
    for same in lines.chunk_by(|a, b| a.1 == b.1) {
        let mut batch = Batch::new(same[0].1);
        same.iter().for_each(|(heard_at, _, line)| batch.push(*heard_at, line));
        ticker.cut(batch, &mut entries);
    }
    entries
}

/// Entries through stage 0 alone.
fn stage_0(name: &str, entries: &[Entry], list: bool) {
    let (mut admit, mut sequence, mut admitted) = (Admit::default(), 1, Vec::new());
    let (mut by_standing, mut several, mut stations, mut most) = (BTreeMap::new(), 0, 0, 0);
    let began = Instant::now();
    for entry in entries {
        match entry {
            Entry::Lines(batch) => admit.lines(sequence, batch, &mut admitted),
            Entry::Tick(now) => {
                for hearing in admit.tick(*now, sequence).hearings {
                    several += u64::from(hearing.copies.len() > 1);
                    let first = hearing.copies[0].station;
                    stations += u64::from(hearing.copies.iter().any(|copy| copy.station != first));
                    most = most.max(hearing.copies.len());
                }
            }
            _ => {}
        }
        for admitted in &admitted {
            if list
                && let Entry::Lines(batch) = entry
                && admitted.standing != Standing::Good
            {
                let Report { time, station, sequence: at, .. } = admitted.report;
                let (_, line) = batch.iter().nth((at - sequence) as usize).expect("its line");
                let (standing, line) = (admitted.standing, String::from_utf8_lossy(line));
                println!("{standing:?}\t{time}\t{}\t{line}", admit.station_name(station).unwrap_or("-"));
            }
        }
        sequence += entry.len();
        for admitted in admitted.drain(..) {
            *by_standing.entry(admitted.standing).or_insert(0_u64) += 1;
        }
    }
    let each = began.elapsed().as_nanos() / u128::from(sequence);
    println!("{name}: {each} ns a line; let in {by_standing:?}");
    println!(
        "  {:?}; heard by several {several}, by several stations {stations}, at most by {most}",
        admit.sorted()
    );
    for receiver in admit.receivers() {
        println!(
            "  receiver {}: {:?} {}, {:?}",
            receiver.receiver.0, receiver.health, receiver.why, receiver.clock
        );
        let Stations { each, beyond } = &receiver.stations;
        let count = |of: fn(&ClockState) -> bool| each.iter().filter(|station| of(&station.clock)).count();
        let told = count(|clock| clock.source != Source::None);
        let (flagged, quarantined) = (count(|clock| clock.flagged), count(|clock| clock.quarantined));
        println!(
            "    {} stations, of {told} the clock is known, {flagged} off, {quarantined} not trusted; {beyond} reports beyond",
            each.len()
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
