//! Asking the past: one vessel's track, everything in a box, who used a name; what was heard a moment ago included.

use super::best::Best;
use super::codec::Decoder;
use super::live::Live;
use super::page::{ClaimKey, Cursor, FixKey, Page, Paging, Place};
use super::rows::{self, Candidate};
use super::scope::{Named, Scope, Whose};
use super::{Claimed, Error, Result, SCHEMA};
use crate::geo::{Area, Position};
use crate::store;
use crate::track::{Attribute, Class, Fix, Standing, TrackId};
use sensors::{Mmsi, Span, Time};
use sqlx::SqlitePool;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Blocks listed at once; where a span of time has more, a part of it is looked at.
const LISTED_MAX: usize = 2_048;

/// Blocks that the shortest span of time may have: vessels that were in the box within a minute.
const CROWD_MAX: usize = 65_536;

/// No span is cut further. Ours: a vessel under way reports several times a minute.
const SPAN_MIN: Span = Span::from_minutes(1);

/// Blocks unpacked for one page before it ends early: 8 million fixes, about half a second.
const UNPACKED_MAX: usize = 16_384;

/// Blocks fetched with one statement.
const FETCHED: usize = 64;

/// Milliseconds to wait for the end of a flush whose claims would be counted twice. The end takes no I/O.
const FLUSH_WAITS_MAX: usize = 100;

/// Asks questions of a history file; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    file: SqlitePool,
    live: Arc<Live>,
}

/// What the file knows of a track, as of the last flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which track.
    pub track: TrackId,
    /// The last MMSI.
    pub mmsi: Mmsi,
    /// What kind of station it was last.
    pub class: Class,
    /// Event time of the earliest fix.
    pub first_at: Time,
    /// Event time of the latest fix.
    pub last_at: Time,
    /// Where it was then.
    pub position: Position,
    /// How many fixes there are.
    pub fixes: u64,
}

impl Reader {
    /// Opens a file whose writer, if any, is in another process: what waits in that one's memory isn't seen.
    ///
    /// # Errors
    /// When the file isn't there or can't be read.
    pub async fn open(path: &Path) -> Result<Reader> {
        let reader = Reader::new(store::open_readers(path).await?, Arc::new(Live::default()));
        let found = rows::version(&reader.file).await?;
        let known = SCHEMA.steps.len() as u32;
        if found != known {
            let operation = format!("read the history file {}", path.display());
            return Err(store::Error::Newer { operation, found, known }.into());
        }
        Ok(reader)
    }

    pub(super) fn new(file: SqlitePool, live: Arc<Live>) -> Reader {
        Reader { file, live }
    }

    pub(super) fn file(&self) -> &SqlitePool {
        &self.file
    }

    /// Positions of one vessel from `from` to before `to`, by time, track and sequence.
    ///
    /// # Errors
    /// When the file can't be read or a block is damaged.
    pub async fn track(&self, whose: Whose, from: Time, to: Time, page: &Paging) -> Result<Page<Fix>> {
        self.positions(&Scope::Whose(whose), from, to, page).await
    }

    /// Positions in a box from `from` to before `to`, of everyone or of one MMSI, by time, track and sequence.
    ///
    /// # Errors
    /// When the file can't be read, a block is damaged, or [`Error::TooWide`].
    pub async fn area(
        &self,
        area: &Area,
        from: Time,
        to: Time,
        mmsi: Option<Mmsi>,
        page: &Paging,
    ) -> Result<Page<Fix>> {
        self.positions(&Scope::Area(*area, mmsi), from, to, page).await
    }

    async fn positions(&self, scope: &Scope, from: Time, to: Time, page: &Paging) -> Result<Page<Fix>> {
        let after = match &page.after {
            Some(Cursor(Place::AfterFix(key))) => Some(*key),
            _ => None,
        };
        let from = after.map_or(from, |key| key.time.max(from));
        let mut search = Search { scope, from, to, after, best: Best::new(page.rows() + 1) };
        // Memory first: what a flush moves meanwhile is then seen twice, which does no harm, and never missed.
        for part in 0..Live::PARTS {
            self.offer_live(part, &mut search)?;
        }
        let searched_to = self.offer_stored(&mut search).await?;
        let mut rows = search.best.into_rows();
        let mut next = None;
        if let Some(end) = searched_to {
            // A row is certain only when everything before it has been looked at.
            rows.retain(|fix| fix.time < end);
            next = Some(FixKey::before(end));
        }
        if rows.len() > page.rows() {
            rows.truncate(page.rows());
            next = rows.last().map(FixKey::of);
        }
        Ok(Page { rows, next: next.map(|key| Cursor(Place::AfterFix(key))) })
    }

    fn offer_live(&self, part: usize, search: &mut Search<'_>) -> Result<()> {
        let mut decoder = None;
        for tail in self.live.part(part).values() {
            search.offer(tail.fixes.iter());
            for block in &tail.waiting {
                if block.last.time >= search.from && block.first_time < search.to {
                    let decoder = decoder.get_or_insert_with(Decoder::new);
                    let damaged = |source| Error::Corrupt {
                        track: block.last.track,
                        first_sequence: block.first_sequence,
                        source,
                    };
                    search.offer(decoder.decode(&block.bytes).map_err(damaged)?);
                }
            }
        }
        Ok(())
    }

    /// Looks through the file span by span; gives where it stopped if that was before the end.
    async fn offer_stored(&self, search: &mut Search<'_>) -> Result<Option<Time>> {
        let mut decoder = Decoder::new();
        let mut unpacked = 0;
        let mut start = search.from;
        let mut span = search.to.since(start);
        while start < search.end() {
            let end = (start + span).min(search.end());
            let limit = if end.since(start) <= SPAN_MIN { CROWD_MAX } else { LISTED_MAX };
            let mut found = rows::candidates(&self.file, search.scope, start, end, limit + 1).await?;
            if found.len() > limit {
                if limit == CROWD_MAX {
                    return Err(Error::TooWide { blocks_max: CROWD_MAX });
                }
                span = Span::from_millis(end.since(start).as_millis() / 16);
                continue;
            }
            found.sort_unstable();
            for some in found.chunks(FETCHED) {
                let first: &Candidate = &some[0];
                if search.best.is_settled_before(first.first_time) {
                    break;
                }
                for row in rows::blocks(&self.file, some).await? {
                    search.offer(row.decode(&mut decoder)?);
                }
                unpacked += some.len();
            }
            start = end;
            span = Span::from_millis(span.as_millis().saturating_mul(4));
            if unpacked > UNPACKED_MAX && start < search.end() {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    /// Who used a name, a call sign, an MMSI or an IMO number, and when; by track, attribute and value.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn identity(&self, by: &Named, page: &Paging) -> Result<Page<Claimed>> {
        let after = match &page.after {
            Some(Cursor(Place::AfterClaim(key))) => Some(key),
            _ => None,
        };
        let limit = page.rows();
        let mut tries = 0;
        let mut merged = loop {
            let (flushes, waiting) = self.claims_waiting(by, after);
            let (included, stored) = rows::claims(&self.file, by, after, limit + 1).await?;
            if waiting.is_empty() || included == flushes || tries == FLUSH_WAITS_MAX {
                break merge(stored, waiting);
            }
            // A flush is just being finished: its claims are in the file and for a moment still in memory.
            tries += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let more = merged.len() > limit;
        merged.truncate(limit);
        let next = merged.last().filter(|_| more).map(|claim| Cursor(Place::AfterClaim(claim.key())));
        Ok(Page { rows: merged, next })
    }

    fn claims_waiting(&self, by: &Named, after: Option<&ClaimKey>) -> (i64, Vec<Claimed>) {
        let claims = self.live.claims();
        let wanted =
            claims.all().filter(|claim| by.names(claim) && after.is_none_or(|key| claim.key() > *key));
        (claims.flushes, wanted.collect())
    }

    /// A track's fix with the latest event time; one that did not move it only where there is no other.
    ///
    /// # Errors
    /// When the file can't be read or the block is damaged.
    pub async fn latest(&self, track: TrackId) -> Result<Option<Fix>> {
        let live = self.live.shard(track).get(&track).and_then(|tail| {
            let waiting = tail.waiting.iter().map(|block| block.last);
            tail.fixes.iter().chain(waiting).max_by_key(foremost)
        });
        let stored = match rows::last_block(&self.file, track).await? {
            Some(row) => row.decode(&mut Decoder::new())?.into_iter().max_by_key(foremost),
            None => None,
        };
        Ok(live.into_iter().chain(stored).max_by_key(foremost))
    }

    /// What the file knows of a track, as of the last flush.
    ///
    /// # Errors
    /// When the file can't be read.
    pub async fn head(&self, track: TrackId) -> Result<Option<Head>> {
        rows::track(&self.file, track).await
    }
}

/// Wrong clocks and stray positions come after what moved the track.
fn foremost(fix: &Fix) -> (bool, FixKey) {
    (fix.standing == Standing::Used, FixKey::of(fix))
}

/// One question in progress.
struct Search<'a> {
    scope: &'a Scope,
    from: Time,
    to: Time,
    after: Option<FixKey>,
    best: Best,
}

impl Search<'_> {
    fn offer(&mut self, fixes: impl IntoIterator<Item = Fix>) {
        for fix in fixes {
            if fix.time >= self.from
                && fix.time < self.to
                && self.scope.covers(&fix)
                && self.after.is_none_or(|after| FixKey::of(&fix) > after)
            {
                self.best.offer(&fix);
            }
        }
    }

    /// Nothing at or after this is needed.
    fn end(&self) -> Time {
        let enough = self.best.end().map_or(self.to, |last| last + Span::from_millis(1));
        enough.min(self.to)
    }
}

impl Named {
    fn names(&self, claim: &Claimed) -> bool {
        match self {
            Named::Name(part) => {
                let part = part.to_ascii_uppercase();
                claim.attribute == Attribute::Name && claim.value.to_ascii_uppercase().contains(&part)
            }
            Named::CallSign(sign) => {
                claim.attribute == Attribute::CallSign && claim.value.eq_ignore_ascii_case(sign)
            }
            Named::Mmsi(mmsi) => claim.mmsi == *mmsi,
            Named::Track(track) => claim.track == *track,
            Named::Imo(number) => claim.attribute == Attribute::Imo && claim.value == number.to_string(),
        }
    }
}

/// What the file has and what came since, in key order.
fn merge(stored: Vec<Claimed>, waiting: Vec<Claimed>) -> Vec<Claimed> {
    let mut all: BTreeMap<ClaimKey, Claimed> = stored.into_iter().map(|claim| (claim.key(), claim)).collect();
    for claim in waiting {
        all.entry(claim.key())
            .and_modify(|known| {
                known.first_at = known.first_at.min(claim.first_at);
                known.last_at = known.last_at.max(claim.last_at);
                known.count += claim.count;
            })
            .or_insert(claim);
    }
    all.into_values().collect()
}
