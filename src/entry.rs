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
    /// Lines were heard in this time and not written down.
    Gap(Gap),
    /// Lines that the core could not take: whoever reads the journal passes them over.
    Skip(Skip),
    /// A past window was run again, because lines of it came late.
    Rerun(Rerun),
    /// Days of the journal were deleted.
    Pruned(Pruned),
}

/// Lines heard and not written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When the first of them was heard.
    pub from: Time,
    /// When the last of them was heard.
    pub to: Time,
    /// How many.
    pub lines: u64,
    /// Sequence numbers that were given meanwhile, to ticks too, and stand for nothing in the journal: none of them is
    /// used again.
    pub sequences: u64,
    /// Why, as a code: `disk_full`; or `journal_behind`, where they were written down and the journal no longer has them.
    pub why: String,
}

/// A run of lines whose processing ended the program twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Sequence of the first of them.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// A window of event time that was run again in order of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rerun {
    /// Begin of the window.
    pub from: Time,
    /// End of the window.
    pub to: Time,
    /// The sequence after the last entry that the re-run took into account.
    pub next: u64,
}

/// A run of the journal that is gone, and what the chain of what stays hangs on. A later one that begins where this one
/// does, or before, takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Sequence of the first entry that was deleted.
    pub first: u64,
    /// Sequence after the last entry that was deleted.
    pub next: u64,
    /// The days that go with this entry, as their files were named; what else the run holds went before.
    pub days: Vec<String>,
    /// The chain's value before the first entry that was deleted; `None` where the journal was not chained yet.
    pub origin: Option<[u8; 32]>,
    /// The chain's value after the last entry that was deleted; `None` where the journal was not chained yet.
    pub link: Option<[u8; 32]>,
    /// Why, as a code: `age`, `size` or `disk_full`.
    pub why: String,
    /// The settings that the core worked under at the run's end.
    pub settings: Option<String>,
    /// The program's version at the run's end.
    pub program: Option<String>,
    /// The newest consignment of each chain that only the deleted days held.
    pub consignments: Vec<Consignment>,
}

impl Entry {
    /// How many sequence numbers it takes.
    pub fn len(&self) -> u64 {
        match self {
            Entry::Lines(batch) => batch.len() as u64,
            Entry::Gap(gap) => gap.sequences.max(1),
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
