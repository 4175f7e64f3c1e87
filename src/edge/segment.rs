//! One file of the spool: parcels one after another, each with its length and checksum, so that the end that a cut tore
//! is known from one that is whole.

use super::consignment::{Lost, text_digest};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Result, Seek, SeekFrom};
use std::path::Path;

/// Length and checksum before each parcel.
const HEAD: usize = 12;

/// No parcel is longer; a length beyond it is damage.
const PARCEL_MAX: usize = 4 << 20;

/// What is kept at a time: lines that were heard together, or word of lines that are not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The first place it takes; places count parcels from 1 and never start over.
    pub first: u64,
    /// The last place it takes: its first, but where it stands for parcels that were dropped.
    pub last: u64,
    /// How many lines.
    pub lines: u32,
    /// When the first line was heard.
    pub heard_first: Time,
    /// When the last line was heard.
    pub heard_last: Time,
    /// The stamped lines, compressed.
    pub packed: Vec<u8>,
    /// What is missing here.
    pub lost: Option<Lost>,
}

impl Parcel {
    /// Word of what is not here.
    pub fn of_lost(first: u64, last: u64, lost: Lost) -> Parcel {
        let (heard_first, heard_last) = (lost.from, lost.to);
        Parcel { first, last, lines: 0, heard_first, heard_last, packed: Vec::new(), lost: Some(lost) }
    }

    /// As it lies in the file.
    pub fn bytes(&self) -> Vec<u8> {
        let body = postcard::to_stdvec(self).expect("a parcel is plain data; memory is the only limit");
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&text_digest(&body)[..8]);
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// Reads parcels from a place in a file on.
#[derive(Debug)]
pub struct Walk {
    file: BufReader<File>,
    at: u64,
    end: u64,
    place: u64,
}

/// What was found at a place.
#[derive(Debug)]
pub enum Step {
    /// A parcel.
    Parcel(Parcel),
    /// One parcel can't be read; the next one can.
    Damaged,
    /// Nothing more can be read: the end, or what a cut or damage left.
    End,
}

impl Walk {
    /// From byte `at`, where the parcel of `place` begins, to byte `end`.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn open(path: &Path, at: u64, end: u64, place: u64) -> Result<Walk> {
        let mut file = BufReader::new(File::open(path)?);
        file.seek(SeekFrom::Start(at))?;
        Ok(Walk { file, at, end, place })
    }

    /// Where the next parcel begins.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The place of the next parcel.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// The next parcel.
    ///
    /// # Errors
    /// When the disk can't be read; damage is no error.
    pub fn step(&mut self) -> Result<Step> {
        match self.parcel(self.at)? {
            Found::Whole(parcel, end) if parcel.first == self.place => {
                (self.at, self.place) = (end, parcel.last + 1);
                Ok(Step::Parcel(parcel))
            }
            Found::Bad(end) | Found::Whole(_, end) => {
                // Damage and not the end, if the parcel after it is whole.
                let next = self.parcel(end)?;
                self.file.seek(SeekFrom::Start(end))?;
                match next {
                    Found::Whole(parcel, _) if parcel.first == self.place + 1 => {
                        (self.at, self.place) = (end, self.place + 1);
                        Ok(Step::Damaged)
                    }
                    _ => Ok(Step::End),
                }
            }
            Found::Nothing => Ok(Step::End),
        }
    }

    /// What lies at byte `at`, where the reader stands, and where it ends.
    fn parcel(&mut self, at: u64) -> Result<Found> {
        let mut head = [0; HEAD];
        if at + HEAD as u64 > self.end {
            return Ok(Found::Nothing);
        }
        self.file.read_exact(&mut head)?;
        let (length, sum) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let end = at + (HEAD + length) as u64;
        if length > PARCEL_MAX || end > self.end {
            return Ok(Found::Nothing);
        }
        let mut body = vec![0; length];
        self.file.read_exact(&mut body)?;
        if text_digest(&body)[..8] != *sum {
            return Ok(Found::Bad(end));
        }
        Ok(postcard::from_bytes(&body).map_or(Found::Bad(end), |parcel| Found::Whole(parcel, end)))
    }
}

enum Found {
    Whole(Parcel, u64),
    Bad(u64),
    Nothing,
}
