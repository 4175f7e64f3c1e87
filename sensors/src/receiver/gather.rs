//! From the bytes of an open link to batches of lines.

use super::address::Address;
use super::batch::Batch;
use super::delivery::{Delivery, Receipt};
use super::health::Health;
use super::limit::Limit;
use super::lines::{Splitter, sentences};
use super::settings::Settings;
use super::trouble::explain;
use super::{CHUNK_MAX, Chunk, End, Source, stopped};
use crate::{ReceiverId, Time};
use std::io::{ErrorKind, Result};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// The longest a line waits for others while its source has more to read; the design's promise of 250 ms to the
/// journal has room for it.
const GATHER_MAX: Duration = Duration::from_millis(50);

/// How long the last lines may wait for room when the receiver is told to stop.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// From chunks to batches, on one open link.
pub(super) struct Gather<'a, N> {
    splitters: Vec<Splitter>,
    batch: Batch,
    receipts: Vec<Receipt>,
    buffer: Vec<u8>,
    limit: Option<Limit>,
    /// How lines begin that are no sentences and go no further.
    skip: &'static [String],
    now: &'a N,
    health: &'a Health,
}

impl<'a, N: Fn() -> Time> Gather<'a, N> {
    pub(super) fn new(
        id: ReceiverId,
        source: &Source,
        settings: &Settings,
        now: &'a N,
        health: &'a Health,
    ) -> Gather<'a, N> {
        let per_second = settings.rate_limit().ok().flatten();
        Gather {
            splitters: std::iter::repeat_with(Splitter::default).take(source.peers()).collect(),
            batch: Batch::new(id),
            receipts: Vec::new(),
            buffer: vec![0; CHUNK_MAX],
            limit: per_second.map(|per_second| Limit::new(per_second, source.waits())),
            skip: settings.model().map_or(&[], |model| &model.skip),
            now,
            health,
        }
    }

    pub(super) async fn pump(
        &mut self,
        source: &mut Source,
        address: &Address,
        idle: Duration,
        out: &mpsc::Sender<Delivery>,
        stop: &mut watch::Receiver<bool>,
    ) -> End {
        let mut heard = Instant::now();
        let mut silent = false;
        loop {
            tokio::select! {
                biased;
                () = stopped(stop) => {
                    self.finish(out).await;
                    return End::Stopped;
                }
                permit = out.reserve(), if !self.is_empty() => match permit {
                    Ok(permit) => permit.send(self.deliver()),
                    Err(_) => return End::Stopped,
                },
                ready = source.ready(), if self.is_empty() || !source.waits() => {
                    let read = match ready {
                        Ok(()) => self.read(source, out).await,
                        Err(error) => Err(error),
                    };
                    if let Err(error) = read {
                        self.finish(out).await;
                        return End::Lost(explain(address, &error));
                    }
                    heard = Instant::now();
                    if std::mem::take(&mut silent) {
                        source.tell(address, self.health, true);
                    }
                }
                () = sleep_until(heard + idle), if self.is_empty() => {
                    let why = format!("{address}: open, but nothing was heard for {} s", idle.as_secs());
                    if source.dies_silently() {
                        self.finish(out).await;
                        return End::Lost(why);
                    }
                    self.health.set(self.health.state(), why);
                    heard = Instant::now();
                    silent = true;
                }
            }
        }
    }

    /// Reads until the source has nothing more, the batch is full, or its first line has waited long enough.
    async fn read(&mut self, source: &mut Source, out: &mpsc::Sender<Delivery>) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < GATHER_MAX {
            // Lets other tasks run while this one has more to read than it can keep up with.
            tokio::task::coop::consume_budget().await;
            match source.try_read(&mut self.buffer) {
                Ok(chunk) => self.take(chunk),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if !self.batch.is_full() {
                continue;
            }
            if source.waits() {
                return Ok(());
            }
            match out.try_reserve() {
                Ok(permit) => permit.send(self.deliver()),
                Err(_) => self.drop_batch(),
            }
        }
        Ok(())
    }

    fn take(&mut self, chunk: Chunk) {
        let arrived_at = (self.now)();
        let splitter = &mut self.splitters[chunk.peer];
        let (cut, blank, lines) = (splitter.cut(), splitter.blank(), self.batch.len());
        let mut input = &self.buffer[..chunk.length];
        // Some boxes put several sentences into a datagram with nothing between them.
        let datagram = chunk.ends && chunk.length > 0;
        let (batch, limit, skip) = (&mut self.batch, &mut self.limit, self.skip);
        let (mut limited, mut skipped) = (0, 0);
        let mut admit = |line: &[u8]| {
            if skip.iter().any(|start| line.starts_with(start.as_bytes())) {
                skipped += 1;
            } else if limit.as_mut().is_none_or(|limit| limit.admits(arrived_at, line)) {
                batch.push(arrived_at, line);
            } else {
                limited += 1;
            }
        };
        let mut keep = |line: &[u8]| match datagram {
            true => sentences(line).for_each(&mut admit),
            false => admit(line),
        };
        while let Some(line) = splitter.next(&mut input) {
            keep(line);
        }
        if chunk.ends
            && let Some(line) = splitter.finish()
        {
            keep(line);
        }
        let health = self.health;
        health.cut.fetch_add(splitter.cut() - cut, Relaxed);
        health.blank.fetch_add(splitter.blank() - blank, Relaxed);
        health.bytes.fetch_add(chunk.length as u64, Relaxed);
        health.skipped_lines.fetch_add(skipped, Relaxed);
        if limited > 0 && health.limited.fetch_add(limited, Relaxed) == 0 {
            tracing::warn!(
                detail = health.snapshot().detail,
                "more lines than a receiver at one site can hear"
            );
        }
        if self.batch.len() > lines {
            health.heard(arrived_at, self.batch.len() - lines);
        }
        self.receipts.extend(chunk.receipt);
    }

    /// Whether there is nothing to pass on. A receipt without a line goes on too: the lines it stands for may have
    /// gone before it and not be durable yet.
    fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.receipts.is_empty()
    }

    fn deliver(&mut self) -> Delivery {
        Delivery { receipts: std::mem::take(&mut self.receipts), ..self.batch.take().into() }
    }

    /// Ends every unfinished line and passes on what there is.
    async fn finish(&mut self, out: &mpsc::Sender<Delivery>) {
        for peer in 0..self.splitters.len() {
            self.take(Chunk { peer, length: 0, ends: true, receipt: None });
        }
        if self.is_empty() {
            return;
        }
        match timeout(LAST_WORDS_MAX, out.reserve()).await {
            Ok(Ok(permit)) => permit.send(self.deliver()),
            _ => self.drop_batch(),
        }
    }

    fn drop_batch(&mut self) {
        self.receipts.clear();
        self.health.drops.fetch_add(self.batch.len() as u64, Relaxed);
        self.batch.clear();
    }
}
