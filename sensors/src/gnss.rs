//! GNSS sentences (ZDA, RMC, GGA), read by the `nmea` crate, and what belongs to them (GLL, HDT), as reports of
//! their own kind.

use crate::Time;
use crate::sentence::{Fields, Reject, Sentence, xor};
use chrono::NaiveDateTime;
use nmea::ParseResult;
use nmea::sentences::{FixType, rmc::RmcStatusOfFix};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A position or time from a GNSS receiver beside the AIS receiver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GnssReport {
    /// UTC date and time where the sentence holds both (ZDA, RMC).
    pub utc: Option<Time>,
    /// Latitude and longitude in degrees, north and east positive (RMC, GGA, GLL), of a valid fix only.
    pub position: Option<(f64, f64)>,
    /// Own ship's heading in degrees true (HDT), by which a radar's relative bearings become true ones.
    pub heading: Option<f64>,
}

impl GnssReport {
    /// Whether this sentence is read here.
    pub fn reads(sentence: &Sentence<'_>) -> bool {
        matches!(sentence.formatter(), b"ZDA" | b"RMC" | b"GGA" | b"GLL" | b"HDT")
    }

    /// Reads what [`reads`](Self::reads) accepts; `None` where the receiver has neither fix, date nor heading yet.
    ///
    /// # Errors
    /// `MalformedGnss` where the `nmea` crate cannot read it, `MalformedFields` in GLL and HDT.
    pub fn read(sentence: &Sentence<'_>) -> Result<Option<GnssReport>, Reject> {
        let report = match sentence.formatter() {
            b"GLL" => GnssReport { utc: None, position: gll(sentence.fields)?, heading: None },
            b"HDT" => GnssReport { utc: None, position: None, heading: hdt(sentence.fields)? },
            _ => by_nmea(sentence)?,
        };
        let told = report.utc.is_some() || report.position.is_some() || report.heading.is_some();
        Ok(told.then_some(report))
    }
}

/// The `nmea` crate wants the mode letter, which sentences before NMEA 0183 2.3 lack.
fn gll(fields: &[u8]) -> Result<Option<(f64, f64)>, Reject> {
    let mut fields = Fields::new(fields);
    let position = fields.position()?;
    let (_, status, mode) = (fields.clock()?, fields.letter()?, fields.letter()?);
    let valid = status == Some('A') && !matches!(mode, Some('N' | 'M' | 'S' | 'E'));
    Ok(position.filter(|_| valid))
}

/// The `nmea` crate keeps the angle as f32.
fn hdt(fields: &[u8]) -> Result<Option<f64>, Reject> {
    let mut fields = Fields::new(fields);
    let (heading, reference) = (fields.angle()?, fields.letter()?);
    if reference != Some('T') {
        return Err(Reject::MalformedFields);
    }
    Ok(heading)
}

fn by_nmea(sentence: &Sentence<'_>) -> Result<GnssReport, Reject> {
    let at = |lat: Option<f64>, lon: Option<f64>| {
        let on_the_globe = |(lat, lon): &(f64, f64)| lat.abs() <= 90.0 && lon.abs() <= 180.0;
        lat.zip(lon).filter(on_the_globe)
    };
    let (utc, position) = match nmea::parse_bytes(&with_checksum(sentence)) {
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
    Ok(GnssReport { utc, position, heading: None })
}

/// The sentence as the `nmea` crate wants it: with the checksum that its receiver may leave out.
fn with_checksum<'a>(sentence: &Sentence<'a>) -> Cow<'a, [u8]> {
    if sentence.raw.contains(&b'*') {
        return Cow::Borrowed(sentence.raw);
    }
    let sum = xor(&sentence.raw[1..]);
    Cow::Owned([sentence.raw, format!("*{sum:02X}").as_bytes()].concat())
}

fn time(utc: NaiveDateTime) -> Time {
    Time::from_millis(utc.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentence::{Checksum, Item, items_with};

    fn read(line: &str) -> Result<Option<GnssReport>, Reject> {
        let sentence = items_with(line.as_bytes(), Checksum::Optional).find_map(|item| match item {
            Item::Sentence(sentence) => Some(sentence),
            _ => None,
        });
        GnssReport::read(&sentence.expect("a sentence"))
    }

    #[test]
    fn reads_date_and_place_of_a_valid_fix() {
        for end in ["*63", ""] {
            let line = "$GPRMC,085411.000,A,5222.3215,N,00454.5778,E,0.58,251.34,030414,,,A";
            let report = read(&format!("{line}{end}")).expect("a good sentence").expect("a fix");
            assert_eq!(report.utc, Time::parse("2014-04-03T08:54:11Z"));
            let (lat, lon) = report.position.expect("a position");
            assert!((lat - 52.372_025).abs() < 1e-9 && (lon - 4.909_63).abs() < 1e-9);
        }
    }

    #[test]
    fn reads_gll_with_and_without_its_mode_and_ignores_what_is_not_a_fix() {
        for line in ["$GPGLL,1030.0,N,10315.0,E,213950.00,A,A", "$GPGLL,1030.0,N,10315.0,E,213950,A"] {
            assert_eq!(read(line).unwrap().unwrap().position, Some((10.5, 103.25)), "{line}");
        }
        for line in
            ["$GPGLL,1030.0,N,10315.0,E,213950,V", "$GPGLL,1030.0,N,10315.0,E,213950,A,N", "$GPGLL,,,,,,V"]
        {
            assert_eq!(read(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn a_heading_is_true_or_refused() {
        assert_eq!(read("$HEHDT,341.8,T").unwrap().unwrap().heading, Some(341.8));
        assert_eq!(read("$HEHDT,,T"), Ok(None));
        assert_eq!(read("$HEHDT,341.8,M"), Err(Reject::MalformedFields));
    }
}
