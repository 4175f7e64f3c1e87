//! How a history that stood still comes back: the journal is read again beside the live pass, for positions alone.

use crate::history;
use crate::journal::{self, Reader};
use crate::watch::{Outcome, Watch};
use std::time::{Duration, Instant};

/// How long a slice of it may take: between two slices alerts are kept. Ours.
const SLICE: Duration = Duration::from_millis(50);

/// A replay whose positions and claims go to the history, and whose alerts go nowhere: the live pass gave them.
pub(super) struct CatchUp {
    reader: Reader,
    watch: Watch,
    from: u64,
    outcome: Outcome,
}

/// What can go wrong with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error(transparent)]
    History(#[from] history::Error),
}

impl Error {
    /// Whether it may pass, so that the same is worth trying again.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Error::Journal(error) => error.may_pass(),
            Error::History(error) => error.may_pass(),
        }
    }
}

impl CatchUp {
    /// Begins with a watch as it was at a snapshot that the history is not behind; the history wants everything from
    /// sequence `from` on.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub(super) async fn begin(mut reader: Reader, watch: Watch, from: u64) -> Result<CatchUp, Error> {
        reader.seek(watch.next()).await?;
        Ok(CatchUp { reader, watch, from, outcome: Outcome::default() })
    }

    /// The first sequence that has not been read.
    pub(super) fn next(&self) -> u64 {
        self.watch.next()
    }

    /// Goes on for a while, and no further than `applied`; `true` once that is reached.
    ///
    /// # Errors
    /// When the journal can't be read or the history not written.
    pub(super) async fn slice(&mut self, applied: u64, history: &mut history::Writer) -> Result<bool, Error> {
        let until = Instant::now() + SLICE;
        while self.watch.next() <= applied {
            if Instant::now() >= until || history.stopped_at().is_some() {
                return Ok(false);
            }
            let Some(entry) = self.reader.for_core(self.watch.next()).await? else {
                // A day that began after this reader did.
                self.reader.seek(self.watch.next()).await?;
                return Ok(false);
            };
            self.watch.take(&entry, &mut self.outcome);
            // Only what the history keeps is caught up; the desk was told the rest.
            history.take_from(self.from, std::mem::take(&mut self.outcome));
            if history.is_due() {
                history.flush(self.watch.next() - 1, history::Which::FullBlocksOnly).await?;
            }
        }
        Ok(true)
    }
}
