//! The core's state on disk now and then, so that a restart replays a second's work and not months.

use super::Error;
use crate::store;
use sensors::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The newest that are kept; the older one serves when the newer is damaged.
const NEWEST: usize = 2;

/// Besides these the first of each of the last days (UTC, event time): a past period is run again from there. Ours.
const DAYS: usize = 8;

/// Bytes that the snapshots of past days may take; beyond it the oldest go. Ours: eight days of 300,000 vessels.
const PAST_BYTES_MAX: u64 = 2 << 30;

const MAGIC: &[u8; 8] = b"WKSNAP02";

/// Length of the SHA-256 that ends the file.
const HASH: usize = 32;

/// A header is this long at most.
const HEADER_MAX: u32 = 4096;

/// No state unpacks to more. Ours: ten times that of 300,000 vessels.
const UNPACKED_MAX: u64 = 8 << 30;

/// The snapshots of one journal. A file is named by the first sequence that its state has not taken, and by its time.
///
/// A file is the magic number, the length of the header and the header (postcard), the state (postcard, zstd) and a
/// SHA-256 over all before it.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
    program: String,
    /// Drafts begun, so that two of one state are two files.
    begun: Arc<AtomicU64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    program: String,
    next: u64,
    now: Time,
}

/// A state that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The first sequence that it has not taken.
    pub next: u64,
    /// The newest moment that it knew of.
    pub now: Time,
    /// The state.
    pub state: Vec<u8>,
}

/// A snapshot that is written and not yet durable; nobody reads it, and unless it is kept it goes when this value does.
#[derive(Debug)]
pub struct Draft {
    file: File,
    path: PathBuf,
    next: u64,
    now: Time,
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that was kept has another name by now; one that can't be removed is removed with the next that is kept.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file in the folder, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The first sequence that its state has not taken.
    pub next: u64,
    /// The newest moment that it knew of.
    pub now: Time,
    path: PathBuf,
}

impl Snapshots {
    /// Snapshots in `folder`, written and read by `program` (a version that tells layouts of state apart).
    pub fn new(folder: &Path, program: &str) -> Snapshots {
        Snapshots { folder: folder.to_owned(), program: program.to_owned(), begun: Arc::default() }
    }

    /// Writes a state as it comes, which takes no longer than packing it; it counts once it is [kept](Snapshots::keep).
    /// `save` is given where to write.
    ///
    /// # Errors
    /// When the folder or the file says no.
    pub fn draft<E: std::error::Error + Send + Sync + 'static>(
        &self,
        next: u64,
        now: Time,
        save: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<Draft, Error> {
        let path =
            self.folder.join(format!("{next:020}.{}.part", self.begun.fetch_add(1, Ordering::Relaxed)));
        store::make_folder(&self.folder).map_err(failed("make the snapshot folder", &self.folder))?;
        let header = Header { program: self.program.clone(), next, now };
        let header = postcard::to_stdvec(&header).expect("a header is plain data");
        let file = File::create(&path).map_err(failed("begin the snapshot", &path))?;
        let draft = Draft { file, path, next, now };
        let write = || -> io::Result<()> {
            let out = BufWriter::with_capacity(1 << 20, &draft.file);
            let mut out = Hashing { out, hash: Sha256::new() };
            out.write_all(MAGIC)?;
            out.write_all(&(header.len() as u32).to_le_bytes())?;
            out.write_all(&header)?;
            let packer = zstd::Encoder::new(&mut out, 1)?;
            // The state comes a few bytes at a time.
            let mut packer = BufWriter::with_capacity(128 << 10, packer);
            let mut refusing = Refusing { out: &mut packer, why: None };
            let saved = save(&mut refusing);
            saved.map_err(|error| refusing.why.unwrap_or_else(|| io::Error::other(error)))?;
            packer.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
            let Hashing { mut out, hash } = out;
            out.write_all(&hash.finalize())?;
            out.flush()
        };
        write().map_err(failed("write the snapshot", &draft.path))?;
        Ok(draft)
    }

    /// Makes a draft durable: sync, rename, sync of the folder. Then lets go those that are no longer needed.
    ///
    /// # Errors
    /// When the folder or a file in it says no.
    pub fn keep(&self, draft: &Draft) -> Result<(), Error> {
        let path = self.folder.join(format!("{:020}.{}.snapshot", draft.next, draft.now.as_millis()));
        draft.file.sync_all().map_err(failed("sync the snapshot", &draft.path))?;
        fs::rename(&draft.path, &path).map_err(failed("rename the snapshot", &path))?;
        self.prune(draft.next)?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("sync the snapshot folder", &self.folder))
    }

    /// Those there are, readable or not, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = Named> + use<> {
        self.list().into_iter().rev()
    }

    /// Its state; `None`, which the log says, where it is damaged or of another program version.
    pub fn read(&self, named: &Named) -> Option<Snapshot> {
        match self.state(named) {
            Ok(state) => Some(Snapshot { next: named.next, now: named.now, state }),
            Err(reason) => {
                tracing::warn!(path = %named.path.display(), reason, "snapshot passed over");
                None
            }
        }
    }

    /// The first sequence that none of them has taken, readable or not.
    pub fn reach(&self) -> u64 {
        self.list().last().map_or(1, |named| named.next)
    }

    /// The sequence from which the journal is needed: that of the oldest snapshot kept; all of it where there is none.
    pub fn needed_from(&self) -> u64 {
        self.list().first().map_or(0, |named| named.next)
    }

    fn state(&self, named: &Named) -> Result<Vec<u8>, String> {
        let said = |error: io::Error| error.to_string();
        let bytes = fs::read(&named.path).map_err(said)?;
        let (told, stored) = bytes.split_last_chunk::<HASH>().ok_or("cut short")?;
        if Sha256::digest(told).as_slice() != stored {
            return Err("damaged".to_owned());
        }
        let rest = told.strip_prefix(MAGIC).ok_or("not a snapshot of this kind")?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or("cut short")?;
        let length = u32::from_le_bytes(*length).min(HEADER_MAX) as usize;
        let (header, packed) = rest.split_at_checked(length).ok_or("cut short")?;
        let header: Header = postcard::from_bytes(header).map_err(|error| error.to_string())?;
        if header != (Header { program: self.program.clone(), next: named.next, now: named.now }) {
            return Err(format!("of {}, or renamed", header.program));
        }
        let mut state = Vec::new();
        let unpacker = zstd::Decoder::with_buffer(packed).map_err(said)?;
        unpacker.take(UNPACKED_MAX).read_to_end(&mut state).map_err(said)?;
        Ok(state)
    }

    /// Those there are, in the order of the journal.
    fn list(&self) -> Vec<Named> {
        let mut all: Vec<Named> = self.files().filter_map(|path| named(&path)).collect();
        all.sort_unstable();
        all
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path())
    }

    fn prune(&self, kept: u64) -> Result<(), Error> {
        let all = self.list();
        let wanted = wanted(&all, |named| fs::metadata(&named.path).map_or(0, |about| about.len()));
        let old_kind = self.files().filter(|path| match path.extension().and_then(|kind| kind.to_str()) {
            Some("snapshot") => named(path).is_none(),
            // Begun and never kept: the program ended.
            Some("part") => begun(path).is_none_or(|next| next < kept),
            _ => false,
        });
        let unwanted = all.iter().filter(|named| !wanted.contains(named)).map(|named| named.path.clone());
        for path in unwanted.chain(old_kind) {
            fs::remove_file(&path).map_err(failed("remove the old snapshot", &path))?;
        }
        Ok(())
    }
}

/// Which of them to keep: the newest, and the first of each of the last days as far as they have room.
fn wanted(all: &[Named], bytes: impl Fn(&Named) -> u64) -> Vec<&Named> {
    let (past, newest) = all.split_at(all.len().saturating_sub(NEWEST));
    let day = |named: &Named| named.now.as_millis().div_euclid(24 * 3_600_000);
    let last = newest.last().map_or(0, day);
    let (mut kept, mut room): (Vec<&Named>, u64) = (newest.iter().collect(), PAST_BYTES_MAX);
    let first_of_its_day = |at: usize| at == 0 || day(&all[at - 1]) != day(&all[at]);
    for (at, named) in past.iter().enumerate().rev() {
        // A clock that was wrong for a while may have left one of a day to come.
        if !first_of_its_day(at) || (last - day(named)).unsigned_abs() >= DAYS as u64 {
            continue;
        }
        match room.checked_sub(bytes(named)) {
            Some(left) => room = left,
            None => break,
        }
        kept.push(named);
        if kept.len() >= NEWEST + DAYS {
            break;
        }
    }
    kept
}

/// What a draft's file is to be the snapshot of.
fn begun(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split_once('.')?.0.parse().ok()
}

fn named(path: &Path) -> Option<Named> {
    let name = path.file_name()?.to_str()?.strip_suffix(".snapshot")?;
    let (next, now) = name.split_once('.')?;
    Some(Named { next: next.parse().ok()?, now: Time::from_millis(now.parse().ok()?), path: path.to_owned() })
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { operation, path, source }
}

/// Remembers why nothing passes: whoever saves may tell only that it failed, and a full disk is not the end of the watch.
struct Refusing<W> {
    out: W,
    why: Option<io::Error>,
}

impl<W> Refusing<W> {
    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.why = Some(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Refusing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}

/// Hashes what passes.
struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(snapshots: &Snapshots, next: u64, hours: i64) {
        let now = Time::from_seconds(hours * 3600);
        let text = format!("state {next}").repeat(100);
        let draft = snapshots.draft(next, now, |out| out.write_all(text.as_bytes())).unwrap();
        snapshots.keep(&draft).unwrap();
    }

    /// The newest readable state whose next sequence is at most `not_after`.
    fn readable(snapshots: &Snapshots, not_after: u64) -> Option<Snapshot> {
        let mut named = snapshots.newest_first().filter(|named| named.next <= not_after);
        named.find_map(|named| snapshots.read(&named))
    }

    fn next(found: Option<Snapshot>) -> Option<u64> {
        found.map(|found| {
            assert_eq!(found.state, format!("state {}", found.next).repeat(100).into_bytes());
            found.next
        })
    }

    #[test]
    fn a_snapshot_damaged_anywhere_falls_back_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        write(&snapshots, 10, 0);
        write(&snapshots, 20, 1);
        assert_eq!(next(readable(&snapshots, u64::MAX)), Some(20));
        assert_eq!(next(readable(&snapshots, 19)), Some(10));
        let newest = snapshots.list().pop().unwrap().path;
        let whole = fs::read(&newest).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&newest, flipped).unwrap();
            assert_eq!(next(readable(&snapshots, u64::MAX)), Some(10), "a bit of byte {at} flipped");
            fs::write(&newest, &whole[..at]).unwrap();
            assert_eq!(next(readable(&snapshots, u64::MAX)), Some(10), "cut after {at} bytes");
        }
        fs::write(&newest, &whole).unwrap();
        assert_eq!(next(readable(&snapshots, u64::MAX)), Some(20));
        assert_eq!(next(readable(&Snapshots::new(folder.path(), "2"), u64::MAX)), None);
        fs::rename(&newest, folder.path().join("00000000000000000021.3600000.snapshot")).unwrap();
        assert_eq!(next(readable(&snapshots, u64::MAX)), Some(10), "one under another's name");
    }

    #[test]
    fn the_newest_two_stay_and_the_first_of_each_of_eight_days() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        for hours in 0..24 * 12 {
            write(&snapshots, hours as u64 * 10, hours);
        }
        let hours: Vec<i64> =
            snapshots.list().iter().map(|named| named.now.as_millis() / 3_600_000).collect();
        assert_eq!(hours, [96, 120, 144, 168, 192, 216, 240, 264, 286, 287]);
        assert_eq!((next(readable(&snapshots, 1500)), next(readable(&snapshots, 950))), (Some(1440), None));
        assert_eq!(snapshots.reach(), 2870);
    }

    #[test]
    fn two_drafts_of_one_state_are_both_kept() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        let draft = || snapshots.draft(10, Time::from_seconds(0), |out| out.write_all(b"state")).unwrap();
        let (one, other) = (draft(), draft());
        snapshots.keep(&one).unwrap();
        snapshots.keep(&other).unwrap();
        assert_eq!(readable(&snapshots, 10).unwrap().state, b"state");
        drop((one, other));
        assert_eq!(snapshots.files().count(), 1);
    }

    #[test]
    fn past_days_take_no_more_room_than_they_may() {
        let hour =
            |n: u64| Named { next: n, now: Time::from_seconds(n as i64 * 86_400), path: PathBuf::new() };
        let all: Vec<Named> = (0..10).map(hour).collect();
        let kept: Vec<u64> = wanted(&all, |_| PAST_BYTES_MAX / 3).iter().map(|named| named.next).collect();
        assert_eq!(kept, [8, 9, 7, 6, 5]);
    }

    #[test]
    fn one_of_another_kind_or_never_kept_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        let old = folder.path().join("00000000000000000005.snapshot");
        fs::write(&old, b"WKSNAP01 and so on").unwrap();
        let begun = folder.path().join("00000000000000000006.part");
        fs::write(&begun, b"WKSNAP02").unwrap();
        assert_eq!(readable(&snapshots, u64::MAX), None);
        write(&snapshots, 10, 0);
        assert!(!old.exists() && !begun.exists());
        drop(snapshots.draft(11, Time::from_seconds(0), |out| out.write_all(b"state")).unwrap());
        assert_eq!(snapshots.files().count(), 1, "a draft that is dropped leaves nothing");
    }

    #[test]
    fn a_full_disk_may_have_room_again_whatever_the_state_says_of_it_and_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        // More than is gathered before it is written, and nothing to pack.
        let mut state = vec![0; 4 << 20];
        getrandom::fill(&mut state).unwrap();
        for (at, state) in [&state[..], b"state"].into_iter().enumerate() {
            std::os::unix::fs::symlink("/dev/full", folder.path().join(format!("{:020}.{at}.part", 10)))
                .unwrap();
            let refused = snapshots
                .draft(10, Time::from_seconds(0), |out| postcard::to_io(state, out).map(drop))
                .unwrap_err();
            assert!(refused.may_pass(), "{refused:?}");
            assert_eq!(snapshots.files().count(), 0);
        }
    }
}
