//! What is given up when the disk fills, in which order, and when it is taken up again.

use crate::journal::{self, Wait};
use crate::store;
use crate::store::disk::{self, Reserve};
use sensors::Time;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the disk is looked at. Ours: the first limit is far above what comes in within a second.
const EVERY: Duration = Duration::from_secs(1);

/// How often days are looked for again, when none could go. Ours.
const DAYS_AGAIN: Duration = Duration::from_secs(60);

/// Refusals in a row for want of room, on a disk that says it has some, after which it is not believed. Ours.
const REFUSED_MAX: u32 = 3;

/// What people are told of the room on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Bytes free at the last look.
    pub free: u64,
    /// The history stands still, or is behind.
    pub history: Option<Behind>,
    /// Days of the journal that went since there was room last, and the newest of them.
    pub days_gone: Option<(usize, String)>,
    /// Why no day of the journal can go, at the last look for one.
    pub unpruned: Option<String>,
    /// The reserve's size, while it is spent.
    pub reserve_spent: Option<u64>,
    /// Lines are understood and not written down.
    pub unrecorded: Option<Unwritten>,
}

/// A history that is without the newest positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The first sequence that it is without.
    pub from: u64,
    /// How far it has come since it reads the journal again; `None` while it stands still.
    pub reached: Option<u64>,
}

/// A time in which nothing is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwritten {
    /// When the first line was heard that is missing; `None` before there is one.
    pub from: Option<Time>,
    /// Lines heard in it so far.
    pub lines: u64,
}

/// What the workers tell each other and the outside about room.
#[derive(Debug)]
pub(super) struct Signs {
    pub(super) shown: watch::Sender<Shown>,
    /// The order in force; the journal's worker writes it.
    order: watch::Sender<Order>,
    /// The longest that a position waited, from durable to where readers see it, in milliseconds.
    pub(super) lag_max: AtomicU64,
    /// The first sequence that a restart may still need from the journal; the keeper writes it.
    pub(super) needed_from: AtomicU64,
}

impl Signs {
    pub(super) fn new(needed_from: u64) -> Arc<Signs> {
        Arc::new(Signs {
            shown: watch::Sender::new(Shown::default()),
            order: watch::Sender::new(Order::default()),
            lag_max: AtomicU64::new(0),
            needed_from: AtomicU64::new(needed_from),
        })
    }

    /// What was durable so long ago is where readers of the history see it.
    pub(super) fn history_took(&self, waited: Duration) {
        self.lag_max.fetch_max(waited.as_millis() as u64, Relaxed);
    }

    /// Whether the history is to stand still.
    pub(super) fn history_stops(&self) -> bool {
        self.order.borrow().history_stops
    }

    /// Whether the history takes what the core gives: a snapshot is of use only where it is not behind.
    pub(super) fn history_is_live(&self) -> bool {
        !self.history_stops() && self.shown.borrow().history.is_none()
    }

    /// Changes what is shown, and tells of it when it is another.
    pub(super) fn show(&self, change: impl FnOnce(&mut Shown)) {
        self.shown.send_if_modified(|shown| {
            let before = shown.clone();
            change(shown);
            *shown != before
        });
    }
}

/// Whether a write failed for want of room, and not because another holds the file.
pub(super) fn lacks_room(error: &journal::Error) -> bool {
    error.may_pass() && !matches!(error, journal::Error::Store(store::Error::Busy { .. }))
}

/// What is given up at present. The first goes first and comes back last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Order {
    /// The history takes nothing.
    pub(super) history_stops: bool,
    /// A day of the journal is to go.
    pub(super) day_goes: bool,
    /// The reserve is to be spent, or is.
    pub(super) reserve_spent: bool,
    /// Lines are not written down.
    pub(super) unrecorded: bool,
}

/// What there is to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    free: u64,
    /// The journal's last write found no room, whatever the disk says.
    refused: bool,
    /// A day of the journal may be deleted, as far as is known.
    days_left: bool,
}

/// The limits, in bytes.
#[derive(Debug, Clone, Copy)]
struct Marks {
    free_min: u64,
    reserve: u64,
}

impl Marks {
    /// One look, at most one step further down. On the way up each step has a quarter to go beyond its mark, so that
    /// nothing swings.
    fn next(&self, was: Order, seen: Seen) -> Order {
        let half = self.free_min / 2;
        let (quarter, eighth) = (half / 2, half / 4);
        let below = |mark: u64, already: bool| seen.free < if already { mark + mark / 4 } else { mark };
        let enough = self.free_min + quarter;
        // A disk that refuses though it tells of room (no inodes, say) is not helped by days that go.
        let days_left = seen.days_left && !(seen.refused && seen.free >= half);
        let reserve_spent = if was.reserve_spent {
            seen.refused || seen.free < enough.saturating_add(self.reserve)
        } else {
            was.history_stops && !days_left && (seen.refused || seen.free < quarter)
        };
        let unrecorded = if was.unrecorded {
            seen.free < quarter
        } else {
            was.reserve_spent && !days_left && (seen.refused || seen.free < eighth)
        };
        Order {
            history_stops: reserve_spent || seen.refused || below(self.free_min, was.history_stops),
            day_goes: was.history_stops && days_left && below(half, was.day_goes),
            reserve_spent,
            unrecorded,
        }
    }
}

/// The room on the disk, as the journal's worker sees and makes it.
pub(super) struct Room {
    folder: PathBuf,
    marks: Marks,
    reserve: Reserve,
    order: Order,
    /// The reserve is made or given back, beside the writing.
    work: Option<JoinHandle<()>>,
    looked: Option<Instant>,
    refused: u32,
    /// When it was found that no day may go.
    no_day: Option<Instant>,
    pub(super) signs: Arc<Signs>,
}

impl Room {
    /// `None` settings leave the disk to itself.
    pub(super) fn new(folder: &Path, settings: &disk::Settings, signs: Arc<Signs>) -> Room {
        let reserve = Reserve::new(folder, settings);
        let marks = Marks { free_min: settings.free_min(), reserve: reserve.bytes() };
        let (folder, order) = (folder.to_owned(), Order::default());
        Room { folder, marks, reserve, order, work: None, looked: None, refused: 0, no_day: None, signs }
    }

    /// Whether anything is given up at all, rather than waited.
    fn is_kept(&self) -> bool {
        self.marks.free_min > 0
    }

    /// Whether the disk is to be looked at again: not while a step is being done whose room is not seen yet.
    pub(super) fn is_due(&self) -> bool {
        self.is_kept() && !self.is_at_work() && self.looked.is_none_or(|looked| looked.elapsed() >= EVERY)
    }

    /// Whether the reserve is being made or given back.
    pub(super) fn is_at_work(&self) -> bool {
        self.work.as_ref().is_some_and(|work| !work.is_finished())
    }

    /// Waits until it has been.
    pub(super) async fn worked(&mut self) {
        if let Some(work) = self.work.take() {
            work.await.expect("work on the reserve does not panic");
        }
    }

    /// Does something with the reserve, which takes its time, and lines wait for this worker.
    pub(super) fn work(&mut self, work: impl FnOnce(&Reserve) + Send + 'static) {
        if !self.is_at_work() {
            let reserve = self.reserve.clone();
            self.work = Some(tokio::task::spawn_blocking(move || work(&reserve)));
        }
    }

    /// The journal has written.
    pub(super) fn took(&mut self) {
        self.refused = 0;
    }

    /// The journal found no room. Says whether something was given up for it, so that it may try again at once.
    pub(super) fn refuses(&mut self) -> bool {
        self.refused = self.refused.saturating_add(1);
        self.is_kept() && self.look() != self.order
    }

    fn look(&mut self) -> Order {
        self.looked = Some(Instant::now());
        // A disk that does not say counts as one with room: writes that fail tell otherwise.
        let free = disk::free(&self.folder).unwrap_or(u64::MAX);
        let days_left = self.no_day.is_none_or(|found| found.elapsed() >= DAYS_AGAIN);
        let refused = self.refused > 0 && (free < self.marks.free_min || self.refused >= REFUSED_MAX);
        self.signs.show(|shown| shown.free = free);
        self.marks.next(self.order, Seen { free, refused, days_left })
    }

    /// Looks at the disk, and does and tells what is new but for the days and the record, which are the journal's:
    /// those stand in the order that it gives.
    pub(super) async fn keep(&mut self, wait: Wait) -> Order {
        let next = self.look();
        self.tell("history_stopped", self.order.history_stops, next.history_stops);
        self.tell("reserve_spent", self.order.reserve_spent, next.reserve_spent);
        if next.reserve_spent && !self.order.reserve_spent {
            // It also gives the journal room to say that a day goes.
            self.no_day = None;
        }
        self.order = next;
        self.signs.order.send_replace(next);
        if next.reserve_spent && self.reserve.takes_room() {
            self.work(|reserve| {
                if let Err(error) = reserve.spend() {
                    tracing::error!(%error, "the reserve can't be spent");
                }
            });
        } else if !next.history_stops && !self.reserve.is_held() {
            self.hold();
        }
        if wait == Wait::Yes {
            self.worked().await;
        }
        let spent = next.reserve_spent.then_some(self.marks.reserve).filter(|&bytes| bytes > 0);
        self.signs.show(|shown| {
            shown.reserve_spent = spent;
            if !next.history_stops {
                shown.days_gone = None;
            }
        });
        next
    }

    /// Holds the reserve, where the disk has room for it and for what is kept free.
    fn hold(&mut self) {
        let enough = self.marks.free_min.saturating_add(self.marks.free_min / 4);
        let free = disk::free(&self.folder).unwrap_or_default();
        if free < enough.saturating_add(self.marks.reserve) {
            return;
        }
        self.work(|reserve| match reserve.hold() {
            Ok(()) => tracing::info!(bytes = reserve.bytes(), "the reserve is held"),
            Err(error) => tracing::warn!(%error, "the reserve can't be held"),
        });
    }

    /// A day of the journal has gone.
    pub(super) fn day_gone(&mut self, day: &str) {
        tracing::warn!(day, "a day of the journal was deleted to make room");
        self.signs.show(|shown| {
            let days = shown.days_gone.take().map_or(0, |(days, _)| days);
            shown.days_gone = Some((days + 1, day.to_owned()));
        });
    }

    /// No day of the journal may go: the rest are held, needed, or today.
    pub(super) fn no_day_left(&mut self) {
        self.no_day = Some(Instant::now());
    }

    #[cfg(test)]
    pub(super) fn looks_elsewhere(&self) -> bool {
        self.no_day.is_some()
    }

    /// The first sequence that a restart may still need from the journal.
    pub(super) fn needed_from(&self) -> u64 {
        self.signs.needed_from.load(Relaxed)
    }

    fn tell(&self, step: &'static str, was: bool, is: bool) {
        let free_mib = self.signs.shown.borrow().free >> 20;
        match (was, is) {
            (false, true) => tracing::warn!(step, free_mib, "the disk is filling up"),
            (true, false) => tracing::info!(step, free_mib, "the disk has room again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Marks = Marks { free_min: 800, reserve: 400 };

    /// The steps in force after each look at a disk with so much room, as `h`, `d`, `r`, `u`.
    fn steps(looks: &[(u64, bool, bool)]) -> Vec<String> {
        let mut order = Order::default();
        let each = looks.iter().map(|&(free, refused, days_left)| {
            order = MARKS.next(order, Seen { free, refused, days_left });
            let Order { history_stops, day_goes, reserve_spent, unrecorded } = order;
            let steps = [(history_stops, 'h'), (day_goes, 'd'), (reserve_spent, 'r'), (unrecorded, 'u')];
            steps.iter().filter(|(is, _)| *is).map(|(_, step)| step).collect()
        });
        each.collect()
    }

    #[test]
    fn the_history_goes_first_and_the_record_last() {
        let (days, none) = (true, false);
        let falling =
            [(900, days), (700, days), (390, days), (390, none), (150, none), (520, none), (90, none)];
        let looks: Vec<_> = falling.map(|(free, days)| (free, false, days)).to_vec();
        assert_eq!(steps(&looks), ["", "h", "hd", "h", "hr", "hr", "hru"]);
    }

    #[test]
    fn a_step_is_undone_only_with_room_to_spare() {
        let looks: Vec<_> = [790, 810, 990, 1000, 990].map(|free| (free, false, false)).to_vec();
        assert_eq!(steps(&looks), ["h", "h", "h", "", ""]);
        let up: Vec<_> =
            [700, 150, 90, 120, 199, 200, 1100, 1399, 1400].map(|free| (free, false, false)).to_vec();
        assert_eq!(steps(&up), ["h", "hr", "hru", "hru", "hru", "hr", "hr", "hr", ""]);
    }

    #[test]
    fn one_look_takes_one_step_however_little_room_there_is() {
        let looks = [(0, true, true), (0, true, true), (0, true, false), (0, true, false), (0, true, false)];
        assert_eq!(steps(&looks), ["h", "hd", "hr", "hru", "hru"]);
    }

    #[test]
    fn a_disk_that_refuses_is_full_whatever_it_says() {
        let looks = [(5000, true, false), (5000, true, false), (5000, true, false), (5000, false, false)];
        assert_eq!(steps(&looks), ["h", "hr", "hru", ""]);
        // Nor do days that could go help it.
        let looks = looks.map(|(free, refused, _)| (free, refused, true));
        assert_eq!(steps(&looks), ["h", "hr", "hru", ""]);
    }
}
