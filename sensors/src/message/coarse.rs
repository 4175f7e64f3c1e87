//! Places in 1/10 minute: a reference station's, and the corners of areas.

use super::Payload;
use serde::{Deserialize, Serialize};

/// 90 degrees in 1/10 minute; "not available" is 91.
const LAT_MAX: i64 = 54_000;
/// 180 degrees in 1/10 minute; "not available" is 181.
const LON_MAX: i64 = 108_000;

/// A place as types 17, 22 and 23 send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CoarsePlace {
    /// Latitude, 1/10 minute, north positive, within 90 degrees.
    pub lat: i32,
    /// Longitude, 1/10 minute, east positive, within 180 degrees.
    pub lon: i32,
}

/// The area between two corners, as types 22 and 23 send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Area {
    /// The corner in the north-east.
    pub north_east: Option<CoarsePlace>,
    /// The corner in the south-west.
    pub south_west: Option<CoarsePlace>,
}

impl CoarsePlace {
    /// Latitude in degrees, north positive.
    pub fn latitude(self) -> f64 {
        f64::from(self.lat) / 600.0
    }

    /// Longitude in degrees, east positive.
    pub fn longitude(self) -> f64 {
        f64::from(self.lon) / 600.0
    }

    /// Longitude (18 bits) and latitude (17) from `start` on; `None` outside the globe, which is how "not
    /// available" is sent.
    pub(super) fn read(bits: &Payload, start: usize) -> Option<CoarsePlace> {
        let (lon, lat) = (bits.signed(start, 18), bits.signed(start + 18, 17));
        let on_the_globe = lat.abs() <= LAT_MAX && lon.abs() <= LON_MAX;
        on_the_globe.then_some(CoarsePlace { lat: lat as i32, lon: lon as i32 })
    }

    pub(super) fn write(place: Option<CoarsePlace>, bits: &mut Payload) {
        let (lat, lon) = place.map_or((91 * 600, 181 * 600), |p| (i64::from(p.lat), i64::from(p.lon)));
        bits.push(18, lon as u64);
        bits.push(17, lat as u64);
    }
}

impl Area {
    pub(super) fn read(bits: &Payload, start: usize) -> Area {
        Area { north_east: CoarsePlace::read(bits, start), south_west: CoarsePlace::read(bits, start + 35) }
    }

    pub(super) fn write(self, bits: &mut Payload) {
        CoarsePlace::write(self.north_east, bits);
        CoarsePlace::write(self.south_west, bits);
    }
}
