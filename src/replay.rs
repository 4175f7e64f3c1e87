//! Recordings run through the whole pipeline into a database, and what came of them.

mod digest;

pub use digest::{Digests, of_journal, of_recordings};

use crate::pipeline::{self, Listeners, Stores};
use crate::place::Places;
use crate::watch::{self, Watch};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use sensors::{
    ReceiverId, Time,
    receiver::{
        file_time::TimeSource,
        replay::{Options, Reader},
    },
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// What came of the recordings.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Lines in the files, blank ones and comments included.
    pub lines: u64,
    /// NMEA sentences with a right checksum.
    pub sentences: u64,
    /// Complete AIS messages of types 1-27 with a right checksum, before any removal of repeats.
    pub messages: u64,
    /// The same by type; types not heard are left out.
    pub messages_by_type: BTreeMap<usize, u64>,
    /// Lines and sentences refused, by kind.
    pub refused_by_kind: BTreeMap<String, u64>,
    /// Messages that repeated another within ten seconds, and were counted but not followed.
    pub repeated: u64,
    /// Different MMSIs heard, base stations and aids to navigation included.
    pub vessels: usize,
    /// Tracks that began.
    pub tracks: u64,
    /// Positions put on them.
    pub fixes: u64,
    /// Alerts raised, those for the record included, by rule.
    pub alerts_by_rule: BTreeMap<&'static str, u64>,
    /// Alerts raised by how soon they want a person.
    pub alerts_by_priority: BTreeMap<String, u64>,
    /// The earliest line's time.
    pub first_time: Option<String>,
    /// The latest line's time.
    pub last_time: Option<String>,
    /// What told the time, with how many lines each.
    pub time_from: BTreeMap<TimeSource, u64>,
    /// Recordings that could not be read to their end, each with why.
    pub cut_short: Vec<String>,
    /// Wall-clock seconds, from the first line read to the last thing durable.
    pub seconds: f64,
    /// Lines through the whole pipeline in a second.
    pub lines_per_second: f64,
    /// The longest that any position waited, from durable to where readers of the history see it.
    pub history_lag_seconds: f64,
}

/// Runs the files one after another into the database in `folder`, which must not hold another journal.
///
/// # Errors
/// When a file can't be read, or the database can't be written; the message names it.
pub async fn run(
    files: &[PathBuf],
    folder: &Path,
    settings: &watch::Settings,
    places: Arc<Places>,
    progress: &ProgressBar,
) -> anyhow::Result<Report> {
    // All are opened before the first is read: a mistyped name costs no time.
    let mut readers = Vec::new();
    for (file, receiver) in files.iter().zip(0..) {
        let options = Options { receiver: ReceiverId(receiver), ..Options::default() };
        readers.push(Reader::open(file, &options).context("open the recording")?);
    }
    let (stores, _) = Stores::open(folder).await?;
    anyhow::ensure!(
        stores.is_new().await?,
        "{} already holds a journal; name a new folder",
        folder.display()
    );
    let desk = stores.desk.clone();
    progress.set_length(readers.iter().map(|reader| reader.progress().1).sum());
    let began = Instant::now();
    let listeners = Listeners {
        understood: Box::new(|_| {}),
        changed: Box::new(|_| {}),
        trouble: Box::new(|trouble| {
            if let Some(trouble) = trouble {
                tracing::error!(trouble, "waiting for the database");
            }
        }),
    };
    let pipeline = pipeline::start(
        stores,
        Watch::new(places).with_threads(pipeline::threads()),
        settings,
        None,
        listeners,
    );
    let mut totals = Totals::default();
    for reader in readers {
        totals.feed(reader, &pipeline, progress).await?;
    }
    let history_lag = pipeline.history_lag();
    let watch = pipeline.finish().await?;
    let seconds = began.elapsed().as_secs_f64();
    progress.finish_and_clear();
    let priorities = desk.counts_by_priority().await?;
    let history_lag_seconds = history_lag().as_secs_f64();
    Ok(Report { history_lag_seconds, ..totals.report(&watch, priorities, seconds) })
}

/// A progress bar over bytes on a terminal; nothing where nobody looks.
pub fn progress_bar() -> ProgressBar {
    let style = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
    let style = ProgressStyle::with_template(style).expect("a constant template");
    ProgressBar::no_length().with_style(style)
}

#[derive(Default)]
struct Totals {
    lines: u64,
    first: Option<Time>,
    last: Option<Time>,
    time_from: BTreeMap<TimeSource, u64>,
    bytes_before: u64,
    cut_short: Vec<String>,
}

impl Totals {
    async fn feed(
        &mut self,
        mut reader: Reader,
        pipeline: &pipeline::Pipeline,
        progress: &ProgressBar,
    ) -> anyhow::Result<()> {
        loop {
            // Reading is quick work on a file; the queue's wait is where this yields.
            let batch = match reader.next_batch() {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(error) => {
                    // What was read before it stays; the next file still gets its turn.
                    let error = crate::telemetry::chain(&error);
                    tracing::error!(error, "the rest of the recording is lost");
                    self.cut_short.push(error);
                    break;
                }
            };
            self.lines += batch.len() as u64;
            progress.set_position(self.bytes_before + reader.progress().0);
            anyhow::ensure!(pipeline.heard.send(batch.into()).await.is_ok(), "a worker has stopped");
        }
        self.lines += reader.blank();
        self.bytes_before += reader.progress().1;
        let times = reader.times();
        self.first = self.first.into_iter().chain(times.first).min();
        self.last = self.last.max(times.last);
        for (&source, &lines) in &times.lines_by_source {
            *self.time_from.entry(source).or_default() += lines;
        }
        Ok(())
    }

    fn report(self, watch: &Watch, priorities: BTreeMap<String, u64>, seconds: f64) -> Report {
        let counts = watch.counts();
        let (tracks, fixes) = watch.tracks_and_fixes();
        let by_type = counts.messages_by_type.iter().copied().enumerate();
        Report {
            lines: self.lines,
            sentences: counts.sentences,
            messages: counts.messages,
            messages_by_type: by_type.filter(|(_, count)| *count > 0).collect(),
            refused_by_kind: counts
                .refused_by_kind
                .iter()
                .map(|(kind, n)| (kind.kind().to_owned(), *n))
                .collect(),
            repeated: watch.repeated(),
            vessels: watch.senders(),
            tracks,
            fixes,
            alerts_by_rule: watch.alerts_by_rule(),
            alerts_by_priority: priorities,
            first_time: self.first.map(|time| time.to_string()),
            last_time: self.last.map(|time| time.to_string()),
            time_from: self.time_from,
            cut_short: self.cut_short,
            seconds,
            lines_per_second: self.lines as f64 / seconds.max(1e-9),
            history_lag_seconds: 0.0,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |map: &BTreeMap<String, u64>| match map.is_empty() {
            true => "none".to_owned(),
            false => map.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", "),
        };
        let named =
            |map: &BTreeMap<&'static str, u64>| map.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        let types = self.messages_by_type.iter().map(|(kind, n)| (format!("{kind}:"), *n)).collect();
        let from: BTreeMap<String, u64> =
            self.time_from.iter().map(|(s, n)| (s.name().to_owned(), *n)).collect();
        writeln!(f, "lines       {}", self.lines)?;
        writeln!(f, "sentences   {}", self.sentences)?;
        writeln!(f, "messages    {} ({})", self.messages, list(&types))?;
        writeln!(f, "refused     {}", list(&self.refused_by_kind))?;
        writeln!(f, "repeated    {}", self.repeated)?;
        writeln!(f, "vessels     {}, on {} tracks with {} fixes", self.vessels, self.tracks, self.fixes)?;
        writeln!(f, "alerts      {}", list(&named(&self.alerts_by_rule)))?;
        writeln!(f, "            {}", list(&self.alerts_by_priority))?;
        let none = || "-".to_owned();
        let (first, last) =
            (self.first_time.clone().unwrap_or_else(none), self.last_time.clone().unwrap_or_else(none));
        writeln!(f, "time        {first} to {last}")?;
        writeln!(f, "told by     {}", list(&from))?;
        writeln!(f, "took        {:.1} s, {:.0} lines/s", self.seconds, self.lines_per_second)?;
        write!(f, "            history at most {:.1} s behind", self.history_lag_seconds)
    }
}
