//! How a watch comes back to where it left off: the newest snapshot that no store is behind, and what the journal says
//! after it.

use super::{Stores, stores::open_history};
use crate::entry::{Entry, Numbered, Skip};
use crate::journal::{self, Reader};
use crate::place::Places;
use crate::watch::{Halt, Outcome, Watch};
use anyhow::Context as _;
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

    /// The newest snapshot that can be read and that no store is behind, or a watch that has seen nothing.
    async fn begin(&mut self, places: &Arc<Places>) -> anyhow::Result<Watch> {
        let kept = self.history.applied().min(self.desk.applied().await?);
        let mut not_after = kept + 1;
        let watch = loop {
            let Some(snapshot) = self.snapshots.newest(not_after) else { break Watch::new(places.clone()) };
            match Watch::restore(&snapshot.state, places.clone()) {
                Ok(watch) if watch.next() == snapshot.next => break watch,
                Ok(watch) => {
                    tracing::warn!(next = snapshot.next, holds = watch.next(), "snapshot passed over");
                }
                Err(error) => tracing::warn!(next = snapshot.next, %error, "snapshot passed over"),
            }
            match snapshot.next.checked_sub(1) {
                Some(earlier) => not_after = earlier,
                None => break Watch::new(places.clone()),
            }
        };
        let watch =
            self.with_pruned_settings(watch).await.context("read the settings of days that are gone")?;
        self.skipped = Reader::open(&self.journal_folder())
            .skips_from(watch.next())
            .await
            .context("read which lines to pass over")?;
        Ok(watch)
    }

    /// A watch that begins where a pruned journal does works by the settings that stood there.
    async fn with_pruned_settings(&self, mut watch: Watch) -> Result<Watch, journal::Error> {
        if watch.next() > 1 {
            return Ok(watch);
        }
        let mut reader = Reader::open(&self.journal_folder());
        reader.seek(watch.next()).await?;
        if let Some(Numbered { first, .. }) = reader.entry().await?
            && first > 1
            && let (Some(text), _) = reader.versions_before(first).await?
        {
            tracing::warn!(
                first,
                "the journal begins later; its settings of then are taken from what was pruned"
            );
            watch.take(&Numbered { first: first - 1, entry: Entry::Settings(text) }, &mut Outcome::default());
        }
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

/// Entries from a sequence on, in pieces that a task of its own reads.
fn read_ahead(folder: &Path, from: u64) -> mpsc::Receiver<Result<Vec<Numbered>, journal::Error>> {
    let (sender, pieces) = mpsc::channel(AHEAD_PIECES);
    let mut reader = Reader::open(folder);
    tokio::spawn(async move {
        let mut sought = Some(reader.seek(from).await);
        while let Some(found) = match sought.take() {
            Some(Err(error)) => Some(Err(error)),
            _ => read_piece(&mut reader).await.transpose(),
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

async fn read_piece(reader: &mut Reader) -> Result<Option<Vec<Numbered>>, journal::Error> {
    let (mut piece, mut lines) = (Vec::new(), 0);
    while lines < AHEAD {
        let Some(entry) = reader.entry().await? else { break };
        lines += entry.entry.len();
        piece.push(entry);
    }
    Ok((!piece.is_empty()).then_some(piece))
}
