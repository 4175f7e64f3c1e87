//! Types 16 and 23: a base station tells stations how often, and with which kind of message, to report.

use super::{Area, Payload};
use crate::{Mmsi, ShipType};
use serde::{Deserialize, Serialize};

/// Type 16: assigned mode for one or two stations (ITU-R M.1371-5 table 67).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assignment {
    /// The first station.
    pub first: Assigned,
    /// The second station; all 0 is "none".
    pub second: Option<Assigned>,
}

/// What one station is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Assigned {
    /// Who.
    pub to: Mmsi,
    /// Slots from here to its first slot; with an increment of 0, how many reports in 10 minutes.
    pub offset: u16,
    /// Increment to its next slot, as sent, 10 bits; 0 when `offset` is a reporting rate.
    pub increment: u16,
}

/// Type 16: the first increment ends at bit 92, the second at 144.
pub(super) const BITS: usize = 92;
const BITS_SECOND: usize = 144;

impl Assignment {
    pub(super) fn read(bits: &Payload) -> Self {
        let second = (bits.len() >= BITS_SECOND).then(|| Assigned::read(bits, 92));
        Assignment {
            first: Assigned::read(bits, 40),
            second: second.filter(|second| *second != Assigned::default()),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        self.first.write(bits);
        match self.second {
            Some(second) => second.write(bits),
            None => bits.push(4, 0),
        }
    }
}

impl Assigned {
    fn read(bits: &Payload, start: usize) -> Assigned {
        Assigned {
            to: Mmsi(bits.unsigned(start, 30) as u32),
            offset: bits.unsigned(start + 30, 12) as u16,
            increment: bits.unsigned(start + 42, 10) as u16,
        }
    }

    fn write(self, bits: &mut Payload) {
        bits.push(30, u64::from(self.to.0));
        bits.push(12, u64::from(self.offset));
        bits.push(10, u64::from(self.increment));
    }
}

/// Type 23: what all stations of a kind in an area are told (ITU-R M.1371-5 table 76).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupAssignment {
    /// Where.
    pub area: Area,
    /// Which kind of station, as sent: 0 all mobiles, 1 class A, 2 class B, 3 search and rescue aircraft, 4 class B
    /// SOTDMA, 5 class B carrier-sense, 6 inland waterways, 7-9 regional, 10 base station coverage.
    pub station_type: u8,
    /// Which type of ship and cargo; `None` is all.
    pub ship_type: Option<ShipType>,
    /// Channels to send and receive on, as sent: 0 both, 1 send on A, 2 send on B; 3 is not used.
    pub channels: u8,
    /// Reporting interval, as sent: 0 the station's own, 1-8 are 10, 6, 3, 1 minutes and 30, 15, 10, 5
    /// seconds, 9 the next shorter, 10 the next longer, 11 is 2 seconds (table 77).
    pub interval: u8,
    /// Minutes of silence commanded, 1-15.
    pub quiet_minutes: Option<u8>,
}

/// Type 23: the quiet time ends at bit 154.
pub(super) const BITS_GROUP: usize = 154;

impl GroupAssignment {
    pub(super) fn read(bits: &Payload) -> Self {
        GroupAssignment {
            area: Area::read(bits, 40),
            station_type: bits.unsigned(110, 4) as u8,
            ship_type: super::ship_type(bits, 114),
            channels: bits.unsigned(144, 2) as u8,
            interval: bits.unsigned(146, 4) as u8,
            quiet_minutes: Some(bits.unsigned(150, 4) as u8).filter(|&minutes| minutes != 0),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        self.area.write(bits);
        bits.push(4, u64::from(self.station_type));
        bits.push(8, self.ship_type.map_or(0, |t| u64::from(t.0)));
        bits.push(22, 0);
        bits.push(2, u64::from(self.channels));
        bits.push(4, u64::from(self.interval));
        bits.push(4, u64::from(self.quiet_minutes.unwrap_or(0)));
        bits.push(6, 0);
    }
}
