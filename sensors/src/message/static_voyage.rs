//! Type 5: who a class A vessel says it is, and where it says it goes.

use super::place::{below, write};
use super::{Dimensions, Payload, text};
use crate::{CallSign, Imo, ShipType};
use serde::{Deserialize, Serialize};

/// Type 5 (table 52).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StaticVoyage {
    /// IMO number.
    pub imo: Option<Imo>,
    /// Call sign.
    pub call_sign: Option<CallSign>,
    /// Name, ended at the first `@`, trailing spaces removed; never empty.
    pub name: Option<String>,
    /// Type of ship and cargo.
    pub ship_type: Option<ShipType>,
    /// Size and where the antenna is.
    pub dimensions: Option<Dimensions>,
    /// Estimated time of arrival.
    pub eta: Eta,
    /// Draught in 1/10 metre.
    pub draught: Option<u8>,
    /// Destination, as typed by the crew.
    pub destination: Option<String>,
}

/// Estimated time of arrival, field by field, as typed by the crew (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Eta {
    /// 1-12.
    pub month: Option<u8>,
    /// 1-31.
    pub day: Option<u8>,
    /// 0-23.
    pub hour: Option<u8>,
    /// 0-59.
    pub minute: Option<u8>,
}

/// The destination's last whole character in the shortest form met, which is sent without data-terminal bit and spare.
pub(super) const BITS: usize = 420;
/// As sent.
pub(super) const BITS_SENT: usize = 424;

impl StaticVoyage {
    pub(super) fn read(bits: &Payload) -> Self {
        StaticVoyage {
            imo: Some(Imo(bits.unsigned(40, 30) as u32)).filter(|imo| imo.0 != 0),
            call_sign: text::read(bits, 70, 7).map(CallSign),
            name: text::read(bits, 112, 20),
            ship_type: super::ship_type(bits, 232),
            dimensions: Dimensions::read(bits, 240),
            eta: Eta {
                month: one_to(bits.unsigned(274, 4), 12),
                day: one_to(bits.unsigned(278, 5), 31),
                hour: below(bits.unsigned(283, 5), 24).map(|h| h as u8),
                minute: below(bits.unsigned(288, 6), 60).map(|m| m as u8),
            },
            draught: Some(bits.unsigned(294, 8) as u8).filter(|&d| d != 0),
            destination: text::read(bits, 302, 20),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        // AIS version 2: ITU-R M.1371-5.
        bits.push(2, 2);
        write(bits, 30, self.imo.map(|imo| imo.0), 0);
        text::write(bits, self.call_sign.as_ref().map_or("", |c| &c.0), 7);
        text::write(bits, self.name.as_deref().unwrap_or(""), 20);
        write(bits, 8, self.ship_type.map(|t| t.0), 0);
        Dimensions::write(self.dimensions, bits);
        // Position fixing device: GPS.
        bits.push(4, 1);
        write(bits, 4, self.eta.month, 0);
        write(bits, 5, self.eta.day, 0);
        write(bits, 5, self.eta.hour, 24);
        write(bits, 6, self.eta.minute, 60);
        write(bits, 8, self.draught, 0);
        text::write(bits, self.destination.as_deref().unwrap_or(""), 20);
    }
}

fn one_to(value: u64, last: u64) -> Option<u8> {
    (1..=last).contains(&value).then_some(value as u8)
}
