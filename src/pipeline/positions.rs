//! Positions and claims on their way to the history: live, or standing still for want of room, or catching up.

use super::catch_up::{self, CatchUp};
use super::recovery::begin_at;
use super::room::{Behind, Signs};
use super::trouble::Trouble;
use crate::history::{self, Which};
use crate::journal::{Reader, Snapshots};
use crate::place::Places;
use crate::watch::Outcome;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Positions are in the file after this long, even when no snapshot is due.
const EVERY: Duration = Duration::from_secs(60);

/// How long a history that stopped waits before it tries again, where the disk says that it has room. Ours.
const AGAIN: Duration = Duration::from_secs(5);

/// The history, and how it is fed.
pub(super) struct Positions {
    pub(super) writer: history::Writer,
    /// Where the journal is, for what was missed.
    pub(super) journal: PathBuf,
    pub(super) snapshots: Snapshots,
    pub(super) places: Arc<Places>,
    pub(super) signs: Arc<Signs>,
    pub(super) trouble: Arc<Trouble>,
    pub(super) feed: Feed,
    /// The last sequence that was taken or passed over.
    pub(super) reached: u64,
    pub(super) flushed: Instant,
    /// There was no room, and now there is; whoever asks, sets it back.
    pub(super) has_come_back: bool,
}

/// What the history is given.
pub(super) enum Feed {
    /// What the core gives, as it gives it.
    Live,
    /// Nothing, from this sequence on.
    Stopped { from: u64, since: Instant },
    /// What the journal gives, until that is the present.
    Behind { from: u64, journal: Box<CatchUp> },
}

impl Feed {
    /// As a writer comes back that may have stopped while the journal was read.
    pub(super) fn of(writer: &history::Writer) -> Feed {
        writer.stopped_at().map_or(Feed::Live, |from| Feed::Stopped { from, since: Instant::now() })
    }
}

impl Positions {
    /// Takes what a group came to, or passes it over while it is behind.
    ///
    /// # Errors
    /// What can't pass by itself.
    pub(super) async fn take(&mut self, outcome: Outcome, applied: u64) -> anyhow::Result<()> {
        if self.signs.history_stops() {
            self.stand_still().await?;
        }
        match &mut self.feed {
            Feed::Live => self.take_live(outcome, applied).await?,
            Feed::Stopped { from, since } => {
                if !self.signs.history_stops() && since.elapsed() >= AGAIN {
                    let from = *from;
                    self.go_on(from).await?;
                }
            }
            Feed::Behind { .. } => self.catch_up(applied).await?,
        }
        self.reached = applied;
        self.show();
        Ok(())
    }

    /// Whether everything up to here is in the file, which is written for it.
    ///
    /// # Errors
    /// What can't pass by itself.
    pub(super) async fn are_whole(&mut self, applied: u64) -> anyhow::Result<bool> {
        Ok(matches!(self.feed, Feed::Live)
            && self.flush(applied, Which::All).await?
            && self.writer.applied() >= applied)
    }

    async fn take_live(&mut self, outcome: Outcome, applied: u64) -> anyhow::Result<()> {
        self.writer.take(outcome);
        if let Some(from) = self.writer.stopped_at() {
            self.stop(from);
        } else if self.writer.is_due() {
            self.flush(applied, Which::FullBlocksOnly).await?;
        } else if self.flushed.elapsed() > EVERY {
            self.flush(applied, Which::All).await?;
        }
        Ok(())
    }

    /// Stops where it is; what came so far is written while it still can be.
    async fn stand_still(&mut self) -> anyhow::Result<()> {
        let from = match &self.feed {
            Feed::Live => self.reached + 1,
            Feed::Behind { journal, .. } => journal.next(),
            Feed::Stopped { .. } => return Ok(()),
        };
        // Refused, it stays in memory, which is bounded.
        self.flush(from - 1, Which::All).await?;
        self.stop(from);
        Ok(())
    }

    fn stop(&mut self, from: u64) {
        if matches!(self.feed, Feed::Live) {
            tracing::warn!(from, "the history stands still; the journal goes on");
        }
        self.feed = Feed::Stopped { from, since: Instant::now() };
    }

    /// Begins to read what was missed, once what waits in memory is in the file.
    async fn go_on(&mut self, from: u64) -> anyhow::Result<()> {
        if !self.flush(from - 1, Which::All).await? {
            return Ok(());
        }
        self.writer.resume();
        let not_after = self.writer.applied() + 1;
        let begun = match begin_at(&self.snapshots, &self.journal, &self.places, not_after).await {
            Ok((watch, skips)) => {
                CatchUp::begin(Reader::open(&self.journal), watch.with_skips(skips), from).await
            }
            Err(error) => Err(error.into()),
        };
        match begun {
            Ok(journal) => self.feed = Feed::Behind { from, journal: Box::new(journal) },
            Err(error) => self.refused(error, from)?,
        }
        Ok(())
    }

    async fn catch_up(&mut self, applied: u64) -> anyhow::Result<()> {
        let Feed::Behind { journal, .. } = &mut self.feed else { return Ok(()) };
        let read = journal.slice(applied, &mut self.writer).await;
        let next = journal.next();
        match read {
            Ok(true) => {
                tracing::info!("the history is whole again");
                (self.feed, self.has_come_back) = (Feed::Live, true);
            }
            Ok(false) => {
                if let Some(from) = self.writer.stopped_at() {
                    self.stop(from);
                } else if self.flushed.elapsed() > EVERY {
                    self.flush(next - 1, Which::All).await?;
                }
            }
            Err(error) => self.refused(error, next)?,
        }
        Ok(())
    }

    fn refused(&mut self, error: catch_up::Error, from: u64) -> anyhow::Result<()> {
        if !error.may_pass() {
            return Err(anyhow::Error::new(error).context("the history can't catch up"));
        }
        tracing::warn!(error = crate::telemetry::chain(&error), "the history waits before it catches up");
        self.stop(from);
        Ok(())
    }

    /// Writes; `false` where there was no room, and then the history stops.
    async fn flush(&mut self, applied: u64, which: Which) -> anyhow::Result<bool> {
        if which == Which::All {
            self.flushed = Instant::now();
        }
        let flushed = self.writer.flush(applied, which).await;
        let written = self.trouble.noted("write the history", flushed, history::Error::may_pass)?.is_some();
        if !written {
            match self.feed {
                Feed::Stopped { from, .. } => self.stop(from),
                _ => self.stop(applied + 1),
            }
        }
        Ok(written)
    }

    fn show(&self) {
        let behind = match &self.feed {
            Feed::Live => None,
            Feed::Stopped { from, .. } => Some(Behind { from: *from, reached: None }),
            Feed::Behind { from, journal } => Some(Behind { from: *from, reached: Some(journal.next() - 1) }),
        };
        self.signs.show(|shown| shown.history = behind);
    }
}
