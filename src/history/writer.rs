//! Writing positions and claims down: gathered by track in memory, then many blocks in one transaction.

use super::codec::{Decoder, Encoder};
use super::hearings::{self, Waiting};
use super::live::{Block, FULL, Live, Tail};
use super::{Claimed, Reader, Result, SCHEMA, rows};
use crate::admit::Hearing;
use crate::store::{self, failed};
use crate::track::{Claim, Fix, TrackId};
use crate::watch::Outcome;
use rustc_hash::FxHashMap;
use sensors::{Span, Time};
use sqlx::SqliteConnection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A track without a fix for so long (event time) leaves the memory; when it comes back it begins a new block.
/// Ours, unproven: longer than the 6 minutes between the statics of class A and most fades of reception.
const IDLE: Span = Span::from_hours(1);

/// Fixes kept in memory for blocks that are not full, and [`TRACK`] for each track that has any; beyond it blocks are finished
/// early, until a quarter is free. 28 bytes each. Ours: 2,000 vessels with full blocks, or 20,000 with blocks of a hundred,
/// within the 384 MiB that a watch may take.
const TAILS_MAX: usize = 5 << 18;

/// What a track with an unfinished block takes beside its fixes, in fixes: its place in two tables, its row's beginning and the
/// room at its end.
const TRACK: usize = 16;

/// Full blocks that wait before a flush is due, so that memory and the file's log stay small.
const READY_DUE: usize = 4096;

/// Fixes that unfinished blocks may hold before the writer takes no more: a disk has been full for long.
const HELD_MAX: usize = 2 * TAILS_MAX;

/// Full blocks that may wait for a flush: 16 million fixes, about 130 MB packed.
const READY_MAX: usize = 32_768;

/// Different claims that may wait for a flush.
const CLAIMS_MAX: usize = 1 << 20;

/// Fixes whose times say what time it is: the median of so many is right while most clocks are.
const HEARD: usize = 31;

/// The one owner of a history file.
///
/// Fixes and claims come in journal sequence. What the file already has is ignored, so the journal may be replayed
/// from anywhere at or before [`Writer::applied`] without anything being written twice.
pub struct Writer {
    file: SqliteConnection,
    path: PathBuf,
    live: Arc<Live>,
    encoder: Encoder,
    /// Full blocks, in the order they filled.
    ready: Vec<Arc<Block>>,
    hearings: Waiting,
    /// Up to here everything is in the file.
    applied: u64,
    /// Transactions in the file.
    flushes: i64,
    /// Tracks with fixes in the file that are later than `applied`: the last sequence of each.
    beyond: FxHashMap<TrackId, u64>,
    /// Fixes in memory that are not in a full block.
    held: usize,
    /// Tracks that have such fixes.
    open: usize,
    newest: u64,
    stopped_at: Option<u64>,
    heard: [Time; HEARD],
    counts: Counts,
    limits: Limits,
}

/// How much may wait in memory.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) tails: usize,
    pub(super) held: usize,
    pub(super) ready: usize,
    pub(super) claims: usize,
}

/// What has come and where it went, since the writer was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fixes taken.
    pub fixes: u64,
    /// Claims taken.
    pub claims: u64,
    /// Fixes and claims that the file already had.
    pub repeated: u64,
    /// Fixes and claims not taken because too much was waiting ([`Writer::stopped_at`]).
    pub refused: u64,
    /// Unfinished blocks that could not be read at opening and stay as they are.
    pub damaged: u64,
    /// Unfinished blocks put away early to make room.
    pub evicted: u64,
}

/// How much a flush writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Everything. Blocks that aren't full are written again as they grow, so do this every few minutes and at the end.
    All,
    /// Only full blocks and those of idle tracks: keeps memory low in a long replay. `applied` stays as it was.
    FullBlocksOnly,
}

/// What a flush has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Blocks, those included that replace a shorter one.
    pub blocks: u64,
    /// Fixes that were not in the file before.
    pub fixes: u64,
    /// Bytes of the blocks.
    pub bytes: u64,
    /// Different claims.
    pub claims: u64,
    /// The journal sequence up to which everything is in the file.
    pub applied: u64,
}

impl Writer {
    /// Opens or makes the file and takes up the blocks that were not full.
    ///
    /// # Errors
    /// When the file can't be opened or read.
    pub async fn open(path: &Path) -> Result<Writer> {
        let mut file = store::open_writer(path, SCHEMA).await?;
        let state = rows::state(&mut file).await?;
        let beyond = rows::tracks_beyond(&mut file, state.applied).await?;
        let mut writer = Writer {
            file,
            path: path.to_owned(),
            live: Arc::new(Live::default()),
            encoder: Encoder::new(),
            ready: Vec::new(),
            hearings: Waiting::default(),
            applied: state.applied,
            flushes: state.flushes,
            beyond,
            held: 0,
            open: 0,
            newest: state.applied,
            stopped_at: None,
            heard: [state.heard_at; HEARD],
            counts: Counts::default(),
            limits: Limits { tails: TAILS_MAX, held: HELD_MAX, ready: READY_MAX, claims: CLAIMS_MAX },
        };
        writer.live.claims().flushes = state.flushes;
        writer.take_up(state.heard_at).await?;
        Ok(writer)
    }

    async fn take_up(&mut self, heard_at: Time) -> Result<()> {
        let mut decoder = Decoder::new();
        let unfinished = rows::unfinished(&mut self.file, heard_at - IDLE, (TAILS_MAX, TRACK)).await?;
        for row in unfinished {
            match row.decode(&mut decoder) {
                Ok(mut fixes) => {
                    // In the order heard again.
                    fixes.sort_unstable_by_key(|f| f.sequence);
                    let last_time = fixes.iter().map(|f| f.time).max().unwrap_or_default();
                    let mut tail = Tail { stored: fixes.len(), last_time, ..Tail::default() };
                    // One that spans weeks stays as it is, and a new one begins.
                    if fixes.iter().all(|fix| tail.fixes.push(fix)) {
                        self.held += fixes.len();
                        self.open += usize::from(!fixes.is_empty());
                        self.live.shard(row.track).insert(row.track, tail);
                    }
                }
                Err(error) => {
                    self.counts.damaged += 1;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "unfinished block left as it is; a new one begins"
                    );
                }
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    #[cfg(test)]
    pub(super) async fn pages_max(&mut self, pragma: &'static str) {
        sqlx::raw_sql(pragma).execute(&mut self.file).await.expect("a pragma that SQLite knows");
    }

    /// A reader of the file and of what waits in this writer's memory.
    ///
    /// # Errors
    /// When the file can't be opened for reading.
    pub async fn reader(&self) -> Result<Reader> {
        Ok(Reader::new(store::open_readers(&self.path).await?, Arc::clone(&self.live)))
    }

    /// The journal sequence up to which everything is in the file: replay begins after it.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// The first sequence of which the file has nothing: full blocks may hold more than [`Writer::applied`] says.
    pub fn reach(&self) -> u64 {
        self.beyond.values().copied().fold(self.applied, u64::max) + 1
    }

    /// What has come since the writer was opened.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether a flush of full blocks is due, so that memory and the file's log stay small.
    pub fn is_due(&self) -> bool {
        self.ready.len() > READY_DUE || self.weight() > self.limits.tails
    }

    /// What unfinished blocks take, counted in fixes.
    fn weight(&self) -> usize {
        self.held + TRACK * self.open
    }

    /// The first journal sequence that was refused because too much was waiting for a full or broken disk. From then on
    /// everything is refused. After a flush has succeeded, [`Writer::resume`] and read the journal again from here.
    pub fn stopped_at(&self) -> Option<u64> {
        self.stopped_at
    }

    /// Takes fixes and claims again; the next ones must begin with [`Writer::stopped_at`].
    pub fn resume(&mut self) {
        self.stopped_at = None;
    }

    /// Takes of what entries gave that which the history keeps.
    pub fn take(&mut self, outcome: Outcome) {
        self.take_from(0, outcome);
    }

    /// The same, of entries from this sequence on.
    pub fn take_from(&mut self, first: u64, outcome: Outcome) {
        let Outcome { fixes, claims, hearings, .. } = outcome;
        fixes.iter().filter(|fix| fix.sequence >= first).for_each(|fix| self.append(fix));
        claims.iter().filter(|claim| claim.sequence >= first).for_each(|claim| self.claim(claim));
        hearings
            .into_iter()
            .filter(|hearing| hearing.sequence >= first)
            .for_each(|hearing| self.hearing(hearing));
    }

    /// Takes one fix. Readers see it at once; it is in the file after a flush.
    pub fn append(&mut self, fix: &Fix) {
        if !self.takes(fix.sequence)
            || (!self.beyond.is_empty() && self.beyond.get(&fix.track).is_some_and(|s| fix.sequence <= *s))
        {
            return self.turn_away(fix.sequence);
        }
        self.newest = self.newest.max(fix.sequence);
        self.heard[self.counts.fixes as usize % HEARD] = fix.time;
        self.counts.fixes += 1;
        let mut shard = self.live.shard(fix.track);
        let tail = shard.entry(fix.track).or_default();
        let before = tail.fixes.len();
        if before >= FULL {
            // What the file has is known by its line: of two blocks that shared one, the second's part would be lost where a
            // crash comes before it is written.
            let line = tail.fixes.split_off_line(fix.sequence);
            self.ready.extend(tail.finish(&mut self.encoder));
            line.iter().for_each(|fix| _ = tail.fixes.push(fix));
        }
        if !tail.fixes.push(fix) {
            self.ready.extend(tail.finish(&mut self.encoder));
            assert!(tail.fixes.push(fix), "where there is none, any is taken");
        }
        tail.last_time = if before == 0 { fix.time } else { tail.last_time.max(fix.time) };
        self.held = self.held + tail.fixes.len() - before;
        self.open = self.open + usize::from(!tail.fixes.is_empty()) - usize::from(before > 0);
    }

    /// Takes one claim.
    pub fn claim(&mut self, claim: &Claim) {
        if !self.takes(claim.sequence) {
            return self.turn_away(claim.sequence);
        }
        self.newest = self.newest.max(claim.sequence);
        self.counts.claims += 1;
        self.live.claims().add(claim);
    }

    /// Takes who heard a transmission.
    pub fn hearing(&mut self, hearing: Hearing) {
        if !self.takes(hearing.told) {
            return self.turn_away(hearing.told);
        }
        self.newest = self.newest.max(hearing.told);
        self.hearings.add(hearing);
    }

    fn takes(&mut self, sequence: u64) -> bool {
        // What one line says is taken or refused as a whole.
        if self.stopped_at.is_none() && sequence > self.newest && self.is_over_full() {
            self.stopped_at = Some(sequence);
        }
        sequence > self.applied && self.stopped_at.is_none_or(|stopped| sequence < stopped)
    }

    fn is_over_full(&self) -> bool {
        self.weight() >= self.limits.held
            || self.ready.len() >= self.limits.ready
            || self.hearings.blocks() >= hearings::READY_MAX
            // Looked at now and then: it takes a lock.
            || (self.counts.claims % 1024 == 1023 && self.live.claims().values >= self.limits.claims)
    }

    fn turn_away(&mut self, sequence: u64) {
        if self.stopped_at.is_some_and(|stopped| sequence >= stopped) {
            self.counts.refused += 1;
        } else {
            self.counts.repeated += 1;
        }
    }

    /// Writes in one transaction; nothing in memory is let go before it is committed, so a failed flush may be
    /// tried again.
    ///
    /// `applied` is the sequence of the last journal entry whose fixes and claims have all come; none of a later
    /// entry may have come. A flush of full blocks that finds too many claims waiting writes everything.
    ///
    /// # Errors
    /// When the file can't be written, such as [`store::Error::DiskFull`].
    pub async fn flush(&mut self, applied: u64, which: Which) -> Result<Flushed> {
        let all = which == Which::All
            || self.live.claims().values >= self.limits.claims / 2
            || self.hearings.blocks() >= hearings::READY_MAX / 2;
        let applied = match self.stopped_at {
            _ if !all => self.applied,
            Some(stopped) => applied.min(stopped.saturating_sub(1)).max(self.applied),
            None => applied.max(self.applied),
        };
        let now = self.time_heard();
        self.put_away(now);
        let mut done = Flushed { applied, ..Flushed::default() };
        let what = || "write the history".to_owned();
        let mut change = store::begin(&mut self.file).await.map_err(failed(what))?;
        let mut ready: Vec<&Block> = self.ready.iter().map(|block| &**block).collect();
        ready.sort_by_key(|block| (block.last.track, block.first_sequence));
        rows::write_blocks(&mut change, &ready).await?;
        self.ready.iter().for_each(|block| done.add(block));
        if all {
            for some in self.live.unwritten().chunks(rows::ROWS) {
                let packed: Vec<Block> = some
                    .iter()
                    .filter_map(|track| pack_tail(&self.live, *track, &mut self.encoder))
                    .collect();
                rows::write_blocks(&mut change, &packed.iter().collect::<Vec<_>>()).await?;
                packed.iter().for_each(|block| done.add(block));
            }
            let mut claims: Vec<_> = self.live.claims().all().collect();
            claims.sort_unstable_by(Claimed::as_stored);
            rows::write_claims(&mut change, &claims).await?;
            done.claims = claims.len() as u64;
            self.hearings.write(&mut change).await?;
        }
        let flushes = self.flushes + 1;
        rows::write_state(&mut change, &rows::State { applied, heard_at: now, flushes }).await?;
        change.commit().await.map_err(failed(what))?;

        self.applied = applied;
        self.flushes = flushes;
        self.beyond.retain(|_, last| *last > applied);
        self.let_go(all);
        Ok(done)
    }

    /// The median of the last fixes' times: one receiver with a wrong clock doesn't move it.
    fn time_heard(&self) -> Time {
        let mut heard = self.heard;
        heard.sort_unstable();
        heard[HEARD / 2]
    }

    /// Finishes the blocks of tracks that were not heard for long; where room is needed, of those not heard for less and
    /// less long, which are not missed; and then the longest, which make the best blocks.
    fn put_away(&mut self, now: Time) {
        let full = self.limits.tails;
        let enough = if self.weight() > full { full - full / 4 } else { full };
        self.finish(|tail| tail.last_time < now - IDLE);
        for patience in [IDLE.as_millis() / 2, IDLE.as_millis() / 4, IDLE.as_millis() / 8] {
            if self.weight() > enough {
                let quiet = now - Span::from_millis(patience);
                self.counts.evicted += self.finish(|tail| tail.last_time < quiet);
            }
        }
        if self.weight() > enough {
            let long = self.longest(self.weight() - enough);
            self.counts.evicted += self.finish(|tail| tail.fixes.len() >= long);
        }
    }

    /// Finishes these blocks; says how many.
    fn finish(&mut self, which: impl Fn(&Tail) -> bool) -> u64 {
        let mut finished = 0;
        for part in 0..Live::PARTS {
            let mut part = self.live.part(part);
            for tail in part.values_mut().filter(|tail| !tail.fixes.is_empty() && which(tail)) {
                self.held -= tail.fixes.len();
                self.open -= 1;
                finished += 1;
                self.ready.extend(tail.finish(&mut self.encoder));
            }
        }
        finished
    }

    /// How many fixes an unfinished block holds at least, of which it takes no more than all to be this much lighter.
    fn longest(&self, surplus: usize) -> usize {
        let mut lengths = [0; FULL + 1];
        for part in 0..Live::PARTS {
            self.live.part(part).values().for_each(|tail| lengths[tail.fixes.len().min(FULL)] += 1);
        }
        let mut freed = 0;
        let enough = |length: &usize| {
            freed += (length + TRACK) * lengths[*length];
            freed >= surplus
        };
        (1..=FULL).rev().find(enough).unwrap_or(1)
    }

    fn let_go(&mut self, all: bool) {
        self.ready.clear();
        for part in 0..Live::PARTS {
            self.live.part(part).retain(|_, tail| {
                tail.waiting.clear();
                if all {
                    tail.stored = tail.fixes.len();
                }
                !tail.fixes.is_empty()
            });
        }
        let mut claims = self.live.claims();
        if all {
            self.hearings.clear();
            claims.clear(self.flushes);
        } else {
            claims.flushes = self.flushes;
        }
    }
}

impl Flushed {
    fn add(&mut self, block: &Block) {
        self.blocks += 1;
        self.fixes += block.fresh as u64;
        self.bytes += block.bytes.len() as u64;
    }
}

/// What a track has that does not fill a block yet.
fn pack_tail(live: &Live, track: TrackId, encoder: &mut Encoder) -> Option<Block> {
    live.shard(track).get(&track)?.pack(encoder)
}
