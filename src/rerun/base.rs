//! Where a re-run begins: the newest snapshot before a time, or the journal's start; read only.

use crate::entry::{Entry, Numbered};
use crate::journal::{self, Reader, Snapshots};
use crate::pipeline::{PROGRAM, newest_state};
use crate::place::Places;
use crate::watch::Watch;
use sensors::Time;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a period can't be run again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The window ends before it begins.
    #[error("the window is empty: it is from {from} to {to}")]
    Empty {
        /// Its begin.
        from: Time,
        /// Its end.
        to: Time,
    },
    /// Nothing is in the folder.
    #[error("there is no journal in {}", .0.display())]
    NoJournal(PathBuf),
    /// The window begins before anything was written down.
    #[error("the journal begins at {begins}, and the window at {from}; begin it there or later")]
    BeforeTheJournal {
        /// The window's begin.
        from: Time,
        /// The first time that the journal tells.
        begins: Time,
    },
    /// What the run would have to begin with was deleted.
    #[error(
        "the journal before {begins} was deleted, and no snapshot is as old as {from}; ask for a later window"
    )]
    Pruned {
        /// The window's begin.
        from: Time,
        /// The first time that the journal still tells.
        begins: Time,
    },
    /// What the run comes to was deleted.
    #[error(
        "days of the journal that the run needs were deleted (entries {first} to {last}); it goes on at {goes_on}: ask for a window that lies before or after"
    )]
    Gone {
        /// The first entry that is gone.
        first: u64,
        /// The last.
        last: u64,
        /// The first time that the journal tells after it.
        goes_on: Time,
    },
    /// Nothing was heard in the window.
    #[error("no line was heard between {from} and {to}; the journal tells of {begins} to {ends}")]
    Silent {
        /// The window's begin.
        from: Time,
        /// Its end.
        to: Time,
        /// The first time that the journal tells.
        begins: Time,
        /// The last time that the journal tells.
        ends: Time,
    },
    /// The place files are not those that the journal was kept with.
    #[error(
        "the journal was kept with other place files; name under `places` those whose SHA-256 is {kept} (now: {given})"
    )]
    OtherPlaces {
        /// As the journal names them.
        kept: String,
        /// Those given.
        given: String,
    },
    /// The journal can't be read.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// It was told to stop.
    #[error("stopped before its end")]
    Stopped,
}

/// The journal and the snapshots of one data folder, opened for reading; a daemon may be writing them.
#[derive(Debug, Clone)]
pub struct Recorded {
    journal: PathBuf,
    snapshots: Snapshots,
    places: Arc<Places>,
}

/// A watch as it was at some time before the window.
#[derive(Debug)]
pub struct Base {
    /// Its state.
    pub watch: Watch,
    /// The time of the snapshot that it came from; `None` for the journal's start.
    pub snapshot: Option<Time>,
}

impl Recorded {
    /// What `folder` holds. Opens nothing yet.
    pub fn new(folder: &Path, places: Arc<Places>) -> Recorded {
        let snapshots = Snapshots::new(&folder.join("snapshots"), PROGRAM);
        Recorded { journal: folder.join("journal"), snapshots, places }
    }

    /// The newest state that is not after `time`.
    ///
    /// # Errors
    /// When there is none to begin with.
    pub async fn base(&self, time: Time) -> Result<Base, Error> {
        let base = self.base_or_start(time).await?;
        if base.snapshot.is_none() {
            let (_, begins) = self.begin().await?;
            if time < begins {
                return Err(Error::BeforeTheJournal { from: time, begins });
            }
        }
        Ok(base)
    }

    /// The newest state that is not after `time`, or that before the first line ever.
    ///
    /// # Errors
    /// When there is none to begin with.
    pub(super) async fn base_or_start(&self, time: Time) -> Result<Base, Error> {
        if !self.journal.is_dir() {
            return Err(Error::NoJournal(self.journal.clone()));
        }
        let found =
            newest_state(&self.snapshots, &self.journal, &self.places, |named| named.now <= time).await?;
        if let Some((watch, now)) = found {
            return self.passing_over(watch, Some(now)).await;
        }
        let (first, begins) = self.begin().await?;
        if first > 1 {
            return Err(Error::Pruned { from: time, begins });
        }
        self.passing_over(Watch::new(self.places.clone()), None).await
    }

    /// What the watch itself passed over is passed over again.
    async fn passing_over(&self, watch: Watch, snapshot: Option<Time>) -> Result<Base, Error> {
        let skips = Reader::open(&self.journal).skips_from(watch.next()).await?;
        Ok(Base { watch: watch.with_skips(skips), snapshot })
    }

    /// The first sequence that the journal holds, and the first time that it tells.
    pub(super) async fn begin(&self) -> Result<(u64, Time), Error> {
        let mut reader = Reader::open(&self.journal);
        reader.seek(0).await?;
        let mut first = None;
        while let Some(entry) = reader.entry().await? {
            first.get_or_insert(entry.first);
            if let Some(time) = told_at(&entry) {
                return Ok((first.unwrap_or(1), time));
            }
        }
        Err(Error::NoJournal(self.journal.clone()))
    }

    /// A reader for a core that has taken all before a sequence.
    pub(super) async fn reader(&self, next: u64) -> Result<Unbroken, Error> {
        let mut reader = Reader::open(&self.journal);
        reader.seek(next).await?;
        Ok(Unbroken { reader, next })
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }
}

/// Reads the journal on, and refuses to pass over days that are gone: what came of the rest would be compared with nothing.
#[derive(Debug)]
pub(super) struct Unbroken {
    reader: Reader,
    next: u64,
}

impl Unbroken {
    /// The next entry; `None` at the end of what is written so far.
    ///
    /// # Errors
    /// When the journal can't be read, or days are gone before it.
    pub(super) async fn entry(&mut self) -> Result<Option<Numbered>, Error> {
        let Some(entry) = self.reader.entry().await? else { return Ok(None) };
        if entry.first > self.next {
            return Err(Error::Gone {
                first: self.next,
                last: entry.first - 1,
                goes_on: self.goes_on(entry).await?,
            });
        }
        self.next = entry.next();
        Ok(Some(entry))
    }

    /// The first time that is told after days that are gone.
    async fn goes_on(&mut self, entry: Numbered) -> Result<Time, Error> {
        let mut next = Some(entry);
        while let Some(entry) = next {
            if let Some(time) = told_at(&entry) {
                return Ok(time);
            }
            next = self.reader.entry().await?;
        }
        Ok(Time::default())
    }
}

/// When an entry came, by the clock that stamps what arrives.
pub(super) fn told_at(numbered: &Numbered) -> Option<Time> {
    match &numbered.entry {
        Entry::Lines(batch) => batch.last_arrived_at(),
        Entry::Tick(now) => Some(*now),
        _ => None,
    }
}
