//! All clocks: how far each is off, learned from witnesses and from each other.
//!
//! A receiver's lines are dated by its own clock, which stamps them, or by the edge's when they arrive; those of a feed of
//! many stations by as many clocks. Witnesses of true UTC lead (GNSS sentences of the same station and the base stations
//! that it hears, one vote each). Where there are none, transmissions heard in common tell how far a clock is from those
//! that have them; then from all others, if there are two or more; then what most of the feed's others are off by; last, the
//! seconds that position reports carry, which know no minute.

mod agree;

use super::Settings;
use super::clock::{Clock, ClockState, LEAP};
use super::seconds::Fit;
use super::truth::{FRESH, Who};
use rustc_hash::{FxHashMap, FxHashSet};
use sensors::{ReceiverId, Span, StationId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Differences between all clocks are worked out this often. Ours.
const LEARN_EVERY: Span = Span::from_minutes(1);

/// Stations of one receiver whose clocks are told apart. Ours: a national network has some hundred sites.
const STATIONS_MAX: usize = 1024;

/// And of all receivers. A clock with all that it can learn is 6 KiB.
const ALL_STATIONS_MAX: usize = 4096;

/// A station that brought nothing for so long is forgotten. Ours: a satellite passes within the day.
const FORGOTTEN_AFTER: Span = Span::from_hours(24);

/// Silent stations are looked for this often. Ours.
const FORGET_EVERY: Span = Span::from_hours(1);

/// Whose clock it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct ClockId {
    pub(super) receiver: ReceiverId,
    /// Which of the receiver's stations; none is the receiver itself.
    pub(super) station: StationId,
    /// Its own clock, which stamps its lines; else the edge's, by which they are dated when they arrive.
    pub(super) stamped: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    id: ClockId,
    clock: Clock,
}

/// One station of a receiver as far as its clock goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StationState {
    /// Which; none is the receiver itself, where it brings something that names none.
    pub station: StationId,
    /// What it calls itself, where that is known.
    pub name: Option<String>,
    /// Its clock: that which its lines are dated by of late.
    pub clock: ClockState,
    /// When it brought something last, by the edge's clock.
    pub last: Time,
}

/// The stations of one receiver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stations {
    /// Those whose clocks are told apart.
    pub each: Vec<StationState>,
    /// Reports of others, which the receiver's own clock dated.
    pub beyond: u64,
}

/// Where each clock is; follows from the clocks.
#[derive(Debug, Clone, Default)]
struct Index {
    at: FxHashMap<ClockId, usize>,
    /// How many clocks of stations each receiver has.
    stations: BTreeMap<ReceiverId, usize>,
    /// The one asked for last, which most questions are about.
    recent: Option<(ClockId, usize)>,
}

impl Index {
    fn add(&mut self, id: ClockId) {
        self.at.insert(id, self.at.len());
        if id.station.is_named() {
            *self.stations.entry(id.receiver).or_default() += 1;
        }
    }

    fn has_room(&self, receiver: ReceiverId) -> bool {
        self.stations.get(&receiver).copied().unwrap_or(0) < STATIONS_MAX
            && self.stations.values().sum::<usize>() < ALL_STATIONS_MAX
    }
}

/// All clocks: two at most for each receiver and each of its stations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Clocks {
    clocks: Vec<Known>,
    #[serde(skip)]
    index: Index,
    /// What most of a feed's clocks are off by that have witnesses; of its stamps, or of its arrivals.
    feeds: BTreeMap<(ReceiverId, bool), Span>,
    /// Reports of stations beyond those that are told apart.
    beyond: BTreeMap<ReceiverId, u64>,
    /// How far the edge's own clock is off, when receivers agree that it is.
    edge: Span,
    newest: Option<Time>,
    learned_at: Time,
    forgot_at: Time,
}

impl Clocks {
    /// The clock that dates a report: the station's, or the receiver's own where there is no room for another station.
    #[inline]
    pub(super) fn of(&mut self, mut id: ClockId, settings: &Settings) -> ClockId {
        if self.index.recent.is_some_and(|(recent, _)| recent == id) {
            return id;
        }
        if self.find(id).is_none() {
            id = self.begin(id, settings);
        }
        self.index.recent = self.find(id).map(|at| (id, at));
        id
    }

    fn find(&mut self, id: ClockId) -> Option<usize> {
        if self.index.at.len() != self.clocks.len() {
            self.index = Index::default();
            self.clocks.iter().for_each(|known| self.index.add(known.id));
        }
        self.index.at.get(&id).copied()
    }

    #[cold]
    fn begin(&mut self, mut id: ClockId, settings: &Settings) -> ClockId {
        if id.station.is_named() && !self.index.has_room(id.receiver) {
            *self.beyond.entry(id.receiver).or_default() += 1;
            id.station = StationId::NONE;
            if self.find(id).is_some() {
                return id;
            }
        }
        let feed = self.feeds.get(&(id.receiver, id.stamped)).copied();
        let clock = Clock::of_feed(feed, self.edge_of(id), settings);
        self.index.add(id);
        self.clocks.push(Known { id, clock });
        id
    }

    /// One that [`Clocks::of`] gave since the last tick.
    #[inline]
    fn clock(&mut self, id: ClockId) -> &mut Clock {
        let at = match self.index.recent {
            Some((recent, at)) if recent == id => at,
            _ => self.find(id).expect("clocks are forgotten at ticks only"),
        };
        &mut self.clocks[at].clock
    }

    fn known(&mut self, id: ClockId) -> Option<&mut Clock> {
        self.find(id).map(|at| &mut self.clocks[at].clock)
    }

    /// A line's report came: its time as sent, and set right.
    #[inline]
    pub(super) fn hear(&mut self, id: ClockId, raw: Time, heard_at: Time) -> Time {
        self.clock(id).hear(raw, heard_at)
    }

    /// The edge's clock, which was at `before`, is at `after` with nothing between.
    pub(super) fn edge_leaps(&mut self, before: Time, after: Time) {
        let unstamped = self.clocks.iter_mut().filter(|known| !known.id.stamped);
        unstamped
            .filter(|known| known.clock.last().is_some())
            .for_each(|known| known.clock.leaps(before, after));
    }

    /// A witness of true UTC was heard.
    pub(super) fn witness(
        &mut self,
        id: ClockId,
        who: Who,
        utc: Time,
        raw: Time,
        heard_at: Time,
        settings: &Settings,
    ) {
        let edge = self.edge_of(id);
        if self.clock(id).witness(who, utc, raw, heard_at, edge, settings) {
            self.forget_partner(id);
        }
    }

    /// Two clocks dated the same transmission. The first may have been forgotten since.
    pub(super) fn pair(&mut self, one: (ClockId, Time), other: (ClockId, Time), heard_at: Time) {
        let later = other.1.since(one.1);
        let Some(first) = self.known(one.0) else { return };
        first.pairs.add(other.0, later, heard_at);
        self.clock(other.0).pairs.add(one.0, Span::ZERO.minus(later), heard_at);
    }

    /// How a position report's own second lies against those of the clock's others.
    #[inline]
    pub(super) fn fit(&mut self, id: ClockId, lag: i64) -> Fit {
        self.clock(id).seconds.fit(lag)
    }

    /// Whether this clock's reports may move tracks.
    #[inline]
    pub(super) fn is_trusted(&mut self, id: ClockId) -> bool {
        !self.clock(id).doubted
    }

    /// When a call for help was heard under a clock that can't be trusted; see [`Clock::time_of_a_call`].
    pub(super) fn time_of_a_call(
        &mut self,
        id: ClockId,
        raw: Time,
        heard_at: Time,
        settings: &Settings,
    ) -> Time {
        let edge = self.edge;
        self.clock(id).time_of_a_call(raw, heard_at, edge, settings)
    }

    /// A report of this clock was let in.
    #[inline]
    pub(super) fn let_in(&mut self, id: ClockId, time: Time) {
        let clock = self.clock(id);
        clock.newest = clock.newest.max(Some(time));
        self.newest = self.newest.max(Some(time));
    }

    /// The newest event time.
    pub(super) fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// The edge's clock passes; whether stations may have been forgotten.
    pub(super) fn tick(&mut self, now: Time, settings: &Settings) -> bool {
        for at in 0..self.clocks.len() {
            let Known { id, ref mut clock } = self.clocks[at];
            clock.pass(now);
            if clock.learn_truth(now) {
                self.forget_partner(id);
            }
        }
        self.learn_feeds();
        if now.since(self.learned_at).abs() >= LEARN_EVERY {
            self.learned_at = now;
            for at in 0..self.clocks.len() {
                self.learn_from_others(at, now);
            }
        }
        self.learn_edge();
        for at in 0..self.clocks.len() {
            let edge = self.edge_of(self.clocks[at].id);
            self.clocks[at].clock.doubt(now, edge, settings);
        }
        self.find_newest(now);
        let forgets = now.since(self.forgot_at).abs() >= FORGET_EVERY;
        if forgets {
            self.forget(now);
        }
        forgets
    }

    /// Lets go of stations that have gone.
    fn forget(&mut self, now: Time) {
        self.forgot_at = now;
        self.clocks.retain(|Known { id, clock }| {
            let silent = clock.last().is_none_or(|last| now.since(last).abs() > FORGOTTEN_AFTER);
            !(id.station.is_named() && silent)
        });
        self.index = Index::default();
    }

    /// A clock was stepped.
    fn forget_partner(&mut self, id: ClockId) {
        self.clocks.iter_mut().for_each(|known| known.clock.pairs.forget_partner(id));
    }

    fn edge_of(&self, id: ClockId) -> Span {
        if id.stamped { Span::ZERO } else { self.edge }
    }

    /// The newest of what is believed; what was dated under a clock that has been set back since is not.
    fn find_newest(&mut self, now: Time) {
        for Known { id, clock } in &mut self.clocks {
            let ahead = if id.stamped { Span::from_hours(24 * 365) } else { LEAP.plus(clock.applied) };
            clock.newest = clock.newest.map(|newest| newest.min(now + ahead));
        }
        let believed = self.clocks.iter().filter(|known| !known.clock.doubted);
        self.newest = believed.filter_map(|known| known.clock.newest).max();
    }

    /// All stations whose clocks are known.
    pub(super) fn known_stations(&self) -> FxHashSet<StationId> {
        self.clocks.iter().map(|known| known.id.station).collect()
    }

    /// Reports of a receiver's stations beyond those that are told apart.
    pub(super) fn beyond(&self, receiver: ReceiverId) -> u64 {
        self.beyond.get(&receiver).copied().unwrap_or(0)
    }

    /// The same of all receivers.
    pub(super) fn all_beyond(&self) -> u64 {
        self.beyond.values().sum()
    }

    /// A receiver's stations, in order.
    pub(super) fn stations(&self, receiver: ReceiverId, settings: &Settings) -> Vec<StationState> {
        let mut states: BTreeMap<StationId, StationState> = BTreeMap::new();
        for Known { id, clock } in self.clocks.iter().filter(|known| known.id.receiver == receiver) {
            let Some(last) = clock.last() else { continue };
            let state = StationState { station: id.station, name: None, clock: clock.state(settings), last };
            if states.get(&id.station).is_none_or(|known| known.last <= last) {
                states.insert(id.station, state);
            }
        }
        states.into_values().collect()
    }
}

/// The clock of a receiver as a whole: of several stations heard of late, the middle one, so that it is not trusted when
/// most are not.
pub(super) fn middle_clock(stations: &[StationState]) -> ClockState {
    let Some(newest) = stations.iter().map(|station| station.last).max() else {
        return ClockState::default();
    };
    let of_late = stations.iter().filter(|station| newest.since(station.last) <= FRESH);
    let mut clocks: Vec<ClockState> = of_late.map(|station| station.clock).collect();
    clocks.sort_by_key(|clock| (clock.quarantined, clock.offset));
    clocks[(clocks.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    fn id(receiver: u16, station: u64, stamped: bool) -> ClockId {
        ClockId { receiver: ReceiverId(receiver), station: StationId(station), stamped }
    }

    fn seconds(seconds: i64) -> Span {
        Span::from_seconds(seconds)
    }

    #[test]
    fn stations_are_bounded_and_those_that_went_silent_make_room() {
        let (mut clocks, settings) = (Clocks::default(), Settings::default());
        let hear = |clocks: &mut Clocks, receiver, station, second| {
            let used = clocks.of(id(receiver, station, true), &settings);
            clocks.hear(used, at(second), at(second));
            used
        };
        for station in 1..=2000 {
            let used = hear(&mut clocks, 0, station, 0);
            let own = station > STATIONS_MAX as u64;
            assert_eq!(used, id(0, if own { 0 } else { station }, true));
        }
        assert_eq!(clocks.beyond(ReceiverId(0)), 2000 - STATIONS_MAX as u64);
        for receiver in 1..8 {
            (1..=2000).for_each(|station| _ = hear(&mut clocks, receiver, station, 0));
        }
        let named =
            |clocks: &Clocks| clocks.clocks.iter().filter(|known| known.id.station.is_named()).count();
        assert_eq!(named(&clocks), ALL_STATIONS_MAX);
        assert!(clocks.all_beyond() > 11_000, "{}", clocks.all_beyond());
        hear(&mut clocks, 0, 7, 80_000);
        assert!(clocks.tick(at(90_000), &Settings::default()));
        assert_eq!(clocks.known_stations(), [StationId::NONE, StationId(7)].into_iter().collect());
        assert_eq!(hear(&mut clocks, 0, 1999, 90_000), id(0, 1999, true));
    }

    #[test]
    fn a_receiver_s_clock_is_not_trusted_when_those_of_most_of_its_stations_are_not() {
        let station = |station, offset, quarantined, last| StationState {
            station: StationId(station),
            name: None,
            clock: ClockState { offset: seconds(offset), quarantined, ..ClockState::default() },
            last: at(last),
        };
        let mut stations = vec![station(1, 0, false, 0), station(2, -3600, true, 5), station(3, 1, false, 0)];
        assert_eq!(middle_clock(&stations).offset, seconds(1));
        stations.push(station(4, -3600, true, 5));
        assert!(!middle_clock(&stations).quarantined);
        stations.push(station(5, -3600, true, 5));
        assert!(middle_clock(&stations).quarantined);
        // Silent ones tell nothing.
        stations[1].last = at(-1000);
        assert!(!middle_clock(&stations).quarantined);
        assert_eq!(middle_clock(&[]), ClockState::default());
    }
}
