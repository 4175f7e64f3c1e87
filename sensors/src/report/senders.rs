//! How many senders were heard.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// Different MMSIs that are counted; ten times what the busiest world-wide feed holds. Ours.
pub const SENDERS_MAX: usize = 1_000_000;

/// The MMSIs heard so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Senders {
    #[serde(with = "crate::sorted::set")]
    all: FxHashSet<u32>,
    #[serde(skip)]
    recent: Recent,
}

impl Senders {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    #[inline(always)]
    pub(super) fn add(&mut self, mmsi: u32) {
        if !self.recent.holds(mmsi) {
            self.look(mmsi);
        }
    }

    fn look(&mut self, mmsi: u32) {
        self.recent.add(mmsi);
        if self.all.len() < SENDERS_MAX {
            self.all.insert(mmsi);
        }
    }
}

/// Senders that are counted already, so that the next message of one needs no look into the set. What it holds
/// changes nothing but the speed.
#[derive(Clone)]
struct Recent(Box<[u32; RECENT]>);

/// A power of two; 16 KiB, which stay in the processor's nearest cache.
const RECENT: usize = 4096;

impl Recent {
    /// What is kept is never 0, which an empty place holds; an MMSI has 30 bits.
    #[inline(always)]
    fn place(mmsi: u32) -> (usize, u32) {
        ((mmsi ^ mmsi >> 12) as usize % RECENT, mmsi | 1 << 31)
    }

    #[inline(always)]
    fn holds(&self, mmsi: u32) -> bool {
        let (place, kept) = Self::place(mmsi);
        self.0[place] == kept
    }

    fn add(&mut self, mmsi: u32) {
        let (place, kept) = Self::place(mmsi);
        self.0[place] = kept;
    }
}

impl Default for Recent {
    fn default() -> Self {
        Recent(Box::new([0; RECENT]))
    }
}

impl PartialEq for Recent {
    fn eq(&self, _: &Recent) -> bool {
        true
    }
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recent")
    }
}
