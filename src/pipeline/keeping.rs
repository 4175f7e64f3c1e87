//! The desk's worker: alerts are kept and told of before anything else is put away.

use super::filing::{Kept, POSITIONS_WAITING};
use super::unrecorded::Record;
use super::{OnChange, RETRY, UNDERSTOOD, trouble::Trouble, understanding::Understood};
use crate::desk::{self, Desk, OpenGap};
use crate::watch::Outcome;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc};

/// The desk's worker.
pub(super) struct Keeping {
    pub(super) desk: Desk,
    pub(super) changed: OnChange,
    pub(super) trouble: Arc<Trouble>,
    pub(super) kept: mpsc::Sender<Kept>,
}

impl Keeping {
    pub(super) async fn run(mut self, mut understood: mpsc::Receiver<Understood>) -> anyhow::Result<()> {
        let room = Arc::new(Semaphore::new(POSITIONS_WAITING));
        let mut untold = Untold::default();
        let mut next = None;
        while let Some(first) = next_of(next.take(), &mut understood).await {
            let (Understood { outcome, applied, record, snapshot, since }, other) =
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
            self.keep(&outcome, applied).await?;
            self.reruns(&outcome).await?;
            let kept = Kept::new(outcome, since, applied, snapshot, &room).await;
            self.kept.send(kept).await.map_err(|_| anyhow::anyhow!("the history's worker has stopped"))?;
        }
        if let Some(gap) = untold.gap {
            self.kept_unrecorded(&Outcome::default(), &gap).await?;
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
        let rows = self.insist(|| self.desk.apply_unrecorded(&outcome.changes, gap)).await?;
        (self.changed)(rows);
        Ok(())
    }

    /// Keeps what is to be run again, and what was: no snapshot gets ahead of it.
    async fn reruns(&self, outcome: &Outcome) -> anyhow::Result<()> {
        if outcome.wanted.is_empty() && outcome.reruns.is_empty() {
            return Ok(());
        }
        self.insist(|| self.desk.note_reruns(&outcome.wanted, &outcome.reruns)).await
    }

    async fn end_gap(&mut self) -> anyhow::Result<()> {
        let rows = self.insist(|| self.desk.end_gap()).await?;
        (self.changed)(rows);
        Ok(())
    }

    async fn keep(&mut self, outcome: &Outcome, applied: u64) -> anyhow::Result<()> {
        if outcome.changes.is_empty() {
            return Ok(());
        }
        let rows = self.insist(|| self.desk.apply(&outcome.changes, applied)).await?;
        (self.changed)(rows);
        Ok(())
    }

    /// Tries until it is durable.
    async fn insist<T, F>(&self, what: impl Fn() -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Result<T, desk::Error>>,
    {
        loop {
            if let Some(done) = self.trouble.noted("keep the alerts", what().await, desk::Error::may_pass)? {
                return Ok(done);
            }
            tokio::time::sleep(RETRY).await;
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
        let large = first.outcome.fixes.len() > TOGETHER;
        if large || first.snapshot.is_some() || first.record != Record::Kept {
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

/// Groups are kept together up to so many positions: the history takes each piece whole before it looks whether it has to
/// write. Ours: more than a slow disk lets wait, and less than one group of a long replay.
const TOGETHER: usize = 20_000;

/// What the desk was not told of a gap yet.
#[derive(Default)]
struct Untold {
    gap: Option<OpenGap>,
    told: Option<Instant>,
}

/// How far a gap is stands on the desk after so long, for the case that the process ends in it. Ours.
const GAP_TOLD_EVERY: Duration = Duration::from_secs(5);
