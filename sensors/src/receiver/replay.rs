//! A recording read as batches of lines, each line at the time it was heard.

use super::batch::Batch;
use super::file_time::{Resolver, Survey, TimeReport};
use super::lines::Splitter;
use crate::{ReceiverId, Time};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes read at a time. Ours: larger ones were no faster.
const BUFFER: usize = 256 * 1024;

/// Bytes of the recording, uncompressed, that the first look takes in at most.
const SURVEY_BYTES: usize = 64 << 20;

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many times faster than it was recorded; 1 is as recorded.
    Times(f64),
    /// As fast as it can be read.
    FlatOut,
}

/// How a recording is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Whose lines they are.
    pub receiver: ReceiverId,
    /// When the first line was heard, used only when nothing in the recording tells the time. By default
    /// 2000-01-01T00:00:00Z: the same on every machine, believable to everything that follows, and plainly made
    /// up to an analyst.
    pub start: Time,
    /// Lines a second, used only when nothing in the recording tells the time. By default 100.
    pub rate: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options { receiver: ReceiverId::default(), start: Time::from_seconds(946_684_800), rate: 100.0 }
    }
}

/// Why a recording can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is a directory.
    #[error("{0} is a directory, not a recording")]
    Directory(PathBuf),
    /// It is neither a file nor a directory: a device, a pipe.
    #[error("{0} is not a file")]
    NotAFile(PathBuf),
    /// It can't be opened.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can't be read on.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads one recording, plain or gzip, in constant memory.
pub struct Reader {
    path: PathBuf,
    input: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
    total: u64,
    splitter: Splitter,
    resolver: Resolver,
    batch: Batch,
    buffer: Vec<u8>,
    /// What of the buffer is not yet cut into lines.
    rest: std::ops::Range<usize>,
    ended: bool,
}

impl Reader {
    /// Opens a recording and looks through its beginning for what tells the time.
    pub fn open(path: &Path, options: &Options) -> Result<Reader, ReplayError> {
        let failed = |source| ReplayError::Open { path: path.to_owned(), source };
        let about = std::fs::metadata(path).map_err(failed)?;
        if about.is_dir() {
            return Err(ReplayError::Directory(path.to_owned()));
        }
        if !about.is_file() {
            return Err(ReplayError::NotAFile(path.to_owned()));
        }
        let mut buffer = vec![0; BUFFER];
        let survey = survey(path, &mut buffer).map_err(failed)?;
        let read = Arc::new(AtomicU64::new(0));
        Ok(Reader {
            path: path.to_owned(),
            input: open_file(path, &read).map_err(failed)?,
            read,
            total: about.len(),
            splitter: Splitter::default(),
            resolver: survey.resolver(options.start, options.rate),
            batch: Batch::new(options.receiver),
            buffer,
            rest: 0..0,
            ended: false,
        })
    }

    /// The next lines in the order of the file, `None` at its end. After an error the lines before it have been
    /// given, and nothing follows.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ReplayError> {
        while !self.batch.is_full() && !self.ended {
            let mut input = &self.buffer[self.rest.clone()];
            while !self.batch.is_full()
                && let Some(line) = self.splitter.next(&mut input)
            {
                self.batch.push(self.resolver.time(line), line);
            }
            self.rest.start = self.rest.end - input.len();
            if !self.rest.is_empty() {
                break;
            }
            match read_some(&mut self.input, &mut self.buffer) {
                Ok(0) => {
                    self.ended = true;
                    if let Some(line) = self.splitter.finish() {
                        self.batch.push(self.resolver.time(line), line);
                    }
                }
                Ok(length) => self.rest = 0..length,
                Err(source) if self.batch.is_empty() => {
                    self.ended = true;
                    return Err(ReplayError::Read { path: self.path.clone(), source });
                }
                // Give what was read; reading on meets the error again.
                Err(_) => break,
            }
        }
        Ok(if self.batch.is_empty() { None } else { Some(self.batch.take()) })
    }

    /// Bytes of the file read so far, and in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.read.load(Relaxed), self.total)
    }

    /// What told the time of the lines given so far.
    pub fn times(&self) -> &TimeReport {
        self.resolver.report()
    }

    /// Lines cut so far because they are too long.
    pub fn cut(&self) -> u64 {
        self.splitter.cut()
    }

    /// Blank lines so far, which are not given.
    pub fn blank(&self) -> u64 {
        self.splitter.blank()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).field("progress", &self.progress()).finish()
    }
}

fn survey(path: &Path, buffer: &mut [u8]) -> io::Result<Survey> {
    let mut input = open_file(path, &Arc::default())?;
    let mut splitter = Splitter::default();
    let mut survey = Survey::default();
    let mut seen = 0;
    while !survey.enough() && seen < SURVEY_BYTES {
        // An error here is met again, and told, when the lines are read.
        let Ok(length @ 1..) = read_some(&mut input, buffer) else {
            break;
        };
        seen += length;
        let mut bytes = &buffer[..length];
        while let Some(line) = splitter.next(&mut bytes) {
            survey.see(line);
        }
    }
    if let Some(line) = splitter.finish() {
        survey.see(line);
    }
    Ok(survey)
}

fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn open_file(path: &Path, read: &Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = [0; 2];
    let mut file = File::open(path)?;
    let gzip = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
    io::Seek::rewind(&mut file)?;
    let file = Counted { file, read: read.clone() };
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER, file)))
    } else {
        Box::new(file)
    })
}

/// Counts the bytes of the file, compressed or not.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Relaxed);
        Ok(length)
    }
}
