//! The files of a queue: their names, what a cut left of them, and the room kept for word of what is dropped.

use super::super::segment::{Step, Walk};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// One file of the queue: the places it holds, its bytes, and whether it is word of what was dropped.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: u64,
    pub(super) lost: bool,
}

/// Room on a full disk for word of what is dropped.
pub(super) const RESERVE: &str = "reserve";

pub(super) fn reserve(folder: &Path) -> Result<()> {
    let path = folder.join(RESERVE);
    if path.exists() {
        return Ok(());
    }
    match write_whole(&path, &[0; 16 << 10]) {
        Err(error) if is_full(&error) => Ok(()),
        written => written,
    }
}

pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn is_full(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

pub(super) fn path(folder: &Path, segment: &Segment) -> PathBuf {
    let kind = if segment.lost { "lost" } else { "parcels" };
    folder.join(format!("{:020}.{kind}", segment.first))
}

/// The files of the queue, oldest first. What a cut left half done is finished.
pub(super) fn list(folder: &Path) -> Result<VecDeque<Segment>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((first, kind)) = name.to_str().and_then(|name| name.split_once('.')) else { continue };
        if kind == "new" {
            std::fs::remove_file(entry.path())?;
        }
        if let (Ok(first), "lost" | "parcels") = (first.parse(), kind) {
            found.push(Segment { first, last: 0, bytes: entry.metadata()?.len(), lost: kind == "lost" });
        }
    }
    found.sort_unstable_by_key(|segment| (segment.first, !segment.lost));
    let mut segments: VecDeque<Segment> = VecDeque::new();
    for mut segment in found {
        if segment.lost
            && let Step::Parcel(parcel) =
                Walk::open(&path(folder, &segment), 0, segment.bytes, segment.first)?.step()?
        {
            segment.last = parcel.last;
        }
        match segments.back_mut() {
            // Dropped, and word of it written, before the cut.
            Some(before) if before.lost && segment.first <= before.last => {
                std::fs::remove_file(path(folder, &segment))?;
                continue;
            }
            Some(before) if !before.lost => before.last = segment.first - 1,
            _ => {}
        }
        segments.push_back(segment);
    }
    Ok(segments)
}

/// Cuts what a power cut left half written off the newest file, and gives its last place.
pub(super) fn mend(path: &Path, newest: &mut Segment) -> Result<u64> {
    let mut walk = Walk::open(path, 0, newest.bytes, newest.first)?;
    while !matches!(walk.step()?, Step::End) {}
    if walk.at() < newest.bytes {
        let file = File::options().write(true).open(path)?;
        file.set_len(walk.at())?;
        file.sync_all()?;
        newest.bytes = walk.at();
    }
    Ok(walk.place() - 1)
}
