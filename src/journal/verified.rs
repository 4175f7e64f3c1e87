//! What a journal is held against, and what comes of it.

use super::chain::Seal;
use ed25519_dalek::VerifyingKey;
use sensors::Time;
use std::path::PathBuf;

/// What the journal is held against besides itself.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The only keys that may have sealed it; empty for any.
    pub keys: Vec<VerifyingKey>,
    /// What was written down elsewhere: the chain's value before the entry of this sequence.
    pub witness: Option<(u64, [u8; 32])>,
}

/// What an intact journal holds.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Files read.
    pub days: u64,
    /// Entries, those written before sealing began included.
    pub entries: u64,
    /// Lines, those written before sealing began included.
    pub lines: u64,
    /// Lines written before sealing began: readable, and not proven by anything.
    pub lines_before_sealing: u64,
    /// Seals.
    pub seals: u64,
    /// Which keys stand for which entries, in order.
    pub sealed: Vec<Sealed>,
    /// The newest seal.
    pub newest: Option<Seal>,
    /// Entries after it. While a journal is written they are at most those of a minute.
    pub unsealed: u64,
    /// Runs of more entries under one seal than a watch leaves without one.
    pub sparse: Vec<(u64, u64)>,
    /// Runs that were pruned, each as a sealed entry says.
    pub pruned: Vec<Gone>,
    /// Files that the next pruning deletes; they are not read.
    pub waiting: u64,
}

/// A run of entries under seals of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The key.
    pub key: [u8; 32],
    /// The first entry.
    pub first: u64,
    /// The sequence after the last.
    pub next: u64,
}

/// A run of entries that was pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// The first entry.
    pub first: u64,
    /// The sequence after the last.
    pub next: u64,
    /// The entry that says so.
    pub said_by: u64,
}

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {what}", file.display(), at.map(|at| format!(", entry {at}")).unwrap_or_default())]
pub struct Fault {
    /// The file it is in.
    pub file: PathBuf,
    /// The sequence of the entry, or the one that a seal stands before.
    pub at: Option<u64>,
    /// What does not fit.
    pub what: String,
}

impl Verified {
    /// When the newest seal was made, by the journal's own time.
    pub fn sealed_at(&self) -> Option<Time> {
        self.newest.as_ref().map(|seal| seal.at)
    }
}
