//! Where the core panicked, written down for the next start: the same line twice, and it is passed over from then on.

use crate::watch::Halt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file `panicked` beside the stores.
#[derive(Debug, Clone)]
pub(super) struct Halted {
    folder: PathBuf,
}

impl Halted {
    pub(super) fn new(folder: &Path) -> Halted {
        Halted { folder: folder.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("panicked")
    }

    /// Where the core panicked last, unless a start has come past it since.
    pub(super) fn last(&self) -> Option<Halt> {
        let text = fs::read(self.path()).ok()?;
        let halt = serde_json::from_slice(&text);
        halt.inspect_err(|error| tracing::warn!(%error, "the file `panicked` can't be read")).ok()
    }

    /// Writes it down before the process ends.
    pub(super) fn note(&self, halt: &Halt) -> io::Result<()> {
        let text = serde_json::to_vec(halt).expect("plain data");
        let part = self.folder.join("panicked.part");
        let mut file = File::create(&part)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&part, self.path())?;
        File::open(&self.folder)?.sync_all()
    }

    /// A start has come past it.
    pub(super) fn over(&self) -> io::Result<()> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
