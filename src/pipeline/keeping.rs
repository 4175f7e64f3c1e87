//! The worker of history, desk and snapshots.

use super::{OnChange, RETRY, UNDERSTOOD, trouble::Trouble, understanding::Understood};
use crate::desk::{self, Desk};
use crate::history;
use crate::journal::{self, Snapshots};
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
        while let Some(first) = understood.recv().await {
            let Understood { outcome, applied, snapshot } = with_waiting(first, &mut understood);
            // Alerts first: history may wait for room on the disk, people may not.
            self.desk(&outcome, applied).await?;
            outcome.fixes.iter().for_each(|fix| self.history.append(fix));
            outcome.claims.iter().for_each(|claim| self.history.claim(claim));
            if self.history.ready() > 4096 {
                self.history(applied, history::Which::FullBlocksOnly).await?;
            }
            if let Some(state) = snapshot {
                // A restart begins from the snapshot: nothing may be missing before it.
                let whole = self.history(applied, history::Which::All).await?
                    && self.history.applied() >= applied
                    && self.desk_reaches(applied).await?;
                if whole {
                    let written = self.snapshots.write(applied + 1, &state);
                    self.noted("write the snapshot", written, journal::Error::may_pass)?;
                }
                flushed = Instant::now();
            } else if flushed.elapsed() > HISTORY_EVERY {
                self.history(applied, history::Which::All).await?;
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
    async fn desk(&mut self, outcome: &Outcome, applied: u64) -> anyhow::Result<()> {
        if outcome.changes.is_empty() {
            return Ok(());
        }
        loop {
            let kept = self.desk.apply(&outcome.changes, applied).await;
            if let Some(rows) = self.noted(KEEP, kept, desk::Error::may_pass)? {
                (self.changed)(rows);
                return Ok(());
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn desk_reaches(&self, applied: u64) -> anyhow::Result<bool> {
        let kept = self.desk.apply(&[], applied).await;
        Ok(self.noted(KEEP, kept, desk::Error::may_pass)?.is_some())
    }

    async fn history(&mut self, applied: u64, which: history::Which) -> anyhow::Result<bool> {
        let flushed = self.history.flush(applied, which).await;
        Ok(self.noted("write the history", flushed, history::Error::may_pass)?.is_some())
    }

    /// What was done; `None` where it may be tried again. Any other failure ends the watch: of a disk that failed once
    /// nobody knows what it holds, and the journal, read back, makes all of these anew.
    fn noted<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        operation: &'static str,
        done: Result<T, E>,
        may_pass: impl Fn(&E) -> bool,
    ) -> anyhow::Result<Option<T>> {
        match done {
            Ok(done) => {
                self.trouble.over(operation);
                Ok(Some(done))
            }
            Err(error) if may_pass(&error) => {
                self.trouble.begins(operation, &error);
                Ok(None)
            }
            Err(error) => Err(anyhow::Error::new(error).context(format!("could not {operation}"))),
        }
    }
}

/// What waits behind it too, up to a snapshot: one commit for all of it, so that a slow disk delays an alert by one
/// commit and not by one for each group before it.
fn with_waiting(mut first: Understood, understood: &mut mpsc::Receiver<Understood>) -> Understood {
    for _ in 0..UNDERSTOOD {
        if first.snapshot.is_some() {
            break;
        }
        let Ok(Understood { outcome, applied, snapshot }) = understood.try_recv() else { break };
        first.outcome.changes.extend(outcome.changes);
        first.outcome.fixes.extend(outcome.fixes);
        first.outcome.claims.extend(outcome.claims);
        (first.applied, first.snapshot) = (applied, snapshot);
    }
    first
}

const KEEP: &str = "keep the alerts";

/// Positions are in the file after this long, even when no snapshot is due.
const HISTORY_EVERY: Duration = Duration::from_secs(60);
