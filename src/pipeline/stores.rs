//! Everything one database folder holds, open for writing.

use super::halted::Halted;
use crate::alert::ChangeKind;
use crate::desk::{AlertRow, Desk};
use crate::entry::Skip;
use crate::history;
use crate::journal::{self, Journal, Snapshots};
use crate::watch::Outcome;
use anyhow::Context as _;
use sensors::receiver::Consignment;
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

/// Everything one database folder holds, open for writing.
pub struct Stores {
    pub(super) lock: File,
    pub(super) journal: Journal,
    pub(super) folder: PathBuf,
    pub(super) halted: Halted,
    pub(super) skipped: Vec<Skip>,
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

pub(super) async fn open_history(folder: &Path) -> anyhow::Result<history::Writer> {
    history::Writer::open(&folder.join("history.sqlite")).await.context("open the history")
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
        let history = open_history(folder).await?;
        let snapshots = Snapshots::new(&folder.join("snapshots"), PROGRAM);
        let (folder, halted) = (folder.to_owned(), Halted::new(folder));
        let skipped = Vec::new();
        Ok((Stores { lock, journal, folder, halted, skipped, snapshots, history, desk }, password))
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
        journal::Reader::open(&self.journal_folder())
            .consignments(chains)
            .await
            .context("read the newest consignments")
    }

    /// A reader of the history, which also sees what is not flushed yet.
    ///
    /// # Errors
    /// When the file can't be opened for reading.
    pub async fn history(&self) -> anyhow::Result<history::Reader> {
        self.history.reader().await.context("open the history for reading")
    }

    /// Lines that the core could not take, since the snapshot that it came back from.
    pub fn skipped(&self) -> &[Skip] {
        &self.skipped
    }

    pub(super) fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(super) async fn keep(
        &mut self,
        outcome: Outcome,
        applied: u64,
    ) -> anyhow::Result<Vec<(ChangeKind, AlertRow)>> {
        outcome.fixes.iter().for_each(|fix| self.history.append(fix));
        outcome.claims.iter().for_each(|claim| self.history.claim(claim));
        // Full blocks leave memory in a long replay; the file then holds more than `applied` says, and knows it.
        if self.history.ready() > 4096 {
            self.history.flush(applied, history::Which::FullBlocksOnly).await?;
        }
        if outcome.changes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.desk.apply(&outcome.changes, applied).await?)
    }
}
