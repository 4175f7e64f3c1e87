//! How long what was heard is kept: whole days go, oldest first, never one under hold, and the chain stays verifiable.

use super::plan::{Plan, Want, plan};
use super::{Error, Journal, path_of};
use crate::edge::slots::sync_folder;
use crate::entry::{Entry, Numbered};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// How long the journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after which a day's lines are deleted, unless they are under hold; 0 keeps them for ever. 400: ours, a
    /// year and a month to notice.
    pub days_max: u32,
    /// Bytes of the journal beyond which its oldest days are deleted, unless they are under hold; 0 is no bound.
    pub bytes_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { days_max: 400, bytes_max: 0 }
    }
}

impl Retention {
    /// Nothing is ever deleted.
    pub const FOR_EVER: Retention = Retention { days_max: 0, bytes_max: 0 };
}

/// What the writer remembers of pruning.
#[derive(Debug)]
pub(super) struct Housekeeping {
    pub(super) rules: Retention,
    /// The day on which it last looked for days to delete.
    looked_on: Option<String>,
    looking: Option<Looking>,
    removing: Option<JoinHandle<Result<(), Error>>>,
    /// Chains of which a consignment was written since it began to look.
    brought: BTreeSet<String>,
}

/// A look for days to delete, beside the writing.
#[derive(Debug)]
struct Looking {
    for_room: bool,
    task: JoinHandle<Result<Plan, Error>>,
}

impl Default for Housekeeping {
    fn default() -> Self {
        let (looking, removing, brought) = (None, None, BTreeSet::new());
        Housekeeping { rules: Retention::FOR_EVER, looked_on: None, looking, removing, brought }
    }
}

impl Housekeeping {
    fn look(&mut self, for_room: bool, task: JoinHandle<Result<Plan, Error>>) {
        self.brought.clear();
        self.looking = Some(Looking { for_room, task });
    }

    /// A consignment was written: an older one of its chain is no longer carried over.
    pub(super) fn brings(&mut self, chain: &str) {
        if self.looking.is_some() {
            self.brought.insert(chain.to_owned());
        }
    }
}

/// What came of a look for days to delete.
#[derive(Debug)]
pub enum Found {
    /// Days go, which these entries say; the core takes them like any others.
    Days {
        /// Whether room was wanted.
        for_room: bool,
        /// What says so, durable.
        entries: Vec<Numbered>,
    },
    /// No day is to go, or may.
    Nothing {
        /// Whether room was wanted.
        for_room: bool,
    },
    /// The journal or the holds can't be read, or there is no room for the entry: no day goes.
    Unable {
        /// Whether room was wanted.
        for_room: bool,
        /// Why.
        why: Error,
    },
}

/// Whether to wait for what is under way beside the writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Lines come meanwhile: what is not done yet is looked after the next time.
    No,
    /// Nothing else can be done before.
    Yes,
}

impl Journal {
    /// Deletes the days that these rules no longer keep, but none that `needed_from` or what follows it is in: the
    /// sequence from which the stores may still have to read. Gives the entries that say so.
    ///
    /// They are durable before the first file goes; where the program ends between, the next call deletes the rest.
    ///
    /// # Errors
    /// When the journal or the holds can't be read, or the entries can't be written: then nothing is deleted. When the
    /// folder can't be synced.
    pub async fn prune(
        &mut self,
        rules: &Retention,
        needed_from: u64,
        at: Time,
    ) -> Result<Vec<Numbered>, Error> {
        self.removed(Wait::Yes).await?;
        self.housekeeping.brought.clear();
        let plan = plan(self.folder.clone(), Want::ByRule { rules: *rules, at }, needed_from).await?;
        let numbered = self.carry_out(plan).await?;
        self.removed(Wait::Yes).await?;
        Ok(numbered)
    }

    /// Begins to look for the oldest day that may go at all, whatever the rules say, to make room on the disk. What comes
    /// of it, [`Journal::housekeep`] gives.
    pub fn want_room(&mut self, needed_from: u64) {
        let house = &mut self.housekeeping;
        if house.looking.is_none() && house.removing.is_none() {
            let task = tokio::spawn(plan(self.folder.clone(), Want::Room, needed_from));
            house.look(true, task);
        }
    }

    /// Looks no more, and lets go of what was found: nothing can be written. It begins anew when it can.
    pub fn stop_looking(&mut self) {
        (self.housekeeping.looking, self.housekeeping.looked_on) = (None, None);
    }

    /// Whether a day is looked for or deleted to make room.
    pub fn makes_room(&self) -> bool {
        let house = &self.housekeeping;
        house.removing.is_some() || house.looking.as_ref().is_some_and(|looking| looking.for_room)
    }

    /// Prunes by the rules it was given once for each day, and for room where it is wanted, beside the writing: to be
    /// called after every group. The entries are durable before the first file goes.
    ///
    /// # Errors
    /// When what is written can't be made durable, and the same is not worth trying again.
    pub async fn housekeep(
        &mut self,
        needed_from: impl Fn() -> u64,
        wait: Wait,
    ) -> Result<Option<Found>, Error> {
        self.removed(wait).await?;
        let house = &mut self.housekeeping;
        if house.looking.is_none() && house.rules != Retention::FOR_EVER && house.looked_on != self.day {
            house.looked_on.clone_from(&self.day);
            if let Some(at) = self.time {
                let want = Want::ByRule { rules: house.rules, at };
                let task = tokio::spawn(plan(self.folder.clone(), want, needed_from()));
                house.look(false, task);
            }
        }
        let done = |looking: &mut Looking| wait == Wait::Yes || looking.task.is_finished();
        let Some(Looking { for_room, task }) = house.looking.take_if(done) else { return Ok(None) };
        let plan = match task.await.expect("looking for days to delete does not panic") {
            Ok(plan) => plan,
            Err(why) => return Ok(Some(Found::Unable { for_room, why })),
        };
        let found = match self.carry_out(plan).await {
            Ok(entries) if entries.is_empty() => Found::Nothing { for_room },
            Ok(entries) => Found::Days { for_room, entries },
            Err(why) if why.may_pass() => Found::Unable { for_room, why },
            Err(error) => return Err(error),
        };
        if wait == Wait::Yes {
            self.removed(wait).await?;
        }
        Ok(Some(found))
    }

    async fn carry_out(&mut self, plan: Plan) -> Result<Vec<Numbered>, Error> {
        let Plan { mut entries, days, holds } = plan;
        for run in &mut entries {
            run.consignments.retain(|kept| !self.housekeeping.brought.contains(&kept.chain));
        }
        let entries: Vec<Entry> = entries.into_iter().map(Entry::Pruned).collect();
        let numbered = self.append(&entries).await?;
        if !days.is_empty() {
            // The last files may not have gone yet.
            self.removed(Wait::Yes).await?;
            let folder = self.folder.clone();
            // A large file takes its time to go, and lines wait for this worker.
            self.housekeeping.removing = Some(tokio::task::spawn_blocking(move || {
                let removed = remove(&folder, &days);
                drop(holds);
                removed
            }));
        }
        Ok(numbered)
    }

    /// Takes note that the files that were to go are gone.
    async fn removed(&mut self, wait: Wait) -> Result<(), Error> {
        let done = |removing: &mut JoinHandle<_>| wait == Wait::Yes || removing.is_finished();
        match self.housekeeping.removing.take_if(done) {
            Some(removing) => removing.await.expect("removing files does not panic"),
            None => Ok(()),
        }
    }
}

/// Deletes the days' files; what can't be is told and left to the next time. A sync that fails is not: the folder also
/// holds the name of the newest day, and the system calls it clean the next time.
fn remove(folder: &Path, days: &[String]) -> Result<(), Error> {
    for day in days {
        let path = path_of(folder, day);
        for end in ["", "-wal", "-shm"] {
            let path = PathBuf::from(format!("{}{end}", path.display()));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "a pruned day's file can't be deleted");
                    break;
                }
                _ => {}
            }
        }
        tracing::info!(day, "a day of the journal was pruned");
    }
    sync_folder(&path_of(folder, "any")).map_err(Error::file("sync the journal folder", folder))
}
