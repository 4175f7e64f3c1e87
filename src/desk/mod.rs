//! The desk, where alerts become work: every alert's facts, who claimed it, what was noted and decided, who may.
//!
//! One file, `desk.sqlite`, with one writer. Facts come from the core and never touch what people did; what
//! people do is in an append-only log, committed to the disk before it is acknowledged.

mod account;
mod alerts;
mod amendments;
mod decision;
mod facts;
mod gap;
mod guesses;
mod own_room;
mod unwritten;

pub use account::{FirstPassword, Token};
pub use alerts::{
    AlertPage, AlertRow, Counts, Cursor, Dossier, ListQuery, LogEntry, Note, Previous, Queue, Standing,
};
pub use amendments::{Amend, Amended, Amendment, AmendmentKind, Changed, Pending};
pub use decision::{Decision, DecisionReason, NOTE_MAX};
pub use gap::OpenGap;

use crate::store;
use sensors::Time;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::{
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
};
use tokio::sync::{Mutex, MutexGuard, Notify, Semaphore, SemaphorePermit, watch};

/// The tables of `desk.sqlite`.
const SCHEMA: store::Schema = store::Schema {
    name: "desk",
    steps: &[include_str!("schema.sql"), gap::STEP, include_str!("amendments.sql")],
};

/// How many people's actions may wait for the writer; the next is told to try again. Ours, unproven.
const WAITING_MAX: usize = 64;

/// How many passwords are checked at a time: each takes 19 MiB and most of a core for some 50 ms.
const HASHING_MAX: usize = 2;

/// Why the desk did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such alert.
    #[error("no alert has this id")]
    NoSuchAlert,
    /// Somebody else is working on it.
    #[error("claimed by {0}")]
    ClaimedBy(String),
    /// It has been decided.
    #[error("already decided by {0}")]
    AlreadyDecided(String),
    /// It has not been decided, so there is nothing to take back.
    #[error("not decided")]
    NotDecided,
    /// It changed since the asker last saw it.
    #[error("the alert is at version {now}, not {asked}")]
    Stale {
        /// The version the asker saw.
        asked: i64,
        /// The version it is at.
        now: i64,
    },
    /// The text is empty, or longer than [`NOTE_MAX`].
    #[error("a text has 1 to 4000 characters")]
    TextLength,
    /// The account or the password is wrong.
    #[error("wrong account or password")]
    WrongPassword,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; try again at {until}")]
    Locked {
        /// When the next guess is taken.
        until: Time,
    },
    /// Too many actions wait to be written.
    #[error("too many actions are waiting")]
    Busy,
    /// The database refused.
    #[error("{operation}")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// Why not.
        source: sqlx::Error,
    },
    /// The disk failed before; nothing more is written.
    #[error("the desk's disk has failed")]
    Lost,
    /// The file can't be opened.
    #[error("the desk can't be used")]
    Store(#[from] store::Error),
    /// The file of the first password could not be written.
    #[error("{operation}")]
    File {
        /// What was being done.
        operation: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The stored facts or a password hash can't be read back.
    #[error("{0}")]
    Damaged(&'static str),
}

impl Error {
    /// Whether it may pass, so that the same is worth trying again: no room, or the file in use.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Database { source, .. } => store::may_pass(source),
            Error::Store(error) => error.may_pass(),
            _ => false,
        }
    }

    /// Whether the file can't be believed any more, as opposed to a refusal of what was asked.
    fn is_lasting(&self) -> bool {
        matches!(self, Error::Database { .. } | Error::Store(_)) && !self.may_pass()
    }
}

/// Names the operation of a database error.
fn during(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Database { operation, source }
}

/// A handle on the desk; clones share one writer.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    writer: Mutex<SqliteConnection>,
    /// Places for people's actions in front of the writer; `apply` waits without one and is never refused.
    waiting: Semaphore,
    /// Whose turn it is of those: one of them at a time stands before the writer, so that an alert waits for one at most.
    turn: Mutex<()>,
    readers: SqlitePool,
    /// Tells whoever runs the past again that there is something to do.
    reruns: Notify,
    hashing: Semaphore,
    guesses: std::sync::Mutex<guesses::Guesses>,
    /// Sessions that the disk had no room for.
    unwritten: std::sync::Mutex<unwritten::Unwritten>,
    /// Why nothing more may be written.
    lost: watch::Sender<Option<String>>,
}

/// A person's turn at the writer.
struct Turn<'a> {
    writer: MutexGuard<'a, SqliteConnection>,
    _turn: MutexGuard<'a, ()>,
}

impl Deref for Turn<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.writer
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.writer
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// Opens `desk.sqlite` in `dir`. When it has no account yet, makes `watch` with a random password, which is
    /// written to `dir/first-password` (readable by its owner only) and returned once.
    pub async fn open(dir: &Path) -> Result<(Desk, Option<FirstPassword>), Error> {
        let path = dir.join("desk.sqlite");
        let writer = store::open_writer(&path, SCHEMA).await?;
        let readers = store::open_readers(&path).await?;
        let desk = Desk(Arc::new(Inner {
            writer: Mutex::new(writer),
            waiting: Semaphore::new(WAITING_MAX),
            turn: Mutex::new(()),
            readers,
            reruns: Notify::new(),
            hashing: Semaphore::new(HASHING_MAX),
            guesses: std::sync::Mutex::default(),
            unwritten: std::sync::Mutex::default(),
            lost: watch::Sender::new(None),
        }));
        let first = desk.first_account(dir).await?;
        Ok((desk, first))
    }

    /// The journal sequence up to which alert changes have been applied.
    pub async fn applied(&self) -> Result<u64, Error> {
        let sequence: i64 = sqlx::query_scalar("SELECT sequence FROM applied")
            .fetch_one(&self.0.readers)
            .await
            .map_err(during("read the applied sequence"))?;
        Ok(sequence as u64)
    }

    /// Takes a place in front of the writer for a person's action, or says that there is none.
    fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.0.waiting.try_acquire().map_err(|_| Error::Busy)
    }

    /// The writer for a person's action, when its turn has come.
    async fn turn(&self) -> Result<Turn<'_>, Error> {
        let turn = self.0.turn.lock().await;
        Ok(Turn { writer: self.writer().await?, _turn: turn })
    }

    /// The writer, unless it failed before: a commit after a failed sync would acknowledge what may not be on the disk.
    async fn writer(&self) -> Result<MutexGuard<'_, SqliteConnection>, Error> {
        let writer = self.0.writer.lock().await;
        if self.0.lost.borrow().is_some() { Err(Error::Lost) } else { Ok(writer) }
    }

    /// Notes a write's failure that lasts. To be called before the writer is let go.
    fn noted<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &done
            && error.is_lasting()
        {
            self.0.lost.send_replace(Some(crate::telemetry::chain(error)));
        }
        done
    }

    /// Waits until a write has failed in a way that lasts, and says how. The watch must then end.
    pub async fn lost(&self) -> String {
        let mut lost = self.0.lost.subscribe();
        let why = lost.wait_for(Option::is_some).await;
        why.ok().and_then(|why| why.clone()).unwrap_or_default()
    }
}

/// Starts a transaction that holds the write lock from its first statement.
async fn begin(connection: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, Error> {
    store::begin(connection).await.map_err(during("begin a transaction"))
}

#[cfg(test)]
mod tests;
