//! One clock: how far it is off, what of it is set right, and whether it can be trusted.

use super::Settings;
use super::pairs::Pairs;
use super::seconds::Seconds;
use super::truth::{FRESH, Truth, Who};
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// An offset up to this is left alone: whole seconds of the witnesses and a link's delay hide as much. Ours.
const LEFT_ALONE: Span = Span::from_seconds(2);

/// What is set right changes only when it is wrong by more: offsets that tremble would reorder reports. Ours.
const TREMBLE: Span = Span::from_seconds(1);

/// A time that leaps by more may be that of a clock that was stepped. The settings' default for quarantine; ticks come
/// every ten seconds.
pub(super) const LEAP: Span = Span::from_seconds(30);

/// How long witnesses are waited for after it. Ours: six reports of a base station.
const LEAP_WAIT: Span = Span::from_seconds(60);

/// A station of which so many leaps in a row were none, each within a quarter of an hour of the one before, brings its lines
/// in bunches, and a leap against the time of arrival says nothing of its clock. Ours: a link that was down makes two.
const LEAPS_IN_VAIN: u8 = 5;

/// Offsets that differ by less are the same. Definition 6.0's limit for a flag.
pub(super) const SAME: Span = Span::from_seconds(5);

/// What told how far a clock is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nothing yet.
    #[default]
    None,
    /// GNSS sentences from the same receiver.
    Satellites,
    /// Base stations' reports.
    BaseStation,
    /// Transmissions that others heard too.
    Pairs,
    /// Most other stations of the same feed are off by this.
    Feed,
    /// Seconds in position reports; minutes and hours are not told.
    Seconds,
}

/// What is known of a clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// What must be added to its times.
    pub offset: Span,
    /// What told so.
    pub source: Source,
    /// Off by more than the settings' flag.
    pub flagged: bool,
    /// Its reports move no track.
    pub quarantined: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    /// What is added to its times.
    pub(super) applied: Span,
    pub(super) offset: Span,
    source: Source,
    /// Its reports move no track.
    pub(super) doubted: bool,
    truth: Truth,
    pub(super) pairs: Pairs,
    pub(super) seconds: Seconds,
    last: Option<(Time, Time)>,
    leapt_at: Option<Time>,
    /// How many leaps in a row the witnesses have not confirmed, and when the last of them was.
    in_vain: (u8, Time),
    pub(super) newest: Option<Time>,
}

impl Clock {
    /// A clock that nothing is known of yet but what most of its feed's others are off by.
    pub(super) fn of_feed(feed: Option<Span>, edge: Span, settings: &Settings) -> Clock {
        let mut clock = Clock::default();
        if let Some(offset) = feed {
            (clock.offset, clock.source) = (offset, Source::Feed);
            clock.apply();
            clock.doubted = offset.minus(edge).abs() > settings.offset_max();
        }
        clock
    }

    /// A line's report came: its time as sent, and set right.
    #[inline]
    pub(super) fn hear(&mut self, raw: Time, heard_at: Time) -> Time {
        if let Some((last, heard_before)) = self.last {
            // By how much more its time went on than ours; what has no stamp goes with ours.
            let leap = raw.since(last).minus(heard_at.since(heard_before)).abs();
            if leap > LEAP && !self.comes_in_bunches(heard_at) {
                self.leaps(heard_before, heard_at);
            }
        }
        self.last = Some((raw, heard_at));
        raw + self.applied
    }

    /// It may have been stepped: what was learned is of the clock as it was. Where there are witnesses, they are waited for.
    pub(super) fn leaps(&mut self, before: Time, after: Time) {
        self.seconds.forget();
        self.pairs.forget();
        if self.truth.is_there(before) {
            self.leapt_at = Some(after);
            self.doubted = true;
        }
    }

    fn comes_in_bunches(&mut self, now: Time) -> bool {
        let (times, last) = &mut self.in_vain;
        if now.since(*last).abs() > FRESH {
            *times = 0;
        }
        let bunches = *times >= LEAPS_IN_VAIN;
        if bunches {
            *last = now;
        }
        bunches
    }

    /// A witness of true UTC was heard; whether it tells of much else than those before.
    pub(super) fn witness(
        &mut self,
        who: Who,
        utc: Time,
        raw: Time,
        heard_at: Time,
        edge: Span,
        settings: &Settings,
    ) -> bool {
        self.truth.hear(who, utc, raw, heard_at);
        let leapt = self.leapt_at.take().is_some();
        let other = self.learn_truth(heard_at);
        self.doubt(heard_at, edge, settings);
        if other || self.doubted {
            self.in_vain.0 = 0;
        } else if leapt {
            self.in_vain = (self.in_vain.0.saturating_add(1), heard_at);
        }
        other
    }

    /// The edge's clock passes.
    pub(super) fn pass(&mut self, now: Time) {
        if self.leapt_at.is_some_and(|leapt| now.since(leapt).abs() > LEAP_WAIT) {
            self.leapt_at = None;
        }
    }

    /// When it dated something last, by the edge's clock.
    pub(super) fn last(&self) -> Option<Time> {
        self.last.map(|(_, heard_at)| heard_at)
    }

    pub(super) fn has_truth(&self) -> bool {
        matches!(self.source, Source::Satellites | Source::BaseStation)
    }

    /// What the witnesses say; whether that is much else than before.
    pub(super) fn learn_truth(&mut self, now: Time) -> bool {
        match self.truth.verdict(now) {
            Some((offset, who)) => {
                let source = match who {
                    Who::Satellites => Source::Satellites,
                    Who::Base(_) => Source::BaseStation,
                };
                (self.offset, self.source) = (offset, source);
            }
            // While witnesses have said a thing once only, what was known stands.
            None if self.has_truth() && !self.truth.is_there(now) && self.leapt_at.is_none() => {
                (self.offset, self.source) = (Span::ZERO, Source::None);
            }
            None => return false,
        }
        self.apply()
    }

    /// What is to be believed without witnesses: what transmissions heard in common tell, or most of the feed's others,
    /// or the seconds of position reports.
    pub(super) fn learn_from_others(&mut self, pairs: Option<Span>, feed: Option<Span>) {
        let by_second = self.seconds.offset();
        // Seconds know no minute, but whether a feed's others can be right.
        let feed = feed.filter(|feed| by_second.is_none_or(|second| is_same_second(*feed, second)));
        let learned = pairs.map(|pairs| (pairs, Source::Pairs)).or(feed.map(|feed| (feed, Source::Feed)));
        let by_second = by_second.map(|second| (Span::from_seconds(second), Source::Seconds));
        let far = learned.filter(|(learned, _)| learned.abs() > SAME);
        (self.offset, self.source) = far.or(by_second).or(learned).unwrap_or_default();
        self.apply();
    }

    /// Sets right from here on what was learned; whether witnesses told of much else than before.
    fn apply(&mut self) -> bool {
        let alone = if self.applied == Span::ZERO { LEFT_ALONE } else { TREMBLE };
        let target = if self.offset.abs() > alone { self.offset } else { Span::ZERO };
        let change = target.minus(self.applied);
        if change.abs() <= TREMBLE {
            return false;
        }
        self.applied = target;
        self.newest = self.newest.map(|newest| newest + change);
        let other = self.has_truth() && change.abs() > SAME;
        if other {
            self.seconds.forget();
            self.pairs.forget();
        }
        other
    }

    /// Whether it can be trusted, where the edge's clock is off by so much.
    pub(super) fn doubt(&mut self, now: Time, edge: Span, settings: &Settings) {
        let max = settings.offset_max();
        self.doubted = self.offset.minus(edge).abs() > max
            || self.leapt_at.is_some()
            || self.truth.in_doubt(now, self.offset, max);
    }

    /// When a call for help was heard under this clock, which can't be trusted. Where it is known how far that is off, it is
    /// set right, and lies before the arrival; where a step was seen, or the stamp agrees with the arrival as it is, the
    /// arrival is all that is sure.
    pub(super) fn time_of_a_call(&self, raw: Time, heard_at: Time, edge: Span, settings: &Settings) -> Time {
        let arrived = heard_at + edge;
        let known = self.leapt_at.is_none()
            && self.source != Source::None
            && !self.truth.in_doubt(heard_at, self.offset, settings.offset_max());
        let agrees = raw != heard_at && arrived.since(raw).abs() <= LEAP;
        if known && !agrees { arrived.min(raw + self.applied) } else { arrived }
    }

    pub(super) fn state(&self, settings: &Settings) -> ClockState {
        ClockState {
            offset: self.offset,
            source: self.source,
            flagged: self.offset.abs() > settings.offset_flagged(),
            quarantined: self.doubted,
        }
    }
}

/// Whether an offset fits what the seconds of position reports say, which is within half a minute.
fn is_same_second(offset: Span, second: i64) -> bool {
    let apart = offset.minus(Span::from_seconds(second)).as_millis().rem_euclid(60_000);
    apart.min(60_000 - apart) <= SAME.as_millis()
}
