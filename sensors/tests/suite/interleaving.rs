//! Messages in several sentences from many stations at once: nobody gets another's tail.

use crate::streams::{Ear, message, sentences, tag};
use proptest::prelude::*;
use sensors::Span;
use sensors::sentence::Reject;
use sensors::sentence::assembly::OPEN_MAX;
use std::collections::HashSet;

/// What tells the stations of one stream apart.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Receiver,
    StationTag,
    Trailer,
    /// A group whose first line alone names the station.
    Group,
    Talker,
    Channel,
}

/// One line on its way: when it arrives, at which receiver.
#[derive(Debug, Clone)]
struct Sent {
    arrives: i64,
    receiver: u16,
    line: String,
}

/// What happens to one line: lost, doubled, and how late.
type Fate = (bool, bool, i64);

const STATIONS: usize = 6;
const MESSAGES: usize = 12;
/// Of one station, milliseconds. A sequence id comes again after ten of these, later than [`TIMEOUT`] even when
/// the first was the latest line: a station that goes round faster cannot be told from itself.
///
/// [`TIMEOUT`]: sensors::sentence::assembly::TIMEOUT
const INTERVAL: i64 = 250;
const LATE_MAX: i64 = 400;

fn station_lines(mark: Mark, station: usize, number: usize, length: usize) -> (u64, Vec<(u16, String)>) {
    let payload = message(515_000_000 + station as u32, number as u32, length);
    let talker = ["AI", "BS", "AB", "SA", "AN", "AS"][station];
    let address = format!("{}VDM", if matches!(mark, Mark::Talker) { talker } else { "AI" });
    let channel = if matches!(mark, Mark::Channel) { ["A", "B", "1", "2", "C", "D"][station] } else { "A" };
    let sequence_id = (number % 10).to_string();
    let parts = sentences(&payload, &address, &sequence_id, channel, 56);
    let total = parts.len();
    let lines = parts.into_iter().enumerate().map(|(at, part)| {
        let group = format!("g:{}-{total}-{}", at + 1, station * 1000 + number);
        let line = match mark {
            Mark::StationTag => tag(&format!("s:ST{station}")) + &part,
            Mark::Trailer => format!("{part},d-090,r00366000{station},1795000000"),
            Mark::Group if at == 0 => tag(&format!("{group},s:ST{station},c:1795000000")) + &part,
            Mark::Group => tag(&group) + &part,
            Mark::Receiver | Mark::Talker | Mark::Channel => part,
        };
        (if matches!(mark, Mark::Receiver) { station as u16 } else { 9 }, line)
    });
    (payload.hash(), lines.collect())
}

/// All lines of a stream in the order of their arrival, and the hashes of the messages sent.
fn stream(mark: Mark, lengths: &[usize], fates: &[Fate]) -> (Vec<Sent>, HashSet<u64>) {
    let (mut lines, mut sent) = (Vec::new(), HashSet::new());
    let mut fates = fates.iter().cycle();
    for number in 0..MESSAGES {
        for station in 0..STATIONS {
            let length = lengths[(number * STATIONS + station) % lengths.len()];
            let (hash, parts) = station_lines(mark, station, number, length);
            sent.insert(hash);
            for (receiver, line) in parts {
                let (lost, doubled, late) = *fates.next().expect("a cycle has no end");
                let arrives = number as i64 * INTERVAL + late;
                let copies = if lost { 0 } else { 1 + usize::from(doubled) };
                lines.extend(vec![Sent { arrives, receiver, line }; copies]);
            }
        }
    }
    lines.sort_by_key(|sent| sent.arrives);
    (lines, sent)
}

fn heard(lines: &[Sent]) -> Ear {
    let mut ear = Ear::default();
    for sent in lines {
        ear.hear(sent.receiver, Span::from_millis(sent.arrives), &sent.line);
    }
    ear
}

fn mark() -> impl Strategy<Value = Mark> {
    prop::sample::select(vec![
        Mark::Receiver,
        Mark::StationTag,
        Mark::Trailer,
        Mark::Group,
        Mark::Talker,
        Mark::Channel,
    ])
}

/// Two to three parts.
fn lengths() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(60..156_usize, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_comes_out_of_loss_repetition_and_disorder_is_what_somebody_sent(
        mark in mark(),
        lengths in lengths(),
        fates in proptest::collection::vec((prop::bool::weighted(0.2), prop::bool::weighted(0.15), 0..LATE_MAX), 1..300),
    ) {
        let (lines, sent) = stream(mark, &lengths, &fates);
        let ear = heard(&lines);
        for hash in ear.hashes() {
            prop_assert!(sent.contains(&hash), "a message that nobody sent, stations told apart by {mark:?}");
        }
        prop_assert!(ear.decoder.unfinished() <= OPEN_MAX);
    }

    #[test]
    fn every_message_of_every_station_comes_back_where_no_line_is_lost(
        mark in mark(),
        lengths in lengths(),
        late in proptest::collection::vec(0..2_i64, 1..100),
    ) {
        // Lines of one message keep their order; those of several stations run through each other.
        let fates: Vec<Fate> = late.into_iter().map(|_| (false, false, 0)).collect();
        let (mut lines, sent) = stream(mark, &lengths, &fates);
        let seed = lengths.iter().sum::<usize>();
        for at in 1..lines.len() {
            let keeps_order = lines[at - 1].arrives != lines[at].arrives
                || owner(&lines[at - 1].line) == owner(&lines[at].line);
            if !keeps_order && (seed + at * 7) % 3 == 0 {
                lines.swap(at - 1, at);
            }
        }
        let ear = heard(&lines);
        let back: HashSet<u64> = ear.hashes().into_iter().collect();
        prop_assert_eq!(back.len(), sent.len(), "stations told apart by {:?}", mark);
        prop_assert_eq!(ear.counts().refused, 0);
    }

    #[test]
    fn two_messages_that_nothing_tells_apart_are_read_one_after_the_other_or_not_at_all(
        order in proptest::collection::vec(any::<bool>(), 6),
        length in 60..156_usize,
    ) {
        let payloads = [message(515_000_001, 1, length), message(515_000_002, 2, length)];
        let mut parts = payloads.each_ref().map(|payload| {
            let mut parts = sentences(payload, "AIVDM", "7", "A", 56);
            parts.reverse();
            parts
        });
        let mut lines = Vec::new();
        for second in order.into_iter().chain([false; 3]).chain([true; 3]) {
            lines.extend(parts[usize::from(second)].pop().map(|line| (second, line)));
        }
        let changes = lines.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        let ear = Ear::of(&lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>());
        let sent = payloads.each_ref().map(|payload| payload.hash());
        prop_assert!(ear.hashes().iter().all(|hash| sent.contains(hash)), "a mix of two vessels");
        if changes == 1 {
            prop_assert_eq!(ear.hashes().len(), 2);
        } else {
            prop_assert_eq!(ear.hashes().len(), 0);
            prop_assert!(ear.refused(Reject::AmbiguousPart) > 0);
        }
    }
}

/// Whose line it is: the start of the first part's armour names the sender, so lines of one message are known by
/// all but their number.
fn owner(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit()).take(24).collect()
}

fn never_completed(count: u32) -> Ear {
    let payload = message(515_000_001, 1, 68);
    let first = |id: u32| sentences(&payload, "AIVDM", &(id % 60_000).to_string(), "A", 56).swap_remove(0);
    let mut ear = Ear::default();
    for n in 0..count {
        ear.hear((n % 7) as u16, Span::from_millis(i64::from(n)), first(n));
    }
    ear
}

#[test]
fn first_parts_that_are_never_completed_take_no_more_room_than_the_bound() {
    let size = |count| serde_json::to_string(&never_completed(count).decoder).unwrap().len();
    let (few, many) = (size(2_000), size(20_000));
    assert!(many < few + few / 10, "{few} bytes of state after 2,000, {many} after 20,000");
    let ear = never_completed(20_000);
    assert!(ear.decoder.unfinished() <= OPEN_MAX);
    let given_up = ear.refused(Reject::OrphanPart) + ear.refused(Reject::EvictedPart);
    assert_eq!(given_up + ear.decoder.unfinished() as u64, 20_000);
}

/// The full count, by hand: `cargo test --release -p sensors --test suite -- --ignored two_million`.
#[test]
#[ignore = "takes a minute without optimisation"]
fn two_million_first_parts_that_are_never_completed_leave_memory_flat() {
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.expect("the second field is a number") * 4
    };
    drop(never_completed(10_000));
    let before = resident();
    let ear = never_completed(2_000_000);
    let after = resident();
    println!("resident: {before} KiB before, {after} KiB after");
    assert!(ear.decoder.unfinished() <= OPEN_MAX && after < before + 2048, "{before} KiB, then {after} KiB");
}
