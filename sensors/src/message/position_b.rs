//! Type 18: class B position.

use super::fix::{second, write_second};
use super::place::{course, heading, speed, write};
use super::{CommState, FixMode, Payload, Place};
use serde::{Deserialize, Serialize};

/// Type 18 (ITU-R M.1371-5 table 70).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionB {
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
    /// Two bits after the second, as sent; spare, once for regional use.
    pub regional: u8,
    /// Of the carrier-sense kind, which listens before it sends; else SOTDMA.
    pub carrier_sense: bool,
    /// Has a display, and can show types 12 and 14.
    pub display: bool,
    /// Has a DSC receiver of its own or shared.
    pub dsc: bool,
    /// Can use the whole marine band, not its upper 525 kHz alone.
    pub whole_band: bool,
    /// Obeys frequencies given by type 22.
    pub message_22: bool,
    /// Sends at the rate a base station assigned, not its own.
    pub assigned: bool,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// How the station shares the channel; a constant without meaning where `carrier_sense` is true. `None` where
    /// the message ends before it, and it is then written as one that does.
    pub radio: Option<CommState>,
}

impl Default for PositionB {
    /// Everything "not available", in the full length.
    fn default() -> Self {
        PositionB {
            reserved: 0,
            speed: None,
            place: None,
            course: None,
            heading: None,
            second: None,
            fix_mode: FixMode::Electronic,
            regional: 0,
            carrier_sense: false,
            display: false,
            dsc: false,
            whole_band: false,
            message_22: false,
            assigned: false,
            raim: false,
            radio: Some(CommState::default()),
        }
    }
}

/// RAIM ends at bit 148; the radio state, which some messages lack, at 168.
pub(super) const BITS: usize = 148;

impl PositionB {
    pub(super) fn read(bits: &Payload) -> Self {
        let (second, fix_mode) = second(bits, 133);
        PositionB {
            reserved: bits.unsigned(38, 8) as u8,
            speed: speed(bits, 46),
            place: Place::read(bits, 56),
            course: course(bits, 112),
            heading: heading(bits, 124),
            second,
            fix_mode,
            regional: bits.unsigned(139, 2) as u8,
            carrier_sense: bits.flag(141),
            display: bits.flag(142),
            dsc: bits.flag(143),
            whole_band: bits.flag(144),
            message_22: bits.flag(145),
            assigned: bits.flag(146),
            raim: bits.flag(147),
            radio: CommState::read_selected(bits, 148),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(8, u64::from(self.reserved));
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 9, self.heading, 511);
        write_second(bits, self.second, self.fix_mode);
        bits.push(2, u64::from(self.regional));
        let flags = [self.carrier_sense, self.display, self.dsc, self.whole_band, self.message_22];
        for flag in flags.into_iter().chain([self.assigned, self.raim]) {
            bits.push_flag(flag);
        }
        CommState::write_selected(self.radio, bits);
    }
}
