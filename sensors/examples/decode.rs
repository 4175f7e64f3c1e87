//! Decodes recordings and prints what was counted, how fast it went and a fingerprint of all reports: `decode FILE...`.
//! Two builds that print the same fingerprint read the files alike.

use sensors::{Decoder, Line, ReceiverId, Report, Time};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut decoder = Decoder::new();
    let (mut reports, mut all, mut sequence) = (Vec::new(), Fingerprint(DefaultHasher::new()), 0);
    let began = Instant::now();
    for file in std::env::args_os().skip(1) {
        let mut file = BufReader::with_capacity(256 * 1024, std::fs::File::open(file)?);
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            sequence += 1;
            // Two seconds to two hundred lines, so that parts that never meet are given up.
            let heard_at = Time::from_millis(1_331_700_000_000 + sequence * 10);
            let line_heard =
                Line { receiver: ReceiverId(1), sequence: sequence as u64, heard_at, bytes: &line };
            decoder.line(line_heard, &mut reports);
            reports.drain(..).for_each(|report: Report| all.add(&report));
            line.clear();
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let counts = decoder.counts();
    println!("{counts:#?}");
    println!("senders      {}", decoder.senders());
    println!("fingerprint  {:016x}", all.0.finish());
    println!("with the fingerprint {:.0} lines/s", counts.lines as f64 / seconds);
    Ok(())
}

/// A hash of everything that reports say.
struct Fingerprint(DefaultHasher);

impl Fingerprint {
    fn add(&mut self, report: &Report) {
        write!(self, "{report:?}").expect("hashing cannot fail");
    }
}

impl Write for Fingerprint {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        bytes.iter().for_each(|byte| byte.hash(&mut self.0));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
