//! The worker of history, desk and snapshots.

use super::pace::Teller;
use super::positions::Positions;
use super::unrecorded::Record;
use super::{OnChange, RETRY, UNDERSTOOD, trouble::Trouble, understanding::Understood};
use crate::desk::{self, Desk, OpenGap};
use crate::journal::{self, Draft, Snapshots};
use crate::watch::Outcome;
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The worker of history, desk and snapshots.
pub(super) struct Keeping {
    pub(super) positions: Positions,
    pub(super) desk: Desk,
    pub(super) snapshots: Snapshots,
    pub(super) teller: Teller,
    pub(super) changed: OnChange,
    pub(super) trouble: Arc<Trouble>,
    /// The sequences after the states that a restart may begin with.
    pub(super) restarts: [u64; 2],
}

impl Keeping {
    pub(super) async fn run(mut self, mut understood: mpsc::Receiver<Understood>) -> anyhow::Result<()> {
        let mut untold = Untold::default();
        let mut next = None;
        while let Some(first) = next_of(next.take(), &mut understood).await {
            let (Understood { outcome, applied, record, snapshot }, other) =
                with_waiting(first, &mut understood);
            next = other;
            if let Record::Missing(gap) = record {
                self.keep_unrecorded(&outcome, gap, &mut untold).await?;
                continue;
            }
            if record == Record::KeptAgain {
                untold = Untold::default();
                self.end_gap().await?;
            }
            // Alerts first: history may wait for room on the disk, people may not.
            self.keep(&outcome, applied).await?;
            self.reruns(&outcome).await?;
            self.positions.take(&outcome, applied).await?;
            if std::mem::take(&mut self.positions.has_come_back) {
                self.hold_room_again().await?;
            }
            if let Some(draft) = snapshot {
                let began = Instant::now();
                self.put_away(draft, applied).await?;
                self.teller.done(began.elapsed());
            }
        }
        if let Some(gap) = untold.gap {
            self.kept_unrecorded(&Outcome::default(), &gap).await?;
        }
        Ok(())
    }

    async fn hold_room_again(&self) -> anyhow::Result<()> {
        let free = self.positions.signs.shown.borrow().free;
        let held = self.desk.hold_room(free).await;
        self.noted("hold room for the desk", held, desk::Error::may_pass)?;
        Ok(())
    }

    /// A restart begins from the snapshot: nothing may be missing before it.
    async fn put_away(&mut self, draft: Result<Draft, journal::Error>, applied: u64) -> anyhow::Result<()> {
        const WRITE: &str = "write the snapshot";
        let Some(draft) = self.noted(WRITE, draft, journal::Error::may_pass)? else { return Ok(()) };
        if self.positions.are_whole(applied).await?
            && self.desk_reaches(applied).await?
            && self.noted(WRITE, self.snapshots.keep(&draft), journal::Error::may_pass)?.is_some()
        {
            self.restarts = [self.restarts[1], applied + 1];
            self.positions.signs.needed_from.store(self.restarts[0], Relaxed);
        }
        Ok(())
    }

    /// Keeps what is in no journal, and now and then how far the gap is.
    async fn keep_unrecorded(
        &mut self,
        outcome: &Outcome,
        gap: OpenGap,
        untold: &mut Untold,
    ) -> anyhow::Result<()> {
        let due = untold.told.is_none_or(|told| told.elapsed() > GAP_TOLD_EVERY);
        if gap.gap.sequences > 0 && (due || !outcome.changes.is_empty()) {
            self.kept_unrecorded(outcome, &gap).await?;
            *untold = Untold { told: Some(Instant::now()), gap: None };
        } else {
            untold.gap = Some(gap).filter(|gap| gap.gap.sequences > 0);
        }
        Ok(())
    }

    async fn kept_unrecorded(&mut self, outcome: &Outcome, gap: &OpenGap) -> anyhow::Result<()> {
        loop {
            let kept = self.desk.apply_unrecorded(&outcome.changes, gap).await;
            if let Some(rows) = self.noted(KEEP, kept, desk::Error::may_pass)? {
                (self.changed)(rows);
                return Ok(());
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Keeps what is to be run again, and what was, until it is durable: no snapshot gets ahead of it.
    async fn reruns(&self, outcome: &Outcome) -> anyhow::Result<()> {
        while !(outcome.wanted.is_empty() && outcome.reruns.is_empty()) {
            let noted = self.desk.note_reruns(&outcome.wanted, &outcome.reruns).await;
            if self.noted(KEEP, noted, desk::Error::may_pass)?.is_some() {
                break;
            }
            tokio::time::sleep(RETRY).await;
        }
        Ok(())
    }

    async fn end_gap(&mut self) -> anyhow::Result<()> {
        loop {
            let ended = self.desk.end_gap().await;
            if let Some(rows) = self.noted(KEEP, ended, desk::Error::may_pass)? {
                (self.changed)(rows);
                return Ok(());
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Keeps alert changes until they are durable.
    async fn keep(&mut self, outcome: &Outcome, applied: u64) -> anyhow::Result<()> {
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

/// What was taken from the queue already, or the next of it.
async fn next_of(
    taken: Option<Understood>,
    understood: &mut mpsc::Receiver<Understood>,
) -> Option<Understood> {
    match taken {
        Some(taken) => Some(taken),
        None => understood.recv().await,
    }
}

/// What waits behind it too, up to a snapshot or a gap: one commit for all of it, so that a slow disk delays an alert by
/// one commit and not by one for each group before it. Also gives what was taken from the queue and does not belong to it.
fn with_waiting(
    mut first: Understood,
    understood: &mut mpsc::Receiver<Understood>,
) -> (Understood, Option<Understood>) {
    for _ in 0..UNDERSTOOD {
        if first.snapshot.is_some() || first.record != Record::Kept {
            break;
        }
        let Ok(next) = understood.try_recv() else { break };
        if next.record != Record::Kept {
            return (first, Some(next));
        }
        first.outcome.append(next.outcome);
        (first.applied, first.snapshot) = (next.applied, next.snapshot);
    }
    (first, None)
}

/// What the desk was not told of a gap yet.
#[derive(Default)]
struct Untold {
    gap: Option<OpenGap>,
    told: Option<Instant>,
}

const KEEP: &str = "keep the alerts";

/// How far a gap is stands on the desk after so long, for the case that the process ends in it. Ours.
const GAP_TOLD_EVERY: Duration = Duration::from_secs(5);
