//! Type 19: class B position that brings name, type and size along.

use super::fix::{second, write_second};
use super::place::{course, heading, speed, write};
use super::{Dimensions, Epfd, FixMode, Payload, Place, text};
use crate::ShipType;
use serde::{Deserialize, Serialize};

/// Type 19 (ITU-R M.1371-5 table 71).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionBExtended {
    /// Eight bits before the speed, as sent; spare, once for regional use.
    pub reserved: u8,
    /// Speed over ground in 1/10 knot.
    pub speed: Option<u16>,
    /// Where.
    pub place: Option<Place>,
    /// Course over ground in 1/10 degree.
    pub course: Option<u16>,
    /// True heading in degrees.
    pub heading: Option<u16>,
    /// UTC second of the fix.
    pub second: Option<u8>,
    /// What the positioning system does.
    pub fix_mode: FixMode,
    /// Four bits after the second, as sent; spare, once for regional use.
    pub regional: u8,
    /// Name, ended at the first `@`, trailing spaces removed; never empty.
    pub name: Option<String>,
    /// Type of ship and cargo.
    pub ship_type: Option<ShipType>,
    /// Size and where the antenna is.
    pub dimensions: Option<Dimensions>,
    /// What the position comes from.
    pub epfd: Option<Epfd>,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// A data terminal is connected and ready (sent as 0).
    pub dte_ready: bool,
    /// Sends at the rate a base station assigned, not its own.
    pub assigned: bool,
}

/// The assigned flag ends at bit 308, the spare bits at 312.
pub(super) const BITS: usize = 308;

impl PositionBExtended {
    pub(super) fn read(bits: &Payload) -> Self {
        let (second, fix_mode) = second(bits, 133);
        PositionBExtended {
            reserved: bits.unsigned(38, 8) as u8,
            speed: speed(bits, 46),
            place: Place::read(bits, 56),
            course: course(bits, 112),
            heading: heading(bits, 124),
            second,
            fix_mode,
            regional: bits.unsigned(139, 4) as u8,
            name: text::read(bits, 143, 20),
            ship_type: super::ship_type(bits, 263),
            dimensions: Dimensions::read(bits, 271),
            epfd: Epfd::read(bits, 301),
            raim: bits.flag(305),
            dte_ready: !bits.flag(306),
            assigned: bits.flag(307),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(8, u64::from(self.reserved));
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 9, self.heading, 511);
        write_second(bits, self.second, self.fix_mode);
        bits.push(4, u64::from(self.regional));
        text::write(bits, self.name.as_deref().unwrap_or(""), 20);
        write(bits, 8, self.ship_type.map(|t| t.0), 0);
        Dimensions::write(self.dimensions, bits);
        Epfd::write(self.epfd, bits);
        bits.push_flag(self.raim);
        bits.push_flag(!self.dte_ready);
        bits.push_flag(self.assigned);
        bits.push(4, 0);
    }
}
