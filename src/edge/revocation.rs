//! Keys that are good no more: one file that `watchkeeper edge revoke` adds to and the centre reads again and again.

use super::key;
use super::settings::Station;
use super::slots::sync_folder;
use sensors::Time;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How old the list may be when it is asked. With it, a revoked station is refused a second after the command.
const AGE_MAX: Duration = Duration::from_millis(500);

/// The list as it was read last.
#[derive(Debug)]
pub struct Revoked {
    path: PathBuf,
    read: Option<Instant>,
    keys: std::result::Result<BTreeSet<[u8; 32]>, String>,
}

fn list(folder: &Path) -> PathBuf {
    folder.join("revoked")
}

impl Revoked {
    /// The list in the centre's folder `edge`.
    pub fn new(folder: &Path) -> Revoked {
        Revoked { path: list(folder), read: None, keys: Ok(BTreeSet::new()) }
    }

    /// Whether a key is on the list. Where the list can't be read, nobody can be believed.
    ///
    /// # Errors
    /// Why the list can't be read.
    pub fn holds(&mut self, key: &[u8; 32]) -> std::result::Result<bool, String> {
        if self.read.is_none_or(|read| read.elapsed() > AGE_MAX) {
            self.keys = read(&self.path);
            self.read = Some(Instant::now());
        }
        match &self.keys {
            Ok(keys) => Ok(keys.contains(key)),
            Err(why) => Err(why.clone()),
        }
    }
}

fn read(path: &Path) -> std::result::Result<BTreeSet<[u8; 32]>, String> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(format!("the list of revoked keys can't be read: {error}")),
        Ok(text) => text,
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let key = key::parse(line.split_whitespace().next().unwrap_or_default());
            key.map(|key| key.to_bytes())
                .map_err(|why| format!("the list of revoked keys can't be read: {why}"))
        })
        .collect()
}

/// Writes down which key each station has, for `watchkeeper edge revoke NAME`.
///
/// # Errors
/// When the disk refuses.
pub fn note_stations(folder: &Path, stations: &[Station]) -> Result<()> {
    let lines =
        stations.iter().map(|Station { name, key }| format!("{} {name}\n", key.trim().to_lowercase()));
    std::fs::write(folder.join("stations.new"), lines.collect::<String>())?;
    std::fs::rename(folder.join("stations.new"), folder.join("stations"))
}

/// Puts a key on the list; durable when this returns.
///
/// # Errors
/// When the disk refuses.
pub fn add(folder: &Path, key: &str, name: &str, now: Time) -> Result<()> {
    let path = list(folder);
    let mut file = File::options().create(true).append(true).open(&path)?;
    file.write_all(format!("{key} {name} {now}\n").as_bytes())?;
    file.sync_all()?;
    sync_folder(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    #[test]
    fn a_list_that_cannot_be_read_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let public = SigningKey::from_bytes(&[1; 32]).verifying_key();
        let holds = || Revoked::new(folder.path()).holds(public.as_bytes());
        assert_eq!(holds(), Ok(false));
        add(folder.path(), &key::text(&public), "mast", Time::default()).unwrap();
        assert_eq!(holds(), Ok(true));
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
        assert_eq!(Revoked::new(folder.path()).holds(other.as_bytes()), Ok(false));
        std::fs::write(list(folder.path()), "half a li").unwrap();
        assert!(holds().is_err());
    }
}
