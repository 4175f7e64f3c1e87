//! How many messages a receiver brings, and how many it brings at this hour on other days.

use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// Days that the same hour is compared over. Definition 6.0.
const DAYS: usize = 14;

/// Days with this hour before it is compared at all. Ours: fewer have no middle.
const DAYS_MIN: usize = 3;

/// Minutes that a rate is of. Definition 6.0.
pub(super) const MINUTES: usize = 10;

/// A rate that came about by chance less often than this is too low. Definition 6.0.
const CHANCE_MIN: f64 = 1e-4;

/// And it is less than this share of the expected. Ours: traffic changes by more than chance from day to day.
const SHARE_MAX: f64 = 0.5;

/// Messages by minute and by hour, in the edge's time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rate {
    /// Whole minutes, the newest last.
    minutes: Vec<u32>,
    minute: Option<i64>,
    in_minute: u32,
    /// By hour of the day, whole hours of the last days, the newest last.
    hours: Vec<Vec<u32>>,
    hour: Option<i64>,
    in_hour: u32,
    /// The hour was watched from its begin.
    hour_is_whole: bool,
}

impl Rate {
    /// So many messages have come since the last call.
    pub(super) fn pass(&mut self, now: Time, messages: u32) {
        let seconds = now.as_millis().div_euclid(1000);
        self.in_minute = self.in_minute.saturating_add(messages);
        self.in_hour = self.in_hour.saturating_add(messages);
        let (minute, hour) = (seconds.div_euclid(60), seconds.div_euclid(3600));
        if self.minute != Some(minute) {
            let passed = self.minute.map_or(0, |before| minute - before);
            if passed < 0 || passed > MINUTES as i64 {
                self.minutes.clear();
            } else if passed > 0 {
                self.minutes.push(self.in_minute);
                (1..passed).for_each(|_| self.minutes.push(0));
                let beyond = self.minutes.len().saturating_sub(MINUTES);
                self.minutes.drain(..beyond);
            }
            self.in_minute = 0;
            self.minute = Some(minute);
        }
        if self.hour != Some(hour) {
            self.end_hour(hour);
        }
    }

    fn end_hour(&mut self, hour: i64) {
        if self.hours.is_empty() {
            self.hours = vec![Vec::new(); 24];
        }
        // An hour with a hole in it, or under a clock that was set, tells of nothing.
        if let Some(before) = self.hour.filter(|before| self.hour_is_whole && hour == before + 1) {
            let days = &mut self.hours[before.rem_euclid(24) as usize];
            if days.len() >= DAYS {
                days.remove(0);
            }
            days.push(self.in_hour);
        }
        self.hour_is_whole = self.hour.is_some_and(|before| hour == before + 1);
        self.in_hour = 0;
        self.hour = Some(hour);
    }

    /// Messages in the last ten whole minutes, once there are ten.
    pub(super) fn now(&self) -> Option<u32> {
        (self.minutes.len() == MINUTES).then(|| self.minutes.iter().sum())
    }

    /// Messages that ten minutes of this hour brought in the middle of the last days.
    pub(super) fn expected(&self, now: Time) -> Option<f64> {
        let hour = now.as_millis().div_euclid(3_600_000).rem_euclid(24);
        let mut days = self.hours.get(hour as usize).filter(|days| days.len() >= DAYS_MIN)?.clone();
        days.sort_unstable();
        let (low, high) = (days[(days.len() - 1) / 2], days[days.len() / 2]);
        Some((f64::from(low) + f64::from(high)) / 2.0 * MINUTES as f64 / 60.0)
    }
}

/// Messages that a silence of this length would have brought.
pub(super) fn missed(expected: f64, silence: Span) -> f64 {
    expected * silence.as_minutes() / MINUTES as f64
}

/// Whether so few have a cause other than chance.
pub(super) fn is_too_low(count: u32, expected: f64) -> bool {
    f64::from(count) < SHARE_MAX * expected && poisson_tail(count, expected) < CHANCE_MIN
}

/// The chance of `count` or fewer where `expected` are expected; by the normal distribution where many are.
fn poisson_tail(count: u32, expected: f64) -> f64 {
    if expected > 500.0 {
        let deviations = (f64::from(count) + 0.5 - expected) / libm::sqrt(expected);
        return libm::erfc(-deviations / std::f64::consts::SQRT_2) / 2.0;
    }
    let mut term = libm::exp(-expected);
    let mut sum = term;
    for n in 1..=count {
        term *= expected / f64::from(n);
        sum += term;
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_tail_is_that_of_the_tables() {
        for (count, expected, known) in [
            (0, 20.0, 2.061_153_6e-9),
            (5, 10.0, 0.067_085_963),
            (10, 10.0, 0.583_039_75),
            (2, 2.0, 0.676_676_42),
        ] {
            let found = poisson_tail(count, expected);
            assert!((found / known - 1.0).abs() < 1e-6, "{count} of {expected}: {found}");
        }
        assert!((poisson_tail(450, 500.0) / poisson_tail(450, 500.001) - 1.0).abs() < 0.1);
    }

    #[test]
    fn an_hour_is_expected_to_bring_what_it_brought_on_other_days() {
        let mut rate = Rate::default();
        let at =
            |day: i64, hour: i64, minute: i64| Time::from_seconds(86_400 * day + 3600 * hour + 60 * minute);
        for day in 0..5 {
            for hour in 0..24 {
                for minute in 0..60 {
                    rate.pass(at(day, hour, minute), if hour == 3 { 30 } else { 2 });
                }
            }
        }
        // What comes at the first pass of an hour was heard in the hour before.
        let expected = rate.expected(at(5, 3, 0)).unwrap();
        assert!((expected - 300.0).abs() < 10.0, "{expected}");
        assert_eq!(rate.now(), Some(20));
        rate.pass(at(9, 0, 0), 0);
        assert_eq!(rate.now(), None);
    }

    #[test]
    fn too_little_history_expects_nothing() {
        let mut rate = Rate::default();
        for minute in 0..60 * 24 * 2 {
            rate.pass(Time::from_seconds(60 * minute), 5);
        }
        assert_eq!(rate.expected(Time::from_seconds(60 * 60 * 24 * 2)), None);
    }
}
