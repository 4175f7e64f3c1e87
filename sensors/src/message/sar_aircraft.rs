//! Type 9: search and rescue aircraft.

use super::place::{below, course, second, speed, write};
use super::{Payload, Place};
use serde::{Deserialize, Serialize};

/// Type 9 (table 56).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SarAircraft {
    /// Altitude in metres; 4094 is "that or higher".
    pub altitude: Option<u16>,
    /// Speed over ground in whole knots; 1022 is "that or more".
    pub speed: Option<u16>,
    /// Where.
    pub place: Option<Place>,
    /// Course over ground in 1/10 degree.
    pub course: Option<u16>,
    /// UTC second of the fix.
    pub second: Option<u8>,
}

/// The second ends at bit 134.
pub(super) const BITS: usize = 134;
/// As sent.
pub(super) const BITS_SENT: usize = 168;

impl SarAircraft {
    pub(super) fn read(bits: &Payload) -> Self {
        SarAircraft {
            altitude: below(bits.unsigned(38, 12), 4095),
            speed: speed(bits, 50),
            place: Place::read(bits, 60),
            course: course(bits, 116),
            second: second(bits, 128),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        write(bits, 12, self.altitude, 4095);
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 6, self.second, 60);
    }
}
