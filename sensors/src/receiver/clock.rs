//! The time that others tell in a recording: base stations in AIS types 4 and 11, GNSS in RMC and ZDA.

use super::stamp::believable;
use crate::Time;
use crate::gnss::GnssReport;
use crate::message::{Body, Message};
use crate::sentence::{Item, Payload, Sentence, Vdm, items};

/// Who told the time, in the place of an MMSI: a GNSS receiver.
pub(super) const GNSS: u32 = u32::MAX;

/// The time a line tells and whose it is: an MMSI or [`GNSS`]. Looks no further than it must at a line that
/// tells none, which is most of them.
pub(super) fn clock(line: &[u8]) -> Option<(u32, Time)> {
    let start = memchr::memchr2(b'!', b'$', line)?;
    let sentence = &line[start..];
    let read = match (sentence[0], sentence.get(3..6)?) {
        (b'!', b"VDM" | b"VDO") if may_be_clock(sentence) => base_station,
        (b'$', b"RMC" | b"ZDA") => gnss,
        _ => return None,
    };
    let (who, time) = items(sentence).find_map(|item| match item {
        Item::Sentence(sentence) => read(&sentence),
        _ => None,
    })?;
    Some((who, believable(time)?))
}

/// Whether the payload is whole and begins as types 4 (`4`) and 11 (`;`) do.
fn may_be_clock(sentence: &[u8]) -> bool {
    let fields = sentence.get(6..).and_then(|rest| rest.strip_prefix(b",1,1,"));
    // Sequence id and channel stand between, both possibly empty.
    let payload = fields.and_then(|rest| {
        let comma = memchr::memchr_iter(b',', rest).nth(1)?;
        rest.get(comma + 1)
    });
    matches!(payload, Some(b'4' | b';'))
}

fn base_station(sentence: &Sentence<'_>) -> Option<(u32, Time)> {
    let vdm = Vdm::read(sentence)?.ok()?;
    let message = Message::decode(&Payload::from_armour(vdm.payload, vdm.fill).ok()?).ok()?;
    match message.body {
        Body::Clock(clock) => Some((message.mmsi.0, clock.utc()?)),
        _ => None,
    }
}

fn gnss(sentence: &Sentence<'_>) -> Option<(u32, Time)> {
    Some((GNSS, GnssReport::read(sentence).ok()??.utc?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> Option<(u32, String)> {
        clock(line.as_bytes()).map(|(who, time)| (who, time.to_string()))
    }

    #[test]
    fn reads_a_base_stations_clock() {
        // multi-talker-2010: the collector's own stamp on it is 11:46:11.390 of the same day.
        let line = "!AIVDM,1,1,,B,402=481uaUcf;OQ55JS9ITi025Jp,0*2B";
        assert_eq!(said(line), Some((2_311_200, "2010-06-11T11:46:11.000Z".to_owned())));
        assert_eq!(said(&line.replace("2B", "2C")), None);
        assert_eq!(said(&format!("\\s:a*12\\{line}")), said(line));
    }

    #[test]
    fn reads_gnss_time() {
        let rmc = "$GPRMC,085411.000,A,5222.3215,N,00454.5778,E,0.58,251.34,030414,,,A*63";
        assert_eq!(said(rmc), Some((GNSS, "2014-04-03T08:54:11.000Z".to_owned())));
        let zda = "$GPZDA,160012.71,11,03,2004,-1,00*7D";
        assert!(said(zda).is_some_and(|(_, time)| time.starts_with("2004-03-11T16:00:12")));
    }

    #[test]
    fn ignores_a_fix_that_is_not_valid_or_has_no_date() {
        assert_eq!(said("$IIRMC,092210,A,5759.095,N,01144.342,E,5.5,31.1,,0.0,E,A*30"), None);
        assert_eq!(said("$GPRMC,085411.000,V,,,,,,,030414,,,N*4D"), None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "[!$]..(VDM|RMC|ZDA),1,1,,A?,[4;][0-9a-zA-Z,.*]{0,40}") {
            clock(line.as_bytes());
        }
    }
}
