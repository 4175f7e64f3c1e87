//! Everything one database folder holds, and how a watch comes back to where it left off.

use crate::alert::ChangeKind;
use crate::desk::{AlertRow, Desk};
use crate::history;
use crate::journal::{self, Journal, Snapshots};
use crate::place::Places;
use crate::watch::{Outcome, Watch};
use anyhow::Context as _;
use sensors::receiver::Consignment;
use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
};

/// Everything one database folder holds, open for writing.
pub struct Stores {
    pub(super) lock: File,
    pub(super) journal: Journal,
    reader: journal::Reader,
    pub(super) snapshots: Snapshots,
    pub(super) history: history::Writer,
    /// Where officers work.
    pub desk: Desk,
}

/// Keeps a second watch off the folder: two journals in one would each spoil the other.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = open.with_context(|| format!("open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!(
                "another watchkeeper keeps its watch in {}; stop it, or name another folder",
                folder.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
    }
}

/// What tells layouts of state apart: a snapshot of another version is passed over.
pub const PROGRAM: &str = concat!("watchkeeper ", env!("CARGO_PKG_VERSION"));

impl Stores {
    /// Opens or makes the stores in `folder`. Also gives the first password, where the desk made one.
    ///
    /// # Errors
    /// When one of them can't be opened; the message names it.
    pub async fn open(folder: &Path) -> anyhow::Result<(Stores, Option<crate::desk::FirstPassword>)> {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        let lock = lock(folder)?;
        let (desk, password) = Desk::open(folder).await.context("open the desk")?;
        let journal = Journal::open(&folder.join("journal")).await.context("open the journal")?;
        let history =
            history::Writer::open(&folder.join("history.sqlite")).await.context("open the history")?;
        let snapshots = Snapshots::new(&folder.join("snapshots"), PROGRAM);
        let reader = journal::Reader::open(&folder.join("journal"));
        Ok((Stores { lock, journal, reader, snapshots, history, desk }, password))
    }

    /// Whether nothing was ever written here.
    pub fn is_new(&self) -> bool {
        self.journal.next() == 1
    }

    /// The newest consignment of each of these chains, as the journal has it.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub async fn consignments(&self, chains: &[String]) -> anyhow::Result<Vec<Consignment>> {
        self.reader.consignments(chains).await.context("read the newest consignments")
    }

    /// A reader of the history, which also sees what is not flushed yet.
    ///
    /// # Errors
    /// When the file can't be opened for reading.
    pub async fn history(&self) -> anyhow::Result<history::Reader> {
        self.history.reader().await.context("open the history for reading")
    }

    /// Comes back to the state that the journal tells of: the newest snapshot that no store is behind, and
    /// the entries after it. Calls `progress` with the sequence reached and the last one.
    ///
    /// What the desk was told before it is not told again: after an upgrade that replays the whole journal,
    /// what new rules see in the past does not land on the queue.
    ///
    /// # Errors
    /// When a store can't be read or written.
    pub async fn recover(
        &mut self,
        places: Arc<Places>,
        mut progress: impl FnMut(u64, u64),
    ) -> anyhow::Result<Watch> {
        let told = self.desk.applied().await?;
        let kept = self.history.applied().min(told);
        let snapshot = self.snapshots.newest(kept + 1);
        let mut watch = snapshot
            .and_then(|(next, state)| match Watch::restore(&state, places.clone()) {
                Ok(watch) => Some(watch),
                Err(error) => {
                    tracing::warn!(next, %error, "snapshot can't be read; the journal is replayed from its start");
                    None
                }
            })
            .unwrap_or_else(|| Watch::new(places));
        self.reader.seek(watch.next()).await?;
        let mut outcome = Outcome::default();
        while let Some(entry) = self.reader.entry().await? {
            watch.take(&entry, &mut outcome);
            outcome.changes.retain(|change| change.sequence > told);
            if outcome.fixes.len() > 100_000 || !outcome.changes.is_empty() {
                self.keep(std::mem::take(&mut outcome), watch.next() - 1).await?;
                progress(watch.next() - 1, self.journal.next() - 1);
            }
        }
        self.keep(outcome, watch.next().saturating_sub(1)).await?;
        Ok(watch)
    }

    async fn keep(&mut self, outcome: Outcome, applied: u64) -> anyhow::Result<Vec<(ChangeKind, AlertRow)>> {
        outcome.fixes.iter().for_each(|fix| self.history.append(fix));
        outcome.claims.iter().for_each(|claim| self.history.claim(claim));
        // Full blocks leave memory in a long replay; the file then holds more than `applied` says, and knows it.
        if self.history.ready() > 4096 {
            self.history.flush(applied, history::Which::FullBlocksOnly).await?;
        }
        if !(outcome.wanted.is_empty() && outcome.reruns.is_empty()) {
            self.desk.note_reruns(&outcome.wanted, &outcome.reruns).await?;
        }
        if outcome.changes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.desk.apply(&outcome.changes, applied).await?)
    }
}
