//! Why a position did not move its track, and how many did not.

use crate::admit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a fix moved its track, and why not. All are kept in the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Standing {
    /// It did.
    #[default]
    Used = 0,
    /// Older than the newest fix of its track when it was heard.
    Late = 1,
    /// Sent on long after it was on the air.
    Stale = 2,
    /// Heard by a receiver whose clock can't be trusted.
    Unclocked = 3,
    /// No open track of its number can have got there. Its own track begins when a second fix confirms it.
    Jump = 4,
    /// Its speed is one that broken transponders report (51.2 and 63.0 kn).
    Noise = 5,
    /// At 0 N 0 E, where a GNSS receiver without a fix puts its ship.
    NullIsland = 6,
    /// A long-range position, which is coarse, beside a fine one.
    Coarse = 7,
}

impl Standing {
    /// All of them, by number.
    pub const ALL: [Standing; 8] = [
        Standing::Used,
        Standing::Late,
        Standing::Stale,
        Standing::Unclocked,
        Standing::Jump,
        Standing::Noise,
        Standing::NullIsland,
        Standing::Coarse,
    ];

    /// What stage 0 says of a report, as its fix takes it over.
    pub(super) fn of(admitted: admit::Standing) -> Standing {
        match admitted {
            admit::Standing::Good => Standing::Used,
            admit::Standing::Stale => Standing::Stale,
            admit::Standing::Unclocked => Standing::Unclocked,
            admit::Standing::Late => Standing::Late,
        }
    }
}

/// How many fixes did not move a track, by why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused([u64; Standing::ALL.len()]);

impl Refused {
    pub(super) fn count(&mut self, standing: Standing) {
        self.0[standing as usize] += 1;
    }

    /// Those of another share of the vessels come to these.
    pub fn add(&mut self, other: &Refused) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// By why; all but [`Standing::Used`], also those that never happened.
    pub fn by_standing(&self) -> BTreeMap<Standing, u64> {
        Standing::ALL.into_iter().zip(self.0).skip(1).collect()
    }
}
