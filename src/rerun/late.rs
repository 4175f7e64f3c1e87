//! A window that reports came late for, run twice: as it was heard, and as it would have been heard in time.

use super::base::{Error, Recorded, Unbroken, told_at};
use super::difference::{Alerts, Difference, differences};
use super::order::{InOrder, Late, Place, in_time};
use crate::admit::{Admitted, Standing};
use crate::alert::Alert;
use crate::entry::{Entry, Numbered};
use crate::watch::{Outcome, Wanted, Watch};
use sensors::{Report, Span, Time};

/// Reports that came late and are held in memory at a time; of more, the earliest are taken first and the journal is read
/// again for the rest. Ours: some 150 MB.
const HELD_MAX: usize = 500_000;

/// How long after the window alerts may still follow from what happened in it. Ours, unproven.
const AFTERMATH: Span = Span::from_hours(1);

/// How far before the window an earlier window may begin that is run again with it. Ours, unproven.
const BACK_MAX: Span = Span::from_hours(24);

const BEGIN: Time = Time::from_millis(i64::MIN);
const END: Time = Time::from_millis(i64::MAX);

/// What came of a re-run.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The period that was compared.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// What differs: before, as it was heard; after, as it would have been.
    pub differences: Vec<Difference>,
    /// All alerts of the period, had everything come in time.
    pub after: Alerts,
}

/// Runs a window again, and what followed it up to the moment it was wanted: an alert that began in it may go on. `earlier` are the windows that were run before it: what they found stays found.
///
/// # Errors
/// When the window can't be run again, or `stop` says so.
pub async fn compare(
    recorded: &Recorded,
    wanted: &Wanted,
    earlier: &[Wanted],
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Compared, Error> {
    compare_holding(HELD_MAX, recorded, wanted, earlier, stop).await
}

/// The same, holding at most so many reports that came late in memory.
///
/// # Errors
/// When the window can't be run again, or `stop` says so.
pub async fn compare_holding(
    held_max: usize,
    recorded: &Recorded,
    wanted: &Wanted,
    earlier: &[Wanted],
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Compared, Error> {
    let (from, to) = period(wanted, earlier);
    let again = Again { recorded, next: wanted.next, stop };
    // One after the other, so that only one of them is in memory.
    let mut before = again.as_heard(recorded.base_or_start(from).await?.watch).await?;
    let mut after = again.in_order(recorded.base_or_start(from).await?.watch, held_max).await?;
    let touches = |alert: &Alert| {
        alert.began_at <= to && alert.cleared_at.is_none_or(|time| time >= from - Span::from_minutes(1))
    };
    before.retain(touches);
    after.retain(touches);
    Ok(Compared { from, to, differences: differences(&before, &after), after })
}

/// From when to when a window is run again: earlier windows that it touches are part of it, within a day.
fn period(wanted: &Wanted, earlier: &[Wanted]) -> (Time, Time) {
    let to = wanted.to + AFTERMATH;
    let touching =
        earlier.iter().filter(|e| e.next < wanted.next && e.from <= to && e.to + AFTERMATH >= wanted.from);
    let from = touching.map(|e| e.from).fold(wanted.from, Time::min);
    (from.max(wanted.from - BACK_MAX), to)
}

/// Whether a report came so long after it was heard that others of a later time had come.
fn came_late(admitted: &Admitted, newest: Time, lateness: Span) -> bool {
    let report = &admitted.report;
    match admitted.standing {
        Standing::Late => true,
        // A call for help is let in at once, whenever it comes.
        Standing::Good => report.time < report.heard_at - lateness && report.time < newest - lateness,
        Standing::Stale | Standing::Unclocked => false,
    }
}

struct Again<'a> {
    recorded: &'a Recorded,
    next: u64,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl Again<'_> {
    /// The next entry that the re-run takes into account.
    async fn entry(&self, reader: &mut Unbroken) -> Result<Option<Numbered>, Error> {
        if (self.stop)() {
            return Err(Error::Stopped);
        }
        Ok(reader.entry().await?.filter(|entry| entry.first < self.next))
    }

    /// As the watch took it.
    async fn as_heard(&self, mut watch: Watch) -> Result<Alerts, Error> {
        let mut alerts = Alerts::of(&watch);
        let mut reader = self.recorded.reader(watch.next()).await?;
        while let Some(entry) = self.entry(&mut reader).await? {
            let mut outcome = Outcome::default();
            watch.take(&entry, &mut outcome);
            alerts.take(outcome.changes);
        }
        Ok(alerts)
    }

    /// In the order of event time, with what came late in its place.
    async fn in_order(&self, base: Watch, held_max: usize) -> Result<Alerts, Error> {
        let mut reader = self.recorded.reader(base.next()).await?;
        let begin = base.only_admit();
        let mut sorting = Sorting::new(base.only_admit());
        let mut order = InOrder::new(base);
        // Up to when the reports that came late are known.
        let mut known = BEGIN;
        loop {
            let entry = self.entry(&mut reader).await?;
            let ready = match &entry {
                Some(entry) => {
                    sorting.take(entry);
                    sorting.give(entry, &mut order);
                    sorting.ready()
                }
                None => END,
            };
            while known <= ready && known != END {
                order.release(known);
                let (late, until) = self.late(begin.only_admit(), known, held_max).await?;
                order.add_late(late);
                known = until;
            }
            if entry.is_none() {
                return Ok(order.finish());
            }
            order.release(ready);
            order.make_room(known);
        }
    }

    /// The earliest reports from `begin` on that came late, and the time up to which they are all.
    async fn late(&self, admit: Watch, begin: Time, held_max: usize) -> Result<(Late, Time), Error> {
        let mut reader = self.recorded.reader(admit.next()).await?;
        let mut sorting = Sorting::new(admit);
        let (mut late, mut until) = (Late::new(), END);
        while let Some(entry) = self.entry(&mut reader).await? {
            sorting.take(&entry);
            for (place, admitted) in sorting.late.drain(..) {
                if place.time() < begin || place.time() >= until {
                    continue;
                }
                late.insert(place, in_time(admitted));
                let span = late.first_key_value().zip(late.last_key_value());
                if late.len() > held_max
                    && let Some(((first, _), (last, _))) = span
                    && first.time() < last.time()
                {
                    // Of one moment all or none.
                    until = last.time();
                    late.retain(|place, _| place.time() < until);
                }
            }
        }
        Ok((late, until))
    }
}

/// Stage 0, in the order of the journal, and what it admits, told apart.
struct Sorting {
    admit: Watch,
    reports: Vec<Admitted>,
    late: Vec<(Place, Admitted)>,
    in_time: Vec<(Place, Admitted)>,
    /// The newest event time, and the newest arrival.
    newest: Time,
    arrived: Time,
}

impl Sorting {
    fn new(admit: Watch) -> Sorting {
        let (reports, late, in_time) = (Vec::new(), Vec::new(), Vec::new());
        Sorting { admit, reports, late, in_time, newest: BEGIN, arrived: BEGIN }
    }

    fn take(&mut self, entry: &Numbered) {
        self.late.clear();
        self.in_time.clear();
        self.admit.admit(entry, &mut self.reports);
        let lateness = self.lateness();
        for admitted in self.reports.drain(..) {
            let Report { time, heard_at, .. } = admitted.report;
            let place = Place::of(&admitted);
            if came_late(&admitted, self.newest, lateness) {
                self.late.push((place, admitted));
            } else {
                self.newest = self.newest.max(time.min(heard_at + lateness));
                self.in_time.push((place, admitted));
            }
        }
        self.arrived = told_at(entry).map_or(self.arrived, |time| self.arrived.max(time));
    }

    /// How far behind the newest a report is late.
    fn lateness(&self) -> Span {
        Span::from_millis((self.admit.settings().admit.lateness_seconds * 1000.0) as i64)
    }

    /// Nothing that is still to come in time is of before this.
    fn ready(&self) -> Time {
        self.newest.min(self.arrived) - self.lateness()
    }

    fn give(&mut self, entry: &Numbered, order: &mut InOrder) {
        match &entry.entry {
            Entry::Tick(now) => order.tick(*now, entry.first),
            Entry::Settings(_) => order.settings(self.arrived, entry.first, self.admit.settings().clone()),
            _ => {}
        }
        self.in_time.drain(..).for_each(|(place, admitted)| order.add(place, admitted));
    }
}
