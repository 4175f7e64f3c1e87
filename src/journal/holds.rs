//! Legal holds: times whose days are not pruned while the hold stands, whatever age and size say.

use crate::edge::key::write_secret;
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Holds that a journal may have had, released ones included: they stay in the file as its record.
const HOLDS_MAX: usize = 10_000;

/// Characters of a reason.
const REASON_MAX: usize = 1_000;

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Its number, by which it is released.
    pub id: u32,
    /// The first moment held.
    #[serde(with = "readable")]
    pub from: Time,
    /// The last moment held.
    #[serde(with = "readable")]
    pub to: Time,
    /// Why, such as a case's number.
    pub reason: String,
    /// When it was placed.
    #[serde(with = "readable")]
    pub placed_at: Time,
    /// When it was released; a released hold holds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_readable")]
    pub released_at: Option<Time>,
}

impl Hold {
    /// Whether it stands and covers a moment from `from` to `to`.
    pub fn covers(&self, from: Time, to: Time) -> bool {
        self.released_at.is_none() && self.from <= to && from <= self.to
    }
}

/// The holds, and the lock that keeps others from changing them meanwhile.
#[derive(Debug)]
pub struct Holds {
    /// All that were ever placed, oldest first.
    pub list: Vec<Hold>,
    _lock: File,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    hold: Vec<Hold>,
}

/// The holds of the journal in `folder`. None is placed or released until they are dropped.
///
/// # Errors
/// When the file can't be read: then nothing may be pruned.
pub fn read(folder: &Path) -> Result<Holds> {
    let lock = lock_file(folder)?;
    lock.lock_shared()?;
    Ok(Holds { list: load(folder)?, _lock: lock })
}

/// Places a hold, and gives its number.
///
/// # Errors
/// When it holds nothing, or the file can't be read or written.
pub fn place(folder: &Path, from: Time, to: Time, reason: &str, now: Time) -> Result<u32> {
    let refused = |what: &str| Err(Error::new(ErrorKind::InvalidInput, what.to_owned()));
    if from > to {
        return refused("it would end before it begins");
    }
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX {
        return refused("a hold needs a reason of at most 1,000 characters");
    }
    change(folder, |holds| {
        if holds.len() >= HOLDS_MAX {
            return refused("there are 10,000 holds");
        }
        let id = holds.iter().map(|hold| hold.id).max().unwrap_or(0) + 1;
        holds.push(Hold {
            id,
            from,
            to,
            reason: reason.trim().to_owned(),
            placed_at: now,
            released_at: None,
        });
        Ok(id)
    })
}

/// Releases a hold, and gives it as it was.
///
/// # Errors
/// When there is no such hold that stands, or the file can't be read or written.
pub fn release(folder: &Path, id: u32, now: Time) -> Result<Hold> {
    change(folder, |holds| {
        let standing = holds.iter_mut().find(|hold| hold.id == id && hold.released_at.is_none());
        let hold = standing.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no hold {id} stands")))?;
        let was = hold.clone();
        hold.released_at = Some(now);
        Ok(was)
    })
}

fn change<T>(folder: &Path, change: impl FnOnce(&mut Vec<Hold>) -> Result<T>) -> Result<T> {
    let lock = lock_file(folder)?;
    lock.lock()?;
    let mut hold = load(folder)?;
    let changed = change(&mut hold)?;
    let text = toml::to_string(&Content { hold }).map_err(Error::other)?;
    write_secret(&folder.join("holds.toml"), text.as_bytes())?;
    Ok(changed)
}

fn lock_file(folder: &Path) -> Result<File> {
    File::options().create(true).truncate(false).write(true).open(folder.join("holds.lock"))
}

fn load(folder: &Path) -> Result<Vec<Hold>> {
    match std::fs::read_to_string(folder.join("holds.toml")) {
        Ok(text) => Ok(toml::from_str::<Content>(&text).map_err(Error::other)?.hold),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

mod readable {
    use sensors::Time;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

mod maybe_readable {
    use sensors::Time;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::readable::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
        super::readable::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_stands_until_it_is_released_and_stays_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let at = Time::from_seconds;
        assert!(read(folder.path()).unwrap().list.is_empty());
        assert!(place(folder.path(), at(20), at(10), "case 7", at(0)).is_err());
        assert!(place(folder.path(), at(10), at(20), " ", at(0)).is_err());
        assert_eq!(place(folder.path(), at(10), at(20), "case 7", at(100)).unwrap(), 1);
        assert_eq!(place(folder.path(), at(30), at(40), "case 8", at(101)).unwrap(), 2);
        assert_eq!(release(folder.path(), 1, at(102)).unwrap().reason, "case 7");
        assert!(release(folder.path(), 1, at(103)).is_err());
        let list = read(folder.path()).unwrap().list;
        assert_eq!((list.len(), list[0].released_at), (2, Some(at(102))));
        assert!(!list[0].covers(at(10), at(20)));
        assert!(
            list[1].covers(at(0), at(30))
                && list[1].covers(at(40), at(50))
                && !list[1].covers(at(41), at(50))
        );
        assert_eq!(place(folder.path(), at(1), at(2), "case 9", at(104)).unwrap(), 3);
    }

    #[test]
    fn a_file_of_holds_that_can_t_be_read_is_an_error_and_not_no_holds() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("holds.toml"), "[[hold]]\nid = 1\n").unwrap();
        assert!(read(folder.path()).is_err());
    }
}
