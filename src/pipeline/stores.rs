//! Everything one database folder holds, open for writing.

use super::halted::Halted;
use super::unrecorded::JOURNAL_BEHIND;
use crate::alert::ChangeKind;
use crate::desk::{AlertRow, Desk, FirstPassword, OpenGap};
use crate::entry::{Entry, Gap, Numbered, Skip};
use crate::history;
use crate::journal::{self, Journal, Snapshots};
use crate::store;
use crate::store::disk::{self, Reserve};
use crate::watch::Outcome;
use anyhow::Context as _;
use sensors::{Time, receiver::Consignment};
use std::{
    fs::{File, TryLockError},
    mem,
    path::{Path, PathBuf},
};

/// Everything one database folder holds, open for writing.
pub struct Stores {
    pub(super) lock: File,
    pub(super) folder: PathBuf,
    pub(super) disk: disk::Settings,
    /// A time in which nothing was written down, and whose entry found no room yet.
    pub(super) gap: Option<OpenGap>,
    /// Sequences that the journal no longer has, as was found at this start.
    pub(super) lost: u64,
    /// The sequence that a restart begins with.
    pub(super) restart: u64,
    pub(super) journal: Journal,
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

/// What is opened together.
struct Opened {
    desk: Desk,
    password: Option<FirstPassword>,
    journal: Journal,
    history: history::Writer,
}

async fn open_all(folder: &Path) -> anyhow::Result<Opened> {
    let (desk, password) = Desk::open(folder).await.context("open the desk")?;
    let journal = Journal::open(&folder.join("journal")).await.context("open the journal")?;
    let history = open_history(folder).await?;
    Ok(Opened { desk, password, journal, history })
}

/// With less free than this, a file that can't be opened is one without room. Ours: the logs and indexes of three files.
const OPENING: u64 = 1 << 20;

/// Opens what is in the folder; where the disk is full, with the reserve, or once there is room.
async fn open_in_room(folder: &Path, settings: &disk::Settings) -> anyhow::Result<Opened> {
    let reserve = Reserve::new(folder, settings);
    let free = || disk::free(folder).unwrap_or(u64::MAX);
    let mut told = false;
    loop {
        if free() < settings.free_min() / 8 && settings.reserve_mib > 0 && reserve.is_held() {
            tracing::warn!("the disk is full: the reserve is spent to start with");
            reserve.spend().context("spend the reserve")?;
        }
        match open_all(folder).await {
            Ok(opened) => {
                if settings.free_min() > 0
                    && let Err(error) = opened.desk.hold_room(free()).await
                {
                    tracing::warn!(error = crate::telemetry::chain(&error), "no room is held for the desk");
                }
                return Ok(opened);
            }
            Err(error) if settings.free_min() > 0 && free() < OPENING => {
                if !told {
                    tracing::error!("the disk is full, and the watch waits for room to start: {error:#}");
                }
                told = true;
                tokio::time::sleep(super::RETRY).await;
            }
            Err(error) => return Err(error),
        }
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
    pub async fn open(folder: &Path) -> anyhow::Result<(Stores, Option<FirstPassword>)> {
        Stores::open_on(folder, disk::Settings::WAIT).await
    }

    /// The same, on a disk of which so much is kept free. On a full one the reserve is spent for it; where there is none,
    /// it waits for room.
    ///
    /// # Errors
    /// When one of them can't be opened; the message names it.
    pub async fn open_on(
        folder: &Path,
        disk: disk::Settings,
    ) -> anyhow::Result<(Stores, Option<FirstPassword>)> {
        store::make_folder(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        let lock = lock(folder)?;
        let Opened { desk, password, journal, history } = open_in_room(folder, &disk).await?;
        let snapshots = Snapshots::new(&folder.join("snapshots"), PROGRAM);
        let (folder, halted) = (folder.to_owned(), Halted::new(folder));
        let (skipped, gap, lost, restart) = (Vec::new(), None, 0, 1);
        let stores = Stores {
            lock,
            folder,
            disk,
            gap,
            lost,
            restart,
            journal,
            halted,
            skipped,
            snapshots,
            history,
            desk,
        };
        Ok((stores, password))
    }

    /// Whether nothing was ever written here.
    ///
    /// # Errors
    /// When the desk can't be read.
    pub async fn is_new(&self) -> anyhow::Result<bool> {
        Ok(self.journal.next() == 1 && self.reach().await? == 1)
    }

    /// The first sequence that none of the stores but the journal knows.
    async fn reach(&self) -> anyhow::Result<u64> {
        let halted = self.halted.last().map_or(1, |halt| halt.first + halt.count);
        let told = self.desk.reach().await.context("read what the desk was told")?;
        Ok(told.max(self.history.reach()).max(self.snapshots.reach()).max(halted))
    }

    /// How long the journal is kept from now on; until it is said, for ever.
    pub fn keep_journal_by(&mut self, rules: journal::Retention) {
        self.journal.keep_by(rules);
    }

    /// Deletes the days that these rules no longer keep, and gives their names. For a journal that nobody writes.
    ///
    /// # Errors
    /// When the journal or the holds can't be read or written; the files that are named nowhere are then still there.
    pub async fn prune(mut self, rules: &journal::Retention, at: Time) -> anyhow::Result<Vec<String>> {
        self.close_gap().await?;
        anyhow::ensure!(
            self.gap.is_none(),
            "a gap in the journal is not closed yet: it takes room on the disk"
        );
        let needed_from = self.snapshots.needed_from();
        let pruned = self.journal.prune(rules, needed_from, at).await.context("prune the journal")?;
        self.journal.close().await?;
        let days = |numbered: Numbered| match numbered.entry {
            Entry::Pruned(pruned) => pruned.days,
            _ => Vec::new(),
        };
        Ok(pruned.into_iter().flat_map(days).collect())
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

    /// Sequences that the journal had when the stores were told of them and no longer has, as this start found.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Puts the entry of a gap into the journal that the process ended in, which the desk alone knows of, or of what the
    /// journal no longer has.
    pub(super) async fn close_gap(&mut self) -> anyhow::Result<()> {
        if let Some(open) = self.missing().await? {
            match self.journal.append(&[Entry::Gap(open.gap.clone())]).await {
                Err(error) if error.may_pass() => {
                    tracing::warn!(%error, "a gap in the journal is not closed yet");
                    self.gap = Some(open);
                    return Ok(());
                }
                written => drop(written.context("close a gap in the journal")?),
            }
        }
        self.desk.end_gap().await?;
        Ok(())
    }

    /// What is to be said as missing where the journal ends. A number that a store knows is never given again: a new line
    /// that had it would pass for one that was understood long ago.
    async fn missing(&mut self) -> anyhow::Result<Option<OpenGap>> {
        let next = self.journal.next();
        let open = self.desk.open_gap().await?.filter(|open| open.first >= next);
        let known = open.as_ref().filter(|open| open.first == next).map_or(next, OpenGap::next);
        let reach = self.reach().await?;
        if reach <= known {
            return Ok(open);
        }
        self.lost = reach - next;
        tracing::error!(
            from = next,
            to = reach - 1,
            "the journal no longer has what the stores were told of: it was put back from a backup, or is lost; a gap stands for it"
        );
        self.desk.lose_from(next).await?;
        let time = self.journal.time().unwrap_or_default();
        let none = Gap { from: time, to: time, lines: 0, sequences: 0, why: String::new() };
        let gap = open.map_or(none, |open| open.gap);
        // One more than are known, so that no snapshot of what is lost ends where the gap does.
        let gap = Gap { sequences: reach + 1 - next, why: JOURNAL_BEHIND.to_owned(), ..gap };
        Ok(Some(OpenGap { first: next, gap }))
    }

    pub(super) async fn keep(
        &mut self,
        mut outcome: Outcome,
        applied: u64,
    ) -> anyhow::Result<Vec<(ChangeKind, AlertRow)>> {
        let (wanted, reruns) = (mem::take(&mut outcome.wanted), mem::take(&mut outcome.reruns));
        let changes = mem::take(&mut outcome.changes);
        self.history.take(outcome);
        // Full blocks leave memory in a long replay; the file then holds more than `applied` says, and knows it.
        if self.history.is_due() {
            match self.history.flush(applied, history::Which::FullBlocksOnly).await {
                // It stops by itself when its memory is full too, and catches up later.
                Err(error) if error.may_pass() => tracing::warn!(%error, "the history waits for room"),
                flushed => drop(flushed?),
            }
        }
        if !(wanted.is_empty() && reruns.is_empty()) {
            self.desk.note_reruns(&wanted, &reruns).await?;
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.desk.apply(&changes, applied).await?)
    }
}
