//! Type 5: who a class A vessel says it is, and where it says it goes.

use super::place::{below, one_to, write};
use super::{Dimensions, Epfd, Payload, text};
use crate::{CallSign, Imo, ShipType};
use serde::{Deserialize, Serialize};

/// Type 5 (ITU-R M.1371-5 table 52).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StaticVoyage {
    /// AIS version, as sent: 0, 1 and 2 are sets built to -1, -3 and -5 of ITU-R M.1371, 3 to a later one.
    pub ais_version: u8,
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
    /// What the position comes from.
    pub epfd: Option<Epfd>,
    /// Estimated time of arrival.
    pub eta: Eta,
    /// Draught in 1/10 metre.
    pub draught: Option<u8>,
    /// Destination, as typed by the crew.
    pub destination: Option<String>,
    /// A data terminal is connected and ready (sent as 0); false too where the message ends before it says so.
    pub dte_ready: bool,
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
impl StaticVoyage {
    pub(super) fn read(bits: &Payload) -> Self {
        StaticVoyage {
            ais_version: bits.unsigned(38, 2) as u8,
            imo: Some(Imo(bits.unsigned(40, 30) as u32)).filter(|imo| imo.0 != 0),
            call_sign: text::read(bits, 70, 7).map(CallSign),
            name: text::read(bits, 112, 20),
            ship_type: super::ship_type(bits, 232),
            dimensions: Dimensions::read(bits, 240),
            epfd: Epfd::read(bits, 270),
            eta: Eta {
                month: one_to(bits.unsigned(274, 4), 12),
                day: one_to(bits.unsigned(278, 5), 31),
                hour: below(bits.unsigned(283, 5), 24).map(|h| h as u8),
                minute: below(bits.unsigned(288, 6), 60).map(|m| m as u8),
            },
            draught: Some(bits.unsigned(294, 8) as u8).filter(|&d| d != 0),
            destination: text::read(bits, 302, 20),
            dte_ready: bits.len() > 422 && !bits.flag(422),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, u64::from(self.ais_version));
        write(bits, 30, self.imo.map(|imo| imo.0), 0);
        text::write(bits, self.call_sign.as_ref().map_or("", |c| &c.0), 7);
        text::write(bits, self.name.as_deref().unwrap_or(""), 20);
        write(bits, 8, self.ship_type.map(|t| t.0), 0);
        Dimensions::write(self.dimensions, bits);
        Epfd::write(self.epfd, bits);
        write(bits, 4, self.eta.month, 0);
        write(bits, 5, self.eta.day, 0);
        write(bits, 5, self.eta.hour, 24);
        write(bits, 6, self.eta.minute, 60);
        write(bits, 8, self.draught, 0);
        text::write(bits, self.destination.as_deref().unwrap_or(""), 20);
        bits.push_flag(!self.dte_ready);
        bits.push(1, 0);
    }
}
