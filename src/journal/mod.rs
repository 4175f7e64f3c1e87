//! What was heard, written down before anything is made of it; one file a day, one order for all of it.
//!
//! An altered journal tells on itself: each entry has the root of a Merkle tree over its lines and a link to the entry
//! before, and seals sign the chain's newest link. [`verify`] checks all of it, [`Proof`] carries one line of it.

mod block;
mod chain;
mod day;
mod disclose;
mod export;
pub mod holds;
mod merkle;
mod plan;
mod prune;
mod read;
mod snapshot;
mod ticker;
mod verified;
mod verify;
mod writer;

pub use chain::Seal;
pub use disclose::{Proof, Proven, disclose};
pub use export::{Export, Heard};
pub use prune::{Found, Retention, Wait};
pub use read::Reader;
pub use snapshot::{Draft, Named, Snapshot, Snapshots};
pub use ticker::Ticker;
pub use verified::{Fault, Gone, Sealed, Trust, Verified};
pub use verify::verify;
pub use writer::Journal;

use crate::store::{self, Schema};
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
        "-- Entries written before this step have neither.
    ALTER TABLE entry ADD root BLOB;
    ALTER TABLE entry ADD link BLOB;
    -- What was heard in a time, whichever day's file it is in.
    CREATE INDEX heard ON entry (arrived_at_first, arrived_at_last) WHERE kind = 0;
    -- One row: the link before the file's first chained entry.
    CREATE TABLE chain (
        journal BLOB NOT NULL,
        origin BLOB NOT NULL,
        first INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE seal (
        next INTEGER PRIMARY KEY,
        journal BLOB NOT NULL,
        link BLOB NOT NULL,
        at INTEGER NOT NULL,
        key BLOB NOT NULL,
        signature BLOB NOT NULL
    ) STRICT",
    ],
};

/// The first version of a file with chain and seals.
const CHAINED: u32 = 3;

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
    /// There is no proof of the line that was asked for.
    #[error("no proof of {sequence}: {reason}")]
    NotProven {
        /// The line's sequence.
        sequence: u64,
        /// Why there is none.
        reason: String,
    },
}

impl Error {
    /// Whether it may pass, so that the same is worth trying again: no room, or the file in use.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Store(error) => error.may_pass(),
            Error::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Error::Damaged { .. } | Error::NotProven { .. } => false,
        }
    }

    fn file<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Error + use<'a> {
        move |source| Error::File { operation, path: path.to_owned(), source }
    }

    fn damaged(first: u64, path: &Path, reason: impl Into<String>) -> Error {
        Error::Damaged { first, path: path.to_owned(), reason: reason.into() }
    }
}

fn path_of(folder: &Path, day: &str) -> PathBuf {
    folder.join(format!("{day}.sqlite"))
}

/// The days there are files of, oldest first.
fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let listed = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(Error::file("list the journal folder", folder))?;
    let mut days: Vec<String> = listed
        .iter()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".sqlite")?.to_owned()))
        .collect();
    days.sort_unstable();
    Ok(days)
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod prune_tests;
#[cfg(test)]
mod tests;
