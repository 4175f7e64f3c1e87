//! Reports in the order of event time, and the clock among them: what the stages after the first would have taken, had
//! everything come in time.

use super::difference::Alerts;
use crate::admit::{Admitted, Standing};
use crate::watch::{Outcome, Settings, Watch};
use rustc_hash::FxHashMap;
use sensors::{ReceiverId, Report, Span, Time, report::Content};
use std::collections::{BTreeMap, VecDeque};

/// Reports in time that wait for earlier ones, at most; beyond it the earliest goes on. Ours: two minutes of 2,000 lines a
/// second.
const WAITING_MAX: usize = 250_000;

/// The same bits within this time are one transmission. Source: the Danish maritime suite's 10 s.
const ONE_TRANSMISSION: Span = Span::from_seconds(10);

/// Ticks are no further apart than this, as in the journal of a watch that runs.
const TICK: Span = Span::from_seconds(10);

/// The place of a report or tick: ticks first, as in the journal; then receiver, and sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    time: Time,
    is_report: bool,
    receiver: ReceiverId,
    sequence: u64,
    /// One line may hold several.
    part: u8,
}

impl Place {
    pub(super) fn of(admitted: &Admitted) -> Place {
        let Report { time, receiver, sequence, part, .. } = admitted.report;
        Place { time, is_report: true, receiver, sequence, part }
    }

    fn of_entry(time: Time, sequence: u64) -> Place {
        Place { time, is_report: false, receiver: ReceiverId(0), sequence, part: 0 }
    }

    pub(super) fn time(self) -> Time {
        self.time
    }
}

/// Reports that came late, as they would have been let in had they come in time.
pub(super) type Late = BTreeMap<Place, Admitted>;

/// Makes of a report that came late one that came in time.
pub(super) fn in_time(mut admitted: Admitted) -> Admitted {
    admitted.standing = Standing::Good;
    admitted.report.heard_at = admitted.report.time;
    admitted
}

/// What waits for earlier reports.
enum Item {
    Report(Box<Admitted>),
    Tick(u64),
    Settings(Box<Settings>),
}

/// The stages after the first, fed in the order of event time.
pub(super) struct InOrder {
    watch: Watch,
    alerts: Alerts,
    waiting: BTreeMap<Place, Item>,
    late: Late,
    ready: Vec<Admitted>,
    ticked: Option<Time>,
    heard: Lately,
}

impl InOrder {
    /// Begins with a state.
    pub(super) fn new(watch: Watch) -> InOrder {
        let alerts = Alerts::of(&watch);
        InOrder {
            watch,
            alerts,
            waiting: BTreeMap::new(),
            late: Late::new(),
            ready: Vec::new(),
            ticked: None,
            heard: Lately::default(),
        }
    }

    /// Adds a report that came in time.
    pub(super) fn add(&mut self, place: Place, admitted: Admitted) {
        self.waiting.insert(place, Item::Report(Box::new(admitted)));
    }

    /// Adds reports that came late.
    pub(super) fn add_late(&mut self, late: Late) {
        self.late.extend(late);
    }

    /// Adds a tick of the journal.
    pub(super) fn tick(&mut self, time: Time, sequence: u64) {
        self.waiting.insert(Place::of_entry(time, sequence), Item::Tick(sequence));
    }

    /// Adds settings that were changed at a time.
    pub(super) fn settings(&mut self, time: Time, sequence: u64, settings: Settings) {
        self.waiting.insert(Place::of_entry(time, sequence), Item::Settings(Box::new(settings)));
    }

    /// Everything before `time` has been added: it goes on.
    pub(super) fn release(&mut self, time: Time) {
        while self.first().is_some_and(|place| place.time < time) {
            self.pass();
        }
    }

    /// Lets the earliest before `time` go on while too many wait.
    pub(super) fn make_room(&mut self, time: Time) {
        while self.waiting.len() > WAITING_MAX && self.first().is_some_and(|place| place.time < time) {
            self.pass();
        }
    }

    /// The alerts when all has gone on.
    pub(super) fn finish(mut self) -> Alerts {
        self.release(Time::from_millis(i64::MAX));
        self.go_on(None);
        self.alerts
    }

    fn first(&self) -> Option<Place> {
        let late = self.late.first_key_value().map(|(place, _)| *place);
        self.waiting.first_key_value().map(|(place, _)| *place).into_iter().chain(late).min()
    }

    fn pass(&mut self) {
        let Some(place) = self.first() else { return };
        let late = self.late.remove(&place).map(|admitted| Item::Report(Box::new(admitted)));
        let Some(item) = late.or_else(|| self.waiting.remove(&place)) else { return };
        match item {
            Item::Tick(sequence) => self.passes(place.time, sequence),
            Item::Settings(settings) => {
                self.go_on(None);
                self.watch.work_by(&settings);
            }
            Item::Report(admitted) => {
                // Where the clock did not tick because the watch did not run.
                if self.ticked.is_none_or(|ticked| place.time.since(ticked) >= TICK) {
                    let whole = place.time.as_millis().div_euclid(TICK.as_millis()) * TICK.as_millis();
                    self.passes(Time::from_millis(whole), place.sequence);
                }
                if self.heard.is_new(&admitted) {
                    self.ready.push(*admitted);
                }
            }
        }
    }

    fn passes(&mut self, now: Time, sequence: u64) {
        if self.ticked.is_none_or(|ticked| now > ticked) {
            self.ticked = Some(now);
            self.go_on(Some((now, sequence)));
        }
    }

    fn go_on(&mut self, tick: Option<(Time, u64)>) {
        let mut outcome = Outcome::default();
        self.watch.follow(&mut self.ready, tick, &mut outcome);
        self.alerts.take(outcome.changes);
    }
}

/// Transmissions of the last seconds: one that a receiver brought in time and another late is one.
#[derive(Default)]
struct Lately {
    times: FxHashMap<u64, Time>,
    order: VecDeque<(Time, u64)>,
}

impl Lately {
    fn is_new(&mut self, admitted: &Admitted) -> bool {
        let time = admitted.report.time;
        while let Some(&(heard, payload)) = self.order.front()
            && time.since(heard) > ONE_TRANSMISSION
        {
            self.order.pop_front();
            if self.times.get(&payload) == Some(&heard) {
                self.times.remove(&payload);
            }
        }
        let Content::Ais(ais) = &admitted.report.content else { return true };
        if self.times.contains_key(&ais.payload_hash) {
            return false;
        }
        self.times.insert(ais.payload_hash, time);
        self.order.push_back((time, ais.payload_hash));
        true
    }
}
