//! The core's worker: a thread of its own, on which nothing waits but for its queues.

use crate::entry::{Entry, Numbered};
use crate::watch::{Outcome, Watch};
use tokio::sync::mpsc;

/// The state is put on disk after this many lines or ticks. Ours: a restart replays at most this much,
/// a few seconds of work.
const SNAPSHOT_LINES: u64 = 2_000_000;
const SNAPSHOT_TICKS: u64 = 30;

/// What one group of entries came to.
pub(super) struct Understood {
    pub(super) outcome: Outcome,
    pub(super) applied: u64,
    pub(super) snapshot: Option<Vec<u8>>,
}

/// The core's worker: a thread of its own, nothing in it waits for anything but its queues.
pub(super) fn understand(
    mut watch: Watch,
    mut written: mpsc::Receiver<Vec<Numbered>>,
    understood: &mpsc::Sender<Understood>,
    mut listener: Box<dyn FnMut(&Watch) + Send>,
) -> Watch {
    let (mut lines, mut ticks) = (0, 0);
    while let Some(entries) = written.blocking_recv() {
        let mut outcome = Outcome::default();
        for entry in &entries {
            match &entry.entry {
                Entry::Tick(_) => ticks += 1,
                other => lines += other.len(),
            }
            watch.take(entry, &mut outcome);
        }
        listener(&watch);
        let due = lines >= SNAPSHOT_LINES || ticks >= SNAPSHOT_TICKS && lines >= SNAPSHOT_LINES / 100;
        if due {
            (lines, ticks) = (0, 0);
        }
        let snapshot = due.then(|| watch.save());
        if understood.blocking_send(Understood { outcome, applied: watch.next() - 1, snapshot }).is_err() {
            break;
        }
    }
    let last =
        Understood { outcome: Outcome::default(), applied: watch.next() - 1, snapshot: Some(watch.save()) };
    // The keeper is gone only when it failed, and says so itself.
    let _ = understood.blocking_send(last);
    watch
}
