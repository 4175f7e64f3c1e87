//! How high the sun stands, and whether it is night at a position.

use crate::geo::{Degrees, Position};
use sensors::Time;

/// Below this altitude of the sun it is night (end of civil twilight; detectors' definition of night).
const NIGHT: f64 = -6.0;

/// Altitude of the sun's centre above the horizon, without refraction, good to 0.1 degree between 1950 and 2050.
///
/// Source: the low-precision formulae of the Astronomical Almanac (page C5), with sidereal time in place of the
/// equation of time.
pub fn sun_altitude(p: Position, t: Time) -> Degrees {
    // Days since 2000-01-01 12:00 UTC.
    let days = (t.as_millis() as f64 - 946_728_000_000.0) / 86_400_000.0;
    let mean_longitude = libm::fmod(280.460 + 0.985_647_4 * days, 360.0);
    let anomaly = libm::fmod(357.528 + 0.985_600_3 * days, 360.0).to_radians();
    let longitude =
        (mean_longitude + 1.915 * libm::sin(anomaly) + 0.020 * libm::sin(2.0 * anomaly)).to_radians();
    let tilt = (23.439 - 0.000_000_4 * days).to_radians();
    let declination = libm::asin(libm::sin(tilt) * libm::sin(longitude));
    let right_ascension = libm::atan2(libm::cos(tilt) * libm::sin(longitude), libm::cos(longitude));
    let sidereal = libm::fmod(280.460_618_37 + 360.985_647_366_29 * days, 360.0);
    let hour_angle = (sidereal + p.longitude()).to_radians() - right_ascension;
    let lat = p.latitude().to_radians();
    let sine = libm::sin(lat) * libm::sin(declination)
        + libm::cos(lat) * libm::cos(declination) * libm::cos(hour_angle);
    Degrees(libm::asin(sine.clamp(-1.0, 1.0)).to_degrees())
}

/// Whether the sun stands more than 6 degrees below the horizon.
pub fn is_night(p: Position, t: Time) -> bool {
    sun_altitude(p, t).0 < NIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Latitude, longitude, instant, altitude without refraction as the Python package `astral` 3.2 gives it
    /// (NOAA's solar calculator, Meeus' higher-order formulae).
    const KNOWN: &[(f64, f64, &str, f64)] = &[
        (10.64, 103.5, "2026-11-21T11:30:00Z", -12.484),
        (10.64, 103.5, "2026-11-21T05:00:00Z", 59.383),
        (10.64, 103.5, "2026-06-21T22:45:00Z", -0.951),
        (13.7, 100.57, "2026-03-20T12:00:00Z", -8.472),
        (-6.1, 106.9, "2026-12-31T23:00:00Z", 3.392),
        (60.0, 5.0, "2024-02-29T12:00:00Z", 22.312),
        (-45.0, -170.0, "2030-07-01T19:00:00Z", -0.702),
        (0.0, 179.9, "2026-09-23T18:00:00Z", 1.825),
        (78.0, 15.0, "2026-12-21T12:00:00Z", -11.842),
        (1.26, 103.8, "1999-08-11T11:30:00Z", -4.475),
    ];

    #[test]
    fn the_sun_stands_where_the_almanac_says() {
        for &(lat, lon, at, altitude) in KNOWN {
            let p = Position::from_degrees(lat, lon).unwrap();
            let ours = sun_altitude(p, Time::parse(at).unwrap());
            assert!((ours.0 - altitude).abs() < 0.03, "{at} at {lat}, {lon}: {} and not {altitude}", ours.0);
        }
    }

    #[test]
    fn night_begins_below_six_degrees() {
        let p = Position::from_degrees(10.64, 103.5).unwrap();
        assert!(is_night(p, Time::parse("2026-11-21T11:30:00Z").unwrap()));
        assert!(!is_night(p, Time::parse("2026-11-21T05:00:00Z").unwrap()));
        assert!(!is_night(p, Time::parse("2026-06-21T22:45:00Z").unwrap()));
    }
}
