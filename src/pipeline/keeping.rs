//! The worker of history, desk and snapshots.

use super::{OnChange, RETRY, trouble::Trouble, understanding::Understood};
use crate::desk::Desk;
use crate::history;
use crate::journal::Snapshots;
use crate::watch::Outcome;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The worker of history, desk and snapshots.
pub(super) struct Keeping {
    pub(super) history: history::Writer,
    pub(super) desk: Desk,
    pub(super) snapshots: Snapshots,
    pub(super) changed: OnChange,
    pub(super) trouble: Arc<Trouble>,
}

impl Keeping {
    pub(super) async fn run(mut self, mut understood: mpsc::Receiver<Understood>) -> anyhow::Result<()> {
        let mut flushed = Instant::now();
        while let Some(Understood { outcome, applied, snapshot }) = understood.recv().await {
            // Alerts first: history may wait for room on the disk, people may not.
            self.desk(&outcome, applied).await;
            self.reruns(&outcome).await;
            outcome.fixes.iter().for_each(|fix| self.history.append(fix));
            outcome.claims.iter().for_each(|claim| self.history.claim(claim));
            if self.history.ready() > 4096 {
                self.history(applied, history::Which::FullBlocksOnly).await;
            }
            if let Some(state) = snapshot {
                // A restart begins from the snapshot: nothing may be missing before it.
                let whole = self.history(applied, history::Which::All).await
                    && self.history.applied() >= applied
                    && self.desk_reaches(applied).await;
                if whole {
                    self.noted("write the snapshot", self.snapshots.write(applied + 1, &state));
                }
                flushed = Instant::now();
            } else if flushed.elapsed() > HISTORY_EVERY {
                self.history(applied, history::Which::All).await;
                flushed = Instant::now();
            }
            // What it left out while the disk was full is in the journal; a restart reads it from there.
            if let Some(sequence) = self.history.stopped_at()
                && self.history.applied() + 1 >= sequence
            {
                anyhow::bail!("the history has room again, and is without what came after entry {sequence}");
            }
        }
        Ok(())
    }

    /// Keeps alert changes until they are durable.
    async fn desk(&mut self, outcome: &Outcome, applied: u64) {
        if outcome.changes.is_empty() {
            return;
        }
        loop {
            if let Some(rows) = self.noted(KEEP, self.desk.apply(&outcome.changes, applied).await) {
                return (self.changed)(rows);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Keeps what is to be run again, and what was, until it is durable: no snapshot gets ahead of it.
    async fn reruns(&self, outcome: &Outcome) {
        while !(outcome.wanted.is_empty() && outcome.reruns.is_empty()) {
            let noted = self.desk.note_reruns(&outcome.wanted, &outcome.reruns).await;
            if self.noted(KEEP, noted).is_some() {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn desk_reaches(&self, applied: u64) -> bool {
        self.noted(KEEP, self.desk.apply(&[], applied).await).is_some()
    }

    async fn history(&mut self, applied: u64, which: history::Which) -> bool {
        let flushed = self.history.flush(applied, which).await;
        self.noted("write the history", flushed).is_some()
    }

    fn noted<T, E: std::error::Error>(&self, operation: &'static str, done: Result<T, E>) -> Option<T> {
        match done {
            Ok(done) => {
                self.trouble.over(operation);
                Some(done)
            }
            Err(error) => {
                self.trouble.begins(operation, &error);
                None
            }
        }
    }
}

const KEEP: &str = "keep the alerts";

/// Positions are in the file after this long, even when no snapshot is due.
const HISTORY_EVERY: Duration = Duration::from_secs(60);
