//! How one entry lies in its row: postcard, compressed, with a checksum; and what of it stands in columns.

use super::{chain, merkle::Hash};
use crate::entry::{Entry, Numbered};
use std::io::Read;
use zstd::bulk::Compressor;

/// Level 1: 500 MB/s and a third of the size; level 3 saves a tenth more for twice the time.
const LEVEL: i32 = 1;

/// No body unpacks to more: a full batch is 1 MiB of text and its times.
const UNPACKED_MAX: u64 = 64 << 20;

pub(super) const LINES: u8 = 0;
pub(super) const SETTINGS: u8 = 2;
pub(super) const PROGRAM: u8 = 3;
pub(super) const SKIP: u8 = 6;
pub(super) const PRUNED: u8 = 8;

/// What of an entry stands in columns, so that it is found without unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) kind: u8,
    pub(super) receiver: Option<u16>,
    /// The earliest and the latest arrival, milliseconds since 1970.
    pub(super) arrived_at: Option<(i64, i64)>,
}

impl Head {
    pub(super) fn of(Numbered { first, entry }: &Numbered) -> Head {
        let (kind, receiver, arrived_at) = match entry {
            Entry::Lines(batch) => {
                let base = batch.base().as_millis();
                let earliest = batch.delays().iter().min().map(|delay| base.saturating_add(*delay));
                let latest = batch.delays().iter().max().map(|delay| base.saturating_add(*delay));
                (LINES, Some(batch.receiver().0), earliest.zip(latest))
            }
            Entry::Tick(now) => (1, None, Some((now.as_millis(), now.as_millis()))),
            Entry::Settings(_) => (SETTINGS, None, None),
            Entry::Program(_) => (PROGRAM, None, None),
            Entry::Consignment(_) => (4, None, None),
            Entry::Gap(_) => (5, None, None),
            Entry::Skip(_) => (SKIP, None, None),
            Entry::Rerun(_) => (7, None, None),
            Entry::Pruned(_) => (PRUNED, None, None),
        };
        Head { first: *first, count: entry.len(), kind, receiver, arrived_at }
    }

    /// What stands for the whole entry in the chain.
    pub(super) fn hash(&self, root: &Hash) -> Hash {
        chain::entry_hash(self.first, self.count, self.kind, root)
    }
}

/// An entry as it is written.
pub(super) struct Row {
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
    pub(super) root: Hash,
}

/// Packs entries; keeps its buffers between them.
pub(super) struct Packer {
    zstd: Compressor<'static>,
    plain: Vec<u8>,
    frame: Vec<u8>,
}

impl Packer {
    pub(super) fn new() -> Packer {
        let mut zstd = Compressor::new(LEVEL).expect("the level exists");
        zstd.include_checksum(true).expect("a known parameter");
        Packer { zstd, plain: Vec::new(), frame: Vec::new() }
    }

    pub(super) fn row(&mut self, numbered: &Numbered) -> Row {
        let Packer { zstd, plain, frame } = self;
        let head = Head::of(numbered);
        plain.clear();
        postcard::to_io(&numbered.entry, &mut *plain)
            .expect("entries are plain data; memory is the only limit");
        let root = chain::root(numbered.first, head.kind, &numbered.entry, plain);
        frame.clear();
        frame.reserve(zstd::zstd_safe::compress_bound(plain.len()));
        zstd.compress_to_buffer(plain, frame).expect("the buffer has zstd's own bound");
        Row { head, body: frame.clone(), root }
    }
}

pub(super) fn unpack(body: &[u8]) -> Result<Entry, String> {
    unpack_with_bytes(body).map(|(entry, _)| entry)
}

/// The entry, and its bytes as they were packed.
pub(super) fn unpack_with_bytes(body: &[u8]) -> Result<(Entry, Vec<u8>), String> {
    let mut plain = Vec::new();
    let unpacker = zstd::Decoder::new(body).map_err(|error| error.to_string())?;
    unpacker.take(UNPACKED_MAX).read_to_end(&mut plain).map_err(|error| error.to_string())?;
    let entry = postcard::from_bytes(&plain).map_err(|error| error.to_string())?;
    Ok((entry, plain))
}
