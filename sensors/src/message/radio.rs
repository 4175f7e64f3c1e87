//! The communication state: how a station shares the radio channel, and what time it goes by.

use super::Payload;
use serde::{Deserialize, Serialize};

/// Communication state of types 1-4, 9, 11, 18 and 26, as sent.
/// Source: ITU-R M.1371-5 annex 2, 3.3.7.2.2 (SOTDMA, table 18) and 3.3.7.3.2 (ITDMA, table 20).
///
/// A class B set of the carrier-sense kind has none to tell and sends a constant instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CommState {
    /// The 19 bits.
    pub bits: u32,
    /// ITDMA (type 3; types 9, 18 and 26 by their selector flag), else SOTDMA.
    pub itdma: bool,
}

/// What a station goes by to keep its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// 0: its own UTC.
    UtcDirect,
    /// 1: UTC from a station that has it.
    UtcIndirect,
    /// 2: a base station.
    BaseStation,
    /// 3: the station that hears most others.
    OtherStation,
}

/// What the rest of a communication state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotUse {
    /// SOTDMA, slot time-out 3, 5, 7: how many other stations it hears.
    ReceivedStations(u16),
    /// SOTDMA, slot time-out 2, 4, 6: the slot of this transmission, 0-2249.
    SlotNumber(u16),
    /// SOTDMA, slot time-out 1: its UTC clock; 0-23 and 0-59, whatever is outside is `None`.
    Utc {
        /// Hour.
        hour: Option<u8>,
        /// Minute.
        minute: Option<u8>,
    },
    /// SOTDMA, slot time-out 0: slots from here to the one used in the next frame; 0 when it stops.
    SlotOffset(u16),
    /// ITDMA.
    Increment {
        /// Slots from here to the next transmission; 0 when there is none.
        slots: u16,
        /// How many consecutive slots are taken, as sent: 0-4 are 1-5 slots, 5-7 are 1-3 slots with an
        /// offset of 8192 added to the increment.
        count: u8,
        /// Whether the slot stays taken for one more frame.
        keep: bool,
    },
}

const BITS: usize = 19;

impl CommState {
    /// What the station goes by.
    pub const fn sync_state(self) -> SyncState {
        match self.field(17, 2) {
            0 => SyncState::UtcDirect,
            1 => SyncState::UtcIndirect,
            2 => SyncState::BaseStation,
            _ => SyncState::OtherStation,
        }
    }

    /// Frames (minutes) until this slot is given up, 0-7; `None` for ITDMA.
    pub const fn slot_timeout(self) -> Option<u8> {
        if self.itdma { None } else { Some(self.field(14, 3) as u8) }
    }

    /// What the rest says.
    pub const fn slot_use(self) -> SlotUse {
        let sub_message = self.field(0, 14);
        match self.slot_timeout() {
            None => SlotUse::Increment {
                slots: self.field(4, 13),
                count: self.field(1, 3) as u8,
                keep: self.field(0, 1) == 1,
            },
            Some(3 | 5 | 7) => SlotUse::ReceivedStations(sub_message),
            Some(1) => SlotUse::Utc {
                hour: available(self.field(9, 5), 24),
                minute: available(self.field(2, 7), 60),
            },
            Some(0) => SlotUse::SlotOffset(sub_message),
            Some(_) => SlotUse::SlotNumber(sub_message),
        }
    }

    /// The selector flag and the 19 bits as one number of 20 bits, which is how types 9, 18 and 26 send them.
    pub const fn with_selector(self) -> u32 {
        (self.itdma as u32) << BITS | self.bits & ((1 << BITS) - 1)
    }

    /// The low 20 bits of `bits`, selector flag first.
    pub const fn from_selector(bits: u32) -> CommState {
        CommState { bits: bits & ((1 << BITS) - 1), itdma: bits >> BITS & 1 == 1 }
    }

    const fn field(self, low: u32, width: u32) -> u16 {
        (self.bits >> low & ((1 << width) - 1)) as u16
    }

    /// The 19 bits at `start`; `None` where the message ends before.
    pub(super) fn read(bits: &Payload, start: usize, itdma: bool) -> Option<CommState> {
        (bits.len() >= start + BITS).then(|| CommState { bits: bits.unsigned(start, BITS) as u32, itdma })
    }

    /// The selector flag at `start` and the 19 bits after it; `None` where the message ends before.
    pub(super) fn read_selected(bits: &Payload, start: usize) -> Option<CommState> {
        Self::read(bits, start + 1, bits.flag(start))
    }

    /// Writes the 19 bits; nothing for `None`, which ends the message early as it was heard.
    pub(super) fn write(state: Option<CommState>, bits: &mut Payload) {
        if let Some(state) = state {
            bits.push(BITS, u64::from(state.bits));
        }
    }

    pub(super) fn write_selected(state: Option<CommState>, bits: &mut Payload) {
        if let Some(state) = state {
            bits.push(BITS + 1, u64::from(state.with_selector()));
        }
    }
}

const fn available(value: u16, end: u16) -> Option<u8> {
    if value < end { Some(value as u8) } else { None }
}
