//! The time a recorded line carries: in its TAG block, before it, or behind its checksum.

use super::file_time::TimeSource;
use crate::Time;
use chrono::{FixedOffset, NaiveDate, NaiveDateTime};

/// Stamps outside 1990-2100 are unbelievable: AIS began in the nineties, and a receiver without time counts from
/// 1970 or 1980.
const BELIEVABLE: std::ops::Range<i64> = 631_152_000_000..4_102_444_800_000;

pub(super) fn believable(time: Time) -> Option<Time> {
    BELIEVABLE.contains(&time.as_millis()).then_some(time)
}

/// The best stamp of a line: its TAG block's, else its prefix's (a `$PGHP` line's own time counts as one), else,
/// where `trailers` are trusted, its trailer's.
pub(super) fn stamp(line: &[u8], trailers: bool) -> Option<(Time, TimeSource)> {
    let before = match line.first()? {
        b'\\' => tag_block(line).map(|time| (time, TimeSource::TagBlock)),
        b'$' if line.starts_with(b"$PGHP,1,") => pghp(line).map(|time| (time, TimeSource::LogPrefix)),
        b'0'..=b'9' | b'[' => prefix(line).map(|(time, rest)| match tag_block(rest) {
            Some(time) => (time, TimeSource::TagBlock),
            None => (time, TimeSource::LogPrefix),
        }),
        _ => None,
    };
    match before {
        None if trailers => trailer(line).map(|time| (time, TimeSource::Trailer)),
        before => before,
    }
}

/// `c:` of the TAG blocks at the start of a line: seconds in most systems, milliseconds in some.
fn tag_block(line: &[u8]) -> Option<Time> {
    let mut rest = line.strip_prefix(b"\\")?;
    loop {
        let end = memchr::memchr(b'\\', rest)?;
        let (fields, checksum) = match memchr::memchr(b'*', &rest[..end]) {
            Some(star) => (&rest[..star], Some(&rest[star + 1..end])),
            None => (&rest[..end], None),
        };
        let clock = fields.split(|&b| b == b',').find_map(|field| field.strip_prefix(b"c:"));
        if let Some(time) = clock.and_then(epoch)
            && checksum.is_none_or(|sum| checks(fields, sum))
        {
            return Some(time);
        }
        rest = rest[end + 1..].strip_prefix(b"\\")?;
    }
}

/// Gatehouse's line before a sentence: `$PGHP,1,YYYY,MM,DD,hh,mm,ss,ms,...*hh`.
fn pghp(line: &[u8]) -> Option<Time> {
    let star = memchr::memchr(b'*', line)?;
    if !checks(&line[1..star], line.get(star + 1..star + 3)?) {
        return None;
    }
    let mut fields = line[..star].split(|&b| b == b',').skip(2);
    let mut next = || fields.next().and_then(number);
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second, milli) = (next()?, next()?, next()?, next()?);
    civil([year, month, day], [hour, minute, second], milli)
}

/// Seconds or milliseconds since 1970, or ISO 8601, before the sentence; and the rest from the sentence on.
fn prefix(line: &[u8]) -> Option<(Time, &[u8])> {
    let text = line.strip_prefix(b"[").unwrap_or(line);
    let (time, rest) = match text.get(4) {
        Some(b'-') => iso_8601(text)?,
        _ => {
            let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.')?;
            (epoch(&text[..end])?, &text[end..])
        }
    };
    if !matches!(rest.first()?, b' ' | b'\t' | b',' | b';' | b':' | b'|' | b']') {
        return None;
    }
    let sentence = memchr::memchr3(b'!', b'$', b'\\', rest)?;
    Some((time, &rest[sentence..]))
}

/// `2015-07-20T09:22:11.5Z`, with a blank for the T, with an offset, or with none (UTC).
fn iso_8601(text: &[u8]) -> Option<(Time, &[u8])> {
    let head = text.get(..19)?;
    if [head[7], head[13], head[16]] != *b"-::" || !matches!(head[10], b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let part = |from: usize, to: usize| number(&head[from..to]);
    let date = [part(0, 4)?, part(5, 7)?, part(8, 10)?];
    let clock = [part(11, 13)?, part(14, 16)?, part(17, 19)?];
    let mut rest = &text[19..];
    let mut milli = 0;
    if let [b'.' | b',', after @ ..] = rest {
        let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
        // After a comma without digits the sentence follows.
        if digits > 0 {
            milli = fraction(&after[..digits]);
            rest = &after[digits..];
        }
    }
    let mut time = civil(date, clock, milli)?;
    match rest {
        [b'Z' | b'z', after @ ..] => rest = after,
        [sign @ (b'+' | b'-'), h1, h2, after @ ..] => {
            let after = after.strip_prefix(b":").unwrap_or(after);
            let (minutes, after) = match after {
                [m1, m2, after @ ..] if m1.is_ascii_digit() => (number(&[*m1, *m2])?, after),
                _ => (0, after),
            };
            let seconds = (number(&[*h1, *h2])? * 60 + minutes) as i32 * 60;
            let east = FixedOffset::east_opt(if *sign == b'-' { -seconds } else { seconds })?;
            time = time - crate::Span::from_seconds(i64::from(east.local_minus_utc()));
            rest = after;
        }
        _ => {}
    }
    Some((time, rest))
}

/// The last comma-separated field behind the checksum: `*1A,r003669987,1152921693`, `*51,1327992119173`.
pub(super) fn trailer(line: &[u8]) -> Option<Time> {
    let line = line.trim_ascii_end();
    // Most lines end with their checksum.
    if !line.last()?.is_ascii_digit() || line.len() < 13 || line[line.len() - 3] == b'*' {
        return None;
    }
    let star = memchr::memrchr(b'*', line)?;
    let comma = memchr::memrchr(b',', line)?;
    if comma < star + 3 { None } else { epoch(&line[comma + 1..]) }
}

/// Seconds, milliseconds or microseconds since 1970, told apart by magnitude; seconds may have a fraction.
fn epoch(text: &[u8]) -> Option<Time> {
    let (whole, part) = match memchr::memchr(b'.', text) {
        Some(dot) => (&text[..dot], fraction(&text[dot + 1..])),
        None => (text, 0),
    };
    let value = std::str::from_utf8(whole).ok()?.parse::<i64>().ok()?;
    believable(Time::from_millis(match whole.len() {
        ..=11 => value.checked_mul(1000)? + i64::from(part),
        12..=14 => value,
        _ => value / 1000,
    }))
}

/// The first three digits after a decimal point, as milliseconds.
fn fraction(digits: &[u8]) -> u32 {
    let digit = |i: usize| digits.get(i).filter(|b| b.is_ascii_digit()).map_or(0, |b| u32::from(b - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

/// A number of one to nine digits.
fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

/// A believable UTC time of year, month, day and hour, minute, second.
fn civil(date: [u32; 3], clock: [u32; 3], milli: u32) -> Option<Time> {
    let day = NaiveDate::from_ymd_opt(i32::try_from(date[0]).ok()?, date[1], date[2])?;
    // A leap second is the last second once more.
    let time: NaiveDateTime = day.and_hms_milli_opt(clock[0], clock[1], clock[2].min(59), milli)?;
    if clock[2] > 60 {
        return None;
    }
    believable(Time::from_millis(time.and_utc().timestamp_millis()))
}

/// Whether the two hexadecimal digits are the XOR of the bytes.
fn checks(bytes: &[u8], sum: &[u8]) -> bool {
    let digit = |b: u8| (b as char).to_digit(16);
    let (Some(&[high, low]), xor) = (sum.first_chunk::<2>(), bytes.iter().fold(0u8, |x, b| x ^ b)) else {
        return false;
    };
    digit(high).zip(digit(low)).is_some_and(|(high, low)| high << 4 | low == u32::from(xor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> Option<(String, TimeSource)> {
        stamp(line.as_bytes(), true).map(|(time, source)| (time.to_string(), source))
    }

    #[test]
    fn reads_every_way_a_line_tells_its_time() {
        use TimeSource::*;
        for (line, time, source) in [
            (r"\s:rEV02,c:1334337317*58\!AIVDM,x", "2012-04-13T17:15:17.000Z", TagBlock),
            (r"\g:1-2-3985,s:rEV02,c:1334337317*2D\!AIVDM,x", "2012-04-13T17:15:17.000Z", TagBlock),
            (r"\c:1334337317123\!AIVDM,x", "2012-04-13T17:15:17.123Z", TagBlock),
            (r"\g:1-2-3\\c:1334337317\!AIVDM,x", "2012-04-13T17:15:17.000Z", TagBlock),
            (r"2015-07-20T09:22:11Z \c:1334337317\!AIVDM,x", "2012-04-13T17:15:17.000Z", TagBlock),
            ("2015-07-20T09:22:11Z !AIVDM,x", "2015-07-20T09:22:11.000Z", LogPrefix),
            ("2015-07-20 09:22:11.25,!AIVDM,x", "2015-07-20T09:22:11.250Z", LogPrefix),
            ("2015-07-20 09:22:11,!AIVDM,x", "2015-07-20T09:22:11.000Z", LogPrefix),
            ("[2015-07-20T16:22:11+07:00] !AIVDM,x", "2015-07-20T09:22:11.000Z", LogPrefix),
            ("2015-07-20T09:22:11-0030 !AIVDM,x", "2015-07-20T09:52:11.000Z", LogPrefix),
            ("1437384131 !AIVDM,x", "2015-07-20T09:22:11.000Z", LogPrefix),
            ("1437384131.5: $GPRMC,x", "2015-07-20T09:22:11.500Z", LogPrefix),
            ("1437384131500;station;!AIVDM,x", "2015-07-20T09:22:11.500Z", LogPrefix),
            ("$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*26", "2013-11-12T12:00:00.011Z", LogPrefix),
            ("!AIVDM,x*1A,r003669987,1152921693", "2006-07-15T00:01:33.000Z", Trailer),
            ("!AIVDM,x*1A,x25,s28,d-098,T33.71,r003669973,1152921694", "2006-07-15T00:01:34.000Z", Trailer),
            ("!AIVDM,x*51,1327992119173", "2012-01-31T06:41:59.173Z", Trailer),
            ("!AIVDM,x*0D,rnhjel,1290000000.53", "2010-11-17T13:20:00.530Z", Trailer),
        ] {
            assert_eq!(said(line), Some((time.to_owned(), source)), "{line}");
        }
    }

    #[test]
    fn ignores_what_is_no_time() {
        for line in [
            "",
            "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*44",
            r"\s:rEV02,c:1334337317*59\!AIVDM,x",
            r"\s:rEV02,c:12*58\!AIVDM,x",
            r"\c:1334337317",
            r"\si:AISD*3F\",
            "!AIVDM,x*1A,r003669987",
            "!AIVDM,x*1A,s28320,99",
            "$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*27",
            "$PGHP,1,2013,11,31,12,0,0,11,219,,2190067,1,62*25",
            "1437384131",
            "1437384131 some text",
            "315532800 !AIVDM,x",
            "2015-13-20T09:22:11Z !AIVDM,x",
            "2015-07-20",
            "99999999999999999999 !AIVDM,x",
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }

    #[test]
    fn trailers_can_be_left_out() {
        assert_eq!(stamp(b"!AIVDM,x*1A,r003669987,1152921693", false), None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            stamp(&line, true);
        }

        #[test]
        fn no_nearly_good_line_panics(line in "[\\[\\\\$!0-9PGH]{0,3}[-0-9TZ:+,.*c \\\\!]{0,40}") {
            stamp(line.as_bytes(), true);
        }
    }
}
