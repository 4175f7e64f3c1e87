//! GNSS sentences (ZDA, RMC, GGA), read by the `nmea` crate, as reports of their own kind.

use crate::Time;
use crate::sentence::Reject;
use chrono::NaiveDateTime;
use nmea::ParseResult;
use nmea::sentences::{FixType, rmc::RmcStatusOfFix};
use serde::{Deserialize, Serialize};

/// A position or time from a GNSS receiver beside the AIS receiver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GnssReport {
    /// UTC date and time where the sentence holds both (ZDA, RMC).
    pub utc: Option<Time>,
    /// Latitude and longitude in degrees, north and east positive (RMC, GGA), of a valid fix only.
    pub position: Option<(f64, f64)>,
}

impl GnssReport {
    /// Whether sentences with this formatter are read here.
    pub fn reads(formatter: &[u8]) -> bool {
        matches!(formatter, b"ZDA" | b"RMC" | b"GGA")
    }

    /// Reads `$...*hh`; `None` where the receiver has neither fix nor date yet.
    ///
    /// # Errors
    /// `MalformedGnss` where the `nmea` crate cannot read it.
    pub fn read(sentence: &[u8]) -> Result<Option<GnssReport>, Reject> {
        let at = |lat: Option<f64>, lon: Option<f64>| {
            let on_the_globe = |(lat, lon): &(f64, f64)| lat.abs() <= 90.0 && lon.abs() <= 180.0;
            lat.zip(lon).filter(on_the_globe)
        };
        let (utc, position) = match nmea::parse_bytes(sentence) {
            Ok(ParseResult::ZDA(zda)) => (zda.utc_date_time().map(time), None),
            Ok(ParseResult::RMC(rmc)) => {
                // A receiver that has no fix may not have the date either.
                let valid = rmc.status_of_fix != RmcStatusOfFix::Invalid;
                let utc = rmc.fix_date.zip(rmc.fix_time).filter(|_| valid);
                let position = at(rmc.lat, rmc.lon).filter(|_| valid);
                (utc.map(|(date, of_day)| time(date.and_time(of_day))), position)
            }
            Ok(ParseResult::GGA(gga)) => {
                let invented = [FixType::Invalid, FixType::Manual, FixType::Simulation];
                let valid = gga.fix_type.is_some_and(|fix| !invented.contains(&fix));
                (None, at(gga.latitude, gga.longitude).filter(|_| valid))
            }
            _ => return Err(Reject::MalformedGnss),
        };
        Ok((utc.is_some() || position.is_some()).then_some(GnssReport { utc, position }))
    }
}

fn time(utc: NaiveDateTime) -> Time {
    Time::from_millis(utc.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_date_and_place_of_a_valid_fix() {
        let rmc = GnssReport::read(b"$GPRMC,085411.000,A,5222.3215,N,00454.5778,E,0.58,251.34,030414,,,A*63");
        let report = rmc.expect("a good sentence").expect("a fix");
        assert_eq!(report.utc, Time::parse("2014-04-03T08:54:11Z"));
        let (lat, lon) = report.position.expect("a position");
        assert!((lat - 52.372_025).abs() < 1e-9 && (lon - 4.909_63).abs() < 1e-9);
    }
}
