//! What some networks write after the checksum: signal strength, time of arrival, slot, station, time.

use super::{decimal, stamp, station_hash};
use crate::Time;
use serde::{Deserialize, Serialize};

/// What stands after the checksum, as the US Coast Guard
/// (`,x100,s28855,d-094,S2241,T41.88047824,r003669959,1152921718`) and exactEarth (`,1327992119173`) write it.
/// Source: the expressions by which `noaadata` and `libais` read the Coast Guard's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trailer {
    /// The field that starts with `r`, `b` or `B`, hashed whole; 0 where there is none.
    pub station: u64,
    /// The last field, when it is a time.
    pub time: Option<Time>,
    /// What the receiver measured.
    pub signal: Option<Signal>,
}

/// How strongly and when a transmission arrived, as its receiver measured it. Of a message in several
/// sentences, the first that tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Signal {
    /// Received power, 1/10 dBm (`d-119` is -1190).
    pub power: Option<i16>,
    /// Level against the receiver's own full scale, 1/10 dB: what AIS-catcher calls `signalpower`.
    pub level: Option<i16>,
    /// The receiver's own count of signal strength (`s28855`), without a unit.
    pub strength: Option<u32>,
    /// Frequency error of the sender as the receiver sees it, 1/10 ppm.
    pub offset: Option<i16>,
    /// Time of arrival within the UTC minute, microseconds, 0-60,999,999 (`T41.88` is 41,880,000).
    pub arrival: Option<u32>,
    /// Slot of arrival within the UTC minute, 0-2249.
    pub slot: Option<u16>,
}

/// Slots of one minute on one channel. Source: ITU-R M.1371-5 Annex 2, 3.1.
const SLOTS: u64 = 2250;

impl Signal {
    /// Whether any field tells something.
    pub fn is_empty(&self) -> bool {
        *self == Signal::default()
    }
}

impl Trailer {
    /// What may be stations' names on a line with a trailer.
    pub(crate) fn names(line: &[u8]) -> impl Iterator<Item = &[u8]> {
        line.trim_ascii().rsplit(|&b| b == b',').filter(|field| is_station(field))
    }

    /// Reads what follows a checksum. What is not understood is passed over.
    pub fn read(text: &[u8]) -> Trailer {
        let mut trailer = Trailer::default();
        let mut signal = Signal::default();
        for field in text.trim_ascii().split(|&b| b == b',').skip(1) {
            match field {
                _ if is_station(field) => trailer.station = station_hash(field),
                [b's', count @ ..] => {
                    signal.strength = decimal(count).and_then(|n| u32::try_from(n).ok()).or(signal.strength);
                }
                [b'd', dbm @ ..] => signal.power = tenths(dbm).or(signal.power),
                [b'T', seconds @ ..] => signal.arrival = micros(seconds).or(signal.arrival),
                // Hours, minutes and seconds; `T` is more exact where both stand.
                [b't', clock @ ..] if clock.len() > 4 => {
                    signal.arrival = signal.arrival.or_else(|| micros(&clock[4..]));
                }
                [b'S', slot @ ..] => {
                    signal.slot =
                        decimal(slot).filter(|&slot| slot < SLOTS).map(|slot| slot as u16).or(signal.slot);
                }
                // Shorter numbers are counters, not times.
                _ if field.len() >= 9 && field[..9].iter().all(u8::is_ascii_digit) => {
                    trailer.time = stamp(field).or(trailer.time);
                }
                _ => {}
            }
        }
        trailer.signal = Some(signal).filter(|signal| !signal.is_empty());
        trailer
    }
}

fn is_station(field: &[u8]) -> bool {
    matches!(field, [b'r' | b'b' | b'B', name @ ..] if name.len() >= 3)
}

/// A number of at most three digits and one more after the point, in tenths.
fn tenths(text: &[u8]) -> Option<i16> {
    let (negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    let (whole, fraction) = split_at_point(text);
    let whole = decimal(whole).filter(|&whole| whole < 1000)?;
    let tenth = fraction.first().map_or(Some(0), |digit| decimal(&[*digit]))?;
    let tenths = (whole * 10 + tenth) as i16;
    Some(if negative { -tenths } else { tenths })
}

/// Seconds within a minute, a leap second included, in microseconds.
fn micros(text: &[u8]) -> Option<u32> {
    let (whole, fraction) = split_at_point(text);
    let mut micros = decimal(whole).filter(|&seconds| seconds <= 60)? * 1_000_000;
    for (digit, unit) in fraction.iter().zip([100_000, 10_000, 1_000, 100, 10, 1]) {
        micros += decimal(&[*digit])? * unit;
    }
    Some(micros as u32)
}

fn split_at_point(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|&b| b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[]),
    }
}
