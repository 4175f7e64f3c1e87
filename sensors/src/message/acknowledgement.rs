//! Types 7 and 13: what arrived of messages sent to one station (6 and 12).

use super::Payload;
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Types 7 and 13 (ITU-R M.1371-5 table 56).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// One to four messages that arrived; more than four are not sent.
    pub arrived: Vec<Arrived>,
}

/// One message that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Arrived {
    /// Who sent it.
    pub from: Mmsi,
    /// The sequence number it had, 0-3.
    pub sequence: u8,
}

/// The first sequence number ends at bit 72; three more may follow, each 32 bits later.
pub(super) const BITS: usize = 72;
const COUNT_MAX: usize = 4;

impl Acknowledgement {
    pub(super) fn read(bits: &Payload) -> Self {
        let count = ((bits.len() - 40) / 32).min(COUNT_MAX);
        let arrived = |start| Arrived {
            from: Mmsi(bits.unsigned(start, 30) as u32),
            sequence: bits.unsigned(start + 30, 2) as u8,
        };
        Acknowledgement { arrived: (0..count).map(|i| arrived(40 + i * 32)).collect() }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        for arrived in self.arrived.iter().take(COUNT_MAX) {
            bits.push(30, u64::from(arrived.from.0));
            bits.push(2, u64::from(arrived.sequence));
        }
    }
}
