//! The same journal gives the same answer, however it was cut into batches and wherever the watch was restarted.

use crate::sea::{Chance, Core, Heard, PLACES, at, batches, exercise, settings, voyage, voyages};
use sensors::{ReceiverId, Span, Time};
use std::fs;
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::journal::Ticker;
use watchkeeper::watch::{Given, Outcome, Watch};

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

/// Everything a watch gives when its journal is taken in groups cut by chance, on so many threads.
fn digests(entries: &[Numbered], threads: usize, mut group: impl FnMut() -> usize) -> (String, [String; 3]) {
    let mut watch = Watch::new(PLACES.clone()).with_threads(threads);
    let (mut given, mut rest) = (Given::default(), entries);
    while !rest.is_empty() {
        let (some, others) = rest.split_at(group().min(rest.len()));
        let mut outcome = Outcome::default();
        watch.take_all(some, &mut outcome);
        given.add(&outcome);
        rest = others;
    }
    (watch.digest(), given.finish())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut alerts = 0;
    for (name, heard) in seas() {
        let journal = |length: &mut dyn FnMut() -> usize| {
            let mut ticker = Ticker::default();
            let mut entries = vec![Entry::Settings(settings().to_text())];
            batches(&heard, length).into_iter().for_each(|batch| ticker.cut(batch, &mut entries));
            let mut next = 1;
            let number = |entry: Entry| {
                let numbered = Numbered { first: next, entry };
                next = numbered.next();
                numbered
            };
            entries.into_iter().map(number).collect::<Vec<_>>()
        };
        let mut outcome = Outcome::default();
        let whole = journal(&mut || 4096);
        Watch::new(PLACES.clone()).take_all(&whole, &mut outcome);
        alerts += outcome.changes.len();
        let expected = digests(&whole, 1, || 1);
        for (seed, threads) in [(1, 1), (2, 2), (3, 4), (4, 4)] {
            let mut chance = Chance::new(seed);
            let cut = journal(&mut || 1 + chance.below([2, 4000, 300][seed as usize % 3]));
            let most = [1, 400, 20][seed as usize % 3];
            let given = digests(&cut, threads, || 1 + chance.below(most));
            assert_eq!(given, expected, "{name}, {threads} threads, seed {seed}");
        }
    }
    assert!(alerts > 20, "{alerts} alerts: too few to tell");
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
            assert_eq!(whole.watch.digest(), core.watch.digest(), "another state: {name}, seed {seed}");
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
