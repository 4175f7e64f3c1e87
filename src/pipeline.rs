//! From lines to everything kept: written down, understood, put away. The daemon and a replay run the same one.
//!
//! Three workers and the bounded queues between them:
//!
//! | queue | holds | when it is full |
//! |---|---|---|
//! | heard | batches of lines | receivers wait; a datagram that does not fit is dropped and counted |
//! | written | entries that are durable | the journal waits, then the receivers |
//! | understood | what entries gave | the core waits, then the journal |

use crate::alert::ChangeKind;
use crate::desk::{AlertRow, Desk};
use crate::entry::{Entry, Numbered};
use crate::history;
use crate::journal::{self, Journal, Snapshots, Ticker};
use crate::place::Places;
use crate::watch::{self, Outcome, Watch};
use anyhow::Context as _;
use sensors::{
    Time,
    receiver::{Consignment, Delivery, Receipt},
};
use std::{
    collections::BTreeMap,
    fs::{File, TryLockError},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The longest that a line waits to be durable. Source: the promise in `reliability.md`, R3, of 250 ms, less
/// the time a commit takes.
const GROUP: Duration = Duration::from_millis(150);

/// The longest that a line waits whose sender waits for the receipt and sends nothing meanwhile: long enough for those
/// that send at the same time to share a commit. Ours: the edge's catch-up is bound by it.
const GROUP_AWAITED: Duration = Duration::from_millis(10);

/// How long nothing may be heard before the picture is drawn anew without it.
const IDLE: Duration = Duration::from_secs(1);

/// Batches in one commit, at most: 48 full ones are 200,000 lines. A commit costs the disk a few milliseconds whatever it holds.
const GROUP_BATCHES: usize = 48;

/// Depth of the queue of batches heard, of commits and of outcomes.
const HEARD: usize = 32;
const WRITTEN: usize = 3;
const UNDERSTOOD: usize = 3;

/// How long to wait after a database refused, before the same is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The state is put on disk after this many lines or ticks. Ours: a restart replays at most this much,
/// a few seconds of work.
const SNAPSHOT_LINES: u64 = 2_000_000;
const SNAPSHOT_TICKS: u64 = 30;

/// Everything one database folder holds, open for writing.
pub struct Stores {
    lock: File,
    journal: Journal,
    reader: journal::Reader,
    snapshots: Snapshots,
    history: history::Writer,
    /// Where officers work.
    pub desk: Desk,
}

/// Keeps a second watch off the folder: two journals in one would each spoil the other.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = open.with_context(|| format!("open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!(
                "another watchkeeper keeps its watch in {}; stop it, or name another folder",
                folder.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
    }
}

/// What tells layouts of state apart: a snapshot of another version is passed over.
pub const PROGRAM: &str = concat!("watchkeeper ", env!("CARGO_PKG_VERSION"));

impl Stores {
    /// Opens or makes the stores in `folder`. Also gives the first password, where the desk made one.
    ///
    /// # Errors
    /// When one of them can't be opened; the message names it.
    pub async fn open(folder: &Path) -> anyhow::Result<(Stores, Option<crate::desk::FirstPassword>)> {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        let lock = lock(folder)?;
        let (desk, password) = Desk::open(folder).await.context("open the desk")?;
        let journal = Journal::open(&folder.join("journal")).await.context("open the journal")?;
        let history =
            history::Writer::open(&folder.join("history.sqlite")).await.context("open the history")?;
        let snapshots = Snapshots::new(&folder.join("snapshots"), PROGRAM);
        let reader = journal::Reader::open(&folder.join("journal"));
        Ok((Stores { lock, journal, reader, snapshots, history, desk }, password))
    }

    /// Whether nothing was ever written here.
    pub fn is_new(&self) -> bool {
        self.journal.next() == 1
    }

    /// The newest consignment of each of these chains, as the journal has it.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub async fn consignments(&self, chains: &[String]) -> anyhow::Result<Vec<Consignment>> {
        self.reader.consignments(chains).await.context("read the newest consignments")
    }

    /// A reader of the history, which also sees what is not flushed yet.
    ///
    /// # Errors
    /// When the file can't be opened for reading.
    pub async fn history(&self) -> anyhow::Result<history::Reader> {
        self.history.reader().await.context("open the history for reading")
    }

    /// Comes back to the state that the journal tells of: the newest snapshot that no store is behind, and
    /// the entries after it. Calls `progress` with the sequence reached and the last one.
    ///
    /// What the desk was told before it is not told again: after an upgrade that replays the whole journal,
    /// what new rules see in the past does not land on the queue.
    ///
    /// # Errors
    /// When a store can't be read or written.
    pub async fn recover(
        &mut self,
        places: Arc<Places>,
        mut progress: impl FnMut(u64, u64),
    ) -> anyhow::Result<Watch> {
        let told = self.desk.applied().await?;
        let kept = self.history.applied().min(told);
        let snapshot = self.snapshots.newest(kept + 1);
        let mut watch = snapshot
            .and_then(|(next, state)| match Watch::restore(&state, places.clone()) {
                Ok(watch) => Some(watch),
                Err(error) => {
                    tracing::warn!(next, %error, "snapshot can't be read; the journal is replayed from its start");
                    None
                }
            })
            .unwrap_or_else(|| Watch::new(places));
        self.reader.seek(watch.next()).await?;
        let mut outcome = Outcome::default();
        while let Some(entry) = self.reader.entry().await? {
            watch.take(&entry, &mut outcome);
            outcome.changes.retain(|change| change.sequence > told);
            if outcome.fixes.len() > 100_000 || !outcome.changes.is_empty() {
                self.keep(std::mem::take(&mut outcome), watch.next() - 1).await?;
                progress(watch.next() - 1, self.journal.next() - 1);
            }
        }
        self.keep(outcome, watch.next().saturating_sub(1)).await?;
        Ok(watch)
    }

    async fn keep(&mut self, outcome: Outcome, applied: u64) -> anyhow::Result<Vec<(ChangeKind, AlertRow)>> {
        outcome.fixes.iter().for_each(|fix| self.history.append(fix));
        outcome.claims.iter().for_each(|claim| self.history.claim(claim));
        // Full blocks leave memory in a long replay; the file then holds more than `applied` says, and knows it.
        if self.history.ready() > 4096 {
            self.history.flush(applied, history::Which::FullBlocksOnly).await?;
        }
        if outcome.changes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.desk.apply(&outcome.changes, applied).await?)
    }
}

/// Told of alert changes once they are kept.
pub type OnChange = Box<dyn FnMut(Vec<(ChangeKind, AlertRow)>) + Send + Sync>;

/// What the workers tell the outside.
pub struct Listeners {
    /// After each group of entries, on the core's thread; keep it short.
    pub understood: Box<dyn FnMut(&Watch) + Send>,
    /// After each change of alerts has been kept.
    pub changed: OnChange,
    /// When a store refuses and when it takes again.
    pub trouble: Box<dyn Fn(Option<String>) + Send + Sync>,
}

/// The clock that ticks when no line comes; a replay has none but its lines.
pub type Clock = Option<Box<dyn Fn() -> Time + Send>>;

/// The running workers.
pub struct Pipeline {
    /// Held until the last worker has ended.
    _lock: File,
    /// Where lines go in.
    pub heard: mpsc::Sender<Delivery>,
    writer: tokio::task::JoinHandle<anyhow::Result<()>>,
    core: std::thread::JoinHandle<Watch>,
    keeper: tokio::task::JoinHandle<anyhow::Result<()>>,
}

struct Understood {
    outcome: Outcome,
    applied: u64,
    snapshot: Option<Vec<u8>>,
}

/// Starts the workers. Settings and program version are the first entries that they write.
pub fn start(
    stores: Stores,
    watch: Watch,
    settings: &watch::Settings,
    clock: Clock,
    listeners: Listeners,
) -> Pipeline {
    let (heard, from_receivers) = mpsc::channel(HEARD);
    let (written, from_journal) = mpsc::channel(WRITTEN);
    let (understood, from_core) = mpsc::channel(UNDERSTOOD);
    let Listeners { understood: on_understood, changed, trouble } = listeners;
    let trouble = Arc::new(Trouble { tell: trouble, open: Mutex::default() });
    let versions = vec![Entry::Program(PROGRAM.to_owned()), Entry::Settings(settings.to_text())];
    let Stores { lock, journal, reader: _, snapshots, history, desk } = stores;
    let writing = Writing { journal, ticker: Ticker::default(), clock, written, trouble: trouble.clone() };
    let keeping = Keeping { history, desk, snapshots, changed, trouble };
    Pipeline {
        _lock: lock,
        heard,
        writer: tokio::spawn(writing.run(versions, from_receivers)),
        core: std::thread::Builder::new()
            .name("core".to_owned())
            .spawn(move || understand(watch, from_journal, &understood, on_understood))
            .expect("a thread at start-up"),
        keeper: tokio::spawn(keeping.run(from_core)),
    }
}

impl Pipeline {
    /// Stops taking lines, lets the workers finish what they hold, and gives the core back.
    ///
    /// # Errors
    /// The first thing that a worker could not do.
    pub async fn finish(self) -> anyhow::Result<Watch> {
        drop(self.heard);
        self.writer.await.expect("the journal's worker does not panic")?;
        self.keeper.await.expect("the keeper does not panic")?;
        Ok(self.core.join().expect("the core does not panic"))
    }

    /// Waits until a worker has ended, which none does while lines may come unless something is badly wrong; says
    /// what.
    pub async fn ended(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            ended = &mut self.writer => ended,
            ended = &mut self.keeper => ended,
        };
        match ended {
            Ok(Err(error)) => error,
            Err(panicked) => anyhow::Error::new(panicked).context("a store's worker panicked"),
            Ok(Ok(())) => anyhow::anyhow!("the core has stopped"),
        }
    }
}

/// What the stores refuse at present.
struct Trouble {
    tell: Box<dyn Fn(Option<String>) + Send + Sync>,
    open: Mutex<BTreeMap<&'static str, String>>,
}

impl Trouble {
    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.open.lock().expect("nothing panics while it holds this")
    }

    /// A store refuses; logged once until it takes again.
    fn begins(&self, operation: &'static str, error: &dyn std::error::Error) {
        let error = crate::telemetry::chain(error);
        if self.open().insert(operation, error.clone()).is_none() {
            tracing::error!(operation, error, "a store refuses");
        }
        (self.tell)(Some(error));
    }

    /// It was done; what others refuse still stands.
    fn over(&self, operation: &'static str) {
        let mut open = self.open();
        if open.remove(operation).is_some() {
            tracing::info!(operation, "a store takes again");
            (self.tell)(open.values().next().cloned());
        }
    }
}

/// The journal's worker.
struct Writing {
    journal: Journal,
    ticker: Ticker,
    clock: Clock,
    written: mpsc::Sender<Vec<Numbered>>,
    trouble: Arc<Trouble>,
}

impl Writing {
    async fn run(mut self, versions: Vec<Entry>, mut heard: mpsc::Receiver<Delivery>) -> anyhow::Result<()> {
        self.write(versions).await?;
        loop {
            let (mut entries, mut receipts) = (Vec::new(), Vec::new());
            let open = self.gather(&mut heard, &mut entries, &mut receipts).await;
            if let Some(clock) = &self.clock {
                self.ticker.clock(clock(), &mut entries);
            }
            if !entries.is_empty() {
                self.write(entries).await?;
            } else if open && self.written.send(Vec::new()).await.is_err() {
                // Nothing was heard; the picture of what was heard last is still to be drawn.
                anyhow::bail!("the core has stopped");
            }
            receipts.into_iter().for_each(Receipt::durable);
            if !open {
                self.journal.close().await?;
                return Ok(());
            }
        }
    }

    /// Collects until the first line has waited long enough or the group is full. `false` when no more come.
    async fn gather(
        &mut self,
        heard: &mut mpsc::Receiver<Delivery>,
        entries: &mut Vec<Entry>,
        receipts: &mut Vec<Receipt>,
    ) -> bool {
        let mut deadline = tokio::time::Instant::now() + IDLE;
        let mut batches = 0;
        while batches < GROUP_BATCHES {
            match tokio::time::timeout_at(deadline, heard.recv()).await {
                Ok(Some(delivery)) => {
                    if batches == 0 {
                        deadline = tokio::time::Instant::now() + GROUP;
                    }
                    if !delivery.receipts.is_empty() {
                        deadline = deadline.min(tokio::time::Instant::now() + GROUP_AWAITED);
                    }
                    batches += 1;
                    entries.extend(delivery.consignment.map(|consignment| Entry::Consignment(*consignment)));
                    self.ticker.cut(delivery.batch, entries);
                    receipts.extend(delivery.receipts);
                }
                Ok(None) => return false,
                Err(_) => break,
            }
        }
        true
    }

    /// Writes until it is durable: nothing is made of a line before. A failed write is said aloud and tried again.
    async fn write(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        const WRITE: &str = "write the journal; lines wait";
        let mut entries = Some(entries);
        while let Some(waiting) = entries.take() {
            match self.journal.append(&waiting).await {
                Ok(numbered) => {
                    self.trouble.over(WRITE);
                    drop(waiting);
                    if self.written.send(numbered).await.is_err() {
                        anyhow::bail!("the core has stopped");
                    }
                }
                Err(error) => {
                    self.trouble.begins(WRITE, &error);
                    tokio::time::sleep(RETRY).await;
                    entries = Some(waiting);
                }
            }
        }
        Ok(())
    }
}

/// The core's worker: a thread of its own, nothing in it waits for anything but its queues.
fn understand(
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

/// The worker of history, desk and snapshots.
struct Keeping {
    history: history::Writer,
    desk: Desk,
    snapshots: Snapshots,
    changed: OnChange,
    trouble: Arc<Trouble>,
}

impl Keeping {
    async fn run(mut self, mut understood: mpsc::Receiver<Understood>) -> anyhow::Result<()> {
        let mut flushed = Instant::now();
        while let Some(Understood { outcome, applied, snapshot }) = understood.recv().await {
            // Alerts first: history may wait for room on the disk, people may not.
            self.desk(&outcome, applied).await;
            outcome.fixes.iter().for_each(|fix| self.history.append(fix));
            outcome.claims.iter().for_each(|claim| self.history.claim(claim));
            if self.history.ready() > 4096 {
                self.history(applied, history::Which::FullBlocksOnly).await;
            }
            if let Some(state) = snapshot {
                // A restart begins from the snapshot: nothing may be missing before it.
                let whole = self.history(applied, history::Which::All).await
                    && self.history.applied() >= applied
                    && self.desk_reaches(applied).await;
                if whole {
                    self.noted("write the snapshot", self.snapshots.write(applied + 1, &state));
                }
                flushed = Instant::now();
            } else if flushed.elapsed() > HISTORY_EVERY {
                self.history(applied, history::Which::All).await;
                flushed = Instant::now();
            }
            // What it left out while the disk was full is in the journal; a restart reads it from there.
            if let Some(sequence) = self.history.stopped_at()
                && self.history.applied() + 1 >= sequence
            {
                anyhow::bail!("the history has room again, and is without what came after entry {sequence}");
            }
        }
        Ok(())
    }

    /// Keeps alert changes until they are durable.
    async fn desk(&mut self, outcome: &Outcome, applied: u64) {
        if outcome.changes.is_empty() {
            return;
        }
        loop {
            if let Some(rows) = self.noted(KEEP, self.desk.apply(&outcome.changes, applied).await) {
                return (self.changed)(rows);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn desk_reaches(&self, applied: u64) -> bool {
        self.noted(KEEP, self.desk.apply(&[], applied).await).is_some()
    }

    async fn history(&mut self, applied: u64, which: history::Which) -> bool {
        let flushed = self.history.flush(applied, which).await;
        self.noted("write the history", flushed).is_some()
    }

    fn noted<T, E: std::error::Error>(&self, operation: &'static str, done: Result<T, E>) -> Option<T> {
        match done {
            Ok(done) => {
                self.trouble.over(operation);
                Some(done)
            }
            Err(error) => {
                self.trouble.begins(operation, &error);
                None
            }
        }
    }
}

const KEEP: &str = "keep the alerts";

/// Positions are in the file after this long, even when no snapshot is due.
const HISTORY_EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_over_when_no_store_refuses_any_more() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Box::new({
            let told = told.clone();
            move |trouble| told.lock().expect("one thread").push(trouble)
        });
        let trouble = Trouble { tell, open: Mutex::default() };
        let full = || std::io::Error::other("full");
        trouble.begins("a", &full());
        trouble.begins("b", &full());
        trouble.over("a");
        trouble.over("a");
        trouble.over("b");
        let full = Some("full".to_owned());
        assert_eq!(*told.lock().expect("one thread"), [full.clone(), full.clone(), full, None]);
    }
}
