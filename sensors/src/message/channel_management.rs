//! Type 22: a base station tells stations in an area, or two by name, which channels to use.

use super::{Area, Payload};
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Type 22 (ITU-R M.1371-5 table 75).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChannelManagement {
    /// Channel A's number, 12 bits (ITU-R M.1084).
    pub channel_a: u16,
    /// Channel B's number, 12 bits (ITU-R M.1084).
    pub channel_b: u16,
    /// Channels to send and receive on, as sent: 0 both, 1 send on A, 2 send on B; 3-15 are not used.
    pub channels: u8,
    /// Send with low power.
    pub low_power: bool,
    /// Who is told.
    pub told: Told,
    /// Channel A is 12.5 kHz wide, in -1 of the standard; spare since.
    pub narrow_a: bool,
    /// Channel B is 12.5 kHz wide, in -1 of the standard; spare since.
    pub narrow_b: bool,
    /// Size of the transitional zone, 0-7: one nautical mile less than it is.
    pub zone: u8,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// All stations in an area.
    Area(Area),
    /// One or two stations by name; the second is `None` when sent as 0.
    Stations(Mmsi, Option<Mmsi>),
}

impl Default for Told {
    fn default() -> Self {
        Told::Area(Area::default())
    }
}

/// The zone's size ends at bit 145.
pub(super) const BITS: usize = 145;

impl ChannelManagement {
    pub(super) fn read(bits: &Payload) -> Self {
        let mmsi = |start| Mmsi(bits.unsigned(start, 30) as u32);
        let told = if bits.flag(139) {
            Told::Stations(mmsi(69), Some(mmsi(104)).filter(|second| second.0 != 0))
        } else {
            Told::Area(Area::read(bits, 69))
        };
        ChannelManagement {
            channel_a: bits.unsigned(40, 12) as u16,
            channel_b: bits.unsigned(52, 12) as u16,
            channels: bits.unsigned(64, 4) as u8,
            low_power: bits.flag(68),
            told,
            narrow_a: bits.flag(140),
            narrow_b: bits.flag(141),
            zone: bits.unsigned(142, 3) as u8,
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        bits.push(12, u64::from(self.channel_a));
        bits.push(12, u64::from(self.channel_b));
        bits.push(4, u64::from(self.channels));
        bits.push_flag(self.low_power);
        match self.told {
            Told::Area(area) => area.write(bits),
            Told::Stations(first, second) => {
                for mmsi in [first, second.unwrap_or_default()] {
                    bits.push(30, u64::from(mmsi.0));
                    bits.push(5, 0);
                }
            }
        }
        bits.push_flag(matches!(self.told, Told::Stations(..)));
        bits.push_flag(self.narrow_a);
        bits.push_flag(self.narrow_b);
        bits.push(3, u64::from(self.zone));
        bits.push(23, 0);
    }
}
