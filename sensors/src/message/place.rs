//! What several types share: position, course, heading, second and size, each with its own "not available".

use super::Payload;
use serde::{Deserialize, Serialize};

/// A position as sent. Types 1-5, 9, 18, 19, 21: 1/10000 minute; type 27's 1/10 minute is scaled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Latitude, 1/10000 minute, north positive, within 90 degrees.
    pub lat: i32,
    /// Longitude, 1/10000 minute, east positive, within 180 degrees.
    pub lon: i32,
    /// True when accuracy is claimed to be within 10 m.
    pub accurate: bool,
}

impl Place {
    /// Latitude in degrees, north positive.
    pub fn latitude(self) -> f64 {
        f64::from(self.lat) / 600_000.0
    }

    /// Longitude in degrees, east positive.
    pub fn longitude(self) -> f64 {
        f64::from(self.lon) / 600_000.0
    }
}

/// Distances from the antenna in metres as sent; 511 and 63 are "that or more"; `None` when all are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimensions {
    /// To the bow.
    pub bow: u16,
    /// To the stern.
    pub stern: u16,
    /// To port.
    pub port: u8,
    /// To starboard.
    pub starboard: u8,
}

impl Dimensions {
    /// Length overall in metres; `None` where either part is missing and so is the whole.
    pub fn length(self) -> Option<u16> {
        match self.bow + self.stern {
            0 => None,
            metres => Some(metres),
        }
    }

    /// Breadth in metres.
    pub fn breadth(self) -> Option<u16> {
        match u16::from(self.port) + u16::from(self.starboard) {
            0 => None,
            metres => Some(metres),
        }
    }
}

/// 90 degrees in 1/10000 minute; "not available" is 91.
const LAT_MAX: i64 = 54_000_000;
/// 180 degrees in 1/10000 minute; "not available" is 181.
const LON_MAX: i64 = 108_000_000;

impl Place {
    /// Accuracy (1 bit), longitude (28) and latitude (27) from `start` on, as in all types but 27.
    pub(super) fn read(bits: &Payload, start: usize) -> Option<Place> {
        Self::new(bits.signed(start + 29, 27), bits.signed(start + 1, 28), bits.flag(start))
    }

    /// `None` outside the globe, which is how "not available" is sent.
    pub(super) fn new(lat: i64, lon: i64, accurate: bool) -> Option<Place> {
        let on_the_globe = lat.abs() <= LAT_MAX && lon.abs() <= LON_MAX;
        on_the_globe.then_some(Place { lat: lat as i32, lon: lon as i32, accurate })
    }

    pub(super) fn write(place: Option<Place>, bits: &mut Payload) {
        let (lat, lon, accurate) = match place {
            Some(p) => (i64::from(p.lat), i64::from(p.lon), p.accurate),
            None => (91 * 600_000, 181 * 600_000, false),
        };
        bits.push(1, u64::from(accurate));
        bits.push(28, lon as u64);
        bits.push(27, lat as u64);
    }
}

impl Dimensions {
    /// Bow and stern (9 bits each), port and starboard (6 each) from `start` on.
    pub(super) fn read(bits: &Payload, start: usize) -> Option<Dimensions> {
        if bits.len() < start + 30 || bits.unsigned(start, 30) == 0 {
            return None;
        }
        Some(Dimensions {
            bow: bits.unsigned(start, 9) as u16,
            stern: bits.unsigned(start + 9, 9) as u16,
            port: bits.unsigned(start + 18, 6) as u8,
            starboard: bits.unsigned(start + 24, 6) as u8,
        })
    }

    pub(super) fn write(dimensions: Option<Dimensions>, bits: &mut Payload) {
        let d = dimensions.unwrap_or(Dimensions { bow: 0, stern: 0, port: 0, starboard: 0 });
        bits.push(9, u64::from(d.bow.min(511)));
        bits.push(9, u64::from(d.stern.min(511)));
        bits.push(6, u64::from(d.port.min(63)));
        bits.push(6, u64::from(d.starboard.min(63)));
    }
}

/// Speed in the 10 bits at `start`, in the unit sent; 1023 is "not available".
pub(super) fn speed(bits: &Payload, start: usize) -> Option<u16> {
    below(bits.unsigned(start, 10), 1023)
}

/// Course in the 12 bits at `start`, 1/10 degree; 3600 is "not available", more is nonsense.
pub(super) fn course(bits: &Payload, start: usize) -> Option<u16> {
    below(bits.unsigned(start, 12), 3600)
}

/// Heading in the 9 bits at `start`, degrees; 511 is "not available", 360-510 are nonsense.
pub(super) fn heading(bits: &Payload, start: usize) -> Option<u16> {
    below(bits.unsigned(start, 9), 360)
}

/// `value` when below `end`. No field given here is wider than 16 bits.
pub(super) fn below(value: u64, end: u64) -> Option<u16> {
    (value < end).then_some(value as u16)
}

/// `value` when it is 1 to `last`. No field given here is wider than 8 bits.
pub(super) fn one_to(value: u64, last: u64) -> Option<u8> {
    (1..=last).contains(&value).then_some(value as u8)
}

/// Writes a field or its "not available".
pub(super) fn write(bits: &mut Payload, width: usize, value: Option<impl Into<u64>>, absent: u64) {
    bits.push(width, value.map_or(absent, Into::into));
}
