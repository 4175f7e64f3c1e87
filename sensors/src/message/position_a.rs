//! Types 1, 2, 3 (class A position) and 27 (the same, heard from space, with less of it).

use super::place::{below, course, heading, second, speed, write};
use super::{Payload, Place};
use serde::{Deserialize, Serialize};

/// Types 1, 2, 3 and 27 (ITU-R M.1371-5 tables 48 and 83).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
}

/// The second ends at bit 143; what follows (manoeuvre, RAIM, radio) is not read.
pub(super) const BITS: usize = 143;
/// Types 1-3 as sent.
pub(super) const BITS_SENT: usize = 168;
/// Type 27: the course ends at bit 94.
pub(super) const BITS_LONG_RANGE: usize = 94;
/// Type 27 as sent.
pub(super) const BITS_LONG_RANGE_SENT: usize = 96;

impl PositionA {
    pub(super) fn read(bits: &Payload) -> Self {
        let turn = bits.signed(42, 8) as i8;
        PositionA {
            status: bits.unsigned(38, 4) as u8,
            turn: (turn != i8::MIN).then_some(turn),
            speed: speed(bits, 50),
            place: Place::read(bits, 60),
            course: course(bits, 116),
            heading: heading(bits, 128),
            second: second(bits, 137),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(4, u64::from(self.status));
        bits.push(8, self.turn.unwrap_or(i8::MIN) as u64);
        write(bits, 10, self.speed, 1023);
        Place::write(self.place, bits);
        write(bits, 12, self.course, 3600);
        write(bits, 9, self.heading, 511);
        write(bits, 6, self.second, 60);
    }

    /// Type 27: 1/10 minute, whole knots (63 is "not available"), whole degrees (511 likewise).
    pub(super) fn read_long_range(bits: &Payload) -> Self {
        let (lon, lat) = (bits.signed(44, 18) * 1000, bits.signed(62, 17) * 1000);
        PositionA {
            status: bits.unsigned(40, 4) as u8,
            turn: None,
            speed: below(bits.unsigned(79, 6), 63).map(|knots| knots * 10),
            place: Place::new(lat, lon, bits.flag(38)),
            course: below(bits.unsigned(85, 9), 360).map(|degrees| degrees * 10),
            heading: None,
            second: None,
        }
    }

    /// Rounds to type 27's coarser units; speeds beyond 62 knots are sent as 62.
    pub(super) fn write_long_range(&self, bits: &mut Payload) {
        let accurate = self.place.is_some_and(|p| p.accurate);
        let (lat, lon) = self.place.map_or((91 * 600, 181 * 600), |p| (rounded(p.lat), rounded(p.lon)));
        bits.push(1, u64::from(accurate));
        bits.push(1, 0);
        bits.push(4, u64::from(self.status));
        bits.push(18, lon as u64);
        bits.push(17, lat as u64);
        write(bits, 6, self.speed.map(|s| ((s + 5) / 10).min(62)), 63);
        write(bits, 9, self.course.map(|c| (c + 5) / 10 % 360), 511);
    }
}

fn rounded(minutes_10000: i32) -> i64 {
    let m = i64::from(minutes_10000);
    (m + 500 * m.signum()) / 1000
}
