//! Files that another program writes, heard as they grow: one file, or all that fit a name with `*`, through every way
//! of starting a new one (another name, the old one renamed or emptied, removed and made again).

use super::health::{Health, State};
use super::lines::LINE_MAX;
use super::mailbox::{Letter, Slot};
use super::pattern;
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often the files are looked at. Ours: well within the 250 ms that a line may take to the journal, with the wait
/// for other lines.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Bytes read of one file at a time, and the longest line that comes in one piece.
const READ_MAX: usize = 16 * LINE_MAX;

/// Files followed at a time: those changed last.
const FOLLOWED_MAX: usize = 64;

/// Files remembered that are not followed any more, with how far they were read.
const REMEMBERED_MAX: usize = 10_000;

/// Looks without a new byte after which a file that has no name any more is let go.
const LOOKS_AFTER_REMOVAL: u32 = 20;

/// A file whatever it is called: device and inode. It stays the same file while we hold it open.
type FileId = (u64, u64);

#[derive(Debug)]
struct Followed {
    file: File,
    /// Read up to here: always the end of a line.
    read: u64,
    /// It has no name any more that we look for.
    removed: bool,
    /// Looks since the last new byte.
    quiet: u32,
}

/// All files that fit one path, and how far each is read.
#[derive(Debug)]
struct Tail {
    path: PathBuf,
    /// Whether files that are there at the start are read from their beginning.
    from_start: bool,
    /// The first look is done: a file that appears from now on is new, and is read from its beginning.
    started: bool,
    followed: HashMap<FileId, Followed>,
    /// How far files were read that are not among those followed.
    remembered: HashMap<FileId, u64>,
    ignored: usize,
}

/// Follows `path` until nobody takes its lines any more; `from_start` also reads what is there already.
pub(super) async fn follow(path: PathBuf, from_start: bool, health: Arc<Health>, slot: Slot) -> Result<()> {
    let mut tail = Tail::new(path, from_start);
    let mut said = String::new();
    while !slot.is_closed() {
        let (looked, back) = blocking(move || (tail.look(), tail)).await?;
        tail = back;
        let changed = looked?;
        let words = tail.words();
        if words != said {
            let state = if tail.followed.is_empty() { State::Listening } else { State::Connected };
            health.set(state, words.clone());
            said = words;
        }
        for id in changed {
            loop {
                let (read, back) = blocking(move || (tail.read(id), tail)).await?;
                tail = back;
                let Some(bytes) = read? else { break };
                if slot.send(Letter { bytes, receipt: None }).await.is_err() {
                    return Ok(());
                }
            }
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.map_err(Error::other)
}

impl Tail {
    fn new(path: PathBuf, from_start: bool) -> Tail {
        Tail {
            path,
            from_start,
            started: false,
            followed: HashMap::new(),
            remembered: HashMap::new(),
            ignored: 0,
        }
    }

    /// Finds which files there are, opens new ones and lets old ones go; gives those that may have something to read.
    fn look(&mut self) -> Result<Vec<FileId>> {
        let mut there = Vec::new();
        for path in self.names()? {
            match std::fs::metadata(&path) {
                Ok(about) if about.is_file() => there.push((path, about)),
                Ok(_) if pattern::is_pattern(&self.path) => {}
                Ok(_) => return Err(Error::new(ErrorKind::InvalidInput, "it is not a file")),
                // Gone since the folder was read.
                Err(_) => {}
            }
        }
        there.sort_by_key(|(_, about)| std::cmp::Reverse(about.modified().unwrap_or(SystemTime::UNIX_EPOCH)));
        let old = there.split_off(there.len().min(FOLLOWED_MAX));
        self.ignored = old.len();
        if !self.started {
            for (_, about) in &old {
                self.remember(id(about), about.len());
            }
        }
        for (path, about) in &there {
            if !self.followed.contains_key(&id(about)) {
                self.open(path)?;
            }
        }
        let lengths: HashMap<FileId, u64> = there.iter().map(|(_, about)| (id(about), about.len())).collect();
        for (id, followed) in &mut self.followed {
            followed.removed = !lengths.contains_key(id);
        }
        let is_done = |followed: &Followed| followed.removed && followed.quiet >= LOOKS_AFTER_REMOVAL;
        for (id, done) in self.followed.extract_if(|_, followed| is_done(followed)).collect::<Vec<_>>() {
            self.remember(id, done.read);
        }
        self.started = true;
        // One that has no name any more may still be written to.
        let may_have = |(id, followed): &(&FileId, &Followed)| lengths.get(id) != Some(&followed.read);
        Ok(self.followed.iter().filter(may_have).map(|(id, _)| *id).collect())
    }

    /// The names that fit; none where the folder is not there (yet).
    fn names(&self) -> Result<Vec<PathBuf>> {
        match pattern::matches(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            names => names,
        }
    }

    fn open(&mut self, path: &Path) -> Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        // Asked of the open file: the name may have passed to another.
        let about = file.metadata()?;
        let id = id(&about);
        let read = match self.remembered.remove(&id) {
            // Shorter than it was: it is another file, or emptied.
            Some(read) if read <= about.len() => read,
            Some(_) => 0,
            None if self.started || self.from_start => 0,
            None => about.len(),
        };
        self.followed.insert(id, Followed { file, read, removed: false, quiet: 0 });
        Ok(())
    }

    fn remember(&mut self, id: FileId, read: u64) {
        if self.remembered.len() < REMEMBERED_MAX {
            self.remembered.insert(id, read);
        }
    }

    /// The next whole lines of one file; `None` when there are no more for now. The last line of a file that was
    /// renamed or removed ends with the file. One that is emptied and outgrows what was read between two looks can't be
    /// told from one that grew.
    fn read(&mut self, id: FileId) -> Result<Option<Vec<u8>>> {
        let Some(followed) = self.followed.get_mut(&id) else {
            return Ok(None);
        };
        if followed.file.metadata()?.len() < followed.read {
            followed.read = 0;
        }
        followed.file.seek(SeekFrom::Start(followed.read))?;
        let mut bytes = Vec::with_capacity(READ_MAX);
        Read::by_ref(&mut followed.file).take(READ_MAX as u64).read_to_end(&mut bytes)?;
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        let last_words = followed.removed && followed.quiet >= LOOKS_AFTER_REMOVAL / 2;
        if whole > 0 {
            bytes.truncate(whole);
        } else if bytes.len() < READ_MAX && !last_words {
            bytes.clear();
        }
        followed.quiet = if bytes.is_empty() { followed.quiet.saturating_add(1) } else { 0 };
        followed.read += bytes.len() as u64;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    fn words(&self) -> String {
        let path = self.path.display();
        match (self.followed.len(), self.ignored) {
            (0, _) => format!("{path} is not there yet"),
            (1, 0) => format!("follows {path}"),
            (n, 0) => format!("follows {n} files, {path}"),
            (n, ignored) => {
                format!("follows the {n} files of {path} that changed last, and not {ignored} others")
            }
        }
    }
}

fn id(about: &Metadata) -> FileId {
    (about.dev(), about.ino())
}
