//! `watchkeeper check`: every problem of a settings file at once.

use super::{complain, count};
use sensors::receiver::Problem;
use std::{path::Path, process::ExitCode};
use watchkeeper::config::{self, Either};

pub(crate) fn run(path: &Path) -> ExitCode {
    match config::load_either(path) {
        Ok(Either::Edge(settings)) => {
            let receivers = count(settings.receiver.len(), "receiver");
            println!("{}: good: station {}, {receivers}", path.display(), settings.station);
            ExitCode::SUCCESS
        }
        Ok(Either::Centre(settings)) => {
            let receivers = count(settings.receiver.len(), "receiver");
            let zones = count(settings.zone.len(), "zone");
            println!("{}: good: {receivers}, {zones}", path.display());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            list(&problems);
            ExitCode::FAILURE
        }
    }
}

/// Prints each problem with its key and what would be accepted.
pub(crate) fn list(problems: &[Problem]) {
    for Problem { key, message, accepted } in problems {
        complain(&format!("{key}: {message}\n    accepted: {accepted}"));
    }
}
