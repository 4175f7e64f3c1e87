//! Reading the journal back, in order, from any sequence.

use super::{Error, block, files};
use crate::entry::{Entry, Numbered};
use crate::store::{self, failed};
use sensors::receiver::Consignment;
use sqlx::SqlitePool;
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

/// The newest version entry of a kind; worded so that SQLite sees which index serves it.
pub(super) const VERSION: &str =
    "SELECT first, body FROM entry WHERE kind >= 2 AND kind = ? ORDER BY first DESC LIMIT 1";

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
}

type EntryRow = (i64, Vec<u8>);

impl Reader {
    /// A reader of the journal in `folder`; [`Reader::seek`] says where to begin.
    pub fn open(folder: &Path) -> Reader {
        let folder = folder.to_owned();
        Reader { folder, days: VecDeque::new(), file: None, from: 0, rows: VecDeque::new() }
    }

    /// Goes to the entry that holds the sequence `from`, or the first one after it.
    ///
    /// # Errors
    /// When a file can't be read.
    pub async fn seek(&mut self, from: u64) -> Result<(), Error> {
        self.days = files(&self.folder)?.into();
        (self.from, self.file) = (from, None);
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

    async fn pool(&self, day: &str) -> Result<(PathBuf, SqlitePool), Error> {
        let path = self.folder.join(format!("{day}.sqlite"));
        let pool = store::open_readers(&path).await?;
        Ok((path, pool))
    }

    async fn first_of(&self, day: &str) -> Result<Option<u64>, Error> {
        let (path, pool) = self.pool(day).await?;
        let what = || format!("read {}", path.display());
        let (first,): (Option<i64>,) =
            sqlx::query_as("SELECT min(first) FROM entry").fetch_one(&pool).await.map_err(failed(what))?;
        pool.close().await;
        Ok(first.map(|first| first as u64))
    }

    /// The next entry; `None` at the end of what is written so far.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn entry(&mut self) -> Result<Option<Numbered>, Error> {
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
                    Some(day) => self.file.insert(self.pool(&day).await?),
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

    /// The sequence after the last one written; 1 for an empty journal.
    ///
    /// # Errors
    /// When a file can't be read.
    pub async fn next(&self) -> Result<u64, Error> {
        for day in files(&self.folder)?.iter().rev() {
            let (path, pool) = self.pool(day).await?;
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
        let (mut settings, mut program) = (None, None);
        for day in files(&self.folder)?.iter().rev() {
            let (path, pool) = self.pool(day).await?;
            for (kind, newest) in [(2_i64, &mut settings), (3, &mut program)] {
                let what = || format!("read {}", path.display());
                let found: Option<EntryRow> =
                    sqlx::query_as(VERSION).bind(kind).fetch_optional(&pool).await.map_err(failed(what))?;
                if let (None, Some((first, body))) = (&newest, found) {
                    let damaged = |reason| Error::Damaged { first: first as u64, path: path.clone(), reason };
                    *newest = match block::unpack(&body).map_err(damaged)? {
                        Entry::Settings(text) | Entry::Program(text) => Some(text),
                        _ => None,
                    };
                }
            }
            pool.close().await;
            if settings.is_some() && program.is_some() {
                break;
            }
        }
        Ok((settings, program))
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
            let (path, pool) = self.pool(day).await?;
            let what = || format!("read {}", path.display());
            // A day that an earlier version wrote has no such table, and no consignments.
            let (version,): (u32,) =
                sqlx::query_as("PRAGMA user_version").fetch_one(&pool).await.map_err(failed(what))?;
            if version < 2 {
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
                let damaged = |reason| Error::Damaged { first: first as u64, path: path.clone(), reason };
                if let Entry::Consignment(consignment) = block::unpack(&body).map_err(damaged)? {
                    found.push(consignment);
                }
            }
            missing = still_missing;
            pool.close().await;
        }
        Ok(found)
    }
}
