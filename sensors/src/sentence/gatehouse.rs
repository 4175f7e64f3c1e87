//! Gatehouse's line before a sentence: which base station heard it, and when.

use super::{Sentence, decimal, hex_byte, station_hash};
use crate::Time;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// `$PGHP,1,year,month,day,hour,minute,second,millisecond,country,region,station,online,checksum`, as coast guards'
/// servers of Gatehouse write it. Source: `GatehouseSourceTag` of the Danish maritime suite's AisLib; of the checksum, the
/// captures of 2010 and 2013 that it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gatehouse {
    /// When the base station heard it.
    pub time: Time,
    /// The base station's MMSI, hashed as a name with [`station_hash`]; where that is empty, its country's number.
    pub station: u64,
    /// The checksum of the sentence that it stands before; of a message in several, the XOR of theirs. `None` where it
    /// does not tell.
    checksum: Option<u8>,
}

impl Gatehouse {
    /// Reads a sentence that may be one; with it the name that was hashed.
    pub fn read<'a>(sentence: &Sentence<'a>) -> Option<(Gatehouse, &'a [u8])> {
        if sentence.address != b"PGHP" {
            return None;
        }
        let mut fields = sentence.fields.split(|&b| b == b',');
        if fields.next()? != b"1" {
            return None;
        }
        let mut number = || fields.next().and_then(decimal).and_then(|n| u32::try_from(n).ok());
        let (year, month, day) = (number()?, number()?, number()?);
        let (hour, minute, second, milli) = (number()?, number()?, number()?, number()?);
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        // A leap second is the last second once more.
        let time = date.and_hms_milli_opt(hour, minute, if second == 60 { 59 } else { second }, milli)?;
        let (country, _region, station) = (fields.next()?, fields.next()?, fields.next()?);
        let name = if station.is_empty() { country } else { station };
        let checksum = fields.nth(1).and_then(hex_byte).filter(|&sum| sum != 0);
        let time = Time::from_millis(time.and_utc().timestamp_millis());
        let station = if name.is_empty() { 0 } else { station_hash(name) };
        Some((Gatehouse { time, station, checksum }, name))
    }

    /// Whether it may stand before this sentence, the first of so many: servers that write several streams as one put
    /// lines before sentences that are not theirs.
    pub fn is_of(&self, sentence: &[u8], parts: u8) -> bool {
        let Some(checksum) = self.checksum.filter(|_| parts == 1) else { return true };
        let star = sentence.iter().rposition(|&b| b == b'*');
        star.and_then(|star| hex_byte(sentence.get(star + 1..star + 3)?)) == Some(checksum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentence::{Item, items};

    fn read(line: &str) -> Option<(Gatehouse, String)> {
        let Some(Item::Sentence(sentence)) = items(line.as_bytes()).next() else {
            panic!("a sentence: {line}")
        };
        Gatehouse::read(&sentence).map(|(said, name)| (said, String::from_utf8_lossy(name).into_owned()))
    }

    fn line(fields: &str) -> String {
        crate::sentence::compose("PGHP", fields)
    }

    #[test]
    fn tells_the_base_station_and_when_it_heard() {
        let (said, name) = read("$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*26").expect("one");
        assert_eq!((said.time.to_string().as_str(), name.as_str()), ("2013-11-12T12:00:00.011Z", "2190067"));
        assert_eq!(said.station, station_hash(b"2190067"));
        let (said, name) = read(&line("1,2010,6,11,11,46,60,241,232,0,,1,20")).expect("one");
        assert_eq!((said.time.to_string().as_str(), name.as_str()), ("2010-06-11T11:46:59.241Z", "232"));
    }

    #[test]
    fn what_tells_no_time_is_none() {
        for fields in
            ["1", "2,2013,11,12,12,0,0,11,219,,2190067,1,62", "1,2013,11,31,12,0,0,11,219,,2190067,1,62"]
        {
            assert_eq!(read(&line(fields)), None, "{fields}");
        }
    }

    #[test]
    fn a_line_before_another_s_sentence_is_told_by_its_checksum() {
        let said = |checksum: &str| read(&line(&format!("1,2013,11,12,12,0,0,11,219,,2190067,1,{checksum}")));
        let is_of = |checksum, sentence: &str, parts| {
            said(checksum).is_some_and(|(said, _)| said.is_of(sentence.as_bytes(), parts))
        };
        let sentence = "!BSVDM,1,1,,A,13@:`L001N0ded0O6Fp8wW<00<0t,0*62";
        assert!(is_of("62", sentence, 1) && is_of("00", sentence, 1) && is_of("", sentence, 1));
        assert!(!is_of("63", sentence, 1));
        assert!(is_of("62", &format!("{sentence},r003669987,1152921693"), 1));
        // That of a message in two sentences is known only at its end.
        assert!(is_of(
            "05",
            "!BSVDM,2,1,1,B,53uRcl02<VQA<A5B22098U=@tj2222222222220N3`?5540Ht@4jhAiC,0*62",
            2
        ));
    }
}
