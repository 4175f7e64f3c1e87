//! Stamps what one receiver at the mast hears and makes it durable there; what could not be heard in full becomes word
//! of a gap.

use super::consignment::{self, Lost, Why};
use super::post::Post;
use super::spool::Loose;
use sensors::Time;
use sensors::receiver::{Delivery, Receipt};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The longest a line waits to be durable here. Source: R3 of the promises, 250 ms, less the time a write takes.
const GATHER: Duration = Duration::from_millis(200);

/// A parcel of so many lines or bytes does not wait. Ours: it bounds the memory of the edge.
const PARCEL_LINES: u32 = 4096;
const PARCEL_BYTES: usize = 256 << 10;

/// How often gaps are looked for. Each is a consignment of its own: a flood of a day is 8,640 of them. Ours.
const GAPS_EVERY: Duration = Duration::from_secs(10);

/// Makes durable what one receiver brings.
pub(super) struct Keeper {
    post: Arc<Post>,
    station: String,
    now: fn() -> Time,
    gaps: Gaps,
}

/// What the link counted as not passed on, and how much of it has been told.
struct Gaps {
    dropped: u64,
    limited: u64,
    looked_at: Time,
    next: Instant,
}

impl Keeper {
    pub(super) fn new(post: Arc<Post>, station: String, now: fn() -> Time) -> Keeper {
        let gaps = Gaps { dropped: 0, limited: 0, looked_at: now(), next: Instant::now() + GAPS_EVERY };
        Keeper { post, station, now, gaps }
    }

    /// Until the receiver has ended.
    pub(super) async fn run(mut self, mut heard: mpsc::Receiver<Delivery>) -> anyhow::Result<()> {
        loop {
            let first = match timeout_at(self.gaps.next, heard.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => return self.keep(Loose::default(), true).await,
                Err(_) => {
                    self.keep(Loose::default(), true).await?;
                    continue;
                }
            };
            let (loose, receipts) = self.gather(first, &mut heard).await;
            self.keep(loose, Instant::now() >= self.gaps.next).await?;
            receipts.into_iter().for_each(Receipt::durable);
        }
    }

    /// Collects until the first line has waited long enough or there is enough for a parcel.
    async fn gather(&self, first: Delivery, heard: &mut mpsc::Receiver<Delivery>) -> (Loose, Vec<Receipt>) {
        let deadline = Instant::now() + GATHER;
        let (mut loose, mut receipts) = (Loose::default(), Vec::new());
        let mut delivery = Some(first);
        while let Some(Delivery { batch, receipts: waits, .. }) = delivery.take() {
            for (at, line) in batch.iter() {
                if loose.lines == 0 {
                    loose.heard_first = at;
                }
                consignment::stamp(&mut loose.text, &self.station, at, line);
                loose.lines += 1;
                loose.heard_last = at;
            }
            receipts.extend(waits);
            if loose.lines < PARCEL_LINES && loose.text.len() < PARCEL_BYTES {
                delivery = timeout_at(deadline, heard.recv()).await.unwrap_or_default();
            }
        }
        (loose, receipts)
    }

    async fn keep(&mut self, loose: Loose, look: bool) -> anyhow::Result<()> {
        let gaps = if look { self.gaps.look(&self.post, (self.now)()) } else { Vec::new() };
        let lines = u64::from(loose.lines);
        if lines == 0 && gaps.is_empty() {
            return Ok(());
        }
        let work = move |queue: &mut super::spool::Queue| {
            gaps.into_iter().try_for_each(|gap| queue.lose(gap))?;
            if loose.lines > 0 { queue.keep(&loose) } else { Ok(()) }
        };
        self.post.queue(work).await?;
        self.post.kept_lines.fetch_add(lines, Relaxed);
        self.post.filled.notify_one();
        Ok(())
    }
}

impl Gaps {
    /// What was not passed on since it was looked at last.
    fn look(&mut self, post: &Post, now: Time) -> Vec<Lost> {
        let heard = post.health.snapshot();
        let dropped = heard.drops - std::mem::replace(&mut self.dropped, heard.drops);
        let limited = heard.limited - std::mem::replace(&mut self.limited, heard.limited);
        let from = std::mem::replace(&mut self.looked_at, now);
        self.next = Instant::now() + GAPS_EVERY;
        [(Why::TooFast, dropped), (Why::Limited, limited)]
            .into_iter()
            .filter(|(_, lines)| *lines > 0)
            .map(|(why, lines)| Lost { why, lines: Some(lines), from, to: now })
            .collect()
    }
}
