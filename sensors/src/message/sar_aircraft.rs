//! Type 9: search and rescue aircraft.

use super::fix::{second, write_second};
use super::place::{below, course, speed, write};
use super::{CommState, FixMode, Payload, Place};
use serde::{Deserialize, Serialize};

/// Type 9 (ITU-R M.1371-5 table 59).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What the positioning system does.
    pub fix_mode: FixMode,
    /// Eight bits as sent, of which the first is the altitude sensor and seven are spare; all eight were for
    /// regional use before -4 of the standard. See [`is_barometric`](Self::is_barometric).
    pub regional: u8,
    /// A data terminal is connected and ready (sent as 0).
    pub dte_ready: bool,
    /// Sends at the rate a base station assigned, not its own.
    pub assigned: bool,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// How the station shares the channel. `None` where the message ends before it, and it is then written as
    /// one that does.
    pub radio: Option<CommState>,
}

impl Default for SarAircraft {
    /// Everything "not available", in the full length.
    fn default() -> Self {
        SarAircraft {
            altitude: None,
            speed: None,
            place: None,
            course: None,
            second: None,
            fix_mode: FixMode::Electronic,
            regional: 0,
            dte_ready: false,
            assigned: false,
            raim: false,
            radio: Some(CommState::default()),
        }
    }
}

/// RAIM ends at bit 148; the radio state, which some messages lack, at 168.
pub(super) const BITS: usize = 148;

impl SarAircraft {
    /// Whether the altitude is that of a barometer, not of the positioning device.
    pub const fn is_barometric(&self) -> bool {
        self.regional & 0x80 != 0
    }

    pub(super) fn read(bits: &Payload) -> Self {
        let (second, fix_mode) = second(bits, 128);
        SarAircraft {
            altitude: below(bits.unsigned(38, 12), 4095),
            speed: speed(bits, 50),
            place: Place::read(bits, 60),
            course: course(bits, 116),
            second,
            fix_mode,
            regional: bits.unsigned(134, 8) as u8,
            dte_ready: !bits.flag(142),
            assigned: bits.flag(146),
            raim: bits.flag(147),
            radio: CommState::read_selected(bits, 148),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        write(bits, 12, self.altitude, 4095);
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write_second(bits, self.second, self.fix_mode);
        bits.push(8, u64::from(self.regional));
        bits.push_flag(!self.dte_ready);
        bits.push(3, 0);
        bits.push_flag(self.assigned);
        bits.push_flag(self.raim);
        CommState::write_selected(self.radio, bits);
    }
}
