//! Where every vessel has been and what it called itself, kept compact; questions about the past.
//!
//! Positions live in blocks of up to 512 fixes of one track, not in rows. The [`Writer`] gathers them in
//! memory and writes them to one SQLite file; a [`Reader`] sees both the file and what waits in memory.

mod best;
mod codec;
mod fixes;
mod format;
mod hearings;
mod live;
mod page;
mod query;
mod reader;
mod reckon;
mod rows;
mod scope;
mod writer;

#[cfg(test)]
mod tests;

pub use codec::Corrupt;
pub use format::{Format, safe_text, write_claims, write_positions};
pub use hearings::ANSWER_MAX;
pub use page::{Cursor, Page, Paging};
pub use query::{Asked, Problem, Question, Subject, answer, parse_time};
pub use reader::{Head, Reader};
pub use scope::{Named, Whose};
pub use writer::{Counts, Flushed, Which, Writer};

use crate::store;
use crate::track::{Attribute, TrackId};
use sensors::{Mmsi, Time};

/// Fixes in a full block: the best of 256, 512 and 1,024 for area questions and size together (measured on
/// 10 million positions).
pub const BLOCK_FIXES: usize = 512;

/// The tables of the history file.
pub(crate) const SCHEMA: store::Schema = store::Schema {
    name: "history",
    steps: &[include_str!("schema.sql"), include_str!("hearings.sql"), include_str!("hearing_stations.sql")],
};

/// Why a question has no answer or a flush did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written.
    #[error("the history can't be used")]
    Store(#[from] store::Error),
    /// One block of positions is damaged.
    #[error("the block of track {track} that begins at sequence {first_sequence} is damaged")]
    Corrupt {
        /// Whose positions they are.
        track: TrackId,
        /// The block's first journal sequence.
        first_sequence: u64,
        /// What is wrong with its bytes.
        source: Corrupt,
    },
    /// One block of hearings is damaged.
    #[error("the block of hearings that begins at sequence {first_sequence} is damaged: {detail}")]
    DamagedHearings {
        /// The block's first journal sequence.
        first_sequence: u64,
        /// What is wrong with its bytes.
        detail: String,
    },
    /// More vessels at once in the box than one question may touch.
    #[error("more than {blocks_max} vessels at a time in this box; ask for a smaller one")]
    TooWide {
        /// Blocks of positions that one minute may touch.
        blocks_max: usize,
    },
    /// The answer could not be handed over.
    #[error("could not hand over the answer")]
    Output(#[from] std::io::Error),
}

impl Error {
    /// Whether it may pass, so that the same flush is worth trying again: no room, or the file in use.
    pub fn may_pass(&self) -> bool {
        matches!(self, Error::Store(error) if error.may_pass())
    }
}

/// What a question or a flush gives.
pub type Result<T> = std::result::Result<T, Error>;

/// How often, and from when to when, a sender claimed one value of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The track it was claimed on.
    pub track: TrackId,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// Which attribute.
    pub attribute: Attribute,
    /// Its value as sent.
    pub value: String,
    /// Event time of the earliest claim.
    pub first_at: Time,
    /// Event time of the latest claim.
    pub last_at: Time,
    /// How many times.
    pub count: u64,
}
