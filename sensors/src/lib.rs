//! From the wire to one typed report: what a port's receivers hear, decoded and checked.
//!
//! The modules stand in the order data flows. Everything but `receiver` is pure: no I/O, no clock,
//! no randomness, and no error that stops anything; bad input becomes a counted [`sentence::Reject`]. Without the
//! feature `receiver` (`default-features = false`) this crate is that pure part alone.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod sorted;
pub mod time;
pub mod vessel;

pub mod sentence;
pub mod message;
pub mod gnss;
pub mod json;
pub mod radar;
pub mod transponder;
pub mod report;
#[cfg(feature = "receiver")]
pub mod receiver;

pub use report::{Counts, Decoder, Line, Report, Tally};
pub use time::{Span, Time};
pub use vessel::{CallSign, Imo, Mmsi, ShipType};

use serde::{Deserialize, Serialize};

/// A receiver's number in this installation; its name and place are settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReceiverId(pub u16);

/// A station among those whose lines one receiver brings, by the hash of its name; 0 where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StationId(pub u64);

impl StationId {
    /// No station is named.
    pub const NONE: StationId = StationId(0);

    /// The station of this name.
    pub fn of(name: &[u8]) -> StationId {
        StationId(sentence::station_hash(name))
    }

    /// Whether one is named.
    pub fn is_named(self) -> bool {
        self != Self::NONE
    }
}
