//! The core's state on disk now and then, so that a restart replays minutes and not months.

use super::Error;
use crate::store;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// Snapshots kept; the older one serves when the newer is damaged.
const KEPT: usize = 2;

const MAGIC: &[u8; 8] = b"WKSNAP01";

/// The snapshots of one journal. A file is named by the first sequence that its state has not taken.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
    program: String,
}

impl Snapshots {
    /// Snapshots in `folder`, written and read by `program` (a version that tells layouts of state apart).
    pub fn new(folder: &Path, program: &str) -> Snapshots {
        Snapshots { folder: folder.to_owned(), program: program.to_owned() }
    }

    /// Writes one: temporary name, sync, rename, sync of the folder. Then lets the oldest go.
    ///
    /// # Errors
    /// When the folder or the file says no.
    pub fn write(&self, next: u64, state: &[u8]) -> Result<(), Error> {
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { operation, path, source }
        };
        let part = self.folder.join("snapshot.part");
        let path = self.folder.join(format!("{next:020}.snapshot"));
        let packed = zstd::encode_all(state, 1).map_err(failed("pack the snapshot", &part))?;
        let mut hash = Sha256::new();
        hash.update(self.program.as_bytes());
        hash.update(&packed);
        store::make_folder(&self.folder).map_err(failed("make the snapshot folder", &self.folder))?;
        let mut file = File::create(&part).map_err(failed("create the snapshot", &part))?;
        file.write_all(MAGIC)
            .and_then(|()| file.write_all(&hash.finalize()))
            .and_then(|()| file.write_all(&packed))
            .and_then(|()| file.sync_all())
            .map_err(failed("write the snapshot", &part))?;
        fs::rename(&part, &path).map_err(failed("rename the snapshot", &path))?;
        File::open(&self.folder)
            .and_then(|f| f.sync_all())
            .map_err(failed("sync the snapshot folder", &self.folder))?;
        let all = self.list();
        for (_, old) in &all[..all.len().saturating_sub(KEPT)] {
            fs::remove_file(old).map_err(failed("remove the old snapshot", old))?;
        }
        Ok(())
    }

    /// The newest readable state whose next sequence is at most `not_after`, with that sequence. Damaged
    /// ones and those of another program version are passed over, and said so in the log.
    pub fn newest(&self, not_after: u64) -> Option<(u64, Vec<u8>)> {
        let fitting = self.list().into_iter().rev().filter(|(next, _)| *next <= not_after);
        fitting.into_iter().find_map(|(next, path)| match self.read(&path) {
            Ok(state) => Some((next, state)),
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "snapshot passed over");
                None
            }
        })
    }

    /// The sequence from which the journal is needed: that of the oldest snapshot kept; all of it where there is none.
    pub fn needed_from(&self) -> u64 {
        self.list().first().map_or(0, |(next, _)| *next)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let rest = bytes.strip_prefix(MAGIC).ok_or("not a snapshot")?;
        let (stored, packed) = rest.split_at_checked(32).ok_or("cut short")?;
        let mut hash = Sha256::new();
        hash.update(self.program.as_bytes());
        hash.update(packed);
        if hash.finalize().as_slice() != stored {
            return Err("damaged, or of another version of the program".to_owned());
        }
        zstd::decode_all(packed).map_err(|error| error.to_string())
    }

    fn list(&self) -> Vec<(u64, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<(u64, PathBuf)> = entries
            .filter_map(|entry| {
                let next = entry.file_name().to_str()?.strip_suffix(".snapshot")?.parse().ok()?;
                Some((next, entry.path()))
            })
            .collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_snapshot_falls_back_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path(), "1");
        for next in [10, 20, 30] {
            snapshots.write(next, format!("state {next}").as_bytes()).unwrap();
        }
        assert_eq!(snapshots.list().len(), KEPT);
        assert_eq!(snapshots.newest(u64::MAX), Some((30, b"state 30".to_vec())));
        assert_eq!(snapshots.newest(29), Some((20, b"state 20".to_vec())));
        let (_, newest) = snapshots.list().pop().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&newest, bytes).unwrap();
        assert_eq!(snapshots.newest(u64::MAX), Some((20, b"state 20".to_vec())));
        assert_eq!(Snapshots::new(folder.path(), "2").newest(u64::MAX), None);
    }
}
