//! How long what was heard is kept: whole days go, oldest first, never one under hold, and the chain stays verifiable.

use super::plan::{Plan, Want, plan};
use super::{Error, Journal, path_of};
use crate::edge::slots::sync_folder;
use crate::entry::Numbered;
use sensors::Time;
use serde::{Deserialize, Serialize};
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
    looking: Option<JoinHandle<Result<Plan, Error>>>,
    removing: Option<JoinHandle<()>>,
}

impl Default for Housekeeping {
    fn default() -> Self {
        Housekeeping { rules: Retention::FOR_EVER, looked_on: None, looking: None, removing: None }
    }
}

impl Journal {
    /// Deletes the days that these rules no longer keep, but none that `needed_from` or what follows it is in: the
    /// sequence from which the stores may still have to read. Gives the entries that say so, which the core takes like
    /// any others.
    ///
    /// They are durable before the first file goes; where the program ends between, the next call deletes the rest.
    ///
    /// # Errors
    /// When the journal or the holds can't be read, or the entries can't be written: then nothing is deleted.
    pub async fn prune(
        &mut self,
        rules: &Retention,
        needed_from: u64,
        at: Time,
    ) -> Result<Vec<Numbered>, Error> {
        self.prune_for(Want::ByRule(*rules), needed_from, at).await
    }

    /// Deletes the oldest day that may go at all, whatever the rules say, to make room on the disk.
    ///
    /// # Errors
    /// As [`Journal::prune`].
    pub async fn free_oldest_day(&mut self, needed_from: u64, at: Time) -> Result<Vec<Numbered>, Error> {
        self.prune_for(Want::Room, needed_from, at).await
    }

    async fn prune_for(&mut self, want: Want, needed_from: u64, at: Time) -> Result<Vec<Numbered>, Error> {
        self.removed().await;
        let plan = plan(self.folder.clone(), want, needed_from, at).await?;
        let numbered = self.carry_out(plan).await?;
        self.removed().await;
        Ok(numbered)
    }

    /// Prunes by the rules it was given once for each day, beside the writing: to be called after every group.
    ///
    /// # Errors
    /// As [`Journal::prune`]; it is tried again the next day.
    pub async fn housekeep(&mut self, needed_from: impl Fn() -> u64) -> Result<Vec<Numbered>, Error> {
        let house = &mut self.housekeeping;
        if house.looking.is_none() && house.rules != Retention::FOR_EVER && house.looked_on != self.day {
            house.looked_on.clone_from(&self.day);
            if let Some(at) = self.time {
                let want = Want::ByRule(house.rules);
                house.looking = Some(tokio::spawn(plan(self.folder.clone(), want, needed_from(), at)));
            }
        }
        match house.looking.take_if(|looking| looking.is_finished()) {
            Some(looking) => {
                let plan = looking.await.expect("looking for days to delete does not panic")?;
                self.carry_out(plan).await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn carry_out(&mut self, plan: Plan) -> Result<Vec<Numbered>, Error> {
        let Plan { entries, days, holds } = plan;
        let numbered = self.append(&entries).await?;
        if !days.is_empty() {
            let folder = self.folder.clone();
            // A large file takes its time to go, and lines wait for this worker.
            self.housekeeping.removing = Some(tokio::task::spawn_blocking(move || {
                remove(&folder, &days);
                drop(holds);
            }));
        }
        Ok(numbered)
    }

    /// Waits until the files that were to go are gone.
    async fn removed(&mut self) {
        if let Some(removing) = self.housekeeping.removing.take() {
            removing.await.expect("removing files does not panic");
        }
    }
}

/// Deletes the days' files; what can't be is told and left to the next time.
fn remove(folder: &Path, days: &[String]) {
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
    if let Err(error) = sync_folder(&path_of(folder, "any")) {
        tracing::warn!(%error, "the journal's folder can't be synced");
    }
}
