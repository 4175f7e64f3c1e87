//! Runs wanted windows again beside the watch, one after another, on a thread of its own that gives way to all others.

use super::amend::amends;
use super::base::{Error, Recorded};
use super::late::compare;
use crate::alert::ChangeKind;
use crate::desk::{self, AlertRow, Desk};
use crate::entry::{Entry, Rerun};
use crate::telemetry;
use crate::watch::Wanted;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::{mpsc, watch as channel};

/// How much the thread gives way. Ours: the watch comes first by far.
const NICE: i32 = 10;

/// How long to wait after something that is needed said no. Ours.
const RETRY: Duration = Duration::from_secs(30);

/// Told of alerts once their amendments are kept.
pub type OnAmended = Box<dyn FnMut(Vec<(ChangeKind, AlertRow)>) + Send>;

/// What it needs.
pub struct Worker {
    /// The journal and snapshots.
    pub recorded: Recorded,
    /// Where windows wait and amendments are kept.
    pub desk: Desk,
    /// Where entries for the journal go in.
    pub entries: mpsc::Sender<Entry>,
    /// Told of alerts once their amendments are kept.
    pub amended: OnAmended,
    /// Says when to stop.
    pub stopped: channel::Receiver<bool>,
    /// The re-run whose entry was given to the journal last.
    pub given: Option<u64>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

impl Worker {
    /// Starts it. It ends when it is told to stop; a window that was under way is run again at the next start.
    pub fn start(self) -> std::thread::JoinHandle<()> {
        let thread = std::thread::Builder::new().name("rerun".to_owned());
        let run = move || {
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::debug!(%error, "re-runs can't give way");
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime at start-up").block_on(self.run());
        };
        thread.spawn(run).expect("a thread at start-up")
    }

    async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        loop {
            let next = tokio::select! {
                next = self.step() => next,
                _ = stopped.wait_for(|stopped| *stopped) => return,
            };
            tokio::select! {
                () = self.wait(next) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    async fn wait(&self, next: Next) {
        match next {
            Next::AtOnce => {}
            Next::WhenNoted => {
                // What was noted between asking and waiting is not told twice.
                let _ = tokio::time::timeout(RETRY, self.desk.reruns_noted()).await;
            }
            Next::Later => tokio::time::sleep(RETRY).await,
        }
    }

    /// Does the next thing that there is to do.
    async fn step(&mut self) -> Next {
        let pending = match self.desk.pending_rerun().await {
            Ok(Some(pending)) => pending,
            Ok(None) => return Next::WhenNoted,
            Err(error) => return later("read what is to be run again", &error),
        };
        if !pending.amended {
            let stopped = self.stopped.clone();
            let stop = move || *stopped.borrow();
            let again = run_again(&self.recorded, &self.desk, &pending.wanted, &stop);
            // The order of event time may come upon what the watch itself never did; that must not end the watch.
            let done = AssertUnwindSafe(again).catch_unwind().await;
            match done.unwrap_or(Err(Trouble::Panicked)) {
                Ok(rows) => (self.amended)(rows),
                Err(Trouble::Rerun(Error::Stopped)) => return Next::Later,
                Err(Trouble::Rerun(Error::Journal(error))) => return later("run a window again", &error),
                Err(Trouble::Desk(error)) => return later("keep amendments", &error),
                Err(error) => {
                    let why = telemetry::chain(&error);
                    tracing::warn!(why, from = %pending.wanted.from, to = %pending.wanted.to, "what came late can't be put in its place");
                    return match self.desk.refuse_rerun(pending.wanted.next, &why).await {
                        Ok(()) => Next::AtOnce,
                        Err(error) => later("note why a window can't be run again", &error),
                    };
                }
            }
        }
        // The keeper notes it once it has come back through the journal; until then it is given once.
        if self.given != Some(pending.wanted.next) {
            let Wanted { from, to, next, .. } = pending.wanted;
            self.given = Some(next);
            // The journal's worker is gone only when the watch stops.
            let _ = self.entries.send(Entry::Rerun(Rerun { from, to, next })).await;
        }
        Next::WhenNoted
    }
}

enum Next {
    AtOnce,
    WhenNoted,
    Later,
}

fn later(operation: &'static str, error: &dyn std::error::Error) -> Next {
    tracing::error!(operation, error = telemetry::chain(error), "a re-run waits");
    Next::Later
}

/// Why a re-run was not done.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The window can't be run.
    #[error(transparent)]
    Rerun(#[from] Error),
    /// The desk refused.
    #[error(transparent)]
    Desk(#[from] desk::Error),
    /// A stage panicked.
    #[error("the core panicked in the re-run")]
    Panicked,
}

/// Runs one window again and keeps what it says; gives the alerts that it amended.
///
/// # Errors
/// What could not be run or kept.
pub async fn run_again(
    recorded: &Recorded,
    desk: &Desk,
    wanted: &Wanted,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<(ChangeKind, AlertRow)>, Trouble> {
    let earlier = desk.earlier_reruns(wanted.next).await?;
    let compared = compare(recorded, wanted, &earlier, stop).await?;
    let kept = desk.alerts_touching(compared.from, compared.to).await?;
    let amends = amends(&compared, &kept);
    let rows = desk.amend(wanted, &amends).await?;
    tracing::info!(
        from = %wanted.from, to = %wanted.to, late = wanted.reports, amended = rows.len(), rerun = wanted.next,
        "what came late was put in its place"
    );
    Ok(rows)
}
