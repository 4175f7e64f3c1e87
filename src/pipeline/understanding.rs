//! The core's worker: a thread of its own, on which nothing waits but for its queues.

use super::halted::Halted;
use super::pace::Pace;
use super::room::Signs;
use super::unrecorded::{Before, Group, Record};
use crate::entry::{Entry, Numbered};
use crate::journal::{self, Draft, Snapshots};
use crate::watch::{Halt, Outcome, Watch};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// What one group of entries came to.
pub(super) struct Understood {
    pub(super) outcome: Outcome,
    pub(super) applied: u64,
    pub(super) record: Record,
    pub(super) snapshot: Option<Result<Draft, journal::Error>>,
    /// Since when it is durable.
    pub(super) since: Instant,
}

/// The core's worker.
pub(super) struct Understanding {
    pub(super) watch: Watch,
    pub(super) before: Before,
    pub(super) signs: Arc<Signs>,
    pub(super) snapshots: Snapshots,
    pub(super) halted: Halted,
    pub(super) pace: Pace,
    pub(super) listener: Box<dyn FnMut(&Watch) + Send>,
}

impl Understanding {
    pub(super) fn run(
        mut self,
        mut written: mpsc::Receiver<Group>,
        understood: &mpsc::Sender<Understood>,
    ) -> Watch {
        while let Some(Group { entries, record, since }) = written.blocking_recv() {
            self.before.prepare(&record, &mut self.watch);
            let outcome = self.take(&entries);
            (self.listener)(&self.watch);
            let applied = self.watch.next() - 1;
            // The outcome goes first: no alert waits for the state to be written.
            let outcome = Understood { outcome, applied, record, snapshot: None, since };
            if understood.blocking_send(outcome).is_err() {
                return self.watch;
            }
            let due = !self.before.is_in_gap() && self.signs.history_is_live() && self.pace.is_due();
            if due && understood.blocking_send(self.state()).is_err() {
                return self.watch;
            }
        }
        if self.before.is_in_gap() {
            // What it knows is in no journal; the next start reads what is.
            return self.watch;
        }
        if self.signs.history_is_live() {
            // The keeper is gone only when it failed, and says so itself.
            let _ = understood.blocking_send(self.state());
        }
        self.watch
    }

    fn take(&mut self, entries: &[Numbered]) -> Outcome {
        let mut outcome = Outcome::default();
        let lines = entries.iter().map(|entry| match entry.entry {
            Entry::Tick(_) => (0, 1),
            _ => (entry.entry.len(), 0),
        });
        let (lines, ticks) = lines.fold((0, 0), |(lines, ticks), some| (lines + some.0, ticks + some.1));
        let taken = catch_unwind(AssertUnwindSafe(|| self.watch.take_all(entries, &mut outcome)));
        if let Err(panicked) = taken {
            match Halt::of(panicked) {
                Ok(halt) => self.halt(halt),
                Err(elsewhere) => resume_unwind(elsewhere),
            }
        }
        self.pace.passed(lines, ticks);
        outcome
    }

    /// Ends the worker, and with it the process; the next start knows at which line.
    fn halt(&self, halt: Halt) -> ! {
        let (sequence, lines) = (halt.first, halt.count);
        if let Err(error) = self.halted.note(&halt) {
            tracing::error!(%error, "can't write down where the core panicked");
        }
        tracing::error!(sequence, lines, reason = halt.message, "the core panicked");
        resume_unwind(Box::new(halt))
    }

    /// The state as it is between two groups, which gave nothing new.
    fn state(&mut self) -> Understood {
        let (outcome, applied) = (Outcome::default(), self.watch.next() - 1);
        let (snapshot, since) = (Some(self.snapshot()), Instant::now());
        Understood { outcome, applied, record: Record::Kept, snapshot, since }
    }

    /// Writes the state as it is between two groups. What it costs is the time that the core stands still.
    fn snapshot(&mut self) -> Result<Draft, journal::Error> {
        let began = Instant::now();
        let (next, now) = (self.watch.next(), self.watch.now());
        let draft = self.snapshots.draft(next, now, |out| self.watch.save_to(out));
        self.pace.taken(began.elapsed());
        tracing::debug!(next, stood_still_ms = began.elapsed().as_millis() as u64, "state written");
        draft
    }
}
