//! Type 17: corrections for satellite navigation, sent by a base station.

use super::{Bits, CoarsePlace, Payload};
use serde::{Deserialize, Serialize};

/// Type 17 (ITU-R M.1371-5 table 68).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dgnss {
    /// Where the reference station stands.
    pub place: Option<CoarsePlace>,
    /// The corrections as sent: 40 bits of header and words of 24 bits, after ITU-R M.823 without preamble and
    /// parity. Empty where the service has none to give.
    pub data: Bits,
}

/// The header of the corrections (ITU-R M.1371-5 table 69).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Correction {
    /// Message type of ITU-R M.823, 6 bits.
    pub kind: u8,
    /// Reference station, 10 bits.
    pub station: u16,
    /// Time in the hour in units of 0.6 s, 13 bits.
    pub z_count: u16,
    /// Sequence number, 0-7.
    pub sequence: u8,
    /// How many words of 24 bits follow, 0-31.
    pub words: u8,
    /// Health of the reference station, 0-7, as ITU-R M.823 has it.
    pub health: u8,
}

/// The position ends at bit 75, and after 5 spare bits the corrections start.
pub(super) const BITS: usize = 75;
const DATA: usize = 80;
const HEADER: usize = 40;

impl Dgnss {
    /// What heads the corrections; `None` where there are none.
    pub fn correction(&self) -> Option<Correction> {
        if self.data.len() < HEADER {
            return None;
        }
        let bits = self.data.payload();
        Some(Correction {
            kind: bits.unsigned(0, 6) as u8,
            station: bits.unsigned(6, 10) as u16,
            z_count: bits.unsigned(16, 13) as u16,
            sequence: bits.unsigned(29, 3) as u8,
            words: bits.unsigned(32, 5) as u8,
            health: bits.unsigned(37, 3) as u8,
        })
    }

    pub(super) fn read(bits: &Payload) -> Self {
        Dgnss { place: CoarsePlace::read(bits, 40), data: Bits::tail(bits, DATA) }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        CoarsePlace::write(self.place, bits);
        bits.push(5, 0);
        self.data.write(bits);
    }
}
