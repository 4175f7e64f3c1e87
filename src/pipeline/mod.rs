//! From lines to everything kept: written down, understood, put away. The daemon and a replay run the same one.
//!
//! Four workers and the bounded queues between them:
//!
//! | queue | holds | when it is full |
//! |---|---|---|
//! | heard | batches of lines | receivers wait; a datagram that does not fit is dropped and counted |
//! | written | entries that are durable | the journal waits, then the receivers |
//! | entries | what the daemon itself writes down | whoever has it waits |
//! | understood | what entries gave | the core waits, then the journal |
//! | kept | what of it history and snapshots take, once the desk has its share | the desk's worker waits, then the core |
mod catch_up;
mod filing;
mod halted;
mod keeping;
mod pace;
mod positions;
mod recovery;
mod room;
mod stores;
mod trouble;
mod understanding;
mod unrecorded;
mod writing;

pub(crate) use recovery::newest_state;
pub use room::{Behind, Shown, Unwritten};
pub use stores::{PROGRAM, Stores};

use crate::alert::ChangeKind;
use crate::desk::{AlertRow, Desk};
use crate::entry::Entry;
use crate::journal::Ticker;
use crate::watch::{self, Watch};
use filing::Filing;
use keeping::Keeping;
use pace::Pace;
use positions::{Feed, Positions};
use room::{Room, Signs};
use sensors::{Time, receiver::Delivery};
use std::{
    fs::File,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trouble::Trouble;
use understanding::Understanding;
use unrecorded::Before;
use writing::Writing;

/// Depth of the queue of batches heard, of commits, of outcomes, and of those that the desk has taken its share of.
const HEARD: usize = 32;
const WRITTEN: usize = 3;
const UNDERSTOOD: usize = 3;
const KEPT: usize = 64;
const ENTRIES: usize = 8;

/// How long to wait after a database refused, before the same is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long it takes at most until a worker that failed says why, after those behind it have ended for it. Ours.
const WHY: Duration = Duration::from_millis(100);

/// How many threads the core works on: one for each processor; see [`Watch::with_threads`].
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
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
    /// Where entries go in that no receiver brings.
    pub entries: mpsc::Sender<Entry>,
    /// Those of journal, desk and history.
    workers: JoinSet<anyhow::Result<()>>,
    core: std::thread::JoinHandle<Watch>,
    desk: Desk,
    signs: Arc<Signs>,
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
    let (kept, from_desk) = mpsc::channel(KEPT);
    let (entries, others) = mpsc::channel(ENTRIES);
    let Listeners { understood: on_understood, changed, trouble } = listeners;
    let trouble = Arc::new(Trouble { tell: trouble, open: Mutex::default() });
    let versions = vec![Entry::Program(PROGRAM.to_owned()), Entry::Settings(settings.to_text())];
    let Stores { lock, folder, disk, journal, snapshots, history, desk, gap, restart, halted, .. } = stores;
    let (pace, teller) = Pace::new();
    let signs = Signs::new(restart);
    let writing = Writing {
        journal,
        ticker: Ticker::default(),
        clock,
        written,
        others,
        trouble: trouble.clone(),
        room: Room::new(&folder, &disk, signs.clone()),
        versions,
        gap,
        postponed: Vec::new(),
        snapshots: snapshots.clone(),
    };
    let positions = Positions {
        feed: Feed::of(&history),
        writer: history,
        journal: folder.join("journal"),
        snapshots: snapshots.clone(),
        places: watch.places().clone(),
        signs: signs.clone(),
        trouble: trouble.clone(),
        reached: watch.next() - 1,
        flushed: Instant::now(),
        has_come_back: false,
    };
    let before = Before::default();
    let listener = on_understood;
    let (core_signs, core_snapshots) = (signs.clone(), snapshots.clone());
    let understanding =
        Understanding { watch, before, signs: core_signs, snapshots: core_snapshots, halted, pace, listener };
    let keeping = Keeping { desk: desk.clone(), changed, trouble: trouble.clone(), kept };
    let restarts = [restart; 2];
    let filing = Filing { positions, desk: desk.clone(), snapshots, teller, trouble, restarts };
    let mut workers = JoinSet::new();
    workers.spawn(writing.run(from_receivers));
    workers.spawn(keeping.run(from_core));
    workers.spawn(filing.run(from_desk));
    Pipeline {
        _lock: lock,
        heard,
        entries,
        workers,
        core: std::thread::Builder::new()
            .name("core".to_owned())
            .spawn(move || understanding.run(from_journal, &understood))
            .expect("a thread at start-up"),
        desk,
        signs,
    }
}

impl Pipeline {
    /// What is given up while the disk is full; changes are seen as they happen.
    pub fn room(&self) -> tokio::sync::watch::Receiver<Shown> {
        self.signs.shown.subscribe()
    }

    /// Tells, also after the end, the longest that any position waited so far: from durable in the journal to where readers
    /// of the history see it.
    pub fn history_lag(&self) -> impl Fn() -> Duration + use<> {
        let signs = self.signs.clone();
        move || Duration::from_millis(signs.lag_max.load(Relaxed))
    }

    /// Stops taking lines, lets the workers finish what they hold, and gives the core back.
    ///
    /// # Errors
    /// The first thing that a worker could not do.
    pub async fn finish(mut self) -> anyhow::Result<Watch> {
        drop((self.heard, self.entries));
        let mut failed = None;
        while let Some(ended) = self.workers.join_next().await {
            failed = failed.or(ended.expect("a store's worker does not panic").err());
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(self.core.join().expect("the core does not panic")),
        }
    }

    /// Waits until a worker has ended, which none does while lines may come unless something is badly wrong, or an
    /// officer's action could not be made durable; says what.
    pub async fn ended(&mut self) -> anyhow::Error {
        let mut ended = tokio::select! {
            ended = self.workers.join_next() => ended,
            why = self.desk.lost() => return anyhow::anyhow!("the desk can't be made durable: {why}"),
        };
        // One that did not fail has ended because another did, before it or just now; or the core has.
        let why = async {
            loop {
                match ended {
                    Some(Ok(Ok(()))) => ended = self.workers.join_next().await,
                    Some(Ok(Err(error))) => return error,
                    Some(Err(panicked)) => {
                        return anyhow::Error::new(panicked).context("a store's worker panicked");
                    }
                    None => return anyhow::anyhow!("the core has stopped"),
                }
            }
        };
        let why = tokio::time::timeout(WHY, why).await;
        why.unwrap_or_else(|_| anyhow::anyhow!("the core has stopped"))
    }
}
