//! Instants and lengths of time in UTC milliseconds, as receivers stamp them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A length of time in milliseconds; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Time {
    /// The instant `ms` milliseconds after the Unix epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Time(ms)
    }

    /// The instant `seconds` after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Time(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this instant is; negative when it is before.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The same instant as a `chrono` value, `None` beyond the years chrono can hold.
    pub fn to_chrono(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }

    /// Reads RFC 3339 ("2026-11-21T03:00:00Z").
    pub fn parse(text: &str) -> Option<Time> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Time(t.timestamp_millis()))
    }
}

impl std::ops::Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.to_chrono() {
            Some(t) => f.write_str(&t.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// `ms` milliseconds.
    pub const fn from_millis(ms: i64) -> Self {
        Span(ms)
    }

    /// `s` seconds.
    pub const fn from_seconds(s: i64) -> Self {
        Span(s.saturating_mul(1000))
    }

    /// `m` minutes.
    pub const fn from_minutes(m: i64) -> Self {
        Span(m.saturating_mul(60_000))
    }

    /// `h` hours.
    pub const fn from_hours(h: i64) -> Self {
        Span(h.saturating_mul(3_600_000))
    }

    /// Milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds, fractions kept.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Minutes, fractions kept.
    pub fn as_minutes(self) -> f64 {
        self.0 as f64 / 60_000.0
    }

    /// Hours, fractions kept.
    pub fn as_hours(self) -> f64 {
        self.0 as f64 / 3_600_000.0
    }

    /// This length and another.
    pub const fn plus(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// This length without another.
    pub const fn minus(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    /// The same length without its sign.
    pub const fn abs(self) -> Span {
        Span(self.0.saturating_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let t = Time::from_millis(1_795_000_000_123);
        assert_eq!(Time::parse(&t.to_string()), Some(t));
    }

    #[test]
    fn arithmetic_at_the_ends_of_time_saturates() {
        assert_eq!(Time::from_millis(i64::MAX) + Span::from_hours(1), Time::from_millis(i64::MAX));
        assert_eq!(Time::from_millis(i64::MIN).since(Time::from_millis(1)).as_millis(), i64::MIN);
    }
}
