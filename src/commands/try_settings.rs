//! `watchkeeper replay --with`: a rule tried on what was heard, before it is switched on.

use super::{core_settings, places, runtime, settings};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use watchkeeper::{
    history::parse_time,
    rerun::{Recorded, Report, Window, try_settings},
};

/// The part of `replay` that runs a recorded period again.
#[derive(clap::Args)]
pub(crate) struct Again {
    /// Runs a recorded period again under these settings, and says which alerts appear, vanish or change. Taken of them is
    /// what they say of admit, track, detector, alert and zones; receivers and places stay as recorded.
    #[arg(long, value_name = "SETTINGS", requires = "from", requires = "to", conflicts_with_all = ["files", "database", "settings"])]
    with: Option<PathBuf>,
    /// The folder of the database that holds the period. Nothing in it is changed; a watch may be running on it.
    #[arg(long, default_value = "var/watchkeeper")]
    data: PathBuf,
    /// Begin of the period, RFC 3339 or milliseconds since 1970.
    #[arg(long, requires = "with")]
    from: Option<String>,
    /// End of the period, not included.
    #[arg(long, requires = "with")]
    to: Option<String>,
}

impl Again {
    /// What the settings would have changed; `None` where that is not asked.
    pub(crate) fn run(&self) -> anyhow::Result<Option<Report>> {
        let (Some(with), Some(from), Some(to)) = (&self.with, &self.from, &self.to) else { return Ok(None) };
        let window = Window { from: time("from", from)?, to: time("to", to)? };
        Ok(Some(compare(&self.data, with, window)?))
    }
}

fn time(name: &str, text: &str) -> anyhow::Result<sensors::Time> {
    parse_time(text).with_context(|| {
        format!("--{name} {text} is not a time; write 2026-11-21T03:00:00Z, or milliseconds since 1970")
    })
}

fn compare(data: &Path, with: &Path, window: Window) -> anyhow::Result<Report> {
    let settings = settings(Some(with))?;
    let places = places(&settings)?;
    let core = core_settings(&settings, &places);
    let recorded = Recorded::new(data, places);
    let bar = progress_bar();
    let mut began = None;
    let mut show = |reached: sensors::Time, to: sensors::Time| {
        let began = *began.get_or_insert(reached);
        let seconds = |time: sensors::Time| (time.since(began).as_millis() / 1000).max(0) as u64;
        bar.set_length(seconds(to));
        bar.set_position(seconds(reached));
    };
    let report = runtime()?.block_on(try_settings(&recorded, window, &core, &mut show));
    bar.finish_and_clear();
    Ok(report?)
}

fn progress_bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{wide_bar} {percent} % {eta} left").expect("a constant template");
    ProgressBar::no_length().with_style(style)
}
