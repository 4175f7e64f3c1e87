//! Type 20: a base station reserves slots for itself.

use super::Payload;
use serde::{Deserialize, Serialize};

/// Type 20 (ITU-R M.1371-5 table 72).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkManagement {
    /// Up to four reservations; all 0 is "none", and such are left out at the end. More than four are not sent.
    pub reservations: Vec<Reservation>,
}

/// Slots kept free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Reservation {
    /// Slots from here to the first reserved one, 12 bits.
    pub offset: u16,
    /// How many slots in a row, 1-15; 0 is "not available".
    pub slots: u8,
    /// Minutes that it lasts, 0-7.
    pub timeout: u8,
    /// Slots to the next reserved block, 11 bits; 0 when there is one block in each frame.
    pub increment: u16,
}

/// The first reservation ends at bit 70; three more may follow, each 30 bits later.
pub(super) const BITS: usize = 70;
const COUNT_MAX: usize = 4;

impl LinkManagement {
    pub(super) fn read(bits: &Payload) -> Self {
        let count = ((bits.len() - 40) / 30).min(COUNT_MAX);
        let reservation = |start| Reservation {
            offset: bits.unsigned(start, 12) as u16,
            slots: bits.unsigned(start + 12, 4) as u8,
            timeout: bits.unsigned(start + 16, 3) as u8,
            increment: bits.unsigned(start + 19, 11) as u16,
        };
        let mut reservations: Vec<_> = (0..count).map(|i| reservation(40 + i * 30)).collect();
        while reservations.pop_if(|last| *last == Reservation::default()).is_some() {}
        LinkManagement { reservations }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        let none = [Reservation::default()];
        let sent = if self.reservations.is_empty() { &none[..] } else { &self.reservations };
        for reservation in sent.iter().take(COUNT_MAX) {
            bits.push(12, u64::from(reservation.offset));
            bits.push(4, u64::from(reservation.slots));
            bits.push(3, u64::from(reservation.timeout));
            bits.push(11, u64::from(reservation.increment));
        }
        // Filled up to whole bytes (table 72).
        if let spare @ 1.. = bits.len().next_multiple_of(8) - bits.len() {
            bits.push(spare, 0);
        }
    }
}
