//! The journal of a plan, and the core that reads it.

use super::mast::{Line, listen};
use super::plan::Plan;
use crate::sea::{Chance, PLACES, batches, settings};
use std::collections::BTreeMap;
use watchkeeper::alert::Alert;
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::journal::Ticker;
use watchkeeper::watch::{Outcome, Settings, Watch};

/// What a plan's journal holds, and what is true of its lines.
pub(super) struct Journal {
    pub(super) lines: Vec<Line>,
    /// The sequence of each line.
    pub(super) sequences: Vec<u64>,
    /// In batches of a thousand.
    pub(super) entries: Vec<Numbered>,
    pub(super) settings: Settings,
}

impl Journal {
    pub(super) fn of(plan: &Plan) -> Journal {
        let lines = listen(plan);
        let mut settings = settings();
        settings.track.tracks_max = plan.tracks_max;
        let mut journal = Journal { entries: Vec::new(), sequences: Vec::new(), lines, settings };
        journal.entries = journal.cut(|| 1000);
        for numbered in &journal.entries {
            if let Entry::Lines(batch) = &numbered.entry {
                journal.sequences.extend(numbered.first..numbered.first + batch.len() as u64);
            }
        }
        journal
    }

    /// The same entries in batches as long as `length` says each time.
    pub(super) fn cut(&self, length: impl FnMut() -> usize) -> Vec<Numbered> {
        let heard: Vec<_> = self.lines.iter().map(|line| line.heard.clone()).collect();
        let mut ticker = Ticker::default();
        let mut entries = vec![Entry::Settings(self.settings.to_text())];
        batches(&heard, length).into_iter().for_each(|batch| ticker.cut(batch, &mut entries));
        let mut first = 1;
        entries
            .into_iter()
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                let numbered = Numbered { first, entry };
                first = numbered.next();
                numbered
            })
            .collect()
    }

    /// As [`Journal::cut`], at random.
    pub(super) fn cut_at_random(&self, seed: u64) -> Vec<Numbered> {
        let mut chance = Chance::stream(seed, 5000);
        let longest = [1, 3, 20, 300][chance.below(4)];
        self.cut(|| 1 + chance.below(longest))
    }

    /// Which craft a line was of, by its sequence.
    pub(super) fn craft_by_sequence(&self) -> BTreeMap<u64, usize> {
        let known = self.sequences.iter().zip(&self.lines);
        known.filter_map(|(&sequence, line)| Some((sequence, line.craft?))).collect()
    }
}

/// The core after a journal, and all that came out.
pub(super) struct Run {
    pub(super) watch: Watch,
    pub(super) outcome: Outcome,
}

/// Gives the entries, one by one, to a core that is put away and taken out again before each of the entries in `restarts`.
pub(super) fn run(entries: &[Numbered], restarts: &[usize]) -> Run {
    let mut run = Run { watch: Watch::new(PLACES.clone()), outcome: Outcome::default() };
    for (at, entry) in entries.iter().enumerate() {
        if restarts.contains(&at) {
            run.watch = Watch::restore(&run.watch.save(), PLACES.clone()).expect("its own state");
        }
        run.watch.take(entry, &mut run.outcome);
    }
    run
}

/// The same on several threads, with as many entries at a time as there are between two restarts.
pub(super) fn run_on(threads: usize, entries: &[Numbered], restarts: &[usize]) -> Run {
    let mut run =
        Run { watch: Watch::new(PLACES.clone()).with_threads(threads), outcome: Outcome::default() };
    let mut ends = restarts.to_vec();
    ends.push(entries.len());
    ends.sort_unstable();
    let mut taken = 0;
    for end in ends {
        run.watch.take_all(&entries[taken..end], &mut run.outcome);
        taken = end;
        let state = run.watch.save();
        run.watch.go_back(&state).expect("its own state");
    }
    run
}

impl Run {
    /// What the core shows of its state.
    pub(super) fn state(&self) -> impl PartialEq + use<> {
        let watch = &self.watch;
        let mut live: Vec<_> =
            watch.picture().all().map(|live| (live.step, live.particulars.clone())).collect();
        live.sort_by_key(|(step, _)| step.fix.track);
        let alerts: Vec<Alert> = watch.open_alerts().cloned().collect();
        let numbers =
            (watch.next(), watch.now(), watch.senders(), watch.repeated(), watch.tracks_and_fixes());
        (live, alerts, numbers, watch.counts().clone(), watch.alerts_by_rule(), watch.digest())
    }
}
