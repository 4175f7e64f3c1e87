//! The core alone over recordings or a recorded journal: what it came to, as digests that two runs are compared by.

use crate::entry::{Entry, Numbered};
use crate::journal::{self, Ticker};
use crate::pipeline::PROGRAM;
use crate::place::Places;
use crate::watch::{Given, Outcome, Settings, Watch};
use anyhow::Context as _;
use sensors::ReceiverId;
use sensors::receiver::replay::{Options, Reader};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines taken together. Changes no result.
const GROUP: u64 = 200_000;

/// What the core came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digests {
    /// SHA-256 of the whole state at the end.
    pub state: String,
    /// SHA-256 of all positions that came out, in order.
    pub fixes: String,
    /// SHA-256 of all that vessels said of themselves, in order.
    pub claims: String,
    /// SHA-256 of all changes of alerts, in order.
    pub changes: String,
    /// The sequence after the last entry.
    pub next: u64,
    /// Lines taken.
    pub lines: u64,
    /// Threads that the core worked on.
    pub threads: usize,
    /// Seconds that the core took, reading not counted.
    pub seconds: f64,
    /// Lines through the core in a second.
    pub lines_per_second: f64,
}

/// The core, what came of it, and how long it took.
struct Run {
    watch: Watch,
    given: Given,
    threads: usize,
    lines: u64,
    took: Duration,
}

impl Run {
    fn new(watch: Watch, threads: usize) -> Run {
        let watch = watch.with_threads(threads);
        Run { watch, given: Given::default(), threads, lines: 0, took: Duration::ZERO }
    }

    fn take(&mut self, entries: &[Numbered]) {
        let mut outcome = Outcome::default();
        let began = Instant::now();
        self.watch.take_all(entries, &mut outcome);
        self.took += began.elapsed();
        self.given.add(&outcome);
        let lines = entries.iter().filter(|entry| matches!(entry.entry, Entry::Lines(_)));
        self.lines += lines.map(|entry| entry.entry.len()).sum::<u64>();
    }

    fn digests(self) -> Digests {
        let [fixes, claims, changes] = self.given.finish();
        let seconds = self.took.as_secs_f64();
        Digests {
            state: self.watch.digest(),
            fixes,
            claims,
            changes,
            next: self.watch.next(),
            lines: self.lines,
            threads: self.threads,
            seconds,
            lines_per_second: self.lines as f64 / seconds.max(1e-9),
        }
    }
}

/// Takes recordings one after another, numbered as [`super::run`] writes them into a new journal.
///
/// # Errors
/// When a file can't be read; the message names it.
pub fn of_recordings(
    files: &[PathBuf],
    settings: &Settings,
    places: Arc<Places>,
    threads: usize,
) -> anyhow::Result<Digests> {
    let mut run = Run::new(Watch::new(places), threads);
    let (mut entries, mut waiting, mut ticker) = (Vec::new(), 0, Ticker::default());
    let mut next = 1;
    let mut number = |some: &mut Vec<Entry>| -> Vec<Numbered> {
        let numbered = some.drain(..).map(|entry| {
            let numbered = Numbered { first: next, entry };
            next = numbered.next();
            numbered
        });
        numbered.collect()
    };
    entries.extend([Entry::Program(PROGRAM.to_owned()), Entry::Settings(settings.to_text())]);
    for (file, receiver) in files.iter().zip(0..) {
        let options = Options { receiver: ReceiverId(receiver), ..Options::default() };
        let mut reader = Reader::open(file, &options).context("open the recording")?;
        while let Some(batch) = reader.next_batch().context("read the recording")? {
            waiting += batch.len() as u64;
            ticker.cut(batch, &mut entries);
            if waiting >= GROUP {
                run.take(&number(&mut entries));
                waiting = 0;
            }
        }
    }
    run.take(&number(&mut entries));
    Ok(run.digests())
}

/// Takes a recorded journal from its start: `folder` is its folder, or the data folder that it lies in.
///
/// # Errors
/// When the journal can't be read.
pub async fn of_journal(folder: &Path, places: Arc<Places>, threads: usize) -> anyhow::Result<Digests> {
    let inside = folder.join("journal");
    let folder = if inside.is_dir() { inside } else { folder.to_owned() };
    anyhow::ensure!(folder.is_dir(), "{} is no folder", folder.display());
    let skips =
        journal::Reader::open(&folder).skips_from(0).await.context("read which lines to pass over")?;
    let mut run = Run::new(Watch::new(places).with_skips(skips), threads);
    let mut reader = journal::Reader::open(&folder);
    reader.seek(0).await.context("open the journal")?;
    let (mut entries, mut waiting, mut next) = (Vec::new(), 0, 1);
    while let Some(entry) = reader.for_core(next).await.context("read the journal")? {
        waiting += entry.entry.len();
        next = entry.next();
        entries.push(entry);
        if waiting >= GROUP {
            run.take(&entries);
            entries.clear();
            waiting = 0;
        }
    }
    run.take(&entries);
    anyhow::ensure!(run.lines > 0, "{} holds no lines", folder.display());
    Ok(run.digests())
}

impl std::fmt::Display for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "state       {}", self.state)?;
        writeln!(f, "fixes       {}", self.fixes)?;
        writeln!(f, "claims      {}", self.claims)?;
        writeln!(f, "changes     {}", self.changes)?;
        writeln!(f, "lines       {}, to entry {}", self.lines, self.next - 1)?;
        let threads =
            if self.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", self.threads) };
        write!(f, "core        {:.2} s on {threads}, {:.0} lines/s", self.seconds, self.lines_per_second)
    }
}
