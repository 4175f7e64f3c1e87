//! What one receiver at the mast heard and the centre does not have yet: on disk, in order, bounded, and whole after a
//! cut at any moment.
//!
//! A queue is a folder: files of parcels named by their first place (`.parcels`), word of dropped ones in their stead
//! (`.lost`), how far the centre has acknowledged (`acked`), and what could not be kept and has no place yet (`losing`).
//! The file that is being sent from is never dropped: what may have been sent must be there to be sent again as it was.

use super::consignment::{Digest, Lost, Why, pack};
use super::segment::{Parcel, Step, Walk};
use super::settings::Full;
use super::slots::{Slots, sync_folder};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

mod draft;
mod files;

pub use draft::Draft;
use files::{RESERVE, Segment, is_full, list, mend, path, reserve, write_whole};

/// How far the centre has acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acked {
    /// The last place in the spool.
    pub place: u64,
    /// The number that its consignment had.
    pub number: u64,
    /// Its digest.
    pub digest: Digest,
    /// Whether the centre's last number is taken as ours where it differs: a new spool, or a new key.
    pub adopts: bool,
    /// Numbers after `number` that the centre acknowledged once and has no more.
    pub forgotten: u64,
}

/// Lines that are to be kept, not yet in the spool.
#[derive(Debug, Clone, Default)]
pub struct Loose {
    /// Stamped lines.
    pub text: Vec<u8>,
    /// How many.
    pub lines: u32,
    /// When the first was heard.
    pub heard_first: Time,
    /// When the last was heard.
    pub heard_last: Time,
}

impl Loose {
    fn lost(&self, why: Why) -> Lost {
        Lost { why, lines: Some(self.lines.into()), from: self.heard_first, to: self.heard_last }
    }
}

/// What the spool could not keep, and the place that word of it will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Losing {
    place: u64,
    lost: Option<Lost>,
}

/// The queue of one receiver.
#[derive(Debug)]
pub struct Queue {
    folder: PathBuf,
    segments: VecDeque<Segment>,
    /// The newest segment's file, while it is written.
    writing: Option<File>,
    next: u64,
    bytes: u64,
    bytes_max: u64,
    segment_max: u64,
    full: Full,
    acked: Acked,
    acked_slots: Slots<Acked>,
    losing: Losing,
    losing_slots: Slots<Losing>,
    /// Where the draft after the acknowledged place begins: segment, place and byte.
    mark: Option<(u64, u64, u64)>,
    /// Lines lost since the start.
    lost_lines: u64,
}

impl Queue {
    /// Opens the queue in `folder`, making it where there is none; `bytes_max` bounds its files.
    ///
    /// # Errors
    /// When the disk refuses, or what says how far the centre has acknowledged is damaged or gone.
    pub fn open(folder: &Path, bytes_max: u64, full: Full) -> Result<Queue> {
        std::fs::create_dir_all(folder)?;
        sync_folder(folder)?;
        let mut segments = list(folder)?;
        let acked = folder.join("acked");
        if !acked.exists() && !segments.is_empty() {
            let why = "it does not say how far the centre has acknowledged, though lines are kept in it";
            return Err(Error::other(format!(
                "{}: {why}; restore `acked`, or move the folder away",
                folder.display()
            )));
        }
        let (acked_slots, acked) = Slots::open(&acked, Acked { adopts: true, ..Acked::default() })?;
        let (mut losing_slots, mut losing) = Slots::open(&folder.join("losing"), Losing::default())?;
        let mut next = acked.place + 1;
        while let Some(newest) = segments.back_mut() {
            newest.last = mend(&path(folder, newest), newest)?;
            if newest.bytes > 0 {
                next = next.max(newest.last + 1);
                break;
            }
            std::fs::remove_file(path(folder, newest))?;
            segments.pop_back();
        }
        if losing.lost.is_some() && losing.place < next {
            // Word of it was written before the cut.
            losing = Losing::default();
            losing_slots.write(&losing)?;
        }
        reserve(folder)?;
        let bytes = segments.iter().map(|segment| segment.bytes).sum();
        let segment_max = (bytes_max / 16).clamp(64 << 10, 4 << 20);
        let mut queue = Queue {
            folder: folder.to_owned(),
            segments,
            writing: None,
            next,
            bytes,
            bytes_max,
            segment_max,
            full,
            acked,
            acked_slots,
            losing,
            losing_slots,
            mark: None,
            lost_lines: 0,
        };
        queue.forget_acked()?;
        Ok(queue)
    }

    /// How far the centre has acknowledged.
    pub fn acked(&self) -> Acked {
        self.acked
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Parcels that wait to be acknowledged.
    pub fn waiting(&self) -> u64 {
        self.next - 1 - self.acked.place + u64::from(self.losing.lost.is_some())
    }

    /// Lines lost since the start.
    pub fn lost_lines(&self) -> u64 {
        self.lost_lines
    }

    /// Keeps the lines: they are durable when this returns, or counted as lost because there is no room.
    ///
    /// # Errors
    /// When the disk does something else than being full; nothing more may be made of this queue then.
    pub fn keep(&mut self, loose: &Loose) -> Result<()> {
        self.place_lost()?;
        if self.losing.lost.is_none() {
            let parcel = Parcel {
                first: self.next,
                last: self.next,
                lines: loose.lines,
                heard_first: loose.heard_first,
                heard_last: loose.heard_last,
                packed: pack(&loose.text),
                lost: None,
            };
            let bytes = parcel.bytes();
            while self.make_room(bytes.len() as u64)? {
                match self.append(&bytes) {
                    Ok(()) => return Ok(()),
                    // The disk is smaller than the spool may be: the same as a full spool.
                    Err(error) if is_full(&error) && self.full == Full::DropOldest => {
                        if !self.drop_oldest()? {
                            break;
                        }
                    }
                    Err(error) if is_full(&error) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        self.lose(loose.lost(Why::Full))
    }

    /// Counts lines that never reached the spool.
    ///
    /// # Errors
    /// As [`Queue::keep`].
    pub fn lose(&mut self, lost: Lost) -> Result<()> {
        self.lost_lines += lost.lines.unwrap_or(0);
        self.losing = Losing { place: self.next, lost: Some(self.losing.lost.map_or(lost, |l| l.and(lost))) };
        self.losing_slots.write(&self.losing)
    }

    /// Puts word of what was lost in its place, where there is room again.
    fn place_lost(&mut self) -> Result<()> {
        let Some(lost) = self.losing.lost else { return Ok(()) };
        if lost.why == Why::Full
            && self.full == Full::DropNewest
            && self.bytes + self.segment_max > self.bytes_max
        {
            // A little room would be full again at once, and each time there would be word of it.
            return Ok(());
        }
        match self.append(&Parcel::of_lost(self.next, self.next, lost).bytes()) {
            Ok(()) => {
                self.losing = Losing::default();
                self.losing_slots.write(&self.losing)
            }
            Err(error) if is_full(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn make_room(&mut self, bytes: u64) -> Result<bool> {
        while self.bytes + bytes > self.bytes_max {
            if self.full == Full::DropNewest || !self.drop_oldest()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes one parcel at the next place and makes it durable. When the disk is full, nothing is written.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let full = |queue: &Queue| queue.segments.back().is_some_and(|s| s.bytes >= queue.segment_max);
        if self.writing.is_none() || full(self) {
            let segment = Segment { first: self.next, last: self.next - 1, bytes: 0, lost: false };
            let path = path(&self.folder, &segment);
            let file = File::options().create(true).truncate(true).write(true).open(&path)?;
            sync_folder(&path)?;
            self.writing = Some(file);
            self.segments.push_back(segment);
        }
        let file = self.writing.as_mut().expect("opened above");
        let segment = self.segments.back_mut().expect("pushed with its file");
        if let Err(error) = file.write_all(bytes) {
            use std::io::Seek;
            file.set_len(segment.bytes)?;
            file.seek(std::io::SeekFrom::Start(segment.bytes))?;
            return Err(error);
        }
        // After a failed fsync nobody knows what is on the disk: the caller stops.
        file.sync_data()
            .map_err(|error| Error::other(format!("the disk did not take what was written: {error}")))?;
        segment.bytes += bytes.len() as u64;
        segment.last = self.next;
        self.bytes += bytes.len() as u64;
        self.next += 1;
        Ok(())
    }

    /// Drops the oldest file that is not being sent from, and puts word of it in its place. `false` where there is none.
    fn drop_oldest(&mut self) -> Result<bool> {
        let last = self.segments.len().saturating_sub(usize::from(self.writing.is_some()));
        let head = self.segments.iter().position(|segment| segment.last > self.acked.place).unwrap_or(last);
        let mut after_head = head + 1..last;
        let Some(index) = after_head.find(|&index| !self.segments[index].lost) else { return Ok(false) };
        let dropped = &self.segments[index];
        let (first, last) = (dropped.first, dropped.last);
        let mut lost = self.content(dropped)?;
        self.lost_lines += lost.lines.unwrap_or(0);
        let old = path(&self.folder, dropped);
        let mut into = Segment { first, last, bytes: 0, lost: true };
        // Word of what was dropped before is taken up, so that it stays one small file. Not the file being sent from.
        let before = (index > head + 1).then(|| &self.segments[index - 1]).filter(|before| before.lost);
        let merged = before.is_some();
        if let Some(before) = before {
            lost = self.content(before)?.and(lost);
            into.first = before.first;
        }
        let bytes = Parcel::of_lost(into.first, into.last, lost).bytes();
        into.bytes = bytes.len() as u64;
        let new = path(&self.folder, &into);
        let partial = new.with_extension("new");
        match write_whole(&partial, &bytes) {
            // The disk is full, and what is dropped makes room only when it is gone.
            Err(error) if is_full(&error) => {
                std::fs::remove_file(self.folder.join(RESERVE))?;
                write_whole(&partial, &bytes)?;
            }
            written => written?,
        }
        std::fs::rename(&partial, &new)?;
        sync_folder(&new)?;
        std::fs::remove_file(&old)?;
        reserve(&self.folder)?;
        self.bytes -= self.segments[index].bytes;
        self.bytes += into.bytes;
        if merged {
            self.bytes -= self.segments[index - 1].bytes;
            self.segments.remove(index - 1);
            self.segments[index - 1] = into;
        } else {
            self.segments[index] = into;
        }
        Ok(true)
    }

    /// What goes when this file goes.
    fn content(&self, segment: &Segment) -> Result<Lost> {
        let mut walk = Walk::open(&path(&self.folder, segment), 0, segment.bytes, segment.first)?;
        let mut sum: Option<Lost> = None;
        let mut add = |lost: Lost| sum = Some(sum.map_or(lost, |sum| sum.and(lost)));
        loop {
            match walk.step()? {
                Step::Parcel(parcel) => add(parcel.lost.unwrap_or(Lost {
                    why: Why::Full,
                    lines: Some(parcel.lines.into()),
                    from: parcel.heard_first,
                    to: parcel.heard_last,
                })),
                Step::Damaged => {}
                Step::End => break,
            }
        }
        let nothing = Lost { why: Why::Full, lines: None, from: Time::default(), to: Time::default() };
        Ok(Lost { why: Why::Full, ..sum.unwrap_or(nothing) })
    }

    /// The centre has everything up to this place: it is forgotten here.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn ack(&mut self, acked: Acked) -> Result<()> {
        self.acked_slots.write(&acked)?;
        self.acked = acked;
        self.forget_acked()
    }

    fn forget_acked(&mut self) -> Result<()> {
        while let Some(segment) = self.segments.front()
            && segment.last <= self.acked.place
        {
            let being_written = self.segments.len() == 1 && self.writing.is_some();
            if being_written && segment.bytes < self.segment_max / 4 {
                break;
            }
            if being_written {
                self.writing = None;
            }
            std::fs::remove_file(path(&self.folder, segment))?;
            self.bytes -= segment.bytes;
            self.segments.pop_front();
        }
        Ok(())
    }
}

/// Lets every queue in `spool` go on from what the centre has, whoever sent it: for a new key.
///
/// # Errors
/// When the disk refuses.
pub fn adopt_all(spool: &Path) -> Result<()> {
    if !spool.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(spool)? {
        let path = entry?.path().join("acked");
        if path.exists() {
            let (mut slots, acked) = Slots::<Acked>::open(&path, Acked::default())?;
            slots.write(&Acked { adopts: true, ..acked })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
