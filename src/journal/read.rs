//! Reading the journal back, in order, from any sequence.

use super::{Error, Seal, block, files, path_of};
use crate::entry::{Entry, Numbered, Pruned, Skip};
use crate::store::{self, failed};
use sensors::{Time, receiver::Consignment};
use sqlx::{SqliteExecutor, SqlitePool};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

/// Rows fetched at a time: 64 full batches are 64 MiB unpacked at most.
const ROWS: i64 = 64;

/// The entries that hold a sequence or come after it. The bound on `first` alone is what the file's order serves:
/// without it every page would read the day from its start.
pub(super) const PAGE: &str = "SELECT first, body FROM entry
    WHERE first >= coalesce((SELECT max(first) FROM entry WHERE first <= ?1), 0)
    AND first + count > ?1 ORDER BY first LIMIT ?2";

/// The newest version entry of a kind before a sequence; worded so that SQLite sees which index serves it.
pub(super) const VERSION: &str =
    "SELECT first, body FROM entry WHERE kind >= 2 AND kind = ? AND first < ? ORDER BY first DESC LIMIT 1";

/// All entries of a kind that is not lines or ticks.
pub(super) const OF_KIND: &str = "SELECT first, body FROM entry WHERE kind >= 2 AND kind = ? ORDER BY first";

/// The newest consignment of a chain.
pub(super) const NEWEST: &str =
    "SELECT entry.first, body FROM newest JOIN entry ON entry.first = newest.first WHERE chain = ?";

/// Walks the entries of a journal; may run while it is written.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    days: VecDeque<String>,
    file: Option<(PathBuf, SqlitePool)>,
    from: u64,
    rows: VecDeque<(i64, Vec<u8>)>,
    /// Read already, and to be given next.
    held: Option<Numbered>,
}

type EntryRow = (i64, Vec<u8>);

impl Reader {
    /// A reader of the journal in `folder`; [`Reader::seek`] says where to begin.
    pub fn open(folder: &Path) -> Reader {
        let folder = folder.to_owned();
        Reader { folder, days: VecDeque::new(), file: None, from: 0, rows: VecDeque::new(), held: None }
    }

    /// Goes to the entry that holds the sequence `from`, or the first one after it.
    ///
    /// # Errors
    /// When a file can't be read.
    pub async fn seek(&mut self, from: u64) -> Result<(), Error> {
        self.days = files(&self.folder)?.into();
        (self.from, self.file, self.held) = (from, None, None);
        self.rows.clear();
        // Whole days before it are left out: the first entry of a later day says so. A start asks for the newest day.
        for day in (1..self.days.len()).rev() {
            if self.first_of(&self.days[day]).await?.is_some_and(|first| first <= from) {
                self.days.drain(..day);
                break;
            }
        }
        Ok(())
    }

    /// The day's file; `None` when it was pruned since it was listed.
    async fn pool(&self, day: &str) -> Result<Option<(PathBuf, SqlitePool)>, Error> {
        let path = path_of(&self.folder, day);
        match store::open_readers(&path).await {
            Ok(pool) => Ok(Some((path, pool))),
            Err(_) if !path.exists() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn first_of(&self, day: &str) -> Result<Option<u64>, Error> {
        let Some((path, pool)) = self.pool(day).await? else { return Ok(None) };
        let first = first(&pool).await.map_err(failed(|| format!("read {}", path.display())))?;
        pool.close().await;
        Ok(first)
    }

    /// The next entry; `None` at the end of what is written so far.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn entry(&mut self) -> Result<Option<Numbered>, Error> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        loop {
            if let Some((first, body)) = self.rows.pop_front() {
                let first = first as u64;
                let entry = block::unpack(&body).map_err(|reason| {
                    let path = self.file.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
                    Error::Damaged { first, path, reason }
                })?;
                let entry = Numbered { first, entry };
                self.from = entry.next();
                return Ok(Some(entry));
            }
            let (path, pool) = match &self.file {
                Some(file) => file,
                None => match self.days.pop_front() {
                    Some(day) => match self.pool(&day).await? {
                        Some(file) => self.file.insert(file),
                        None => continue,
                    },
                    None => return Ok(None),
                },
            };
            let what = || format!("read {}", path.display());
            let found: Vec<EntryRow> = sqlx::query_as(PAGE)
                .bind(self.from as i64)
                .bind(ROWS)
                .fetch_all(pool)
                .await
                .map_err(failed(what))?;
            if found.is_empty() {
                pool.close().await;
                self.file = None;
            }
            self.rows = found.into();
        }
    }

    /// What a core takes next that has come as far as `next`: the next entry, or first, where days before it are gone, the
    /// settings that stood at their end.
    ///
    /// # Errors
    /// As [`Reader::entry`].
    pub async fn for_core(&mut self, next: u64) -> Result<Option<Numbered>, Error> {
        let Some(entry) = self.entry().await? else { return Ok(None) };
        if entry.first > next
            && let (Some(text), _) = self.versions_before(entry.first).await?
        {
            let first = entry.first;
            tracing::warn!(
                from = next,
                to = first,
                "days are gone here; the settings of then are what they say"
            );
            self.held = Some(entry);
            return Ok(Some(Numbered { first: first - 1, entry: Entry::Settings(text) }));
        }
        Ok(Some(entry))
    }

    /// Whether whoever has taken all before this sequence can go on reading from it: an entry begins there, or the
    /// journal ends there. Not so where the days after it are gone, nor in the midst of an entry.
    ///
    /// # Errors
    /// When a file can't be read.
    pub async fn goes_on_from(&self, sequence: u64) -> Result<bool, Error> {
        const NEXT: &str = "SELECT min(first) FROM entry WHERE first >= ?";
        let mut following = None;
        for day in files(&self.folder)?.iter().rev() {
            let Some((path, pool)) = self.pool(day).await? else { continue };
            let what = || format!("read {}", path.display());
            let found: (Option<i64>,) =
                sqlx::query_as(NEXT).bind(sequence as i64).fetch_one(&pool).await.map_err(failed(what))?;
            following = found.0.or(following);
            let begins = first(&pool).await.map_err(failed(what))?;
            pool.close().await;
            if begins.is_some_and(|first| first <= sequence) {
                break;
            }
        }
        match following {
            Some(first) => Ok(first as u64 == sequence),
            None => Ok(self.next().await? == sequence),
        }
    }

    /// The sequence after the last one written; 1 for an empty journal.
    ///
    /// # Errors
    /// When a file can't be read.
    pub async fn next(&self) -> Result<u64, Error> {
        for day in files(&self.folder)?.iter().rev() {
            let Some((path, pool)) = self.pool(day).await? else { continue };
            let what = || format!("read {}", path.display());
            let (next,): (Option<i64>,) = sqlx::query_as(
                "SELECT max(first + count) FROM (SELECT first, count FROM entry ORDER BY first DESC LIMIT 1)",
            )
            .fetch_one(&pool)
            .await
            .map_err(failed(what))?;
            pool.close().await;
            if let Some(next) = next {
                return Ok(next as u64);
            }
        }
        Ok(1)
    }

    /// The newest settings and program versions written.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn versions(&self) -> Result<(Option<String>, Option<String>), Error> {
        self.versions_before(i64::MAX as u64).await
    }

    /// The settings and the program version that stood when the entry `sequence` was written, also where the entries
    /// that said so were pruned.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn versions_before(&self, sequence: u64) -> Result<(Option<String>, Option<String>), Error> {
        let (mut settings, mut program) = (None, None);
        let mut pruned: Vec<Pruned> = Vec::new();
        for day in files(&self.folder)?.iter().rev() {
            let Some((path, pool)) = self.pool(day).await? else { continue };
            let what = || format!("read {}", path.display());
            for (kind, newest) in [(block::SETTINGS, &mut settings), (block::PROGRAM, &mut program)] {
                let found = sqlx::query_as(VERSION).bind(kind).bind(sequence as i64);
                let found: Option<EntryRow> = found.fetch_optional(&pool).await.map_err(failed(what))?;
                if let (None, Some((first, body))) = (&newest, found) {
                    *newest = match unpack(first, &body, &path)? {
                        Entry::Settings(text) | Entry::Program(text) => Some(text),
                        _ => None,
                    };
                }
            }
            for (_, entry) in of_kind(&pool, &path, block::PRUNED).await? {
                pruned.extend(if let Entry::Pruned(pruned) = entry { Some(pruned) } else { None });
            }
            let first = first(&pool).await.map_err(failed(what))?;
            pool.close().await;
            // A pruned run ends where this file begins: what stood at its end stood here.
            if let Some(before) = pruned.iter().rev().find(|p| Some(p.next) == first && p.next <= sequence) {
                settings = settings.or(before.settings.clone());
                program = program.or(before.program.clone());
            }
            if settings.is_some() && program.is_some() {
                break;
            }
        }
        Ok((settings, program))
    }

    /// All settings that the core worked under, each with the sequence from which on.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn all_settings(&self) -> Result<Vec<(u64, String)>, Error> {
        let carried = self.pruned().await?.into_iter();
        let mut all: Vec<_> = carried.filter_map(|(_, run)| Some((run.next, run.settings?))).collect();
        for (from, entry) in self.all_of_kind(block::SETTINGS).await? {
            all.extend(if let Entry::Settings(text) = entry { Some((from, text)) } else { None });
        }
        all.sort_by_key(|(from, _)| *from);
        Ok(all)
    }

    /// What is to be passed over by whoever reads from the sequence `from` on, in order. A skip stands after its lines, so
    /// no day before theirs is opened.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn skips_from(&self, from: u64) -> Result<Vec<Skip>, Error> {
        let mut skips = Vec::new();
        for day in files(&self.folder)?.iter().rev() {
            let Some((path, pool)) = self.pool(day).await? else { continue };
            let found = of_kind(&pool, &path, block::SKIP).await?.into_iter();
            skips.extend(
                found.filter_map(|(_, entry)| if let Entry::Skip(skip) = entry { Some(skip) } else { None }),
            );
            let begins = first(&pool).await.map_err(failed(|| format!("read {}", path.display())))?;
            pool.close().await;
            if from > 1 && begins.is_some_and(|first| first <= from) {
                break;
            }
        }
        skips.sort_unstable_by_key(|skip| (skip.first, skip.count));
        Ok(skips)
    }

    /// Every run that was pruned, each with the sequence of the entry that says so, oldest first.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn pruned(&self) -> Result<Vec<(u64, Pruned)>, Error> {
        let entries = self.all_of_kind(block::PRUNED).await?.into_iter();
        Ok(entries.filter_map(|(n, e)| if let Entry::Pruned(p) = e { Some((n, p)) } else { None }).collect())
    }

    async fn all_of_kind(&self, kind: u8) -> Result<Vec<(u64, Entry)>, Error> {
        let mut all = Vec::new();
        for day in files(&self.folder)? {
            let Some((path, pool)) = self.pool(&day).await? else { continue };
            all.extend(of_kind(&pool, &path, kind).await?);
            pool.close().await;
        }
        Ok(all)
    }

    /// The newest consignment of each of these chains; none for a chain of which nothing was ever written. The newest
    /// day is asked first, and older ones only for what is not found yet.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn consignments(&self, chains: &[String]) -> Result<Vec<Consignment>, Error> {
        let mut missing: Vec<&String> = chains.iter().collect();
        let mut found = Vec::new();
        for day in files(&self.folder)?.iter().rev() {
            if missing.is_empty() {
                break;
            }
            let Some((path, pool)) = self.pool(day).await? else { continue };
            let what = || format!("read {}", path.display());
            // A day that an earlier version wrote has no such table, and no consignments.
            if version(&pool).await.map_err(failed(what))? < 2 {
                pool.close().await;
                continue;
            }
            let mut still_missing = Vec::new();
            for chain in missing {
                let row: Option<EntryRow> =
                    sqlx::query_as(NEWEST).bind(chain).fetch_optional(&pool).await.map_err(failed(what))?;
                let Some((first, body)) = row else {
                    still_missing.push(chain);
                    continue;
                };
                match unpack(first, &body, &path)? {
                    Entry::Consignment(consignment) => found.push(consignment),
                    Entry::Pruned(Pruned { consignments, .. }) => {
                        found.extend(consignments.into_iter().find(|kept| kept.chain == *chain));
                    }
                    _ => {}
                }
            }
            missing = still_missing;
            pool.close().await;
        }
        Ok(found)
    }
}

fn unpack(first: i64, body: &[u8], path: &Path) -> Result<Entry, Error> {
    block::unpack(body).map_err(|reason| Error::damaged(first as u64, path, reason))
}

async fn of_kind(pool: &SqlitePool, path: &Path, kind: u8) -> Result<Vec<(u64, Entry)>, Error> {
    let rows: Vec<EntryRow> = sqlx::query_as(OF_KIND)
        .bind(kind)
        .fetch_all(pool)
        .await
        .map_err(failed(|| format!("read {}", path.display())))?;
    rows.into_iter().map(|(first, body)| Ok((first as u64, unpack(first, &body, path)?))).collect()
}

pub(super) async fn first(pool: &SqlitePool) -> sqlx::Result<Option<u64>> {
    let (first,): (Option<i64>,) = sqlx::query_as("SELECT min(first) FROM entry").fetch_one(pool).await?;
    Ok(first.map(|first| first as u64))
}

/// Which steps of the schema the file has taken.
pub(super) async fn version(file: impl SqliteExecutor<'_>) -> sqlx::Result<u32> {
    let (version,): (u32,) = sqlx::query_as("PRAGMA user_version").fetch_one(file).await?;
    Ok(version)
}

/// The seals that stand before this sequence or later.
pub(super) const SEALS: &str =
    "SELECT next, journal, link, at, key, signature FROM seal WHERE next >= ? ORDER BY next";

pub(super) type SealRow = (i64, Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>);

/// The seal in a row; `None` where it is damaged.
pub(super) fn seal((next, journal, link, at, key, signature): SealRow) -> Option<Seal> {
    Some(Seal {
        journal: journal.try_into().ok()?,
        next: u64::try_from(next).ok()?,
        link: link.try_into().ok()?,
        at: Time::from_millis(at),
        key: key.try_into().ok()?,
        signature: signature.try_into().ok()?,
    })
}
