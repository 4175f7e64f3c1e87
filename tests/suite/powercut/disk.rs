//! What a disk may hold after the power went: everything that was synced, and of the rest whatever chance left.
//!
//! The model. A file's bytes are safe once a sync of it has returned that began after they were written. Of the writes
//! after that each may be there, not be there, or be there in some of its sectors of 512 bytes; a file's length may be
//! there without its bytes, which are then zeros. A name (made, renamed, removed) is safe once its folder was synced;
//! until then each name forgets by itself, as far back as chance has it. That is harsher than the journalling file
//! systems, which keep names in order and make a new file's name safe with its first sync. What it leaves out: a disk
//! that says it has synced and has not, sectors that are neither old nor new, and damage to what was at rest.

use super::trace::{Act, Event, Inode};
use crate::sea::Chance;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// How much of what was not synced is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Everything,
    /// Each write or none of it.
    Some,
    /// Each sector or none of it.
    Torn,
}

/// In turn, more often what differs more.
pub(crate) const LEFT: [Left; 7] =
    [Left::Nothing, Left::Torn, Left::Everything, Left::Torn, Left::Some, Left::Torn, Left::Some];

/// What is on a disk.
#[derive(Debug, Clone, Default, Hash)]
pub(crate) struct State {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl State {
    /// The part of it whose names begin so.
    pub(crate) fn part(&self, prefix: &str) -> State {
        let begins = |path: &Path| path.to_string_lossy().starts_with(prefix);
        let files = self.files.iter().filter(|(path, _)| begins(path));
        State {
            folders: self.folders.iter().filter(|path| begins(path)).cloned().collect(),
            files: files.map(|(path, bytes)| (path.clone(), bytes.clone())).collect(),
        }
    }

    /// How long a file is; 0 for one that is not there.
    pub(crate) fn length(&self, path: &str) -> usize {
        self.files.get(Path::new(path)).map_or(0, Vec::len)
    }

    /// Puts it into a folder that is not there yet.
    pub(crate) fn write(&self, into: &Path) {
        fs::create_dir_all(into).expect("there is room");
        self.folders.iter().for_each(|path| fs::create_dir_all(into.join(path)).expect("there is room"));
        self.files.iter().for_each(|(path, bytes)| fs::write(into.join(path), bytes).expect("there is room"));
    }
}

/// A walk through a record: the disk as it is at each moment.
pub(crate) struct Disk<'a> {
    events: &'a [Event],
    folder: PathBuf,
    /// Lines of the record that have passed.
    now: usize,
    begun: usize,
    syncs: Vec<usize>,
    synced: usize,
    files: BTreeMap<Inode, File>,
    names: BTreeMap<PathBuf, Name>,
    /// Whether each is safe, and the event that made it.
    folders: BTreeMap<PathBuf, (usize, bool)>,
    pub(crate) told: Vec<&'a str>,
}

#[derive(Default)]
struct File {
    safe: Vec<u8>,
    /// Events that are not safe.
    loose: Vec<usize>,
}

/// What a name stood for since it was last safe, the newest last.
#[derive(Default)]
struct Name {
    stood_for: Vec<(usize, Option<Inode>)>,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(events: &'a [Event], folder: &Path) -> Disk<'a> {
        let is_sync = |event: &Event| matches!(event.act, Act::Sync { .. } | Act::SyncFolder { .. });
        let mut syncs: Vec<usize> = (0..events.len()).filter(|&n| is_sync(&events[n])).collect();
        syncs.sort_by_key(|&n| events[n].done);
        Disk {
            events,
            folder: folder.to_owned(),
            now: 0,
            begun: 0,
            syncs,
            synced: 0,
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            folders: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Goes on to a line of the record, never back.
    pub(crate) fn go_to(&mut self, now: usize) {
        loop {
            let next = self.events.get(self.begun).map(|event| event.begun).filter(|&at| at <= now);
            let sync = self.syncs.get(self.synced).map(|&n| self.events[n].done).filter(|&at| at <= now);
            match (next, sync) {
                // What ends a sync stands before what begins after it.
                (Some(next), Some(sync)) if sync < next => self.sync(),
                (Some(_), _) => self.begin(),
                (None, Some(_)) => self.sync(),
                (None, None) => break,
            }
        }
        self.now = now;
    }

    fn begin(&mut self) {
        let n = self.begun;
        self.begun += 1;
        let mut stands_for = |path: &PathBuf, inode| {
            let name = self.names.entry(path.clone()).or_insert_with(|| Name { stood_for: vec![(0, None)] });
            name.stood_for.push((n, inode));
        };
        match &self.events[n].act {
            Act::Create { path, inode } => {
                stands_for(path, Some(*inode));
                self.files.insert(*inode, File::default());
            }
            Act::Unlink { path } => stands_for(path, None),
            Act::Rename { from, to, inode } => {
                stands_for(from, None);
                stands_for(to, Some(*inode));
            }
            Act::Write { inode, .. } | Act::Truncate { inode, .. } => {
                self.files.get_mut(inode).expect("it was made").loose.push(n);
            }
            Act::Folder { path } => {
                self.folders.insert(path.clone(), (n, false));
            }
            Act::Told { text } => self.told.extend(text.lines()),
            Act::Sync { .. } | Act::SyncFolder { .. } => {}
        }
    }

    fn sync(&mut self) {
        let sync = &self.events[self.syncs[self.synced]];
        self.synced += 1;
        match &sync.act {
            Act::Sync { inode } => {
                let file = self.files.get_mut(inode).expect("it was made");
                let (safe, loose) = file.loose.iter().partition(|&&n| self.events[n].done < sync.begun);
                let safe: Vec<usize> = safe;
                file.loose = loose;
                safe.into_iter().for_each(|n| apply(&self.events[n].act, &mut file.safe, |_| true));
            }
            Act::SyncFolder { path } => {
                for (_, name) in self.names.iter_mut().filter(|(name, _)| name.parent() == Some(path)) {
                    let safe = name.stood_for.iter().rposition(|(n, _)| self.events[*n].done < sync.begun);
                    name.stood_for.drain(..safe.unwrap_or(0));
                }
                for (_, (n, safe)) in self.folders.iter_mut().filter(|(name, _)| name.parent() == Some(path))
                {
                    *safe |= self.events[*n].done < sync.begun;
                }
            }
            _ => {}
        }
    }

    /// One of the disks that there may be now.
    pub(crate) fn state(&self, left: Left, chance: &mut Chance) -> State {
        let mut gone: Vec<&PathBuf> = Vec::new();
        let mut state = State::default();
        for (folder, (_, safe)) in &self.folders {
            let there = *safe || left == Left::Everything || left != Left::Nothing && chance.below(2) == 0;
            if there && !gone.iter().any(|gone| folder.starts_with(gone)) {
                state.folders.push(self.inside(folder));
            } else {
                gone.push(folder);
            }
        }
        let mut images: HashMap<Inode, Vec<u8>> = HashMap::new();
        for (path, name) in &self.names {
            let choices = &name.stood_for;
            let (_, inode) = match left {
                Left::Nothing => choices[0],
                Left::Everything => choices[choices.len() - 1],
                Left::Some | Left::Torn => choices[chance.below(choices.len())],
            };
            let Some(inode) = inode else { continue };
            if gone.iter().any(|gone| path.starts_with(gone)) {
                continue;
            }
            let image = images.entry(inode).or_insert_with(|| self.image(&self.files[&inode], left, chance));
            state.files.insert(self.inside(path), image.clone());
        }
        state
    }

    fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.folder).expect("it is in the folder").to_owned()
    }

    fn image(&self, file: &File, left: Left, chance: &mut Chance) -> Vec<u8> {
        let mut image = file.safe.clone();
        for &n in &file.loose {
            let act = &self.events[n].act;
            match left {
                Left::Nothing => {}
                Left::Everything => apply(act, &mut image, |_| true),
                Left::Some if chance.below(2) == 0 => apply(act, &mut image, |_| true),
                Left::Torn => match chance.below(4) {
                    0 => {}
                    1 => apply(act, &mut image, |_| true),
                    // Its length and none of its bytes.
                    2 if chance.below(4) == 0 => apply(act, &mut image, |_| false),
                    _ => apply(act, &mut image, |_| chance.below(2) == 0),
                },
                Left::Some => {}
            }
        }
        image
    }
}

/// Does to the image what the act did to the file, sector by sector where the sector is `there`.
fn apply(act: &Act, image: &mut Vec<u8>, mut there: impl FnMut(usize) -> bool) {
    match act {
        Act::Truncate { length, .. } => image.resize(*length, 0),
        Act::Write { at, bytes, .. } => {
            let end = at + bytes.len();
            if image.len() < end {
                image.resize(end, 0);
            }
            let mut from = *at;
            while from < end {
                let to = end.min((from / SECTOR + 1) * SECTOR);
                if there(from / SECTOR) {
                    image[from..to].copy_from_slice(&bytes[from - at..to - at]);
                }
                from = to;
            }
        }
        _ => {}
    }
}
