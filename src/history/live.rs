//! What has been heard and isn't in the file yet: each track's latest fixes, open to readers at once.

use super::codec::Encoder;
use super::fixes::Fixes;
use super::page::ClaimKey;
use super::scope::Extent;
use super::{BLOCK_FIXES, Claimed};
use crate::track::{Attribute, Fix, TrackId};
use rustc_hash::FxHashMap;
use sensors::{Mmsi, Time};
use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts that are locked one by one, so that a reader holds the writer up for one part only.
const SHARDS: usize = 64;

/// What the writer and its readers share.
pub(super) struct Live {
    shards: [Mutex<FxHashMap<TrackId, Tail>>; SHARDS],
    claims: Mutex<LiveClaims>,
}

/// One track's fixes that don't fill a block yet, and its full blocks that wait for the next flush.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) fixes: Fixes,
    /// How many of `fixes`, from the first, are in the file.
    pub(super) stored: usize,
    /// Blocks that are finished and not in the file.
    pub(super) waiting: Vec<Arc<Block>>,
    /// The latest event time on the track.
    pub(super) last_time: Time,
}

/// A block ready to be written.
pub(super) struct Block {
    /// Its fix with the latest event time.
    pub(super) last: Fix,
    pub(super) first_time: Time,
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    pub(super) extent: Extent,
    pub(super) count: usize,
    /// Fixes in it that the file doesn't have yet.
    pub(super) fresh: usize,
    pub(super) bytes: Vec<u8>,
}

impl Block {
    /// Sorts the fixes and packs them; `None` when there are none.
    fn pack(fixes: &mut [Fix], stored: usize, encoder: &mut Encoder) -> Option<Block> {
        fixes.sort_unstable_by_key(|f| (f.time, f.sequence));
        let (first, last) = (fixes.first()?, fixes.last()?);
        let mut extent = Extent::of(first.position);
        let (mut first_sequence, mut last_sequence) = (first.sequence, first.sequence);
        for fix in fixes.iter() {
            extent.add(fix.position);
            first_sequence = first_sequence.min(fix.sequence);
            last_sequence = last_sequence.max(fix.sequence);
        }
        Some(Block {
            last: *last,
            first_time: first.time,
            first_sequence,
            last_sequence,
            extent,
            count: fixes.len(),
            fresh: fixes.len() - stored,
            bytes: encoder.encode(fixes),
        })
    }
}

impl Tail {
    /// Packs what it holds, whether it fills a block or not, and begins a new block.
    pub(super) fn finish(&mut self, encoder: &mut Encoder) -> Option<Arc<Block>> {
        let fresh = self.stored < self.fixes.len();
        let block = self.pack(encoder).filter(|_| fresh).map(Arc::new);
        // Its row with it: the next one may be long in coming.
        self.fixes = Fixes::default();
        self.stored = 0;
        self.waiting.extend(block.clone());
        block
    }

    /// Packs what it holds, which stays.
    pub(super) fn pack(&self, encoder: &mut Encoder) -> Option<Block> {
        Block::pack(&mut self.fixes.iter().collect::<Vec<_>>(), self.stored, encoder)
    }
}

impl Default for Live {
    fn default() -> Live {
        Live {
            shards: std::array::from_fn(|_| Mutex::new(FxHashMap::default())),
            claims: Mutex::new(LiveClaims::default()),
        }
    }
}

impl Live {
    /// The part that holds this track.
    pub(super) fn shard(&self, track: TrackId) -> MutexGuard<'_, FxHashMap<TrackId, Tail>> {
        let hash = rustc_hash::FxBuildHasher.hash_one(track);
        // The map inside uses the other bits of the same hash.
        lock(&self.shards[(hash >> 40) as usize % SHARDS])
    }

    /// How many parts there are.
    pub(super) const PARTS: usize = SHARDS;

    /// One part, for going through all of them.
    pub(super) fn part(&self, part: usize) -> MutexGuard<'_, FxHashMap<TrackId, Tail>> {
        lock(&self.shards[part])
    }

    /// Tracks with fixes that are in no full block and not in the file, in the order of the file's indexes: one by one all
    /// over it, each would touch pages that the next one does not.
    pub(super) fn unwritten(&self) -> Vec<TrackId> {
        let mut tracks = Vec::new();
        for part in 0..Live::PARTS {
            let part = self.part(part);
            let unwritten = part.iter().filter(|(_, tail)| tail.stored < tail.fixes.len());
            tracks.extend(unwritten.map(|(track, _)| *track));
        }
        tracks.sort_unstable();
        tracks
    }

    pub(super) fn claims(&self) -> MutexGuard<'_, LiveClaims> {
        lock(&self.claims)
    }
}

/// A panic ends the process, so a poisoned lock is never seen by more than the way out.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Claims since the last flush, counted by value.
#[derive(Default)]
pub(super) struct LiveClaims {
    /// The file's number of flushes to which these claims come on top.
    pub(super) flushes: i64,
    pub(super) values: usize,
    by_attribute: FxHashMap<(TrackId, Attribute, Mmsi), Values>,
}

/// The different values of one attribute: nearly always one, which needs no table.
enum Values {
    One(Box<str>, Times),
    Many(FxHashMap<Box<str>, Times>),
}

#[derive(Clone, Copy)]
struct Times {
    first_at: Time,
    last_at: Time,
    count: u64,
}

impl Times {
    fn add(&mut self, time: Time) {
        self.first_at = self.first_at.min(time);
        self.last_at = self.last_at.max(time);
        self.count += 1;
    }
}

impl Values {
    fn each(&self) -> impl Iterator<Item = (&str, &Times)> {
        let (one, many) = match self {
            Values::One(value, times) => (Some((&**value, times)), None),
            Values::Many(values) => (None, Some(values.iter().map(|(value, times)| (&**value, times)))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl LiveClaims {
    pub(super) fn add(&mut self, claim: &crate::track::Claim) {
        let value = &*claim.value;
        let new = Times { first_at: claim.time, last_at: claim.time, count: 1 };
        match self.by_attribute.entry((claim.track, claim.attribute, claim.mmsi)) {
            Entry::Vacant(place) => drop(place.insert(Values::One(value.into(), new))),
            Entry::Occupied(mut place) => match place.get_mut() {
                Values::One(known, times) if **known == *value => return times.add(claim.time),
                Values::One(known, times) => {
                    let both = [(std::mem::take(known), *times), (value.into(), new)];
                    *place.get_mut() = Values::Many(both.into_iter().collect());
                }
                Values::Many(values) => match values.get_mut(value) {
                    Some(times) => return times.add(claim.time),
                    None => drop(values.insert(value.into(), new)),
                },
            },
        }
        self.values += 1;
    }

    /// All of them, without order.
    pub(super) fn all(&self) -> impl Iterator<Item = Claimed> {
        self.by_attribute.iter().flat_map(|((track, attribute, mmsi), values)| {
            values.each().map(|(value, times)| Claimed {
                track: *track,
                mmsi: *mmsi,
                attribute: *attribute,
                value: value.to_owned(),
                first_at: times.first_at,
                last_at: times.last_at,
                count: times.count,
            })
        })
    }

    pub(super) fn clear(&mut self, flushes: i64) {
        *self = LiveClaims { flushes, ..LiveClaims::default() };
    }
}

impl Claimed {
    /// The order of the file's rows.
    pub(super) fn as_stored(&self, other: &Claimed) -> Ordering {
        let key = |claim: &Claimed| (claim.track.as_u64() as i64, claim.attribute as u8);
        key(self).cmp(&key(other)).then_with(|| (&self.value, self.mmsi).cmp(&(&other.value, other.mmsi)))
    }

    pub(super) fn key(&self) -> ClaimKey {
        ClaimKey {
            track: self.track.as_u64() as i64,
            attribute: self.attribute as u8,
            value: self.value.clone(),
            mmsi: self.mmsi.0,
        }
    }
}

/// A tail of so many fixes is a block as soon as another comes.
pub(super) const FULL: usize = BLOCK_FIXES;
