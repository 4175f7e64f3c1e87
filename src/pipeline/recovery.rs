//! How a watch comes back to where it left off: the newest snapshot that no store is behind, and what the journal says
//! after it.

use super::{Stores, stores::open_history};
use crate::entry::{Entry, Numbered, Skip};
use crate::journal::{self, Named, Reader, Snapshots};
use crate::place::Places;
use crate::watch::{Halt, Outcome, Watch};
use anyhow::Context as _;
use sensors::Time;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Lines read ahead in one piece while those before are being understood.
const AHEAD: u64 = 50_000;

/// Pieces that wait.
const AHEAD_PIECES: usize = 2;

/// Fixes that wait for the history to take them, so that a long replay stays small.
const FIXES: usize = 100_000;

impl Stores {
    /// Comes back to the state that the journal tells of. Calls `progress` with the sequence reached and the last one.
    ///
    /// What the desk was told before it is not told again: after an upgrade that replays the whole journal,
    /// what new rules see in the past does not land on the queue.
    ///
    /// # Errors
    /// When a store can't be read or written, or when the core panics. Where it panics at the line at which it ended the
    /// run before, the line is journalled as a skip and passed over.
    pub async fn recover(
        &mut self,
        places: Arc<Places>,
        progress: impl FnMut(u64, u64),
    ) -> anyhow::Result<Watch> {
        self.recover_with(places, |watch| watch, progress).await
    }

    /// The same, with a watch that `equip` has changed before it takes anything.
    ///
    /// # Errors
    /// As [`Stores::recover`].
    pub async fn recover_with(
        &mut self,
        places: Arc<Places>,
        equip: impl Fn(Watch) -> Watch,
        mut progress: impl FnMut(u64, u64),
    ) -> anyhow::Result<Watch> {
        self.close_gap().await?;
        let last = self.halted.last();
        loop {
            let begun = self.begin(&places).await?;
            self.restart = begun.next();
            let watch = equip(begun.with_threads(super::threads()).with_skips(self.skipped.clone()));
            let watch = match &last {
                Some(halt) => watch.with_care(halt.clone()),
                None => watch,
            };
            match self.replay(watch, &mut progress).await? {
                Ok(watch) => {
                    self.halted.over().context("remove the note of the last panic")?;
                    return Ok(watch);
                }
                Err(halt) if halt.count == 1 && last.as_ref().is_some_and(|last| last.covers(halt.first)) => {
                    self.skip(&halt).await?;
                }
                Err(halt) => {
                    self.halted.note(&halt).context("write down where the core panicked")?;
                    let Halt { first, count, message } = halt;
                    anyhow::bail!("the core panicked at journal entry {first} (+{}): {message}", count - 1);
                }
            }
        }
    }

    /// The newest snapshot that no store is behind, or a watch that has seen nothing.
    async fn begin(&mut self, places: &Arc<Places>) -> anyhow::Result<Watch> {
        let kept = self.history.applied().min(self.desk.applied().await?);
        let begun = begin_at(&self.snapshots, &self.journal_folder(), places, kept + 1).await;
        let (watch, skipped) = begun.context("find where to begin")?;
        self.skipped = skipped;
        Ok(watch)
    }

    async fn replay(
        &mut self,
        mut watch: Watch,
        progress: &mut impl FnMut(u64, u64),
    ) -> anyhow::Result<Result<Watch, Halt>> {
        let told = self.desk.applied().await?;
        let mut pieces = read_ahead(&self.journal_folder(), watch.next());
        let mut outcome = Outcome::default();
        while let Some(entries) = pieces.recv().await {
            let entries = entries.context("read the journal back")?;
            let taken = catch_unwind(AssertUnwindSafe(|| watch.take_all(&entries, &mut outcome)));
            if let Err(panicked) = taken {
                return Ok(Err(Halt::of(panicked).unwrap_or_else(|elsewhere| resume_unwind(elsewhere))));
            }
            outcome.changes.retain(|change| change.sequence > told);
            if outcome.fixes.len() + outcome.hearings.len() > FIXES || !outcome.changes.is_empty() {
                self.keep(std::mem::take(&mut outcome), watch.next() - 1).await?;
            }
            progress(watch.next() - 1, self.journal.next() - 1);
        }
        self.keep(outcome, watch.next().saturating_sub(1)).await?;
        Ok(Ok(watch))
    }

    /// The second panic at a line: whoever reads this journal passes it over from now on.
    async fn skip(&mut self, halt: &Halt) -> anyhow::Result<()> {
        let skip = Skip { first: halt.first, count: halt.count };
        tracing::error!(
            sequence = halt.first,
            reason = halt.message,
            "a line is passed over: it ended the core twice"
        );
        self.journal.append(&[Entry::Skip(skip)]).await.context("write down which line is passed over")?;
        // What it holds in memory of the replay that was broken off comes again.
        self.history = open_history(&self.folder).await?;
        Ok(())
    }
}

/// The core as it was when it had not taken `not_after` yet, or earlier, and what is to be passed over from there on.
///
/// # Errors
/// When the journal can't be read.
pub(super) async fn begin_at(
    snapshots: &Snapshots,
    journal: &Path,
    places: &Arc<Places>,
    not_after: u64,
) -> Result<(Watch, Vec<Skip>), journal::Error> {
    let found = newest_state(snapshots, journal, places, |named| named.next <= not_after).await?;
    let watch = found.map_or_else(|| Watch::new(places.clone()), |(watch, _)| watch);
    let skips = Reader::open(journal).skips_from(watch.next()).await?;
    Ok((watch, skips))
}

/// The core as it was at the newest snapshot that fits, that reads back whole, and from which on nothing is missing in
/// the journal; with the newest moment that it knew of.
///
/// # Errors
/// When the journal can't be read.
pub(crate) async fn newest_state(
    snapshots: &Snapshots,
    journal: &Path,
    places: &Arc<Places>,
    fits: impl Fn(&Named) -> bool,
) -> Result<Option<(Watch, Time)>, journal::Error> {
    for named in snapshots.newest_first().filter(fits) {
        let (next, time) = (named.next, named.now);
        if !Reader::open(journal).goes_on_from(next).await? {
            tracing::warn!(next, %time, "snapshot passed over: the journal does not go on from it");
            continue;
        }
        let Some(snapshot) = snapshots.read(&named) else { continue };
        match Watch::restore(&snapshot.state, places.clone()) {
            Ok(watch) if watch.next() == next => return Ok(Some((watch, time))),
            Ok(watch) => tracing::warn!(next, holds = watch.next(), "snapshot passed over"),
            Err(error) => tracing::warn!(next, %error, "snapshot passed over"),
        }
    }
    Ok(None)
}

/// Entries from a sequence on, in pieces that a task of its own reads.
fn read_ahead(folder: &Path, from: u64) -> mpsc::Receiver<Result<Vec<Numbered>, journal::Error>> {
    let (sender, pieces) = mpsc::channel(AHEAD_PIECES);
    let mut reader = Reader::open(folder);
    tokio::spawn(async move {
        let (mut sought, mut next) = (Some(reader.seek(from).await), from);
        while let Some(found) = match sought.take() {
            Some(Err(error)) => Some(Err(error)),
            _ => read_piece(&mut reader, &mut next).await.transpose(),
        } {
            let failed = found.is_err();
            // Nobody waits for it any more, or nothing can be read after it.
            if sender.send(found).await.is_err() || failed {
                break;
            }
        }
    });
    pieces
}

async fn read_piece(reader: &mut Reader, next: &mut u64) -> Result<Option<Vec<Numbered>>, journal::Error> {
    let (mut piece, mut lines) = (Vec::new(), 0);
    while lines < AHEAD {
        let Some(entry) = reader.for_core(*next).await? else { break };
        lines += entry.entry.len();
        *next = entry.next();
        piece.push(entry);
    }
    Ok((!piece.is_empty()).then_some(piece))
}
