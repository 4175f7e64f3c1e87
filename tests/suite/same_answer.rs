//! The same journal gives the same answer, however it was cut into batches and wherever the watch was restarted.

use crate::sea::{Chance, Core, Heard, at, batches, exercise, voyage, voyages};
use sensors::{ReceiverId, Span, Time};
use std::fs;
use watchkeeper::watch::Outcome;

/// How many ways to cut each recording.
const SEEDS: u64 = 3;

/// Recordings, and the first half hour of the night with its six receivers.
fn seas() -> impl Iterator<Item = (String, Vec<Heard>)> {
    let night = fs::read_to_string(at("fixtures/exercises/night-gulf-of-thailand.toml")).expect("committed");
    let end = Time::from_seconds(1_795_172_400) + Span::from_minutes(30);
    let night: Vec<Heard> = exercise(&night).take_while(|line| line.at < end).collect();
    assert!(night.len() > 5000, "{} lines", night.len());
    let recordings = voyages().into_iter().map(|name| (name.clone(), voyage(&name)));
    recordings.chain([("night".to_owned(), night)])
}

fn assert_same(a: &Outcome, b: &Outcome, what: &str) {
    assert!(a.fixes == b.fixes, "other positions: {what}");
    assert!(a.claims == b.claims, "other claims: {what}");
    assert!(a.changes == b.changes, "other alerts: {what}");
}

#[test]
fn batches_never_show_in_a_result() {
    for (name, heard) in seas() {
        let whole = Core::hear_all(&heard);
        for seed in 0..SEEDS {
            let mut chance = Chance::new(seed);
            let mut core = Core::new();
            let cut = batches(&heard, || 1 + chance.below([2, 20, 700][seed as usize % 3]));
            cut.into_iter().for_each(|batch| core.hear(batch));
            assert_same(&whole.outcome, &core.outcome, &format!("{name}, seed {seed}"));
            assert!(whole.watch.save() == core.watch.save(), "another state: {name}, seed {seed}");
        }
    }
}

#[test]
fn a_watch_put_away_and_taken_out_again_goes_on_as_if_nothing_had_been() {
    for (name, heard) in seas() {
        let whole = Core::hear_all(&heard);
        for seed in 0..SEEDS {
            let mut chance = Chance::new(seed);
            let mut core = Core::new();
            let pieces = batches(&heard, || 100);
            let every = 1 + pieces.len() / 5;
            for batch in pieces {
                core.hear(batch);
                if chance.below(every) == 0 {
                    core.restart();
                }
            }
            core.restart();
            assert_same(&whole.outcome, &core.outcome, &format!("{name}, seed {seed}"));
        }
    }
}

#[test]
fn two_receivers_that_hear_the_same_raise_the_same_single_alerts() {
    for name in voyages() {
        let once = voyage(&name);
        let later = |line: &Heard| Heard {
            receiver: ReceiverId(1),
            at: line.at + Span::from_millis(300),
            text: line.text.clone(),
        };
        let mut twice: Vec<Heard> = once.iter().cloned().chain(once.iter().map(later)).collect();
        twice.sort_by_key(|line| line.at);
        let told = |heard: &[Heard]| -> Vec<_> {
            let core = Core::hear_all(heard);
            let change = |change: &watchkeeper::alert::Change| {
                let alert = &change.alert;
                (change.kind, alert.reason.clone(), alert.severity, alert.raised_at, alert.measures.clone())
            };
            core.outcome.changes.iter().map(change).collect()
        };
        assert_eq!(told(&once), told(&twice), "{name}");
    }
}
