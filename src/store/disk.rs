//! How much room the disk of the data folder has, and the reserve that is held back on it for bad days.

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

const MIB: u64 = 1 << 20;

/// What is kept free on the disk of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// With less than this many MiB free the history stops. At a half of it the oldest days of the journal go that are
    /// not under hold, at a quarter the reserve is spent, and at an eighth, which is left to the desk, lines are no
    /// longer written down. 512 MiB, ours. With 0 nothing is given up: when the disk is full, lines wait.
    pub free_min_mib: u64,
    /// So many MiB are held in the file `reserve` of the data folder, and let go when nothing else gives room.
    /// 256 MiB, ours; 0 holds none.
    pub reserve_mib: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { free_min_mib: 512, reserve_mib: 256 }
    }
}

impl Settings {
    /// Gives nothing up: what is written waits for room.
    pub const WAIT: Settings = Settings { free_min_mib: 0, reserve_mib: 0 };

    /// The first limit, in bytes.
    pub fn free_min(&self) -> u64 {
        self.free_min_mib.saturating_mul(MIB)
    }

    /// The size of the reserve, in bytes.
    pub fn reserve(&self) -> u64 {
        self.reserve_mib.saturating_mul(MIB)
    }
}

/// Bytes that are free for us on the disk of `folder`.
///
/// # Errors
/// What the system says.
pub fn free(folder: &Path) -> Result<u64> {
    let disk = statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A file that takes room so that it can be given back. On a disk that compresses, it holds less than its size.
#[derive(Debug, Clone)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// The reserve of this folder; nothing is written yet.
    pub fn new(folder: &Path, settings: &Settings) -> Reserve {
        Reserve { path: folder.join("reserve"), bytes: settings.reserve() }
    }

    /// Its size when it is held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is there in full; one without a size always is.
    pub fn is_held(&self) -> bool {
        self.bytes == 0 || fs::metadata(&self.path).is_ok_and(|file| file.len() == self.bytes)
    }

    /// Whether it takes room, in full or in part.
    pub fn takes_room(&self) -> bool {
        [self.partial(), self.path.clone()].iter().any(|path| path.exists())
    }

    /// Makes it, where it is not there.
    ///
    /// # Errors
    /// When the disk has no room for it. It is then not there at all.
    pub fn hold(&self) -> Result<()> {
        if self.is_held() {
            return Ok(());
        }
        let partial = self.partial();
        let made = File::create(&partial)
            .and_then(|mut file| take_room(&mut file, self.bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&partial, &self.path));
        if made.is_err() {
            // Half a reserve would hold room that nobody knows of.
            let _ = fs::remove_file(&partial);
        }
        made
    }

    /// Gives its room back.
    ///
    /// # Errors
    /// When the system doesn't let it go.
    pub fn spend(&self) -> Result<()> {
        for path in [self.partial(), self.path.clone()] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn partial(&self) -> PathBuf {
        self.path.with_extension("new")
    }
}

/// Has the file system set blocks aside; one that can't is given zeros to keep.
fn take_room(file: &mut File, bytes: u64) -> Result<()> {
    match fallocate(&*file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => return Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(error) => return Err(error.into()),
    }
    let zeros = vec![0; MIB as usize];
    let mut left = bytes;
    while left > 0 {
        let some = left.min(MIB);
        file.write_all(&zeros[..some as usize])?;
        left -= some;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_reserve_takes_its_room_and_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(folder.path(), &Settings { free_min_mib: 1, reserve_mib: 3 });
        assert!(!reserve.is_held());
        reserve.hold().unwrap();
        reserve.hold().unwrap();
        let file = fs::metadata(folder.path().join("reserve")).unwrap();
        assert!(reserve.is_held() && file.blocks() * 512 >= 3 * MIB, "{file:?}");
        // One of another size is made anew.
        let larger = Reserve::new(folder.path(), &Settings { free_min_mib: 1, reserve_mib: 4 });
        assert!(!larger.is_held());
        larger.hold().unwrap();
        assert!(larger.is_held());
        larger.spend().unwrap();
        larger.spend().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(free(folder.path()).unwrap() > 0);
    }
}
