//! Types 1, 2, 3 (class A position) and 27 (the same, heard from space, with less of it).

use super::fix::{second, write_second};
use super::place::{below, course, heading, speed, write};
use super::{CommState, FixMode, Payload, Place};
use serde::{Deserialize, Serialize};

/// Types 1, 2, 3 and 27 (ITU-R M.1371-5 tables 48 and 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionA {
    /// Navigational status 0-14; 15 is "not defined" (and an AIS-SART under test), kept as sent.
    pub status: u8,
    /// Rate of turn as sent: 4.733 times the root of degrees a minute; -127 and 127 are "more than 5 degrees
    /// in 30 s"; `None` for -128 and for type 27.
    pub turn: Option<i8>,
    /// Speed over ground in 1/10 knot; 1022 is "102.2 knots or more". Type 27's whole knots are scaled up.
    pub speed: Option<u16>,
    /// Where.
    pub place: Option<Place>,
    /// Course over ground in 1/10 degree, 0-3599. Type 27's whole degrees are scaled up.
    pub course: Option<u16>,
    /// True heading in degrees, 0-359.
    pub heading: Option<u16>,
    /// UTC second of the fix, 0-59.
    pub second: Option<u8>,
    /// What the positioning system does; not told in type 27.
    pub fix_mode: FixMode,
    /// Special manoeuvre, such as the blue sign of inland waters: 1 is "not engaged", 2 "engaged", 3 is
    /// undefined; `None` for 0 and for type 27.
    pub manoeuvre: Option<u8>,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// Type 27: the position is older than 5 s, which -4 of the standard calls "not the current GNSS position".
    pub stale: bool,
    /// How the station shares the channel: SOTDMA in types 1 and 2, ITDMA in 3. `None` where the message ends
    /// before it, and it is then written as one that does; `None` in type 27.
    pub radio: Option<CommState>,
}

impl Default for PositionA {
    /// Everything "not available", in the full length.
    fn default() -> Self {
        PositionA {
            status: 0,
            turn: None,
            speed: None,
            place: None,
            course: None,
            heading: None,
            second: None,
            fix_mode: FixMode::Electronic,
            manoeuvre: None,
            raim: false,
            stale: false,
            radio: Some(CommState::default()),
        }
    }
}

/// RAIM ends at bit 149; the radio state, which some messages lack, at 168.
pub(super) const BITS: usize = 149;
/// Type 27: the latency ends at bit 95.
pub(super) const BITS_LONG_RANGE: usize = 95;

impl PositionA {
    #[inline(always)]
    pub(super) fn read(bits: &Payload, itdma: bool) -> Self {
        let turn = bits.signed(42, 8) as i8;
        let (second, fix_mode) = second(bits, 137);
        PositionA {
            status: bits.unsigned(38, 4) as u8,
            turn: (turn != i8::MIN).then_some(turn),
            speed: speed(bits, 50),
            place: Place::read(bits, 60),
            course: course(bits, 116),
            heading: heading(bits, 128),
            second,
            fix_mode,
            manoeuvre: Some(bits.unsigned(143, 2) as u8).filter(|&m| m != 0),
            raim: bits.flag(148),
            stale: false,
            radio: CommState::read(bits, 149, itdma),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(4, u64::from(self.status));
        bits.push(8, self.turn.unwrap_or(i8::MIN) as u64);
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 9, self.heading, 511);
        write_second(bits, self.second, self.fix_mode);
        write(bits, 2, self.manoeuvre, 0);
        bits.push(3, 0);
        bits.push_flag(self.raim);
        CommState::write(self.radio, bits);
    }

    /// Type 27: 1/10 minute, whole knots (63 is "not available"), whole degrees (511 likewise).
    pub(super) fn read_long_range(bits: &Payload) -> Self {
        let (lon, lat) = (bits.signed(44, 18) * 1000, bits.signed(62, 17) * 1000);
        PositionA {
            status: bits.unsigned(40, 4) as u8,
            speed: below(bits.unsigned(79, 6), 63).map(|knots| knots * 10),
            place: Place::new(lat, lon, bits.flag(38)),
            course: below(bits.unsigned(85, 9), 360).map(|degrees| degrees * 10),
            raim: bits.flag(39),
            stale: bits.flag(94),
            radio: None,
            ..PositionA::default()
        }
    }

    /// Rounds to type 27's coarser units; speeds beyond 62 knots are sent as 62.
    pub(super) fn write_long_range(&self, bits: &mut Payload) {
        let accurate = self.place.is_some_and(|p| p.accurate);
        let (lat, lon) = self.place.map_or((91 * 600, 181 * 600), |p| (rounded(p.lat), rounded(p.lon)));
        bits.push_flag(accurate);
        bits.push_flag(self.raim);
        bits.push(4, u64::from(self.status));
        bits.push(18, lon as u64);
        bits.push(17, lat as u64);
        write(bits, 6, self.speed.map(|s| ((s + 5) / 10).min(62)), 63);
        write(bits, 9, self.course.map(|c| (c + 5) / 10 % 360), 511);
        bits.push_flag(self.stale);
        bits.push(1, 0);
    }
}

fn rounded(minutes_10000: i32) -> i64 {
    let m = i64::from(minutes_10000);
    (m + 500 * m.signum()) / 1000
}
