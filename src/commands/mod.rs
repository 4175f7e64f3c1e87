//! One file per subcommand: reads its arguments, calls the library, prints.

pub(crate) mod ais;
pub(crate) mod check;
pub(crate) mod edge;
pub(crate) mod exercise;
pub(crate) mod journal;
pub(crate) mod probe;
pub(crate) mod query;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod try_settings;

use anyhow::Context as _;
use std::{path::Path, sync::Arc};
use watchkeeper::{
    config::{self, Settings},
    place::Places,
    watch,
};

/// Says what went wrong, on standard error.
#[expect(clippy::print_stderr, reason = "a command's complaint belongs there, and the log may not be set up")]
pub(crate) fn complain(text: &str) {
    eprintln!("watchkeeper: {text}");
}

/// The runtime that a command waits in.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")
}

/// Reads the settings file, or the defaults where none is named. All problems at once, on standard error.
fn settings(path: Option<&Path>) -> anyhow::Result<Settings> {
    let Some(path) = path else { return Ok(Settings::default()) };
    config::load(path).map_err(|problems| {
        check::list(&problems);
        anyhow::anyhow!("{} can't be used: {} to mend", path.display(), count(problems.len(), "problem"))
    })
}

/// The place files named in the settings, over the built-in map of the world.
fn places(settings: &Settings) -> anyhow::Result<Arc<Places>> {
    let mut files = Vec::new();
    for path in &settings.places {
        files.push(std::fs::read(path).with_context(|| format!("read the place file {}", path.display()))?);
    }
    let regions: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    Ok(Arc::new(Places::load(&regions).context("read the place files")?))
}

/// The part of the settings that the core works by.
fn core_settings(settings: &Settings, places: &Places) -> watch::Settings {
    watch::Settings {
        places: places.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
        receivers: settings.receiver.iter().map(station).collect(),
        admit: settings.admit,
        track: settings.track,
        detector: settings.detector.clone(),
        alert: settings.alert,
        zone: settings.zone.clone(),
    }
}

fn station(receiver: &sensors::receiver::Settings) -> watch::Station {
    let (name, latitude, longitude) = (receiver.name.clone(), receiver.latitude, receiver.longitude);
    watch::Station { name, latitude, longitude, checksum: receiver.checksum }
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
