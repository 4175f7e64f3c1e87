//! Where things are and how far apart: units, positions, distance, bearing, boxes that cross 180 degrees.
//!
//! All transcendental functions come from the `libm` crate, so that every machine gives the same bits.

use serde::{Deserialize, Serialize};

/// Mean radius of the earth in metres (IUGG R1). Haversine on it is within 0.6 % of the ellipsoid.
const EARTH_RADIUS: f64 = 6_371_008.8;

/// One international nautical mile in metres.
pub const NAUTICAL_MILE: f64 = 1852.0;

/// One knot in metres a second.
pub const KNOT: f64 = NAUTICAL_MILE / 3600.0;

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metres(pub f64);

/// A length in nautical miles; settings that officers write use it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NauticalMiles(pub f64);

/// A speed in knots.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Knots(pub f64);

/// An angle in degrees, clockwise from true north.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Degrees(pub f64);

/// A length of time in minutes; settings that officers write use it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(pub f64);

impl Minutes {
    /// The same length as a [`sensors::Span`].
    pub fn span(self) -> sensors::Span {
        sensors::Span::from_millis((self.0 * 60_000.0) as i64)
    }
}

impl From<NauticalMiles> for Metres {
    fn from(miles: NauticalMiles) -> Metres {
        Metres(miles.0 * NAUTICAL_MILE)
    }
}

/// A position as AIS sends it: integers of 1/10000 minute (0.18 m), within 90 and 180 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Latitude, 1/10000 minute, north positive.
    pub lat: i32,
    /// Longitude, 1/10000 minute, east positive.
    pub lon: i32,
}

/// Units of [`Position`] in one degree.
const PER_DEGREE: f64 = 600_000.0;

impl Position {
    /// From degrees, rounded to the nearest 1/10000 minute; `None` outside the earth or not a number.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Position> {
        if !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0) {
            return None;
        }
        Some(Position {
            lat: libm::round(latitude * PER_DEGREE) as i32,
            lon: libm::round(longitude * PER_DEGREE) as i32,
        })
    }

    /// Latitude in degrees, north positive.
    pub fn latitude(self) -> f64 {
        f64::from(self.lat) / PER_DEGREE
    }

    /// Longitude in degrees, east positive.
    pub fn longitude(self) -> f64 {
        f64::from(self.lon) / PER_DEGREE
    }

    /// Great-circle distance (haversine).
    pub fn distance(self, other: Position) -> Metres {
        let (lat1, lat2) = (self.latitude().to_radians(), other.latitude().to_radians());
        let half_lat = libm::sin((lat2 - lat1) / 2.0);
        let half_lon = libm::sin((other.longitude() - self.longitude()).to_radians() / 2.0);
        let h = half_lat * half_lat + libm::cos(lat1) * libm::cos(lat2) * half_lon * half_lon;
        Metres(2.0 * EARTH_RADIUS * libm::asin(libm::sqrt(h.min(1.0))))
    }

    /// Initial great-circle bearing towards `other`, 0 to 360.
    pub fn bearing(self, other: Position) -> Degrees {
        let (lat1, lat2) = (self.latitude().to_radians(), other.latitude().to_radians());
        let dlon = (other.longitude() - self.longitude()).to_radians();
        let y = libm::sin(dlon) * libm::cos(lat2);
        let x = libm::cos(lat1) * libm::sin(lat2) - libm::sin(lat1) * libm::cos(lat2) * libm::cos(dlon);
        let degrees = libm::atan2(y, x).to_degrees();
        Degrees(if degrees < 0.0 { degrees + 360.0 } else { degrees })
    }

    /// The position `distance` away along the great circle that starts at `bearing`.
    pub fn travelled(self, bearing: Degrees, distance: Metres) -> Position {
        let (lat1, lon1) = (self.latitude().to_radians(), self.longitude().to_radians());
        let (angle, course) = (distance.0 / EARTH_RADIUS, bearing.0.to_radians());
        let (sin_lat, cos_lat) = (libm::sin(lat1), libm::cos(lat1));
        let sin_lat2 = sin_lat * libm::cos(angle) + cos_lat * libm::sin(angle) * libm::cos(course);
        let lat2 = libm::asin(sin_lat2.clamp(-1.0, 1.0));
        let lon2 = lon1
            + libm::atan2(
                libm::sin(course) * libm::sin(angle) * cos_lat,
                libm::cos(angle) - sin_lat * sin_lat2,
            );
        let longitude = wrap_longitude(lon2.to_degrees());
        Position::from_degrees(lat2.to_degrees(), longitude).expect("wrapped into range")
    }
}

/// Brings a longitude in degrees into [-180, 180].
pub fn wrap_longitude(degrees: f64) -> f64 {
    if (-180.0..=180.0).contains(&degrees) {
        return degrees;
    }
    let wrapped = libm::fmod(degrees + 180.0, 360.0);
    if wrapped < 0.0 { wrapped + 180.0 } else { wrapped - 180.0 }
}

/// The smaller angle between two directions, 0 to 180.
pub fn angle_between(a: Degrees, b: Degrees) -> Degrees {
    let d = libm::fmod((a.0 - b.0).abs(), 360.0);
    Degrees(if d > 180.0 { 360.0 - d } else { d })
}

/// A box of positions; when `west` is greater than `east` it crosses 180 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Western edge, degrees.
    pub west: f64,
    /// Southern edge, degrees.
    pub south: f64,
    /// Eastern edge, degrees.
    pub east: f64,
    /// Northern edge, degrees.
    pub north: f64,
}

impl Area {
    /// Whether the position lies inside or on the edge.
    pub fn contains(&self, p: Position) -> bool {
        let (lat, lon) = (p.latitude(), p.longitude());
        let east_west = if self.west <= self.east {
            (self.west..=self.east).contains(&lon)
        } else {
            lon >= self.west || lon <= self.east
        };
        east_west && (self.south..=self.north).contains(&lat)
    }

    /// The box around `centre` that holds everything within `radius` of it.
    pub fn around(centre: Position, radius: Metres) -> Area {
        let reach = radius.0 / EARTH_RADIUS * (180.0 / std::f64::consts::PI);
        let (lat, lon) = (centre.latitude(), centre.longitude());
        let (south, north) = ((lat - reach).max(-90.0), (lat + reach).min(90.0));
        let narrowest = libm::cos(north.abs().max(south.abs()).to_radians());
        // Near a pole every longitude is near.
        if north >= 90.0 || south <= -90.0 || reach / narrowest >= 180.0 {
            return Area { west: -180.0, south, east: 180.0, north };
        }
        let wide = reach / narrowest;
        Area { west: wrap_longitude(lon - wide), south, east: wrap_longitude(lon + wide), north }
    }

    /// One box, or the two halves of one that crosses 180 degrees.
    pub fn halves(&self) -> (Area, Option<Area>) {
        if self.west <= self.east {
            (*self, None)
        } else {
            (Area { east: 180.0, ..*self }, Some(Area { west: -180.0, ..*self }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Position {
        Position::from_degrees(lat, lon).expect("on earth")
    }

    #[test]
    fn a_minute_of_latitude_is_a_mile() {
        assert!((at(10.0, 103.0).distance(at(10.0 + 1.0 / 60.0, 103.0)).0 - NAUTICAL_MILE).abs() < 3.0);
    }

    #[test]
    fn distance_is_short_across_the_antimeridian() {
        assert!(at(0.0, 179.99).distance(at(0.0, -179.99)).0 < 2300.0);
        let area = Area::around(at(0.0, 179.999), Metres(1000.0));
        assert!(area.west > area.east && area.contains(at(0.0, -179.999)) && !area.contains(at(0.0, 0.0)));
    }

    #[test]
    fn everything_is_near_at_the_pole() {
        let area = Area::around(at(89.9999, 0.0), Metres(1000.0));
        assert!(area.contains(at(89.9999, 180.0)));
    }

    #[test]
    fn going_there_arrives_there() {
        let (a, b) = (at(9.5, 101.2), at(10.1, 103.4));
        let c = a.travelled(a.bearing(b), a.distance(b));
        assert!(c.distance(b).0 < 1.0);
    }

    #[test]
    fn angles_wrap() {
        assert_eq!(angle_between(Degrees(350.0), Degrees(10.0)), Degrees(20.0));
        assert_eq!(wrap_longitude(190.0), -170.0);
        assert_eq!(wrap_longitude(-190.0), 170.0);
    }

    #[test]
    fn refuses_positions_off_the_earth() {
        assert_eq!(Position::from_degrees(91.0, 0.0), None);
        assert_eq!(Position::from_degrees(f64::NAN, 0.0), None);
    }
}
