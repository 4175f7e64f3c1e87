//! When each line of a recording was heard, from the best that the recording offers.
//!
//! A stamp on the line itself comes first: TAG block, log prefix, trailer. A recording with hardly any is timed by
//! the clocks heard in it: base stations and GNSS. Between them lines are held at the latest known time. Where
//! nothing tells the time, a start and a rate are assumed. What was used is counted per line and reported.

use super::clock::{self, GNSS};
use super::stamp;
use crate::{Span, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// What told the time of a line, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// `c:` in a TAG block.
    TagBlock,
    /// A time before the sentence, or a `$PGHP` line before it.
    LogPrefix,
    /// A time behind the checksum.
    Trailer,
    /// The clock of a base station (AIS types 4 and 11).
    BaseStation,
    /// The clock of a GNSS receiver (RMC, ZDA).
    Gnss,
    /// Nothing: a given start and rate.
    Assumed,
}

impl TimeSource {
    /// In a technician's words.
    pub fn name(self) -> &'static str {
        match self {
            TimeSource::TagBlock => "TAG blocks",
            TimeSource::LogPrefix => "log prefixes",
            TimeSource::Trailer => "trailers",
            TimeSource::BaseStation => "base stations' clocks",
            TimeSource::Gnss => "GNSS",
            TimeSource::Assumed => "nothing: start and rate are assumed",
        }
    }
}

/// How a recording's lines were timed; a line without a time of its own counts under what it was held at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TimeReport {
    /// Lines by what told their time.
    pub lines_by_source: BTreeMap<TimeSource, u64>,
    /// The earliest time.
    pub first: Option<Time>,
    /// The latest time.
    pub last: Option<Time>,
}

impl TimeReport {
    fn count(&mut self, time: Time, source: TimeSource) {
        *self.lines_by_source.entry(source).or_default() += 1;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }
}

/// Lines looked at before the first is timed: an hour of a busy region. Ours, unproven.
pub(super) const SURVEY_LINES: u64 = 200_000;

/// Clocks remembered from the survey.
const CLOCKS_MAX: usize = 65_536;

/// Clocks on either side of one that together say what time it was. Ours, unproven.
const NEIGHBOURS: usize = 15;

/// How far two clocks may differ and still tell the same time. Most base stations' reports reach a collector
/// within seconds; some come a minute or two late or early (seen on the 2012 captures of AISHub), and those are the
/// stations not to be trusted. Ours, unproven.
const AGREE: Span = Span::from_seconds(10);

/// How far back a clock may be and still not turn time back: as far as reports come late.
const BACK_MAX: Span = Span::from_seconds(-120);

/// How far time may jump ahead on the word of one trusted clock. Ours, unproven.
const AHEAD_MAX: Span = Span::from_minutes(10);

/// How many clocks in a row must tell of a larger jump: three were not enough for the 2012 capture of AISHub.
const WITNESSES: u32 = 5;

/// Trailers that differ by more from better stamps on the same lines are another machine's time: not used.
const TRAILER_OFF: Span = Span::from_seconds(60);

/// A recording with fewer stamped lines than one in so many is timed by the clocks heard in it. Ours, unproven.
const STAMPED_ONE_IN: u64 = 10;

/// A first look at a recording: what there is that tells the time.
#[derive(Debug, Default)]
pub(super) struct Survey {
    seen: u64,
    /// Lines that are not comments.
    lines: u64,
    stamped: u64,
    first_stamp: Option<(Time, TimeSource)>,
    trailers_off: Vec<i64>,
    clocks: Vec<(u32, Time)>,
}

impl Survey {
    pub(super) fn see(&mut self, line: &[u8]) {
        self.seen += 1;
        self.lines += u64::from(line.first() != Some(&b'#'));
        if let Some((time, source)) = stamp::stamp(line, true) {
            self.stamped += 1;
            self.first_stamp.get_or_insert((time, source));
            if source != TimeSource::Trailer
                && self.trailers_off.len() < 1000
                && let Some(trailer) = stamp::trailer(line)
            {
                self.trailers_off.push(time.since(trailer).abs().as_millis());
            }
        }
        if self.clocks.len() < CLOCKS_MAX {
            self.clocks.extend(clock::clock(line));
        }
    }

    pub(super) fn enough(&self) -> bool {
        self.seen >= SURVEY_LINES
    }

    /// What times the lines from the first one on.
    pub(super) fn resolver(mut self, start: Time, rate: f64) -> Resolver {
        let clocks = self.stamped.saturating_mul(STAMPED_ONE_IN) < self.lines;
        let Trust { stations, first: first_clock, ahead_max } = trust(&self.clocks);
        let first = if clocks { first_clock.or(self.first_stamp) } else { self.first_stamp };
        let (now, source) = first.unwrap_or((start, TimeSource::Assumed));
        self.trailers_off.sort_unstable();
        let trailers_off = self.trailers_off.get(self.trailers_off.len() / 2).copied().unwrap_or(0);
        Resolver {
            now,
            source,
            trailers: Span::from_millis(trailers_off) <= TRAILER_OFF,
            clocks,
            stations,
            ahead_max,
            doubt: None,
            start,
            rate,
            assumed: 0,
            report: TimeReport::default(),
        }
    }
}

/// What the survey's clocks are worth.
struct Trust {
    /// Whether a station's clocks agree with their neighbours at least as often as not.
    stations: BTreeMap<u32, bool>,
    /// The first good clock.
    first: Option<(Time, TimeSource)>,
    /// How far one good clock may move time ahead: three times the usual step from one to the next.
    ahead_max: Span,
}

fn trust(clocks: &[(u32, Time)]) -> Trust {
    let mut tally: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    let mut agreeing = Vec::with_capacity(clocks.len());
    let mut window = Vec::with_capacity(2 * NEIGHBOURS + 1);
    for (index, &(who, time)) in clocks.iter().enumerate() {
        // As many before as after, so that the passing of time does not move the median.
        let reach = index.min(clocks.len() - 1 - index).clamp(2, NEIGHBOURS);
        window.clear();
        let around = index.saturating_sub(reach)..(index + reach + 1).min(clocks.len());
        window.extend(clocks[around].iter().map(|&(_, time)| time));
        let middle = (window.len() - 1) / 2;
        let median = *window.select_nth_unstable(middle).1;
        // Where clocks are heard seldom, neighbours are far apart: the median deviation says how far.
        window.iter_mut().for_each(|time| *time = Time::from_millis(time.since(median).abs().as_millis()));
        let deviation = window.select_nth_unstable(middle).1.as_millis();
        let agrees = time.since(median).abs().as_millis() <= (3 * deviation).max(AGREE.as_millis());
        agreeing.push(agrees);
        let (good, bad) = tally.entry(who).or_default();
        *(if agrees { good } else { bad }) += 1;
    }
    let stations: BTreeMap<u32, bool> = tally.iter().map(|(&who, (good, bad))| (who, good >= bad)).collect();
    let good = || clocks.iter().zip(&agreeing).filter(|&((who, _), &agrees)| agrees && stations[who]);
    let times: Vec<i64> = good().map(|(&(_, time), _)| time.as_millis()).collect();
    let mut steps: Vec<i64> =
        times.windows(2).map(|pair| pair[1] - pair[0]).filter(|&step| step > 0).collect();
    steps.sort_unstable();
    // The longest of the usual steps: one in ten is longer.
    let step = steps.get(steps.len() * 9 / 10).copied().unwrap_or(0);
    let ahead_max = Span::from_millis(step.saturating_mul(3)).clamp(AGREE, AHEAD_MAX);
    let first = good().next().map(|(&(who, time), _)| (time, source_of(who)));
    Trust { stations, first, ahead_max }
}

fn source_of(who: u32) -> TimeSource {
    if who == GNSS { TimeSource::Gnss } else { TimeSource::BaseStation }
}

/// Gives each line of a recording its time, in the order of the file.
#[derive(Debug)]
pub(super) struct Resolver {
    now: Time,
    source: TimeSource,
    trailers: bool,
    clocks: bool,
    /// Stations met in the survey, and whether they agree with the others.
    stations: BTreeMap<u32, bool>,
    ahead_max: Span,
    /// A time far from `now`, how many clocks in a row have told it, and whose the last was.
    doubt: Option<(Time, u32, u32)>,
    start: Time,
    rate: f64,
    /// Lines timed by nothing so far.
    assumed: u64,
    report: TimeReport,
}

impl Resolver {
    pub(super) fn time(&mut self, line: &[u8]) -> Time {
        match stamp::stamp(line, self.trailers) {
            // A few stamps among many lines without may be another machine's: the clocks have the last word.
            Some((time, source)) if self.clocks && self.source != TimeSource::Assumed => {
                self.advance(time, source, AGREE);
            }
            Some((time, source)) => (self.now, self.source) = (time, source),
            None if self.clocks => {
                if let Some((who, time)) = clock::clock(line) {
                    self.hear(who, time);
                }
            }
            None => {}
        }
        if self.source == TimeSource::Assumed {
            self.now = self.start + Span::from_millis((self.assumed as f64 * 1000.0 / self.rate) as i64);
            self.assumed += 1;
        }
        self.report.count(self.now, self.source);
        self.now
    }

    pub(super) fn report(&self) -> &TimeReport {
        &self.report
    }

    /// A clock moves time ahead by a little; a large jump either way needs several that agree. A station that
    /// was wrong in the survey is not heard, one that was not met there moves time less.
    fn hear(&mut self, who: u32, time: Time) {
        let ahead_max = match self.stations.get(&who) {
            Some(true) => self.ahead_max,
            Some(false) => return,
            None => AGREE,
        };
        let source = source_of(who);
        if self.source != TimeSource::Assumed && self.advance(time, source, ahead_max) {
            self.doubt = None;
            return;
        }
        let witnesses = match self.doubt {
            // One station's word is one word, where there are others.
            Some((doubt, witnesses, last)) if time.since(doubt).abs() <= AHEAD_MAX => {
                witnesses + u32::from(last != who || self.stations.len() < WITNESSES as usize)
            }
            _ => 1,
        };
        if witnesses >= WITNESSES {
            (self.now, self.source, self.doubt) = (time, source, None);
        } else {
            self.doubt = Some((time, witnesses, who));
        }
    }

    /// Whether the time fits what is known; moves it ahead where it does.
    fn advance(&mut self, time: Time, source: TimeSource, ahead_max: Span) -> bool {
        let ahead = time.since(self.now);
        if ahead > Span::ZERO && ahead <= ahead_max {
            (self.now, self.source) = (time, source);
        }
        (BACK_MAX..=ahead_max).contains(&ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(seconds: &[(u32, i64)]) -> Vec<(u32, Time)> {
        seconds.iter().map(|&(who, s)| (who, Time::from_seconds(1_400_000_000 + s))).collect()
    }

    #[test]
    fn a_station_that_disagrees_with_the_others_is_not_trusted() {
        let trust = trust(&clocks(&[(9, 86_400), (1, 0), (2, 3), (9, 86_405), (1, 10), (3, 11)]));
        assert_eq!(
            trust.stations.into_iter().collect::<Vec<_>>(),
            [(1, true), (2, true), (3, true), (9, false)]
        );
        assert_eq!(trust.first, Some((Time::from_seconds(1_400_000_000), TimeSource::BaseStation)));
    }

    #[test]
    fn a_lone_station_heard_seldom_is_trusted() {
        for seldom in
            [&[(1, 0), (1, 180), (1, 360), (1, 540), (1, 720), (1, 900)][..], &[(1, 0), (1, 180), (1, 360)]]
        {
            let trust = trust(&clocks(seldom));
            assert_eq!(trust.stations.get(&1), Some(&true));
            assert_eq!(trust.first, Some((Time::from_seconds(1_400_000_000), TimeSource::BaseStation)));
            assert_eq!(trust.ahead_max, Span::from_seconds(540));
        }
        assert_eq!(trust(&[]).first, None);
    }

    #[test]
    fn one_wild_clock_moves_nothing_and_five_do() {
        let mut resolver = Survey::default().resolver(Time::default(), 100.0);
        let at = |resolver: &Resolver| resolver.now.as_millis() / 1000 - 1_400_000_000;
        for (told, then) in [
            (&[0, 1, 2, 3, 4][..], 4),
            (&[-30, 9, 90_000, 13], 13),
            (&[-90_000, -89_990, -89_985, -89_984, -89_983], -89_983),
        ] {
            for &seconds in told {
                resolver.hear(GNSS, Time::from_seconds(1_400_000_000 + seconds));
            }
            assert_eq!(at(&resolver), then);
        }
    }
}
