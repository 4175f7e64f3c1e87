//! The whole path, from a file to a durable database: lines a second and peak memory, beside merely splitting
//! the same file into lines and checking their checksums, and the core alone. `make bench`.

use anyhow::{Context as _, Result};
use sensors::Mmsi;
use sensors::message::{Body, Message, Place, PositionA, to_sentences};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use watchkeeper::exercise::Scenario;

/// The busy sea as it is, and an hour of it with ten times its vessels: two million lines, and ten. In less than an hour 20,000
/// vessels have hardly begun, and what they cost the first time is most of what is measured.
const SEAS: [(&str, usize, f64); 2] = [("2,000 vessels", 1, 2.0), ("20,000 vessels", 10, 1.0)];

/// Runs of each, in turn; medians are quoted.
const RUNS: usize = 3;

fn main() -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for (called, times, hours) in SEAS {
        println!("-- {called} --");
        let recording = folder.path().join("busy.nmea");
        write_sea(&recording, times, hours)?;
        measure(&recording, folder.path())?;
    }
    println!("-- a flood of {FLOOD} MMSIs, each heard once --");
    let recording = folder.path().join("flood.nmea");
    write_flood(&recording)?;
    let run = replay(&recording, &folder.path().join("flood"))?;
    println!("whole path           {:>12.0} lines/s", run.lines_per_second);
    println!("peak memory          {:>12.0} MiB", run.peak_kib / 1024.0);
    Ok(())
}

/// A fleet that is no fleet: as many as stage A may follow, and ten times more.
const FLOOD: u32 = 1_000_000;

fn write_flood(recording: &Path) -> Result<()> {
    let mut out = BufWriter::new(File::create(recording)?);
    for n in 0..FLOOD {
        // All over the sea between 60 degrees north and south, at 500 lines a second.
        let place = Place {
            lat: (n.wrapping_mul(2_654_435_761) % 72_000_000) as i32 - 36_000_000,
            lon: (n.wrapping_mul(2_246_822_519) % 210_000_000) as i32 - 105_000_000,
            accurate: true,
        };
        let body = Body::PositionA(PositionA {
            speed: Some(120),
            course: Some((n % 3600) as u16),
            place: Some(place),
            ..PositionA::default()
        });
        let message = Message { kind: 1, repeat: 0, mmsi: Mmsi(201_000_000 + n), body };
        let tag = format!("c:{}", 1_795_000_000 + n / 500);
        let checksum = tag.bytes().fold(0, |sum, byte| sum ^ byte);
        for sentence in to_sentences(&message, "AI", 'A', 0) {
            writeln!(out, "\\{tag}*{checksum:02X}\\{sentence}")?;
        }
    }
    Ok(out.flush()?)
}

fn write_sea(recording: &Path, times: usize, hours: f64) -> Result<()> {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/exercises/busy-sea.toml"))?;
    let mut scenario = Scenario::read(&text).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    scenario.head.duration_hours = hours;
    scenario.fleets.iter_mut().for_each(|fleet| fleet.count *= times);
    let mut out = BufWriter::new(File::create(recording)?);
    scenario.write_recording(None, &mut out)?;
    Ok(out.flush()?)
}

fn measure(recording: &Path, folder: &Path) -> Result<()> {
    let bytes = std::fs::metadata(recording)?.len();
    let (mut plain, mut runs, mut lines) = (Vec::new(), Vec::new(), 0);
    for run in 0..RUNS {
        let began = Instant::now();
        lines = split_and_check(recording)?;
        plain.push(lines as f64 / began.elapsed().as_secs_f64());
        runs.push(replay(recording, &folder.join(format!("run-{run}")))?);
    }
    let of = |figure: fn(&Replayed) -> f64| median(runs.iter().map(figure).collect());
    let (plain, whole) = (median(plain), of(|run| run.lines_per_second));
    println!("recording            {lines} lines, {:.0} MB", bytes as f64 / 1e6);
    println!("whole path           {whole:>12.0} lines/s (median of {RUNS})");
    println!("split and checksum   {plain:>12.0} lines/s");
    println!("ratio                {:>12.3}", whole / plain);
    println!("history behind       {:>12.1} s at most", of(|run| run.history_lag));
    for threads in [1, 2, 4] {
        let speeds: Result<Vec<f64>> = (0..RUNS).map(|_| core_alone(recording, threads)).collect();
        println!("core alone, {threads} thread(s)  {:>8.0} lines/s", median(speeds?));
    }
    println!("peak memory          {:>12.0} MiB", of(|run| run.peak_kib) / 1024.0);
    Ok(())
}

/// What one run came to.
struct Replayed {
    lines_per_second: f64,
    history_lag: f64,
    peak_kib: f64,
}

/// The least that anything does with a line: find its end, and hold the sentence in it to its checksum.
fn split_and_check(path: &Path) -> Result<usize> {
    let mut input = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let (mut line, mut lines, mut good) = (Vec::new(), 0, 0);
    while input.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        good += usize::from(checksum_is_right(&line));
        line.clear();
    }
    anyhow::ensure!(good * 10 > lines * 9, "the recording is not what it should be");
    Ok(lines)
}

fn checksum_is_right(line: &[u8]) -> bool {
    let Some(start) = line.iter().position(|&byte| byte == b'!') else { return false };
    let mut sum = 0;
    for (index, &byte) in line[start + 1..].iter().enumerate() {
        if byte == b'*' {
            let digits = line.get(start + index + 2..start + index + 4);
            let said = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
            return said == Some(sum);
        }
        sum ^= byte;
    }
    false
}

/// The core without journal, history and desk, on so many threads; reading the file is not counted.
fn core_alone(recording: &Path, threads: usize) -> Result<f64> {
    let output = Command::new(env!("CARGO_BIN_EXE_watchkeeper"))
        .args(["replay", "--digest", "--report", "json", "--threads", &threads.to_string()])
        .arg(recording)
        .output()
        .context("start watchkeeper")?;
    anyhow::ensure!(output.status.success(), "the replay failed");
    let digests: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    digests["lines_per_second"].as_f64().context("no lines_per_second among the digests")
}

/// Replays the file with the real program: its own report, and its peak of memory.
fn replay(recording: &Path, database: &Path) -> Result<Replayed> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_watchkeeper"))
        .args(["replay", "--report", "json", "--database"])
        .arg(database)
        .arg(recording)
        .stdout(Stdio::piped())
        .spawn()
        .context("start watchkeeper")?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib: f64 = 0.0;
    while child.try_wait()?.is_none() {
        // The kernel keeps the peak; the last look before the end is within 10 ms of it.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        peak_kib = peak_kib.max(high.unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the replay failed");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    std::fs::remove_dir_all(database)?;
    let said = |name: &'static str| report[name].as_f64().with_context(|| format!("no {name} in the report"));
    let (lines_per_second, history_lag) = (said("lines_per_second")?, said("history_lag_seconds")?);
    Ok(Replayed { lines_per_second, history_lag, peak_kib })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
