//! The worker of history and snapshots, behind the desk's: nobody waits for what it does until its queue is full.

use super::pace::Teller;
use super::positions::Positions;
use super::trouble::Trouble;
use crate::desk::{self, Desk};
use crate::journal::{self, Draft, Snapshots};
use crate::watch::Outcome;
use std::sync::{Arc, atomic::Ordering::Relaxed};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Positions, claims and hearings that wait, in all groups together. Ours: 11 MiB of positions, a minute and a half of 16 sites
/// that hear all that they can.
pub(super) const POSITIONS_WAITING: usize = 200_000;

/// What the desk has kept its share of.
pub(super) struct Kept {
    outcome: Outcome,
    since: Instant,
    applied: u64,
    snapshot: Option<Result<Draft, journal::Error>>,
    _room: OwnedSemaphorePermit,
}

impl Kept {
    /// Waits until there is room for it. What is larger than all the room has it alone. `since` when its lines are durable.
    pub(super) async fn new(
        outcome: Outcome,
        since: Instant,
        applied: u64,
        snapshot: Option<Result<Draft, journal::Error>>,
        room: &Arc<Semaphore>,
    ) -> Kept {
        let size = outcome.fixes.len() + outcome.claims.len() + outcome.hearings.len();
        let size = size.min(POSITIONS_WAITING) as u32;
        let room = room.clone().acquire_many_owned(size).await.expect("nobody closes it");
        Kept { outcome, since, applied, snapshot, _room: room }
    }
}

/// The worker of history and snapshots.
pub(super) struct Filing {
    pub(super) positions: Positions,
    pub(super) desk: Desk,
    pub(super) snapshots: Snapshots,
    pub(super) teller: Teller,
    pub(super) trouble: Arc<Trouble>,
    /// The sequences after the states that a restart may begin with.
    pub(super) restarts: [u64; 2],
}

impl Filing {
    pub(super) async fn run(mut self, mut kept: mpsc::Receiver<Kept>) -> anyhow::Result<()> {
        while let Some(Kept { outcome, since, applied, snapshot, .. }) = kept.recv().await {
            self.positions.take(outcome, applied).await?;
            self.positions.signs.history_took(since.elapsed());
            if std::mem::take(&mut self.positions.has_come_back) {
                self.hold_room_again().await?;
            }
            if let Some(draft) = snapshot {
                let began = Instant::now();
                self.put_away(draft, applied).await?;
                self.teller.done(began.elapsed());
            }
        }
        Ok(())
    }

    async fn hold_room_again(&self) -> anyhow::Result<()> {
        let free = self.positions.signs.shown.borrow().free;
        let held = self.desk.hold_room(free).await;
        self.trouble.noted("hold room for the desk", held, desk::Error::may_pass)?;
        Ok(())
    }

    /// A restart begins from the snapshot: nothing may be missing before it. What the desk keeps came to it first.
    async fn put_away(&mut self, draft: Result<Draft, journal::Error>, applied: u64) -> anyhow::Result<()> {
        let Some(draft) = self.noted(draft)? else { return Ok(()) };
        if !(self.positions.are_whole(applied).await? && self.desk_reaches(applied).await?) {
            return Ok(());
        }
        let snapshots = self.snapshots.clone();
        let kept = tokio::task::spawn_blocking(move || snapshots.keep(&draft)).await;
        if self.noted(kept.expect("keeping a file does not panic"))?.is_some() {
            self.restarts = [self.restarts[1], applied + 1];
            self.positions.signs.needed_from.store(self.restarts[0], Relaxed);
        }
        Ok(())
    }

    fn noted<T>(&self, done: Result<T, journal::Error>) -> anyhow::Result<Option<T>> {
        self.trouble.noted("write the snapshot", done, journal::Error::may_pass)
    }

    async fn desk_reaches(&self, applied: u64) -> anyhow::Result<bool> {
        let kept = self.desk.apply(&[], applied).await;
        Ok(self.trouble.noted("keep the alerts", kept, desk::Error::may_pass)?.is_some())
    }
}
