//! `watchkeeper replay`: captures through the whole pipeline.

use super::{core_settings, places, runtime, settings, try_settings};
use clap::ValueEnum;
use std::path::PathBuf;
use watchkeeper::{replay, telemetry, watch};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Recordings, plain or gzip, run one after another.
    #[arg(required_unless_present_any = ["with", "journal"])]
    files: Vec<PathBuf>,
    #[command(flatten)]
    again: try_settings::Again,
    /// A new folder for the database. Without it the database is thrown away afterwards.
    #[arg(long)]
    database: Option<PathBuf>,
    /// Runs the core alone, without a database, and prints SHA-256 digests of its whole state and of all that came out:
    /// the same lines give the same on any machine, with any number of threads. Also says how fast it was.
    #[arg(long, conflicts_with = "database")]
    digest: bool,
    /// Threads of the core with --digest; one for each processor without it.
    #[arg(long, requires = "digest", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// A recorded journal instead of recordings, or the data folder that it lies in. It brings its own settings; the place
    /// files come from --settings. Needs --digest.
    #[arg(long, requires = "digest", conflicts_with = "files")]
    journal: Option<PathBuf>,
    /// Settings of tracks, rules, zones and places; the defaults without it.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    report: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    telemetry::start(false);
    if let Some(report) = arguments.again.run()? {
        match arguments.report {
            Form::Text => println!("{report}"),
            Form::Json => println!("{}", serde_json::to_string(&report)?),
        }
        return Ok(());
    }
    let settings = settings(arguments.settings.as_deref())?;
    let places = places(&settings)?;
    let mut core = core_settings(&settings, &places);
    let name = |file: &PathBuf| file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    core.receivers = arguments
        .files
        .iter()
        .map(|file| watch::Station {
            name: name(file),
            latitude: None,
            longitude: None,
            checksum: Default::default(),
        })
        .collect();
    if arguments.digest {
        let threads = arguments.threads.map_or_else(watchkeeper::pipeline::threads, usize::from);
        let digests = match &arguments.journal {
            Some(folder) => runtime()?.block_on(replay::of_journal(folder, places, threads))?,
            None => replay::of_recordings(&arguments.files, &core, places, threads)?,
        };
        match arguments.report {
            Form::Text => println!("{digests}"),
            Form::Json => println!("{}", serde_json::to_string(&digests)?),
        }
        return Ok(());
    }
    let (folder, thrown_away) = match arguments.database {
        Some(folder) => (folder, false),
        None => (std::env::temp_dir().join(format!("watchkeeper-replay-{}", std::process::id())), true),
    };
    let progress = replay::progress_bar();
    let report = runtime()?.block_on(replay::run(&arguments.files, &folder, &core, places, &progress));
    if thrown_away && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let report = report?;
    match arguments.report {
        Form::Text => println!("{report}"),
        Form::Json => println!("{}", serde_json::to_string(&report)?),
    }
    anyhow::ensure!(report.cut_short.is_empty(), "not read to the end: {}", report.cut_short.join("; "));
    Ok(())
}
