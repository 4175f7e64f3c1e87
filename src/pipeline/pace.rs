//! How often the core's state is put on disk: after so many lines, as far as that leaves the work enough time.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Lines after which a snapshot is due. A third of a second of the core's work by a profile of one thread over a busy
/// sea (0.63 microseconds a line, 2,000 vessels); what a restart then takes in all is not measured yet.
const LINES: u64 = 500_000;

/// Where few lines come, one is due after so many ticks (five minutes) and a hundredth of the lines.
const TICKS: u64 = 30;

/// A snapshot and the flush of the history that goes before it take one part in so many of the time at most: where more
/// lines come than any coast sends, as in a long replay, a restart has that much more to read again. Ours.
const SHARE: u32 = 20;

/// When the next snapshot may be taken; the core asks, the keeper tells what the last one cost.
#[derive(Debug)]
pub(super) struct Pace {
    lines: u64,
    ticks: u64,
    spent: Arc<Mutex<Spent>>,
}

/// What the last snapshot cost.
#[derive(Debug)]
pub(super) struct Spent {
    under_way: bool,
    ended: Instant,
    cost: Duration,
}

/// The keeper's end: told when a snapshot is kept, or could not be.
#[derive(Debug, Clone)]
pub(super) struct Teller(Arc<Mutex<Spent>>);

fn lock(spent: &Mutex<Spent>) -> MutexGuard<'_, Spent> {
    spent.lock().expect("nothing panics while it holds this")
}

impl Pace {
    pub(super) fn new() -> (Pace, Teller) {
        let spent = Spent { under_way: false, ended: Instant::now(), cost: Duration::ZERO };
        let spent = Arc::new(Mutex::new(spent));
        (Pace { lines: 0, ticks: 0, spent: spent.clone() }, Teller(spent))
    }

    /// Lines and ticks have passed.
    pub(super) fn passed(&mut self, lines: u64, ticks: u64) {
        self.lines += lines;
        self.ticks += ticks;
    }

    /// Whether a snapshot is to be taken now.
    pub(super) fn is_due(&self) -> bool {
        let enough = self.lines >= LINES || self.ticks >= TICKS && self.lines >= LINES / 100;
        enough && {
            let spent = lock(&self.spent);
            !spent.under_way && spent.ended.elapsed() >= spent.cost * SHARE
        }
    }

    /// One was taken, which held the core up for so long.
    pub(super) fn taken(&mut self, held_up: Duration) {
        (self.lines, self.ticks) = (0, 0);
        let mut spent = lock(&self.spent);
        (spent.under_way, spent.cost) = (true, held_up);
    }
}

impl Teller {
    /// The snapshot is kept, or given up, which took the stores so long.
    pub(super) fn done(&self, took: Duration) {
        let mut spent = lock(&self.0);
        (spent.under_way, spent.ended) = (false, Instant::now());
        spent.cost += took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_waits_for_lines_for_the_last_one_and_for_its_share_of_the_time() {
        let (mut pace, teller) = Pace::new();
        pace.passed(LINES - 1, 0);
        assert!(!pace.is_due());
        pace.passed(1, 0);
        assert!(pace.is_due());
        pace.taken(Duration::ZERO);
        pace.passed(LINES / 100, TICKS);
        assert!(!pace.is_due(), "the last one is not kept yet");
        teller.done(Duration::ZERO);
        assert!(pace.is_due());
        pace.taken(Duration::from_secs(3600));
        pace.passed(LINES, 0);
        teller.done(Duration::ZERO);
        assert!(!pace.is_due(), "it would take too large a share of the time");
    }
}
