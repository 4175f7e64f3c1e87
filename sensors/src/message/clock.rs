//! Types 4 (base station) and 11 (mobile asked for its time): a clock and a place.

use super::place::{below, one_to, write};
use super::{CommState, Epfd, Payload, Place};
use crate::Time;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// Types 4 and 11 (ITU-R M.1371-5 table 51).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// UTC year, 1-9999.
    pub year: Option<u16>,
    /// UTC month, 1-12.
    pub month: Option<u8>,
    /// UTC day, 1-31.
    pub day: Option<u8>,
    /// UTC hour, 0-23.
    pub hour: Option<u8>,
    /// UTC minute, 0-59.
    pub minute: Option<u8>,
    /// UTC second, 0-59.
    pub second: Option<u8>,
    /// Where.
    pub place: Option<Place>,
    /// What the position comes from.
    pub epfd: Option<Epfd>,
    /// Transmission control for long-range broadcast: class A stations nearby are asked to send type 27.
    pub long_range: bool,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// How the station shares the channel (SOTDMA). `None` where the message ends before it, and it is then
    /// written as one that does.
    pub radio: Option<CommState>,
}

impl Default for Clock {
    /// Everything "not available", in the full length.
    fn default() -> Self {
        Clock {
            year: None,
            month: None,
            day: None,
            hour: None,
            minute: None,
            second: None,
            place: None,
            epfd: None,
            long_range: false,
            raim: false,
            radio: Some(CommState::default()),
        }
    }
}

/// RAIM ends at bit 149; the radio state, which some messages lack, at 168.
pub(super) const BITS: usize = 149;

impl Clock {
    /// A clock that shows `utc`; without date and time where the year is not 1-9999.
    pub fn at(utc: Time, place: Option<Place>) -> Clock {
        let utc = utc.to_chrono().filter(|t: &DateTime<Utc>| (1..=9999).contains(&t.year()));
        Clock {
            year: utc.map(|t| t.year() as u16),
            month: utc.map(|t| t.month() as u8),
            day: utc.map(|t| t.day() as u8),
            hour: utc.map(|t| t.hour() as u8),
            minute: utc.map(|t| t.minute() as u8),
            second: utc.map(|t| t.second() as u8),
            place,
            ..Clock::default()
        }
    }

    /// UTC time, when year, month, day, hour, minute and second are all available and make a date.
    pub fn utc(&self) -> Option<Time> {
        let date =
            NaiveDate::from_ymd_opt(i32::from(self.year?), u32::from(self.month?), u32::from(self.day?))?;
        let utc =
            date.and_hms_opt(u32::from(self.hour?), u32::from(self.minute?), u32::from(self.second?))?;
        Some(Time::from_seconds(utc.and_utc().timestamp()))
    }

    /// A clock without a date still has a place.
    pub(super) fn read(bits: &Payload) -> Self {
        let year = bits.unsigned(38, 14) as u16;
        Clock {
            year: (1..=9999).contains(&year).then_some(year),
            month: one_to(bits.unsigned(52, 4), 12),
            day: one_to(bits.unsigned(56, 5), 31),
            hour: below(bits.unsigned(61, 5), 24).map(|h| h as u8),
            minute: below(bits.unsigned(66, 6), 60).map(|m| m as u8),
            second: below(bits.unsigned(72, 6), 60).map(|s| s as u8),
            place: Place::read(bits, 78),
            epfd: Epfd::read(bits, 134),
            long_range: bits.flag(138),
            raim: bits.flag(148),
            radio: CommState::read(bits, 149, false),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        write(bits, 14, self.year, 0);
        write(bits, 4, self.month, 0);
        write(bits, 5, self.day, 0);
        write(bits, 5, self.hour, 24);
        write(bits, 6, self.minute, 60);
        write(bits, 6, self.second, 60);
        Place::write(self.place, bits);
        Epfd::write(self.epfd, bits);
        bits.push_flag(self.long_range);
        bits.push(9, 0);
        bits.push_flag(self.raim);
        CommState::write(self.radio, bits);
    }
}
