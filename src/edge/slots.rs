//! A small record that is overwritten in place, in two slots by turns: a cut in the middle leaves the one before, and
//! a full disk doesn't stop it.

use super::consignment::text_digest;
use serde::{Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{Error, Result};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of a slot: one sector.
const SLOT: usize = 512;

/// The file that holds it.
#[derive(Debug)]
pub struct Slots<T> {
    file: File,
    turn: u64,
    kind: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Slots<T> {
    /// Opens the file, or makes it with `first` in it. Gives what was written last.
    ///
    /// # Errors
    /// When the disk refuses, or when neither slot can be read.
    pub fn open(path: &Path, first: T) -> Result<(Slots<T>, T)> {
        let is_new = !path.exists();
        let partial = path.with_extension("new");
        if is_new {
            let file = File::options().create(true).truncate(true).read(true).write(true).open(&partial)?;
            file.write_all_at(&[0; 2 * SLOT], 0)?;
            let mut slots = Slots { file, turn: 0, kind: PhantomData };
            slots.write(&first)?;
            slots.file.sync_all()?;
            std::fs::rename(&partial, path)?;
            sync_folder(path)?;
            return Ok((slots, first));
        }
        let file = File::options().read(true).write(true).open(path)?;
        let mut newest: Option<(u64, T)> = None;
        for slot in 0..2 {
            let mut bytes = [0; SLOT];
            file.read_exact_at(&mut bytes, slot * SLOT as u64)?;
            if let Some((turn, value)) = parse(&bytes)
                && newest.as_ref().is_none_or(|(newest, _)| turn > *newest)
            {
                newest = Some((turn, value));
            }
        }
        let (turn, value) = newest.ok_or_else(|| Error::other(format!("{} is damaged", path.display())))?;
        Ok((Slots { file, turn, kind: PhantomData }, value))
    }

    /// Writes it over the older slot; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses: then nothing more may be made of this file.
    pub fn write(&mut self, value: &T) -> Result<()> {
        let turn = self.turn + 1;
        let body = postcard::to_stdvec(value).map_err(Error::other)?;
        let mut bytes = [0; SLOT];
        let length = body.len();
        let (head, room) = bytes.split_at_mut(18);
        let room =
            room.get_mut(..length).ok_or_else(|| Error::other("the record is too long for its slot"))?;
        room.copy_from_slice(&body);
        head[8..16].copy_from_slice(&turn.to_le_bytes());
        head[16..18].copy_from_slice(&(length as u16).to_le_bytes());
        let sum = text_digest(&bytes[8..18 + length]);
        bytes[..8].copy_from_slice(&sum[..8]);
        self.file.write_all_at(&bytes, (turn % 2) * SLOT as u64)?;
        self.file.sync_data()?;
        self.turn = turn;
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8; SLOT]) -> Option<(u64, T)> {
    let turn = u64::from_le_bytes(bytes[8..16].try_into().ok()?);
    let length = usize::from(u16::from_le_bytes(bytes[16..18].try_into().ok()?));
    let counted = bytes.get(8..18 + length)?;
    if text_digest(counted)[..8] != bytes[..8] {
        return None;
    }
    Some((turn, postcard::from_bytes(&counted[10..]).ok()?))
}

/// Makes a new or removed name in the file's folder durable.
///
/// # Errors
/// When the disk refuses.
pub fn sync_folder(path: &Path) -> Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that holds the file's name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_written_last_and_a_cut_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acked");
        let (mut slots, first) = Slots::<u64>::open(&path, 5).unwrap();
        assert_eq!(first, 5);
        for n in 6..20 {
            slots.write(&n).unwrap();
            assert_eq!(Slots::<u64>::open(&path, 0).unwrap().1, n);
        }
        // Turn 15 lies in slot 1; half of it is what was there before.
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[9; 9], SLOT as u64 + 5).unwrap();
        assert_eq!(Slots::<u64>::open(&path, 0).unwrap().1, 18);
        file.write_all_at(&[9; 9], 5).unwrap();
        assert!(Slots::<u64>::open(&path, 0).unwrap_err().to_string().contains("damaged"));
    }
}
