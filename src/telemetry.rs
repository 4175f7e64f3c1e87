//! How the log is set up, and how a failure is told with all its causes.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

/// Sends the log to standard error: text on a terminal, JSON where `json` is asked for. Level by `RUST_LOG`,
/// `info` without it; the SQL library's statements are left out.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Colours are for eyes, not for files.
    let log = log.with_ansi(std::io::stderr().is_terminal());
    if json { log.json().init() } else { log.init() }
}

/// The error and its causes on one line, each said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
