//! `watchkeeper exercise`: a scenario becomes a recording.

use super::{complain, count};
use anyhow::Context as _;
use sensors::Time;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use watchkeeper::exercise::Scenario;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The scenario; `fixtures/README.md` says how one is written.
    scenario: PathBuf,
    /// The recording to write; standard output without it.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Another roll of the dice than the scenario's own.
    #[arg(long)]
    seed: Option<u64>,
    /// Another start, such as 2026-01-01T00:00:00Z.
    #[arg(long)]
    start: Option<String>,
    /// Another length.
    #[arg(long)]
    hours: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = &arguments.scenario;
    let text =
        std::fs::read_to_string(path).with_context(|| format!("read the scenario {}", path.display()))?;
    let mut scenario = Scenario::read(&text).map_err(|problems| {
        problems.iter().for_each(|problem| complain(&format!("{}: {}", problem.key, problem.text)));
        anyhow::anyhow!("{} can't be played: {} to mend", path.display(), count(problems.len(), "problem"))
    })?;
    if let Some(start) = &arguments.start {
        scenario.head.start =
            Time::parse(start).with_context(|| format!("`{start}` is not a time (RFC 3339)"))?;
    }
    if let Some(hours) = arguments.hours {
        anyhow::ensure!(hours > 0.0 && hours.is_finite(), "--hours takes a number above 0");
        scenario.head.duration_hours = hours;
    }
    let Some(output) = &arguments.output else {
        scenario.write_recording(arguments.seed, BufWriter::new(std::io::stdout().lock()))?;
        return Ok(());
    };
    let file = File::create(output).with_context(|| format!("create {}", output.display()))?;
    let mut out = BufWriter::new(file);
    let lines =
        scenario.write_recording(arguments.seed, &mut out).and_then(|lines| out.flush().map(|()| lines));
    let lines = lines.with_context(|| format!("write {}", output.display()))?;
    complain(&format!("{}: {}", output.display(), count(lines as usize, "line")));
    Ok(())
}
