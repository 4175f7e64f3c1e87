//! How one entry lies in its row: postcard, compressed, with a checksum.

use crate::entry::Entry;
use sensors::Time;
use std::io::{Read, Write};

/// Level 1: 500 MB/s and a third of the size; level 3 saves a tenth more for twice the time.
const LEVEL: i32 = 1;

/// No body unpacks to more: a full batch is 1 MiB of text and its times.
const UNPACKED_MAX: u64 = 64 << 20;

pub(super) struct Row {
    pub(super) kind: i64,
    pub(super) receiver: Option<i64>,
    pub(super) arrived_at_first: Option<i64>,
    pub(super) arrived_at_last: Option<i64>,
    pub(super) body: Vec<u8>,
}

impl Row {
    pub(super) fn of(entry: &Entry) -> Row {
        let (kind, receiver, first, last) = match entry {
            Entry::Lines(batch) => (0, Some(batch.receiver()), Some(batch.base()), batch.last_arrived_at()),
            Entry::Tick(now) => (1, None, Some(*now), Some(*now)),
            Entry::Settings(_) => (2, None, None, None),
            Entry::Program(_) => (3, None, None, None),
            Entry::Consignment(_) => (4, None, None, None),
            Entry::Gap(_) => (5, None, None, None),
            Entry::Skip(_) => (6, None, None, None),
            Entry::Rerun(_) => (7, None, None, None),
            Entry::Pruned(_) => (8, None, None, None),
        };
        Row {
            kind,
            receiver: receiver.map(|id| i64::from(id.0)),
            arrived_at_first: first.map(Time::as_millis),
            arrived_at_last: last.map(Time::as_millis),
            body: pack(entry),
        }
    }
}

fn pack(entry: &Entry) -> Vec<u8> {
    let plain = postcard::to_stdvec(entry).expect("entries are plain data; memory is the only limit");
    let mut packer =
        zstd::Encoder::new(Vec::with_capacity(plain.len() / 2), LEVEL).expect("the level exists");
    packer.include_checksum(true).expect("a known parameter");
    packer.write_all(&plain).expect("a vector takes all");
    packer.finish().expect("a vector takes all")
}

pub(super) fn unpack(body: &[u8]) -> Result<Entry, String> {
    let mut plain = Vec::new();
    let unpacker = zstd::Decoder::new(body).map_err(|error| error.to_string())?;
    unpacker.take(UNPACKED_MAX).read_to_end(&mut plain).map_err(|error| error.to_string())?;
    postcard::from_bytes(&plain).map_err(|error| error.to_string())
}
