//! The journal's worker: gathers what was heard into groups, and lets nothing pass before it is durable, unless the disk
//! has no room left at all.

use super::room::{Room, Unwritten, lacks_room};
use super::unrecorded::{self, Group, Record};
use super::{Clock, RETRY, trouble::Trouble};
use crate::desk::OpenGap;
use crate::entry::{Entry, Numbered};
use crate::journal::{self, Found, Journal, Snapshots, Ticker, Wait};
use anyhow::Context as _;
use sensors::receiver::{Delivery, Receipt};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The longest that a line waits to be durable. Source: the promise in `reliability.md`, R3, of 250 ms, less
/// the time a commit takes.
const GROUP: Duration = Duration::from_millis(150);

/// The longest that a line waits whose sender waits for the receipt and sends nothing meanwhile: long enough for those
/// that send at the same time to share a commit. Ours: the edge's catch-up is bound by it.
const GROUP_AWAITED: Duration = Duration::from_millis(10);

/// How long nothing may be heard before the picture is drawn anew without it.
const IDLE: Duration = Duration::from_secs(1);

/// Lines in one commit, more or less. A commit costs the disk a few milliseconds whatever it holds; ten groups and what came of
/// them may wait in memory. Counted in lines: on a disk that takes half a second, all that came meanwhile goes into the next.
const GROUP_LINES: usize = 32_768;

/// Batches in one commit, at most: each is an entry. Ours: as many as a seal stands for.
const GROUP_BATCHES: usize = 1024;

/// The journal's worker.
pub(super) struct Writing {
    pub(super) journal: Journal,
    pub(super) ticker: Ticker,
    pub(super) clock: Clock,
    pub(super) written: mpsc::Sender<Group>,
    /// Entries that no receiver brings.
    pub(super) others: mpsc::Receiver<Entry>,
    pub(super) trouble: Arc<Trouble>,
    pub(super) room: Room,
    /// Settings and program version, which the journal takes where they are new.
    pub(super) versions: Vec<Entry>,
    /// What is missing in the journal, while nothing is written down.
    pub(super) gap: Option<OpenGap>,
    /// What was to be written down when the gap began and is no line: it is, once the gap has ended.
    pub(super) postponed: Vec<Entry>,
    /// What a restart begins from, and so how much of the journal it needs.
    pub(super) snapshots: Snapshots,
}

const WRITE: &str = "write the journal; lines wait";

impl Writing {
    pub(super) async fn run(mut self, mut heard: mpsc::Receiver<Delivery>) -> anyhow::Result<()> {
        self.show_gap();
        self.pass(self.versions.clone()).await?;
        loop {
            let (mut entries, mut receipts) = (Vec::new(), Vec::new());
            let open = self.gather(&mut heard, &mut entries, &mut receipts).await;
            if let Some(clock) = &self.clock {
                self.ticker.clock(clock(), &mut entries);
            }
            if self.gap.is_none() {
                entries.extend(std::iter::from_fn(|| self.others.try_recv().ok()));
            }
            // A receipt that is dropped tells its sender that the lines may be lost.
            if self.pass(entries).await? {
                receipts.into_iter().for_each(Receipt::durable);
            }
            self.prune(Wait::No).await?;
            if !open {
                return self.close().await;
            }
        }
    }

    /// Ends with a seal, for which a full disk may have no room: what it would stand for is durable without it, and the next
    /// start seals it.
    async fn close(&mut self) -> anyhow::Result<()> {
        if let Err(error) = self.journal.close().await {
            let error = may_pass(error)?;
            tracing::warn!(error = %crate::telemetry::chain(&error), "the journal ends without a seal; the next start seals it");
        }
        Ok(())
    }

    /// Hands entries on to the core once they are durable, or unrecorded where there is no room at all; says whether they
    /// are durable. Without entries the core draws the picture of what was heard last.
    async fn pass(&mut self, entries: Vec<Entry>) -> anyhow::Result<bool> {
        // A day that is on its way out gives its room first.
        if self.room.is_due() && (self.gap.is_some() || !self.journal.makes_room()) {
            self.make_room(Wait::No).await?;
        }
        if self.gap.is_some() {
            self.pass_on_unrecorded(entries).await?;
            return Ok(false);
        }
        if entries.iter().all(Entry::is_empty) {
            self.pass_on(Vec::new(), Record::Kept).await?;
            return Ok(true);
        }
        self.write(entries).await
    }

    /// Deletes the days that are no longer kept, which it looks for once a day, and those that are to make room. Where that
    /// can't be, they stay, and the screens say so; room is then sought elsewhere.
    async fn prune(&mut self, wait: Wait) -> anyhow::Result<()> {
        if self.gap.is_some() {
            // The next entry is the gap's.
            return Ok(());
        }
        let kept = self.journal.housekeep(|| self.snapshots.needed_from(), wait).await;
        match kept.context("the journal can't be made durable")? {
            None => {}
            Some(Found::Days { for_room, entries }) => {
                self.room.signs.show(|shown| shown.unpruned = None);
                for entry in entries.iter().filter(|_| for_room) {
                    if let Entry::Pruned(run) = &entry.entry {
                        run.days.iter().for_each(|day| self.room.day_gone(day));
                    }
                }
                self.pass_on(entries, Record::Kept).await?;
            }
            Some(Found::Nothing { for_room }) => {
                self.room.signs.show(|shown| shown.unpruned = None);
                if for_room {
                    self.room.no_day_left();
                }
            }
            Some(Found::Unable { for_room, why }) => {
                let error = crate::telemetry::chain(&why);
                tracing::error!(error, "no day of the journal can go");
                self.room.signs.show(|shown| shown.unpruned = Some(error));
                if for_room {
                    self.room.no_day_left();
                }
            }
        }
        Ok(())
    }

    /// Collects until the first line has waited long enough or the group is full. `false` when no more come.
    async fn gather(
        &mut self,
        heard: &mut mpsc::Receiver<Delivery>,
        entries: &mut Vec<Entry>,
        receipts: &mut Vec<Receipt>,
    ) -> bool {
        let mut deadline = tokio::time::Instant::now() + IDLE;
        let (mut batches, mut lines) = (0, 0);
        while batches < GROUP_BATCHES && lines < GROUP_LINES {
            match tokio::time::timeout_at(deadline, heard.recv()).await {
                Ok(Some(delivery)) => {
                    if batches == 0 {
                        deadline = tokio::time::Instant::now() + GROUP;
                    }
                    if !delivery.receipts.is_empty() {
                        deadline = deadline.min(tokio::time::Instant::now() + GROUP_AWAITED);
                    }
                    batches += 1;
                    lines += delivery.batch.len();
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

    /// Writes until it is durable, or until there is no room left that could be made: lines are then understood and not
    /// written down. What else may pass is tried again while lines wait; any other failure ends the watch, since what a
    /// disk failed to sync once it may call synced the next time.
    async fn write(&mut self, mut entries: Vec<Entry>) -> anyhow::Result<bool> {
        loop {
            let error = match self.journal.append_all(&mut entries).await {
                Ok(numbered) => {
                    self.trouble.over(WRITE);
                    self.room.took();
                    self.pass_on(numbered, Record::Kept).await?;
                    return Ok(true);
                }
                Err(error) => may_pass(error)?,
            };
            if lacks_room(&error) && self.room_is_on_its_way().await? {
                continue;
            }
            if lacks_room(&error) && self.room.refuses() {
                self.make_room(Wait::Yes).await?;
                if self.gap.is_some() {
                    self.trouble.over(WRITE);
                    self.pass_on_unrecorded(entries).await?;
                    return Ok(false);
                }
            } else {
                self.trouble.begins(WRITE, &error);
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn pass_on(&mut self, entries: Vec<Numbered>, record: Record) -> anyhow::Result<()> {
        let passed = self.written.send(Group { entries, record, since: Instant::now() }).await;
        passed.map_err(|_| anyhow::anyhow!("the core has stopped"))
    }

    /// Waits for room that is being made, and says whether there was any to wait for.
    async fn room_is_on_its_way(&mut self) -> anyhow::Result<bool> {
        if !self.room.is_at_work() && !self.journal.makes_room() {
            return Ok(false);
        }
        self.room.worked().await;
        self.prune(Wait::Yes).await?;
        Ok(true)
    }

    /// Does what the room on the disk asks for: lets a day of the journal go, begins a gap or ends it.
    async fn make_room(&mut self, wait: Wait) -> anyhow::Result<()> {
        let order = self.room.keep(wait).await;
        if order.day_goes && self.gap.is_none() {
            self.journal.want_room(self.room.needed_from());
            self.prune(wait).await?;
        }
        match &self.gap {
            None if order.unrecorded => {
                self.gap = Some(unrecorded::gap_from(self.journal.next()));
                self.journal.stop_looking();
                tracing::error!("the disk is full: lines are understood and not written down");
                self.show_gap();
            }
            Some(_) if !order.unrecorded => self.record_again().await?,
            _ => {}
        }
        Ok(())
    }

    async fn pass_on_unrecorded(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        let gap = self.gap.as_mut().expect("asked by the caller");
        // Whoever gave it waits until the journal says it.
        let (postponed, heard): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| matches!(entry, Entry::Rerun(_)));
        self.postponed.extend(postponed);
        let numbered = unrecorded::number(gap, heard);
        let record = Record::Missing(gap.clone());
        self.show_gap();
        self.pass_on(numbered, record).await
    }

    /// Puts the entry of the gap into the journal, and with it what the core works by from here on. Where there is no room
    /// yet, nothing has changed.
    async fn record_again(&mut self) -> anyhow::Result<()> {
        let Some(OpenGap { gap, .. }) = &self.gap else { return Ok(()) };
        let (lines, sequences) = (gap.lines, gap.sequences);
        let (mut entries, mut record) = (Vec::new(), Record::Kept);
        if sequences > 0 {
            entries.push(Entry::Gap(gap.clone()));
            entries.extend(self.versions.clone());
            record = Record::KeptAgain;
        }
        entries.extend(self.postponed.clone());
        match self.journal.append(&entries).await {
            Ok(numbered) => self.pass_on(numbered, record).await?,
            Err(error) => {
                may_pass(error)?;
                self.room.refuses();
                return Ok(());
            }
        }
        self.postponed.clear();
        tracing::warn!(lines, "lines are written down again; a gap stands for those that were not");
        self.gap = None;
        self.room.took();
        self.show_gap();
        Ok(())
    }

    fn show_gap(&self) {
        let unwritten = self.gap.as_ref().map(|OpenGap { gap, .. }| Unwritten {
            from: Some(gap.from).filter(|_| gap.sequences > 0),
            lines: gap.lines,
        });
        self.room.signs.show(|shown| shown.unrecorded = unwritten);
    }
}

/// The error again where the same may be tried again.
fn may_pass(error: journal::Error) -> anyhow::Result<journal::Error> {
    if error.may_pass() {
        return Ok(error);
    }
    Err(anyhow::Error::new(error).context("the journal can't be made durable"))
}

#[cfg(test)]
#[path = "writing_tests.rs"]
mod tests;
