//! The core's worker: a thread of its own, on which nothing waits but for its queues.

use super::unrecorded::{Before, Group, Record};
use crate::entry::Entry;
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
    pub(super) record: Record,
    pub(super) snapshot: Option<Vec<u8>>,
}

/// The core's worker: a thread of its own, nothing in it waits for anything but its queues.
pub(super) fn understand(
    mut watch: Watch,
    mut written: mpsc::Receiver<Group>,
    understood: &mpsc::Sender<Understood>,
    mut listener: Box<dyn FnMut(&Watch) + Send>,
) -> Watch {
    let (mut lines, mut ticks) = (0, 0);
    let mut before = Before::default();
    while let Some(Group { entries, record }) = written.blocking_recv() {
        before.prepare(&record, &mut watch);
        let mut outcome = Outcome::default();
        for entry in &entries {
            match &entry.entry {
                Entry::Tick(_) => ticks += 1,
                other => lines += other.len(),
            }
            watch.take(entry, &mut outcome);
        }
        listener(&watch);
        let due = !before.is_in_gap()
            && (lines >= SNAPSHOT_LINES || ticks >= SNAPSHOT_TICKS && lines >= SNAPSHOT_LINES / 100);
        if due {
            (lines, ticks) = (0, 0);
        }
        let snapshot = due.then(|| watch.save());
        let applied = watch.next() - 1;
        if understood.blocking_send(Understood { outcome, applied, record, snapshot }).is_err() {
            break;
        }
    }
    if before.is_in_gap() {
        // What it knows is in no journal; the next start reads what is.
        return watch;
    }
    let (outcome, applied, snapshot) = (Outcome::default(), watch.next() - 1, Some(watch.save()));
    let last = Understood { outcome, applied, record: Record::Kept, snapshot };
    // The keeper is gone only when it failed, and says so itself.
    let _ = understood.blocking_send(last);
    watch
}
