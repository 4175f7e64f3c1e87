//! Answers in pages: how many rows at once, and where the next page begins.

use super::codec::flags;
use crate::track::{Fix, TrackId};
use sensors::{Span, Time};

/// Rows of a page when the question doesn't say.
pub(super) const LIMIT_DEFAULT: usize = 1_000;

/// The most rows that one page may have.
pub(super) const LIMIT_MAX: usize = 10_000;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Rows at most, 1 to 10,000.
    pub limit: usize,
    /// The page before's [`Page::next`]; `None` for the first page.
    pub after: Option<Cursor>,
}

impl Default for Paging {
    fn default() -> Paging {
        Paging { limit: LIMIT_DEFAULT, after: None }
    }
}

impl Paging {
    pub(super) fn rows(&self) -> usize {
        self.limit.clamp(1, LIMIT_MAX)
    }
}

/// Some rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the answer's order.
    pub rows: Vec<T>,
    /// Where to go on; `None` when there is nothing more. A page may hold fewer rows than asked for and still go
    /// on, when much had to be searched.
    pub next: Option<Cursor>,
}

/// A place in an answer; opaque to callers, who hand its text back. Pages that follow one another give
/// each row once, also while more is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(super) Place);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    AfterFix(FixKey),
    AfterClaim(ClaimKey),
}

/// The order of positions in every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FixKey {
    pub(super) time: Time,
    pub(super) track: TrackId,
    pub(super) sequence: u64,
    /// All else that a fix says: a line may tell of a vessel more than once.
    pub(super) said: u128,
}

impl FixKey {
    pub(super) fn of(fix: &Fix) -> FixKey {
        let sixteens = [fix.speed, fix.course, fix.heading].map(Option::unwrap_or_default);
        let all = [flags(fix) | u16::from(fix.status) << 12].into_iter().chain(sixteens);
        let place = [fix.position.lat, fix.position.lon].map(|angle| u128::from(angle.cast_unsigned()));
        let place = place[0] << 32 | place[1];
        let said = all.fold(place, |said, value| said << 16 | u128::from(value));
        FixKey { time: fix.time, track: fix.track, sequence: fix.sequence, said }
    }

    /// Between everything before `time` and everything at it.
    pub(super) fn before(time: Time) -> FixKey {
        let track = TrackId::from_u64(u64::MAX);
        FixKey { time: time - Span::from_millis(1), track, sequence: u64::MAX, said: u128::MAX }
    }
}

/// The order of claims in every answer: as stored, so the track is SQLite's signed number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClaimKey {
    pub(super) track: i64,
    pub(super) attribute: u8,
    pub(super) value: String,
    pub(super) mmsi: u32,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Place::AfterFix(key) => {
                let FixKey { time, track, sequence, said } = key;
                write!(f, "p.{}.{}.{sequence}.{said:x}", time.as_millis(), track.as_u64())
            }
            Place::AfterClaim(key) => {
                write!(f, "c.{}.{}.{}.", key.track, key.attribute, key.mmsi)?;
                key.value.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Cursor, Self::Err> {
        parse(text).map(Cursor).ok_or("not a cursor of an earlier answer")
    }
}

fn parse(text: &str) -> Option<Place> {
    let parts: Vec<&str> = text.split('.').collect();
    match *parts.as_slice() {
        ["p", time, track, sequence, said] => Some(Place::AfterFix(FixKey {
            time: Time::from_millis(time.parse().ok()?),
            track: TrackId::from_u64(track.parse().ok()?),
            sequence: sequence.parse().ok()?,
            said: u128::from_str_radix(said, 16).ok()?,
        })),
        ["c", track, attribute, mmsi, value] => {
            let bytes: Option<Vec<u8>> = value.as_bytes().chunks(2).map(byte).collect();
            Some(Place::AfterClaim(ClaimKey {
                track: track.parse().ok()?,
                attribute: attribute.parse().ok()?,
                value: String::from_utf8(bytes?).ok()?,
                mmsi: mmsi.parse().ok()?,
            }))
        }
        _ => None,
    }
}

fn byte(hex: &[u8]) -> Option<u8> {
    match std::str::from_utf8(hex) {
        Ok(pair) if hex.len() == 2 => u8::from_str_radix(pair, 16).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let track = TrackId::new(3, 17);
        let fix = FixKey { time: Time::from_millis(-5), track, sequence: 99, said: u128::MAX - 4 };
        let claim = ClaimKey { track: -4, attribute: 0, value: "É=.1 ".into(), mmsi: 5 };
        for place in [Place::AfterFix(fix), Place::AfterClaim(claim)] {
            let cursor = Cursor(place);
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn text_that_is_no_cursor_is_refused() {
        for text in
            ["", "p", "p.1.2", "p.1.2.x", "c.1.0.5.4", "c.1.0.5.ff", "c.1.0.5.é", "p.1.2.3", "p.1.2.3.4.5"]
        {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
