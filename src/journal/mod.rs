//! What was heard, written down before anything is made of it; one file a day, one order for all of it.

mod block;
mod read;
mod snapshot;
mod ticker;

pub use read::Reader;
pub use snapshot::Snapshots;
pub use ticker::Ticker;

use crate::entry::{Entry, Numbered};
use crate::store::{self, Schema, failed};
use sensors::Time;
use sqlx::{Connection, QueryBuilder, SqliteConnection};
use std::path::{Path, PathBuf};

const SCHEMA: Schema = Schema {
    name: "journal",
    steps: &[
        "CREATE TABLE entry (
        first INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        receiver INTEGER,
        arrived_at_first INTEGER,
        arrived_at_last INTEGER,
        body BLOB NOT NULL
    ) STRICT;
    -- Few among very many; every start asks for the newest of each.
    CREATE INDEX version ON entry (kind, first) WHERE kind >= 2",
        "-- Every start asks for the newest consignment of each chain.
    CREATE TABLE newest (
        chain TEXT PRIMARY KEY,
        first INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    ],
};

/// The journal's writer; there is one.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    today: Option<(String, SqliteConnection)>,
    next: u64,
    settings: Option<String>,
    program: Option<String>,
}

/// What can go wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database said no.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The folder or a file in it said no.
    #[error("{operation} {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// An entry does not read back as it was written.
    #[error("journal entry {first} in {path} is damaged: {reason}")]
    Damaged {
        /// Its sequence.
        first: u64,
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

impl Error {
    /// Whether it may pass, so that the same is worth trying again: no room, or the file in use.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Store(error) => error.may_pass(),
            Error::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Error::Damaged { .. } => false,
        }
    }
}

impl Journal {
    /// Opens the journal in `folder` for writing, making it where there is none.
    ///
    /// # Errors
    /// When the folder or its newest file can't be used.
    pub async fn open(folder: &Path) -> Result<Journal, Error> {
        let operation = "make the journal folder";
        store::make_folder(folder).map_err(|source| Error::File {
            operation,
            path: folder.to_owned(),
            source,
        })?;
        let mut journal =
            Journal { folder: folder.to_owned(), today: None, next: 1, settings: None, program: None };
        if let Some(newest) = files(folder)?.pop() {
            let path = folder.join(format!("{newest}.sqlite"));
            journal.today = Some((newest, store::open_writer(&path, SCHEMA).await?));
        }
        let reader = Reader::open(folder);
        journal.next = reader.next().await?;
        (journal.settings, journal.program) = reader.versions().await?;
        Ok(journal)
    }

    /// The sequence that the next entry will have.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Numbers the entries and makes them durable, all or none. Settings and program versions that say what
    /// the last ones said are left out.
    ///
    /// # Errors
    /// When the database refuses. The entries are then not written, and nothing may be made of them.
    pub async fn append(&mut self, entries: &[Entry]) -> Result<Vec<Numbered>, Error> {
        let entries: Vec<&Entry> = entries.iter().filter(|entry| self.is_new(entry)).collect();
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        // Settings written before the first line ever have no day; they open the calendar.
        match entries.iter().find_map(|entry| day_of(entry)) {
            Some(day) => self.turn_to(&day).await?,
            None if self.today.is_none() => self.turn_to(FIRST_DAY).await?,
            None => {}
        }
        let numbered = self.write(&entries).await?;
        for entry in entries {
            match entry {
                Entry::Settings(text) => self.settings = Some(text.clone()),
                Entry::Program(text) => self.program = Some(text.clone()),
                _ => {}
            }
        }
        Ok(numbered)
    }

    fn is_new(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Settings(text) => self.settings.as_ref() != Some(text),
            Entry::Program(text) => self.program.as_ref() != Some(text),
            lines_or_tick => !lines_or_tick.is_empty(),
        }
    }

    /// Begins the day's file. Never goes back to an older one: the order of the files is that of the entries.
    async fn turn_to(&mut self, day: &str) -> Result<(), Error> {
        if self.today.as_ref().is_none_or(|(today, _)| today.as_str() < day) {
            let path = self.folder.join(format!("{day}.sqlite"));
            let file = store::open_writer(&path, SCHEMA).await?;
            self.close().await?;
            self.today = Some((day.to_owned(), file));
        }
        Ok(())
    }

    async fn write(&mut self, entries: &[&Entry]) -> Result<Vec<Numbered>, Error> {
        let (_, file) = self.today.as_mut().expect("turned to by the caller");
        let what = || "write to the journal".to_owned();
        let mut transaction = store::begin(file).await.map_err(failed(what))?;
        let mut next = self.next;
        let mut numbered = Vec::with_capacity(entries.len());
        for &entry in entries {
            numbered.push(Numbered { first: next, entry: entry.clone() });
            next += entry.len();
        }
        for some in numbered.chunks(ROWS) {
            let mut insert = QueryBuilder::new("INSERT INTO entry ");
            insert.push_values(some, |mut values, Numbered { first, entry }| {
                let row = block::Row::of(entry);
                values.push_bind(*first as i64).push_bind(entry.len() as i64).push_bind(row.kind);
                values.push_bind(row.receiver).push_bind(row.arrived_at_first).push_bind(row.arrived_at_last);
                values.push_bind(row.body);
            });
            insert.build().execute(&mut *transaction).await.map_err(failed(what))?;
        }
        for Numbered { first, entry } in &numbered {
            if let Entry::Consignment(consignment) = entry {
                let newest = sqlx::query("INSERT OR REPLACE INTO newest VALUES (?, ?)");
                let newest = newest.bind(&consignment.chain).bind(*first as i64);
                newest.execute(&mut *transaction).await.map_err(failed(what))?;
            }
        }
        transaction.commit().await.map_err(failed(what))?;
        self.next = next;
        Ok(numbered)
    }

    /// Closes the day's file cleanly.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close(&mut self) -> Result<(), Error> {
        if let Some((_, file)) = self.today.take() {
            file.close().await.map_err(failed(|| "close the journal".to_owned()))?;
        }
        Ok(())
    }
}

/// Rows in one statement; each costs some 20 microseconds on the way to the database's thread and back.
const ROWS: usize = 64;

/// The file that holds what was written before any line was heard.
const FIRST_DAY: &str = "0000-00-00";

fn day_of(entry: &Entry) -> Option<String> {
    let time = match entry {
        Entry::Lines(batch) => batch.last_arrived_at()?,
        Entry::Tick(now) => *now,
        _ => return None,
    };
    day_name(time)
}

fn day_name(time: Time) -> Option<String> {
    Some(time.to_chrono()?.format("%Y-%m-%d").to_string())
}

/// The days there are files of, oldest first.
fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let operation = "list the journal folder";
    let listed = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(|source| Error::File { operation, path: folder.to_owned(), source })?;
    let mut days: Vec<String> = listed
        .iter()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".sqlite")?.to_owned()))
        .collect();
    days.sort_unstable();
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::{ReceiverId, receiver::Batch};

    fn lines(start: i64, texts: &[&str]) -> Entry {
        let mut batch = Batch::new(ReceiverId(3));
        for (n, text) in texts.iter().enumerate() {
            batch.push(Time::from_seconds(start + n as i64), text.as_bytes());
        }
        Entry::Lines(batch)
    }

    async fn all(folder: &Path, from: u64) -> Vec<Numbered> {
        let mut entries = Vec::new();
        let mut reader = Reader::open(folder);
        reader.seek(from).await.unwrap();
        while let Some(entry) = reader.entry().await.unwrap() {
            entries.push(entry);
        }
        entries
    }

    #[tokio::test]
    async fn gives_back_what_was_written_over_days_and_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let day = 86_400;
        let mut journal = Journal::open(folder.path()).await.unwrap();
        let mut written = journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap();
        written.extend(
            journal
                .append(&[lines(10, &["one", "two\u{7f}", ""]), Entry::Tick(Time::from_seconds(20))])
                .await
                .unwrap(),
        );
        written.extend(journal.append(&[lines(day + 5, &["three"])]).await.unwrap());
        assert_eq!(journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap(), []);
        drop(journal);

        let mut journal = Journal::open(folder.path()).await.unwrap();
        assert_eq!(journal.next(), written.last().unwrap().next());
        assert_eq!(journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap(), []);
        // A clock that went back a day does not reorder the journal.
        written.extend(journal.append(&[lines(30, &["four"])]).await.unwrap());
        assert_eq!(all(folder.path(), 0).await, written);
        assert_eq!(all(folder.path(), written[3].first).await, written[3..]);
        assert_eq!(all(folder.path(), journal.next()).await, []);
        assert_eq!(files(folder.path()).unwrap(), ["0000-00-00", "1970-01-01", "1970-01-02"]);
    }

    #[tokio::test]
    async fn questions_to_a_long_day_use_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).await.unwrap();
        journal.append(&[lines(10, &["one"])]).await.unwrap();
        let (_, file) = journal.today.as_mut().unwrap();
        for sql in [read::PAGE, read::VERSION, read::NEWEST] {
            let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(plan).fetch_all(&mut *file).await.unwrap();
            assert!(plan.iter().all(|(.., step)| !step.starts_with("SCAN entry")), "{plan:?}");
        }
    }

    #[tokio::test]
    async fn a_damaged_entry_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).await.unwrap();
        journal.append(&[lines(10, &["one"])]).await.unwrap();
        let (_, file) = journal.today.as_mut().unwrap();
        sqlx::query("UPDATE entry SET body = CAST(substr(body, 1, length(body) - 2) || x'0000' AS BLOB)")
            .execute(&mut *file)
            .await
            .unwrap();
        let mut reader = Reader::open(folder.path());
        reader.seek(0).await.unwrap();
        let error = reader.entry().await.unwrap_err().to_string();
        assert!(error.contains("journal entry 1 ") && error.contains("1970-01-01.sqlite"), "{error}");
    }
}
