//! `watchkeeper replay`: captures through the whole pipeline.

use super::{core_settings, places, runtime, settings, try_settings};
use clap::ValueEnum;
use std::path::PathBuf;
use watchkeeper::{replay, telemetry, watch};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Recordings, plain or gzip, run one after another.
    #[arg(required_unless_present = "with")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    again: try_settings::Arguments,
    /// A new folder for the database. Without it the database is thrown away afterwards.
    #[arg(long)]
    database: Option<PathBuf>,
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
