//! Types 4 (base station) and 11 (mobile asked for its time): a clock and a place.

use super::{Payload, Place};
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// Types 4 and 11 (table 51).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    /// UTC time, when year, month, day, hour, minute and second are all available and make a date.
    pub utc: Option<crate::Time>,
    /// Where.
    pub place: Option<Place>,
}

/// The latitude ends at bit 134.
pub(super) const BITS: usize = 134;
/// As sent.
pub(super) const BITS_SENT: usize = 168;

impl Clock {
    /// A clock without a date still has a place.
    pub(super) fn read(bits: &Payload) -> Self {
        let field = |start, width| bits.unsigned(start, width) as u32;
        let year = field(38, 14);
        let utc = NaiveDate::from_ymd_opt(year as i32, field(52, 4), field(56, 5))
            .filter(|_| year != 0)
            .and_then(|date| date.and_hms_opt(field(61, 5), field(66, 6), field(72, 6)))
            .map(|utc| crate::Time::from_seconds(utc.and_utc().timestamp()));
        Clock { utc, place: Place::read(bits, 78) }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        let utc =
            self.utc.and_then(|t| t.to_chrono()).filter(|t: &DateTime<Utc>| (1..=9999).contains(&t.year()));
        let (date, time) = match utc {
            Some(t) => ([t.year() as u32, t.month(), t.day()], [t.hour(), t.minute(), t.second()]),
            None => ([0; 3], [24, 60, 60]),
        };
        for (width, value) in [14, 4, 5, 5, 6, 6].into_iter().zip(date.into_iter().chain(time)) {
            bits.push(width, u64::from(value));
        }
        Place::write(self.place, bits);
    }
}
