//! Types 18 and 19: class B position; 19 brings name, type and size along.

use super::place::{course, heading, second, speed, write};
use super::{Dimensions, Payload, Place, text};
use crate::ShipType;
use serde::{Deserialize, Serialize};

/// Types 18 and 19 (tables 67 and 68).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionB {
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
    /// Type 19 only.
    pub name: Option<String>,
    /// Type 19 only.
    pub ship_type: Option<ShipType>,
    /// Type 19 only.
    pub dimensions: Option<Dimensions>,
}

/// Type 18: the second ends at bit 139.
pub(super) const BITS: usize = 139;
/// Type 18 as sent.
pub(super) const BITS_SENT: usize = 168;
/// Type 19: the size ends at bit 301.
pub(super) const BITS_EXTENDED: usize = 301;
/// Type 19 as sent.
pub(super) const BITS_EXTENDED_SENT: usize = 312;

impl PositionB {
    pub(super) fn read(bits: &Payload) -> Self {
        PositionB {
            speed: speed(bits, 46),
            place: Place::read(bits, 56),
            course: course(bits, 112),
            heading: heading(bits, 124),
            second: second(bits, 133),
            name: None,
            ship_type: None,
            dimensions: None,
        }
    }

    pub(super) fn read_extended(bits: &Payload) -> Self {
        PositionB {
            name: text::read(bits, 143, 20),
            ship_type: super::ship_type(bits, 263),
            dimensions: Dimensions::read(bits, 271),
            ..Self::read(bits)
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(8, 0);
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 9, self.heading, 511);
        write(bits, 6, self.second, 60);
        // Regional.
        bits.push(2, 0);
    }

    pub(super) fn write_extended(&self, bits: &mut Payload) {
        self.write(bits);
        bits.push(2, 0);
        text::write(bits, self.name.as_deref().unwrap_or(""), 20);
        write(bits, 8, self.ship_type.map(|t| t.0), 0);
        Dimensions::write(self.dimensions, bits);
    }
}
