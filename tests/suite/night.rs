//! The night that `make run` plays: what is hidden in it reaches the queue, and nothing else does.

use crate::sea::{Core, at, batches, exercise};
use sensors::Span;
use std::collections::BTreeSet;
use std::fs;
use watchkeeper::alert::Priority;

/// How much of the night: the coaster has waited for an hour, the boat has been at the beach.
const HOURS: i64 = 3;

/// Who is hidden in it, and which rules notice each.
const HIDDEN: [(&str, u32); 5] = [
    ("distress", 970_514_032),
    ("loitering", 514_812_345),
    ("loitering", 613_904_512),
    ("rendezvous", 514_812_345),
    ("zone_entry", 9_114_620),
];

#[test]
fn the_night_puts_what_is_hidden_in_it_on_the_queue_and_nothing_else() {
    let text = fs::read_to_string(at("fixtures/exercises/night-gulf-of-thailand.toml")).expect("committed");
    let mut lines = exercise(&text).peekable();
    let end = lines.peek().expect("it has lines").at + Span::from_hours(HOURS);
    let night: Vec<_> = lines.take_while(|line| line.at < end).collect();
    let mut core = Core::new();
    batches(&night, || 1000).into_iter().for_each(|batch| core.hear(batch));
    assert!(core.watch.picture().len() > 150, "{} vessels", core.watch.picture().len());
    let queued: BTreeSet<(String, u32)> = core
        .outcome
        .changes
        .iter()
        .filter(|change| change.alert.priority != Priority::Record)
        .map(|change| (change.alert.rule.clone(), change.alert.subjects[0].mmsi.0))
        .collect();
    assert_eq!(queued, HIDDEN.map(|(rule, mmsi)| (rule.to_owned(), mmsi)).into());
}
