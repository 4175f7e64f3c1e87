//! `watchkeeper ais`: AIS sentences to JSON and back, in gpsd's form.

use super::{complain, count};
use anyhow::Context as _;
use clap::Subcommand;
use sensors::json::gpsd;
use sensors::message;
use sensors::receiver::lines::Splitter;
use sensors::receiver::replay::{Options, Reader};
use sensors::report::Content;
use sensors::sentence::LINE_MAX;
use sensors::{Decoder, Line, ReceiverId, Report, Time};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Stdout, Write};
use std::path::{Path, PathBuf};
use watchkeeper::daemon;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// Read sentences (TAG blocks, several parts, the JSON of receivers) and print one JSON object a message.
    ///
    /// The objects are those of `gpsdecode -j`, with type 24 in its two parts. What is refused is summed up by
    /// kind at the end, on standard error.
    Decode {
        /// Files, plain or gzip; `-`, or none, is standard input, plain.
        files: Vec<PathBuf>,
        /// Integers as sent, in place of knots, degrees and metres.
        #[arg(long, short)]
        unscaled: bool,
        /// Only messages of these types.
        #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=27))]
        types: Vec<u8>,
    },
    /// Read such JSON objects, one a line, and print the sentences that say the same.
    ///
    /// A line that can't be used is named on standard error, and the exit code tells of it.
    Encode {
        /// Files; `-`, or none, is standard input.
        files: Vec<PathBuf>,
        /// Who speaks: AI is a vessel's station, BS a base station.
        #[arg(long, default_value = "AI", value_parser = talker)]
        talker: String,
        /// The radio channel.
        #[arg(long, default_value = "A", value_parser = ["A", "B"])]
        channel: String,
        /// VDO, the station's own transmissions, in place of VDM, what it heard.
        #[arg(long)]
        own: bool,
    },
}

fn talker(text: &str) -> Result<String, String> {
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err("two capital letters, such as AI or BS".to_owned()) }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let out = BufWriter::new(io::stdout());
    match arguments.work {
        Work::Decode { files, unscaled, types } => {
            let mut decoding = Decoding {
                decoder: Decoder::new(),
                sequence: 0,
                reports: Vec::new(),
                scaled: !unscaled,
                types,
                json: String::new(),
                out,
            };
            for path in or_standard_input(files) {
                decoding.input(&path)?;
            }
            decoding.finish()
        }
        Work::Encode { files, talker, channel, own } => {
            let channel = channel.chars().next().unwrap_or('A');
            let address = format!("{talker}{}", if own { "VDO" } else { "VDM" });
            let mut encoding = Encoding { address, channel, sequence_id: 0, unused: 0, out };
            for path in or_standard_input(files) {
                encoding.input(&path)?;
            }
            encoding.out.flush()?;
            anyhow::ensure!(encoding.unused == 0, "{} can't be used", count(encoding.unused, "line"));
            Ok(())
        }
    }
}

fn or_standard_input(files: Vec<PathBuf>) -> Vec<PathBuf> {
    if files.is_empty() { vec![PathBuf::from("-")] } else { files }
}

/// What an input is called in a complaint.
fn named(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Standard input for `-`, else the file, which may be a pipe.
fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path).with_context(|| format!("open {}", path.display()))?))
}

struct Decoding {
    decoder: Decoder,
    sequence: u64,
    reports: Vec<Report>,
    scaled: bool,
    /// All, where it is empty.
    types: Vec<u8>,
    json: String,
    out: BufWriter<Stdout>,
}

impl Decoding {
    fn input(&mut self, path: &Path) -> anyhow::Result<()> {
        if path != Path::new("-") && path.is_file() {
            let mut reader = Reader::open(path, &Options::default())?;
            while let Some(batch) = reader.next_batch()? {
                for (heard_at, line) in batch.iter() {
                    self.line(heard_at, line)?;
                }
            }
            return Ok(());
        }
        let (mut input, mut splitter) = (open(path)?, Splitter::default());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                length => length.with_context(|| format!("read {}", named(path)))?,
            };
            // All lines of one read arrived by now; whoever waits for them gets them before the next is waited for.
            let heard_at: Time = daemon::now();
            let mut bytes = &buffer[..length];
            while let Some(line) = splitter.next(&mut bytes) {
                self.line(heard_at, line)?;
            }
            if length == 0 {
                if let Some(line) = splitter.finish() {
                    self.line(heard_at, line)?;
                }
                return Ok(());
            }
            self.out.flush()?;
        }
    }

    fn line(&mut self, heard_at: Time, bytes: &[u8]) -> io::Result<()> {
        self.sequence += 1;
        let line = Line { receiver: ReceiverId(0), sequence: self.sequence, heard_at, bytes };
        self.decoder.line(line, &mut self.reports);
        for report in self.reports.drain(..) {
            let Content::Ais(ais) = report.content else { continue };
            if self.types.is_empty() || self.types.contains(&ais.message.kind) {
                self.json.clear();
                gpsd::write(&ais.message, self.scaled, &mut self.json);
                self.json.push('\n');
                self.out.write_all(self.json.as_bytes())?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.out.flush()?;
        let counts = self.decoder.counts();
        if counts.refused > 0 {
            let kinds = counts.refused_by_kind.iter().map(|(reject, count)| format!("{reject} {count}"));
            complain(&format!("refused {}: {}", counts.refused, kinds.collect::<Vec<_>>().join(", ")));
        }
        Ok(())
    }
}

struct Encoding {
    /// Talker and formatter, such as `AIVDM`.
    address: String,
    channel: char,
    /// Of the next message in several sentences.
    sequence_id: u8,
    /// Lines that couldn't be used.
    unused: usize,
    out: BufWriter<Stdout>,
}

impl Encoding {
    fn input(&mut self, path: &Path) -> anyhow::Result<()> {
        let mut input = BufReader::new(open(path)?);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            // A longer line is refused, and its rest is read past without being kept.
            let length = input.by_ref().take(LINE_MAX as u64 + 2).read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            if !line.ends_with(b"\n") && line.len() > LINE_MAX {
                input.skip_until(b'\n')?;
            }
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            match gpsd::read(text) {
                Ok(message) => self.sentences(&message)?,
                Err(reject) => {
                    self.unused += 1;
                    complain(&format!("{} line {number}: {reject}", named(path)));
                }
            }
            // Whoever waits for the sentences of a live input gets them before the next line is waited for.
            if input.buffer().is_empty() {
                self.out.flush()?;
            }
        }
        Ok(())
    }

    fn sentences(&mut self, message: &message::Message) -> io::Result<()> {
        let sentences = message::compose(message, &self.address, self.channel, self.sequence_id);
        if sentences.len() > 1 {
            self.sequence_id = (self.sequence_id + 1) % 10;
        }
        for sentence in sentences {
            writeln!(self.out, "{sentence}")?;
        }
        Ok(())
    }
}
