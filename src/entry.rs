//! What the journal holds, in the order it was written down: the only input of the core.

use sensors::{
    Time,
    receiver::{Batch, Consignment},
};
use serde::{Deserialize, Serialize};

/// One journal entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// Lines as they were heard by one receiver; each line has a sequence of its own.
    Lines(Batch),
    /// The edge's clock said so. Silence is noticed on ticks.
    Tick(Time),
    /// The settings that the core works under from here on, as TOML text.
    Settings(String),
    /// The version of the program that works from here on.
    Program(String),
    /// A station's signed consignment: what it says of itself. The lines it brought follow.
    Consignment(Consignment),
}

impl Entry {
    /// How many sequence numbers it takes.
    pub fn len(&self) -> u64 {
        match self {
            Entry::Lines(batch) => batch.len() as u64,
            _ => 1,
        }
    }

    /// Whether it takes no sequence number at all (a batch without lines).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An entry with the journal sequence of its first line.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// Sequence of its first line, or its own.
    pub first: u64,
    /// What was written down.
    pub entry: Entry,
}

impl Numbered {
    /// The sequence that the next entry begins with.
    pub fn next(&self) -> u64 {
        self.first + self.entry.len()
    }
}
