//! The exact bytes heard in a time, line by line, in the order they were written down.

use super::{CHAINED, Error, block, files, path_of, read};
use crate::entry::Entry;
use crate::store::{self, failed};
use sensors::receiver::Batch;
use sensors::{ReceiverId, Time};
use sqlx::SqlitePool;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Batches whose sequences are held at a time.
const PAGE: i64 = 4096;

/// The batches with a line heard in a time; the index `heard` serves it.
pub(super) const HEARD: &str =
    "SELECT first FROM entry WHERE kind = 0 AND arrived_at_first < ?2 AND arrived_at_last >= ?1
    AND first > ?3 ORDER BY first LIMIT ?4";

/// A file of before chains has the first and the last arrival there, not the earliest and the latest: all is looked at.
const ALL: &str = "SELECT first FROM entry WHERE kind = 0 AND ?2 > ?1 AND first > ?3 ORDER BY first LIMIT ?4";

/// The lines heard from `from` (included) to `to` (not included), of all days.
#[derive(Debug)]
pub struct Export {
    folder: PathBuf,
    from: Time,
    to: Time,
    receiver: Option<ReceiverId>,
    days: VecDeque<String>,
    file: Option<(PathBuf, SqlitePool, &'static str)>,
    after: i64,
    found: VecDeque<i64>,
}

/// Some lines in the order they were written down.
#[derive(Debug)]
pub struct Heard {
    /// The sequence of the first line of `batch`.
    pub first: u64,
    /// The lines; those outside the time asked for too.
    pub batch: Batch,
}

impl Export {
    /// Asks for the lines of a time, of all receivers or of one number.
    ///
    /// # Errors
    /// When the folder can't be listed.
    pub fn open(folder: &Path, from: Time, to: Time, receiver: Option<ReceiverId>) -> Result<Export, Error> {
        let (days, folder) = (files(folder)?.into(), folder.to_owned());
        Ok(Export { folder, from, to, receiver, days, file: None, after: 0, found: VecDeque::new() })
    }

    /// The next lines; `None` when there are no more. Which of a batch were asked for, [`Export::asked`] says.
    ///
    /// # Errors
    /// When a file can't be read, or an entry in it is damaged.
    pub async fn next(&mut self) -> Result<Option<Heard>, Error> {
        loop {
            let Some((path, pool, page)) = &self.file else {
                let Some(day) = self.days.pop_front() else { return Ok(None) };
                let path = path_of(&self.folder, &day);
                let pool = store::open_readers(&path).await?;
                let version =
                    read::version(&pool).await.map_err(failed(|| format!("read {}", path.display())))?;
                (self.file, self.after) =
                    (Some((path, pool, if version < CHAINED { ALL } else { HEARD })), 0);
                continue;
            };
            let what = || format!("read {}", path.display());
            if let Some(first) = self.found.pop_front() {
                let body = sqlx::query_as("SELECT body FROM entry WHERE first = ?").bind(first);
                let (body,): (Vec<u8>,) = body.fetch_one(pool).await.map_err(failed(what))?;
                let entry = block::unpack(&body).map_err(|why| Error::damaged(first as u64, path, why))?;
                match entry {
                    Entry::Lines(batch) if self.receiver.is_none_or(|id| id == batch.receiver()) => {
                        return Ok(Some(Heard { first: first as u64, batch }));
                    }
                    _ => continue,
                }
            }
            let (from, to) = (self.from.as_millis(), self.to.as_millis());
            let found = sqlx::query_as(*page).bind(from).bind(to).bind(self.after).bind(PAGE);
            let found: Vec<(i64,)> = found.fetch_all(pool).await.map_err(failed(what))?;
            match found.last() {
                Some((last,)) => {
                    self.after = *last;
                    self.found = found.into_iter().map(|(first,)| first).collect();
                }
                None => {
                    pool.close().await;
                    self.file = None;
                }
            }
        }
    }

    /// Whether a line that arrived then was asked for.
    pub fn asked(&self, arrived_at: Time) -> bool {
        self.from <= arrived_at && arrived_at < self.to
    }
}
