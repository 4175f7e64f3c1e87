//! Whether each receiver still hears: by how much it brings at this hour on other days, and by the fixed stations
//! that it hears whatever the traffic. An open link that brings nothing is not a sea without ships.

use super::ClockState;
use super::clocks::{Stations, middle_clock};
use super::rate::{self, Rate};
use sensors::{Mmsi, ReceiverId, Span, Time};
use serde::{Deserialize, Serialize};

/// Fixed stations followed at each receiver; the one silent longest makes room. Ours.
const HEARTBEATS_MAX: usize = 16;

/// Intervals that tell how often a fixed station is heard here.
const INTERVALS: usize = 8;

/// Reports of a fixed station that must be missing. Definition 6.0.
const MISSING: i64 = 3;

/// What a base station sends at least this often. Source: ITU-R M.1371-5 Annex 2, table 1.
const BASE_EVERY: Span = Span::from_seconds(10);

/// And an aid to navigation. Source: the same.
const AID_EVERY: Span = Span::from_minutes(3);

/// No messages where so many are expected. Definition 6.0.
const EXPECTED_MIN: f64 = 20.0;

/// Silences kept of each receiver. Ours.
const SILENCES_MAX: usize = 32;

/// How a receiver is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// There is too little to compare with.
    #[default]
    Unknown,
    /// It hears as it should.
    Ok,
    /// It hears less than it should.
    Degraded,
    /// It hears nothing.
    Down,
}

/// A time in which nothing was heard though something was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When something was heard last.
    pub from: Time,
    /// When something was heard again.
    pub to: Option<Time>,
    /// Messages that were expected in it, where other days tell.
    pub expected: Option<u32>,
}

/// A fixed station that a receiver hears again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Which.
    pub mmsi: Mmsi,
    /// When it was heard last.
    pub last: Time,
    /// How long it took at most of late from one report to the next.
    pub every: Span,
    /// Whether three of its reports are missing.
    pub missing: bool,
}

/// One receiver as the watch sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// Which.
    pub receiver: ReceiverId,
    /// How it is.
    pub health: Health,
    /// Why, as a code: `no_history`, `as_expected`, `heartbeats`, `few_messages`, `heartbeats_missing`,
    /// `silent`, `silent_heartbeats`.
    pub why: &'static str,
    /// Values for the words.
    pub params: Vec<(&'static str, String)>,
    /// AIS messages a minute over the last ten minutes.
    pub per_minute: Option<f64>,
    /// The same at this hour in the middle of the last 14 days.
    pub expected_per_minute: Option<f64>,
    /// When it brought an AIS message last, by the edge's clock.
    pub last: Option<Time>,
    /// Its clock; of several stations, the middle one's.
    pub clock: ClockState,
    /// Its stations.
    pub stations: Stations,
    /// Fixed stations that it hears.
    pub heartbeats: Vec<Heartbeat>,
    /// When it heard nothing, the newest last.
    pub silences: Vec<Silence>,
}

/// What is remembered of one receiver.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Hearer {
    messages: u32,
    last: Option<Time>,
    rate: Rate,
    fixed: Vec<Fixed>,
    silences: Vec<Silence>,
    health: Health,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fixed {
    mmsi: Mmsi,
    last: Time,
    least: Span,
    intervals: Vec<Span>,
}

impl Fixed {
    /// The longest of its last intervals: a station at the edge of reception is missed now and then.
    fn every(&self) -> Option<Span> {
        let whole = self.intervals.len() == INTERVALS;
        self.intervals.iter().copied().max().filter(|_| whole).map(|longest| longest.max(self.least))
    }

    fn is_missing(&self, now: Time) -> Option<bool> {
        Some(now.since(self.last).as_millis() > MISSING * self.every()?.as_millis())
    }
}

impl Hearer {
    /// An AIS message came.
    #[inline]
    pub(super) fn message(&mut self, heard_at: Time) {
        self.messages += 1;
        self.last = Some(heard_at);
    }

    /// It was a fixed station's: a base station's, or an aid to navigation's.
    pub(super) fn fixed(&mut self, mmsi: Mmsi, base: bool, heard_at: Time) {
        let Some(fixed) = self.fixed.iter_mut().find(|fixed| fixed.mmsi == mmsi) else {
            if self.fixed.len() >= HEARTBEATS_MAX {
                let oldest = (0..HEARTBEATS_MAX).min_by_key(|&i| self.fixed[i].last).expect("not empty");
                self.fixed.swap_remove(oldest);
            }
            let least = if base { BASE_EVERY } else { AID_EVERY };
            self.fixed.push(Fixed { mmsi, last: heard_at, least, intervals: Vec::new() });
            return;
        };
        let interval = heard_at.since(fixed.last);
        fixed.last = heard_at;
        // What came after a silence of the receiver itself, or under a clock that was set, is no interval.
        let silent = fixed.every().is_some_and(|every| interval.as_millis() > MISSING * every.as_millis());
        if interval < Span::ZERO || silent {
            return;
        }
        if fixed.intervals.len() >= INTERVALS {
            fixed.intervals.remove(0);
        }
        fixed.intervals.push(interval);
    }

    /// The edge's clock passes.
    pub(super) fn tick(&mut self, now: Time) {
        let heard = std::mem::take(&mut self.messages);
        self.rate.pass(now, heard);
        // The clock was set back.
        self.last = self.last.map(|last| last.min(now));
        self.fixed.iter_mut().for_each(|fixed| fixed.last = fixed.last.min(now));
        self.health = self.judge(now).0;
        let missed = match (self.last, self.rate.expected(now)) {
            (Some(last), Some(expected)) => Some(rate::missed(expected, now.since(last)).round() as u32),
            _ => None,
        };
        let open = self.silences.last_mut().filter(|silence| silence.to.is_none());
        match (self.health, open, self.last) {
            (Health::Down, None, Some(from)) => {
                if self.silences.len() >= SILENCES_MAX {
                    self.silences.remove(0);
                }
                self.silences.push(Silence { from, to: None, expected: missed });
            }
            (Health::Down, Some(silence), _) => silence.expected = missed.or(silence.expected),
            (Health::Down, None, None) | (_, None, _) => {}
            (_, Some(silence), last) => silence.to = Some(last.unwrap_or(now)),
        }
    }

    fn judge(&self, now: Time) -> (Health, &'static str, Vec<(&'static str, String)>) {
        let Some(last) = self.last else { return (Health::Unknown, "no_history", Vec::new()) };
        let silence = now.since(last);
        let expected = self.rate.expected(now);
        let minutes = || ("minutes", format!("{:.0}", silence.as_minutes()));
        if let Some(missed) = expected.map(|expected| rate::missed(expected, silence))
            && missed >= EXPECTED_MIN
        {
            return (Health::Down, "silent", vec![minutes(), ("expected", format!("{missed:.0}"))]);
        }
        let known: Vec<bool> = self.fixed.iter().filter_map(|fixed| fixed.is_missing(now)).collect();
        let missing = known.iter().filter(|missing| **missing).count();
        let all_missing = missing > 0 && missing == known.len();
        let stations = || ("stations", missing.to_string());
        // Ships that are heard show that the receiver is not; one base station may be switched off.
        let since_missing = self.fixed.iter().filter_map(Fixed::every).min().unwrap_or_default();
        if all_missing && silence.as_millis() > MISSING * since_missing.as_millis() {
            return (Health::Down, "silent_heartbeats", vec![minutes(), stations()]);
        }
        if let (Some(count), Some(expected)) = (self.rate.now(), expected)
            && rate::is_too_low(count, expected)
        {
            let params = vec![("messages", count.to_string()), ("expected", format!("{expected:.0}"))];
            return (Health::Degraded, "few_messages", params);
        }
        if all_missing && missing >= 2 {
            return (Health::Degraded, "heartbeats_missing", vec![stations()]);
        }
        match expected {
            Some(_) => (Health::Ok, "as_expected", Vec::new()),
            None if known.len() > missing => (Health::Ok, "heartbeats", Vec::new()),
            None => (Health::Unknown, "no_history", Vec::new()),
        }
    }

    /// How it is.
    pub(super) fn condition(&self, receiver: ReceiverId, now: Time, stations: Stations) -> Condition {
        let (health, why, params) = self.judge(now);
        let per_minute = |messages: f64| messages / rate::MINUTES as f64;
        let beat = |fixed: &Fixed| {
            let (every, missing) = (fixed.every()?, fixed.is_missing(now)?);
            Some(Heartbeat { mmsi: fixed.mmsi, last: fixed.last, every, missing })
        };
        Condition {
            receiver,
            health,
            why,
            params,
            per_minute: self.rate.now().map(|messages| per_minute(messages.into())),
            expected_per_minute: self.rate.expected(now).map(per_minute),
            last: self.last,
            clock: middle_clock(&stations.each),
            stations,
            heartbeats: self.fixed.iter().filter_map(beat).collect(),
            silences: self.silences.clone(),
        }
    }

    /// Whether it heard nothing at the last tick though it should have.
    pub(super) fn is_down(&self) -> bool {
        self.health == Health::Down
    }

    /// Whether any message ever came.
    pub(super) fn has_heard(&self) -> bool {
        self.last.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Mmsi = Mmsi(5_670_001);

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    fn judged(hearer: &Hearer, seconds: i64) -> (Health, &'static str) {
        let (health, why, _) = hearer.judge(at(seconds));
        (health, why)
    }

    #[test]
    fn silence_over_an_open_link_is_a_receiver_that_is_down() {
        let mut hearer = Hearer::default();
        for second in 0..600 {
            if second % 10 == 0 {
                hearer.message(at(second));
                hearer.fixed(BASE, true, at(second));
                hearer.tick(at(second));
            }
        }
        assert_eq!(judged(&hearer, 600), (Health::Ok, "heartbeats"));
        for second in (600..900).step_by(10) {
            hearer.tick(at(second));
        }
        assert_eq!(judged(&hearer, 890), (Health::Down, "silent_heartbeats"));
        assert_eq!(hearer.silences, [Silence { from: at(590), to: None, expected: None }]);
        hearer.message(at(900));
        hearer.fixed(BASE, true, at(900));
        hearer.tick(at(900));
        assert_eq!(judged(&hearer, 900), (Health::Ok, "heartbeats"));
        assert_eq!(hearer.silences, [Silence { from: at(590), to: Some(at(900)), expected: None }]);
    }

    #[test]
    fn without_history_nothing_is_said_of_a_silence() {
        let mut hearer = Hearer::default();
        hearer.tick(at(0));
        assert_eq!(judged(&hearer, 0), (Health::Unknown, "no_history"));
        hearer.message(at(1));
        hearer.tick(at(10));
        assert_eq!(judged(&hearer, 36_000), (Health::Unknown, "no_history"));
        assert_eq!(hearer.silences, []);
    }

    #[test]
    fn ships_that_are_heard_show_that_only_the_base_station_is_off() {
        let mut hearer = Hearer::default();
        for second in 0..1200 {
            hearer.message(at(second));
            if second < 600 && second % 10 == 0 {
                hearer.fixed(BASE, true, at(second));
            }
        }
        assert_eq!(judged(&hearer, 1200), (Health::Unknown, "no_history"));
    }

    #[test]
    fn half_of_what_this_hour_brought_on_other_days_is_degraded_and_nothing_is_down() {
        let mut hearer = Hearer::default();
        let day = 86_400;
        for second in (0..5 * day).step_by(10) {
            (0..4).for_each(|_| hearer.message(at(second)));
            hearer.tick(at(second));
        }
        assert_eq!(judged(&hearer, 5 * day), (Health::Ok, "as_expected"));
        for second in (5 * day..5 * day + 1200).step_by(10) {
            hearer.message(at(second));
            hearer.tick(at(second));
        }
        assert_eq!(judged(&hearer, 5 * day + 1200), (Health::Degraded, "few_messages"));
        for second in (5 * day + 1200..5 * day + 1300).step_by(10) {
            hearer.tick(at(second));
        }
        assert_eq!(judged(&hearer, 5 * day + 1300), (Health::Down, "silent"));
        // 24 a minute on other days; the last tick was at second 1290.
        assert_eq!(hearer.silences.last().and_then(|silence| silence.expected), Some(40));
    }
}
