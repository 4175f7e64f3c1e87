//! Receivers' clocks: how far each is off, what of it is set right, and which can't be trusted.
//!
//! A receiver has two: its own, which stamps its lines, and the edge's, by which lines without a stamp are dated when they
//! arrive. Witnesses of true UTC lead (the receiver's GNSS sentences and the base stations it hears, one vote each).
//! Where there are none, transmissions heard in common tell how far it is from receivers that have them; then from all
//! others, if there are two or more; last, the seconds that position reports carry, which know no minute.

use super::Settings;
use super::pairs::{Pairs, median};
use super::seconds::Seconds;
use super::truth::{Truth, Who};
use sensors::{ReceiverId, Span, Time};
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

/// Differences between all clocks are worked out this often. Ours.
const LEARN_EVERY: Span = Span::from_minutes(1);

/// Receivers whose lines without stamps are wrong by the same are within this. Definition 6.0's limit for a flag.
const SAME: Span = Span::from_seconds(5);

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
    /// Transmissions that other receivers heard too.
    Pairs,
    /// Seconds in position reports; minutes and hours are not told.
    Seconds,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Clock {
    /// What is added to its times.
    applied: Span,
    offset: Span,
    source: Source,
    /// Its reports move no track.
    doubted: bool,
    truth: Truth,
    pairs: Pairs,
    seconds: Seconds,
    last: Option<(Time, Time)>,
    leapt_at: Option<Time>,
    newest: Option<Time>,
}

impl Clock {
    /// It may have been stepped: what was learned is of the clock as it was. Where there are witnesses, they are waited for.
    fn leaps(&mut self, before: Time, after: Time) {
        self.seconds.forget();
        self.pairs.forget();
        if self.truth.is_there(before) {
            self.leapt_at = Some(after);
            self.doubted = true;
        }
    }

    fn has_truth(&self) -> bool {
        matches!(self.source, Source::Satellites | Source::BaseStation)
    }
}

/// All clocks: two for each receiver.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Clocks {
    clocks: Vec<Clock>,
    /// How far the edge's own clock is off, when receivers agree that it is.
    edge: Span,
    newest: Option<Time>,
    learned_at: Time,
}

/// A clock's number: which receiver's, and whether its lines have a stamp.
pub(super) fn clock_of(receiver: ReceiverId, stamped: bool) -> u32 {
    2 * u32::from(receiver.0) + u32::from(stamped)
}

/// What is known of one receiver's clock.
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

impl Clocks {
    /// A line's report came: its time as sent, and set right.
    #[inline]
    pub(super) fn hear(&mut self, at: u32, raw: Time, heard_at: Time) -> Time {
        let clock = self.clock(at);
        if let Some((last, heard_before)) = clock.last {
            // By how much more its time went on than ours; what has no stamp goes with ours.
            let leap = raw.since(last).minus(heard_at.since(heard_before)).abs();
            if leap > LEAP {
                clock.leaps(heard_before, heard_at);
            }
        }
        clock.last = Some((raw, heard_at));
        raw + clock.applied
    }

    /// The edge's clock, which was at `before`, is at `after` with nothing between.
    pub(super) fn edge_leaps(&mut self, before: Time, after: Time) {
        self.clocks.iter_mut().step_by(2).filter(|clock| clock.last.is_some()).for_each(|clock| {
            clock.leaps(before, after);
        });
    }

    fn clock(&mut self, at: u32) -> &mut Clock {
        let at = at as usize;
        if at >= self.clocks.len() {
            self.clocks.resize_with(at + 1, Clock::default);
        }
        &mut self.clocks[at]
    }

    /// A witness of true UTC was heard.
    pub(super) fn witness(
        &mut self,
        at: u32,
        who: Who,
        utc: Time,
        raw: Time,
        heard_at: Time,
        settings: &Settings,
    ) {
        let clock = self.clock(at);
        clock.truth.hear(who, utc, raw, heard_at);
        clock.leapt_at = None;
        self.learn_truth(at as usize, heard_at);
        self.doubt(at as usize, heard_at, settings);
    }

    /// Two clocks dated the same transmission.
    pub(super) fn pair(&mut self, one: (u32, Time), other: (u32, Time), heard_at: Time) {
        let later = other.1.since(one.1);
        self.clock(one.0).pairs.add(other.0, later, heard_at);
        self.clock(other.0).pairs.add(one.0, Span::ZERO.minus(later), heard_at);
    }

    /// A position report's lag; whether it is an old one.
    #[inline]
    pub(super) fn is_odd(&mut self, at: u32, lag: i64) -> bool {
        self.clock(at).seconds.is_odd(lag)
    }

    /// Whether this clock's reports may move tracks.
    #[inline]
    pub(super) fn is_trusted(&self, at: u32) -> bool {
        !self.clocks[at as usize].doubted
    }

    /// When a call for help was heard under a clock that can't be trusted. Where it is known how far that is off, it is
    /// set right, and lies before the arrival; where a step was seen, or the stamp agrees with the arrival as it is, the
    /// arrival is all that is sure.
    pub(super) fn time_of_a_call(&self, at: u32, raw: Time, heard_at: Time, settings: &Settings) -> Time {
        let clock = &self.clocks[at as usize];
        let arrived = heard_at + self.edge;
        let known = clock.leapt_at.is_none()
            && clock.source != Source::None
            && !clock.truth.in_doubt(heard_at, clock.offset, settings.offset_max());
        let agrees = raw != heard_at && arrived.since(raw).abs() <= LEAP;
        if known && !agrees { arrived.min(raw + clock.applied) } else { arrived }
    }

    /// A report of this clock was let in.
    #[inline]
    pub(super) fn let_in(&mut self, at: u32, time: Time) {
        let clock = &mut self.clocks[at as usize];
        clock.newest = clock.newest.max(Some(time));
        self.newest = self.newest.max(Some(time));
    }

    /// The newest event time.
    pub(super) fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// The edge's clock passes.
    pub(super) fn tick(&mut self, now: Time, settings: &Settings) {
        for at in 0..self.clocks.len() {
            let clock = &mut self.clocks[at];
            if clock.leapt_at.is_some_and(|leapt| now.since(leapt).abs() > LEAP_WAIT) {
                clock.leapt_at = None;
            }
            self.learn_truth(at, now);
        }
        if now.since(self.learned_at).abs() >= LEARN_EVERY {
            self.learned_at = now;
            for at in 0..self.clocks.len() {
                self.learn_from_others(at, now);
            }
        }
        self.learn_edge();
        for at in 0..self.clocks.len() {
            self.doubt(at, now, settings);
        }
        self.find_newest(now);
    }

    fn learn_truth(&mut self, at: usize, now: Time) {
        let clock = &mut self.clocks[at];
        match clock.truth.verdict(now) {
            Some((offset, who)) => {
                let source = match who {
                    Who::Satellites => Source::Satellites,
                    Who::Base(_) => Source::BaseStation,
                };
                (clock.offset, clock.source) = (offset, source);
                self.apply(at);
            }
            // While witnesses have said a thing once only, what was known stands.
            None if clock.has_truth() && !clock.truth.is_there(now) && clock.leapt_at.is_none() => {
                (clock.offset, clock.source) = (Span::ZERO, Source::None);
                self.apply(at);
            }
            None => {}
        }
    }

    fn learn_from_others(&mut self, at: usize, now: Time) {
        if self.clocks[at].has_truth() {
            return;
        }
        let differences: Vec<(u32, Span)> = self.clocks[at].pairs.differences(now).collect();
        let partner = |at: u32| &self.clocks[at as usize];
        let known = differences.iter().filter(|(clock, _)| partner(*clock).has_truth());
        let known = known.map(|(clock, later)| partner(*clock).offset.plus(*later)).collect();
        let learned = median(known).or_else(|| {
            // Of two that disagree, nobody can say which is wrong; of three, the odd one.
            let all = differences.iter().map(|(_, later)| *later).chain([Span::ZERO]);
            (differences.len() >= 2).then(|| median(all.collect())).flatten()
        });
        let clock = &mut self.clocks[at];
        let by_second = clock.seconds.offset().map(Span::from_seconds);
        let (offset, source) = match (learned, by_second) {
            (Some(learned), None) => (learned, Source::Pairs),
            (Some(learned), Some(_)) if learned.abs() > SAME => (learned, Source::Pairs),
            (_, Some(by_second)) => (by_second, Source::Seconds),
            (None, None) => (Span::ZERO, Source::None),
        };
        (clock.offset, clock.source) = (offset, source);
        self.apply(at);
    }

    /// Sets right from here on what was learned.
    fn apply(&mut self, at: usize) {
        let clock = &mut self.clocks[at];
        let alone = if clock.applied == Span::ZERO { LEFT_ALONE } else { TREMBLE };
        let target = if clock.offset.abs() > alone { clock.offset } else { Span::ZERO };
        let change = target.minus(clock.applied);
        if change.abs() <= TREMBLE {
            return;
        }
        clock.applied = target;
        clock.newest = clock.newest.map(|newest| newest + change);
        let truth = clock.has_truth();
        if truth && change.abs() > SAME {
            clock.seconds.forget();
            clock.pairs.forget();
            self.clocks.iter_mut().for_each(|other| other.pairs.forget_partner(at as u32));
        }
    }

    /// When most receivers that know better find their lines' arrival wrong by the same, it is the edge's clock that is
    /// wrong and not theirs. One alone may be a recording that is played.
    fn learn_edge(&mut self) {
        let unstamped = self.clocks.iter().step_by(2).filter(|clock| clock.has_truth());
        let offsets: Vec<Span> = unstamped.map(|clock| clock.offset).collect();
        let all = offsets.len();
        let middle = median(offsets.clone()).unwrap_or_default();
        let same = offsets.iter().filter(|offset| offset.minus(middle).abs() <= SAME).count();
        self.edge = if same >= 2 && 2 * same > all { middle } else { Span::ZERO };
    }

    fn doubt(&mut self, at: usize, now: Time, settings: &Settings) {
        let edge = if at.is_multiple_of(2) { self.edge } else { Span::ZERO };
        let clock = &mut self.clocks[at];
        let max = settings.offset_max();
        clock.doubted = clock.offset.minus(edge).abs() > max
            || clock.leapt_at.is_some()
            || clock.truth.in_doubt(now, clock.offset, max);
    }

    /// The newest of what is believed; what was dated under a clock that has been set back since is not.
    fn find_newest(&mut self, now: Time) {
        for (at, clock) in self.clocks.iter_mut().enumerate() {
            let ahead =
                if at.is_multiple_of(2) { LEAP.plus(clock.applied) } else { Span::from_hours(24 * 365) };
            clock.newest = clock.newest.map(|newest| newest.min(now + ahead));
        }
        self.newest =
            self.clocks.iter().filter(|clock| !clock.doubted).filter_map(|clock| clock.newest).max();
    }

    /// What is known of a receiver's clock: that which its lines are dated by of late.
    pub(super) fn state(&self, receiver: ReceiverId, settings: &Settings) -> ClockState {
        let both = [false, true].map(|stamped| self.clocks.get(clock_of(receiver, stamped) as usize));
        let used = both.into_iter().flatten().filter(|clock| clock.last.is_some());
        let Some(clock) = used.max_by_key(|clock| clock.last.map(|(_, heard_at)| heard_at)) else {
            return ClockState::default();
        };
        ClockState {
            offset: clock.offset,
            source: clock.source,
            flagged: clock.offset.abs() > settings.offset_flagged(),
            quarantined: clock.doubted,
        }
    }
}
