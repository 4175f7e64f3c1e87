//! The journal's worker: gathers what was heard into groups, and lets nothing pass before it is durable.

use super::{Clock, RETRY, trouble::Trouble};
use crate::entry::{Entry, Numbered};
use crate::journal::{Journal, Ticker};
use sensors::receiver::{Delivery, Receipt};
use std::{sync::Arc, time::Duration};
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

/// The journal's worker.
pub(super) struct Writing {
    pub(super) journal: Journal,
    pub(super) ticker: Ticker,
    pub(super) clock: Clock,
    pub(super) written: mpsc::Sender<Vec<Numbered>>,
    /// Entries that no receiver brings.
    pub(super) others: mpsc::Receiver<Entry>,
    pub(super) trouble: Arc<Trouble>,
}

impl Writing {
    pub(super) async fn run(
        mut self,
        versions: Vec<Entry>,
        mut heard: mpsc::Receiver<Delivery>,
    ) -> anyhow::Result<()> {
        self.write(versions).await?;
        loop {
            let (mut entries, mut receipts) = (Vec::new(), Vec::new());
            let open = self.gather(&mut heard, &mut entries, &mut receipts).await;
            if let Some(clock) = &self.clock {
                self.ticker.clock(clock(), &mut entries);
            }
            entries.extend(std::iter::from_fn(|| self.others.try_recv().ok()));
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
