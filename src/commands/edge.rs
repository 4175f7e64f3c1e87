//! `watchkeeper edge`: the small computer by the mast, and the centre's list of keys that are good no more.

use super::run::told_to_stop;
use super::{check, count};
use anyhow::Context as _;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use watchkeeper::{
    config,
    daemon::now,
    edge::{key, revocation, run, spool, status::Status},
    telemetry,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Hear the receivers here, keep what they bring, and take it to the centre.
    Run {
        /// The settings file; `deploy/edge.toml` explains it.
        #[arg(long)]
        settings: PathBuf,
        /// The folder of the spool and the key.
        #[arg(long, default_value = "var/edge")]
        data: PathBuf,
        /// Log as JSON, one object a line.
        #[arg(long)]
        json_log: bool,
    },
    /// Show this station's public key and what the centre's settings need; makes the key pair once.
    Key {
        /// The folder of the spool and the key.
        #[arg(long, default_value = "var/edge")]
        data: PathBuf,
        /// Make a new key pair in place of the one there: after the old one was revoked or copied.
        #[arg(long)]
        new: bool,
        /// The station's name, as in its settings.
        #[arg(long)]
        station: String,
    },
    /// At the centre: refuse a station's present key from now on. The running centre notices within a second.
    Revoke {
        /// The station's name, or its public key.
        station: String,
        /// The folder of the centre's database.
        #[arg(long, default_value = "var/watchkeeper")]
        data: PathBuf,
    },
    /// Show what is kept here, how far the centre has it, and how the link is.
    Status {
        /// The folder of the spool and the key.
        #[arg(long, default_value = "var/edge")]
        data: PathBuf,
        /// One JSON object instead.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { settings, data, json_log } => edge(&settings, &data, json_log),
        Command::Key { data, new, station } => show_key(&data, new, &station),
        Command::Revoke { station, data } => revoke(&station, &data.join("edge")),
        Command::Status { data, json } => show_status(&data, json),
    }
}

fn edge(path: &Path, data: &Path, json_log: bool) -> anyhow::Result<()> {
    telemetry::start(json_log);
    let settings = config::load_edge(path).map_err(|problems| {
        check::list(&problems);
        anyhow::anyhow!("{} can't be used: {} to mend", path.display(), count(problems.len(), "problem"))
    })?;
    // One thread: it waits for the link and the disk, and every thread would cost memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .context("start the runtime")?;
    // Signals are heard within a runtime.
    runtime.block_on(async { run::run(settings, data, now, told_to_stop()).await })
}

fn show_key(data: &Path, new: bool, station: &str) -> anyhow::Result<()> {
    let old = key::load(data)?;
    let key = match old {
        Some(key) if !new => key,
        _ => {
            let _lock = run::lock_folder(data).context("stop the edge first")?;
            spool::adopt_all(&data.join("spool")).context("prepare the spool for a new key")?;
            key::make(data)?
        }
    };
    let public = key::text(&key.verifying_key());
    println!("# For the centre's settings, and then a restart of it:");
    println!("[[edge.station]]\nname = {station:?}\nkey = \"{public}\"");
    Ok(())
}

fn revoke(station: &str, folder: &Path) -> anyhow::Result<()> {
    let (name, public) = match key::parse(station) {
        Ok(public) => ("-".to_owned(), key::text(&public)),
        Err(_) => {
            let path = folder.join("stations");
            let known = std::fs::read_to_string(&path).with_context(|| {
                format!("read {} (is it the folder of a centre that has run?)", path.display())
            })?;
            let found =
                known.lines().filter_map(|line| line.split_once(' ')).find(|(_, name)| *name == station);
            let (public, name) =
                found.with_context(|| format!("no station `{station}` in {}", path.display()))?;
            (name.to_owned(), public.to_owned())
        }
    };
    revocation::add(folder, &public, &name, now()).context("write the list of revoked keys")?;
    println!("revoked: {public} ({name})");
    Ok(())
}

fn show_status(data: &Path, json: bool) -> anyhow::Result<()> {
    let status = Status::read(data).with_context(|| format!("no edge has run in {}", data.display()))?;
    if json {
        println!("{}", serde_json::to_string(&status)?);
        return Ok(());
    }
    let runs = run::lock_folder(data).is_err();
    println!("{}", if runs { "the edge runs" } else { "the edge does not run" });
    print!("{status}");
    Ok(())
}
