//! What only the four stages together show.

use super::*;
use crate::alert::ChangeKind;
use sensors::receiver::Batch;
use sensors::{Mmsi, Span};

const NAME: [&str; 2] = [
    "!AIVDM,2,1,3,A,57b<4q@00001QE@E=@1<tf1<4r3T00000000001650D66400084jB0CSmBmR,0*77",
    "!AIVDM,2,2,3,A,C31@0000000,2*26",
];
const POSITION: &str = "!AIVDM,1,1,,A,17b<4q@P1@WG2O05oGL3Q?vj0000,0*17";

#[test]
fn a_vessel_moves_on_after_a_wrong_clock_was_set_right() {
    let mut watch = Watch::new(Arc::new(Places::world()));
    let take = |watch: &mut Watch, entry| {
        let first = watch.next();
        watch.take(&Numbered { first, entry }, &mut Outcome::default());
    };
    let heard = |seconds| {
        let mut batch = Batch::new(ReceiverId(0));
        batch.push(Time::from_seconds(seconds), POSITION.as_bytes());
        Entry::Lines(batch)
    };
    let (wrong, right) = (1_900_000_000, 1_800_000_000);
    take(&mut watch, Entry::Tick(Time::from_seconds(wrong)));
    take(&mut watch, heard(wrong));
    take(&mut watch, Entry::Tick(Time::from_seconds(right)));
    take(&mut watch, heard(right));
    let heard_at: Vec<_> = watch.picture().all().map(|live| live.step.fix.time).collect();
    assert_eq!(heard_at, [Time::from_seconds(right)]);
}

#[test]
fn a_receiver_with_a_slow_clock_does_not_end_a_call_at_every_tick() {
    use sensors::message::{Body, Message, SafetyText, to_sentences};
    use sensors::sentence::tag_block;
    let mut watch = Watch::new(Arc::new(Places::world()));
    let call = Body::SafetyText(SafetyText { text: "SART ACTIVE".into(), ..Default::default() });
    let call = Message { kind: 14, repeat: 0, mmsi: Mmsi(970_514_033), body: call };
    let mut outcome = Outcome::default();
    for minute in 0..10 {
        let heard_at = Time::from_seconds(1_800_000_000 + 60 * minute);
        let stamp = (heard_at - Span::from_hours(9)).as_millis() / 1000;
        let line = to_sentences(&call, "AI", 'A', 0).concat();
        let mut batch = Batch::new(ReceiverId(0));
        batch.push(heard_at, format!("{}{line}", tag_block::compose(&format!("c:{stamp}"))).as_bytes());
        for entry in [Entry::Lines(batch), Entry::Tick(heard_at)] {
            let first = watch.next();
            watch.take(&Numbered { first, entry }, &mut outcome);
        }
    }
    assert_eq!(watch.counts().stamp_refused, 0);
    let raised = outcome.changes.iter().filter(|change| change.kind == ChangeKind::Raised);
    assert_eq!(raised.count(), 1);
}

#[test]
fn a_name_told_before_the_first_position_is_shown_with_it() {
    let mut watch = Watch::new(Arc::new(Places::world()));
    let mut batch = Batch::new(ReceiverId(0));
    for line in NAME.into_iter().chain([POSITION]) {
        batch.push(Time::from_seconds(1_800_000_000), line.as_bytes());
    }
    watch.take(&Numbered { first: 1, entry: Entry::Lines(batch) }, &mut Outcome::default());
    let names: Vec<_> = watch.picture().all().map(|live| live.particulars.name.as_deref()).collect();
    assert_eq!(names, [Some("SOK SAN 9")]);
}

#[test]
fn silence_clears_a_call_at_the_tick_that_noticed_it() {
    let mut watch = Watch::new(Arc::new(Places::world()));
    let began = Time::from_seconds(1_800_000_000);
    let body =
        sensors::message::Body::PositionA(sensors::message::PositionA { status: 14, ..Default::default() });
    let call = sensors::message::Message { kind: 1, repeat: 0, mmsi: Mmsi(970_001_234), body };
    let mut batch = Batch::new(ReceiverId(0));
    for line in sensors::message::to_sentences(&call, "AI", 'A', 0) {
        batch.push(began, line.as_bytes());
    }
    let mut outcome = Outcome::default();
    watch.take(&Numbered { first: 1, entry: Entry::Lines(batch) }, &mut outcome);
    for tick in 0..190 {
        let now = began + Span::from_seconds(10 * tick);
        watch.take(&Numbered { first: 2 + tick as u64, entry: Entry::Tick(now) }, &mut outcome);
    }
    let told: Vec<_> = outcome.changes.iter().map(|c| (c.kind, c.sequence, c.alert.position)).collect();
    assert_eq!(told, [(ChangeKind::Raised, 1, None), (ChangeKind::Cleared, 183, None)]);
    assert_eq!(watch.open_alerts().count(), 0);
}

/// Twenty vessels' positions, a tick, and the same again a minute later.
fn sea() -> Vec<Numbered> {
    let mut entries: Vec<Numbered> = Vec::new();
    for minute in 0..3 {
        let heard_at = Time::from_seconds(1_800_000_000 + 60 * minute);
        let mut batch = Batch::new(ReceiverId(0));
        for vessel in 0..20 {
            let place = Some(sensors::message::Place {
                lat: 5_400_000 + 1000 * vessel,
                lon: 61_800_000 + 10 * minute as i32,
                accurate: false,
            });
            let body = sensors::message::Body::PositionA(sensors::message::PositionA {
                place,
                speed: Some(100),
                ..Default::default()
            });
            let mmsi = Mmsi(567_000_100 + vessel as u32);
            let message = sensors::message::Message { kind: 1, repeat: 0, mmsi, body };
            for line in sensors::message::to_sentences(&message, "AI", 'A', 0) {
                batch.push(heard_at, line.as_bytes());
            }
        }
        for entry in [Entry::Lines(batch), Entry::Tick(heard_at)] {
            let first = entries.last().map_or(1, Numbered::next);
            entries.push(Numbered { first, entry });
        }
    }
    entries
}

/// The twenty vessels' lines have the sequences 1-20, 22-41 and 43-62.
const BAD_LINE: u64 = 30;

fn panics_at_the_bad_line(report: &Report) {
    assert!(report.sequence != BAD_LINE, "on purpose");
}

fn halt_of(watch: &mut Watch, entries: &[Numbered]) -> Halt {
    let take = std::panic::AssertUnwindSafe(|| watch.take_all(entries, &mut Outcome::default()));
    Halt::of(std::panic::catch_unwind(take).expect_err("it panics")).expect("it says where")
}

#[test]
fn a_panic_says_at_which_line_it_happened_and_the_line_can_be_passed_over() {
    let entries = sea();
    let new = || Watch::new(Arc::new(Places::world())).with_inspection(panics_at_the_bad_line);
    for threads in [1, 2] {
        let halt = halt_of(&mut new().with_threads(threads), &entries);
        assert_eq!((halt.first, halt.count), (BAD_LINE, 1), "{halt:?}");
        assert!(halt.message.contains("on purpose"), "{halt:?}");
    }
    let mut passed = new().with_skips(vec![Skip { first: BAD_LINE, count: 1 }]);
    let mut outcome = Outcome::default();
    passed.take_all(&entries, &mut outcome);
    let sequences: Vec<u64> = outcome.fixes.iter().map(|fix| fix.sequence).collect();
    let without: Vec<u64> = (1..=20).chain(22..=41).chain(43..=62).filter(|&n| n != BAD_LINE).collect();
    assert_eq!(sequences, without);
    // Nothing else differs from a journal in which the line says nothing.
    let mut quiet = entries.clone();
    let Entry::Lines(batch) = &mut quiet[2].entry else { panic!("lines") };
    let mut emptied = Batch::new(batch.receiver());
    for (sequence, (at, line)) in (22..).zip(batch.iter()) {
        emptied.push(at, if sequence == BAD_LINE { b"" } else { line });
    }
    *batch = emptied;
    let (mut watch, mut other) = (Watch::new(Arc::new(Places::world())), Outcome::default());
    watch.take_all(&quiet, &mut other);
    assert!(outcome.fixes == other.fixes && outcome.changes == other.changes);
}

#[test]
fn lines_read_with_care_give_the_same() {
    let entries = sea();
    let (mut plain, mut careful) = (Outcome::default(), Outcome::default());
    let new = || Watch::new(Arc::new(Places::world()));
    let mut one = new();
    one.take_all(&entries, &mut plain);
    let mut other = new().with_care(Halt { first: 22, count: 20, message: String::new() });
    other.take_all(&entries, &mut careful);
    assert_eq!((plain.fixes, one.digest()), (careful.fixes, other.digest()));
}
