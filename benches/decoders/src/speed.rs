//! Each decoder's loop over a file, read in chunks by the same code for all.

use sensors::report::Content;
use sensors::{Decoder, Line, ReceiverId, Time};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

/// What is read at a time.
const CHUNK: usize = 256 * 1024;

/// When the lines are said to have arrived: within a week of the stamps of an exercise, which are believed then.
const HEARD_AT: Time = Time::from_seconds(1_795_140_000);

/// Runs the decoder called `name` over a file and prints how many lines it saw and how many messages it made.
pub fn run(name: &str, file: &Path) -> Result<(), Box<dyn Error>> {
    let (lines, messages) = match name {
        "split" => split(file)?,
        "ours" => ours(file)?,
        "ais" => ais(file)?,
        "nmea-parser" => nmea_parser(file)?,
        _ => return Err(format!("no decoder is called {name}").into()),
    };
    println!("{lines} {messages}");
    Ok(())
}

/// The least that anything does with a line: find its end, and hold the sentence in it to its checksum.
fn split(file: &Path) -> std::io::Result<(u64, u64)> {
    let mut good = 0;
    let lines = each_line(file, |line| good += u64::from(checksum_is_right(line)))?;
    Ok((lines, good))
}

fn checksum_is_right(line: &[u8]) -> bool {
    let start = line.iter().position(|b| matches!(b, b'!' | b'$'));
    let end = line.iter().rposition(|&b| b == b'*');
    let (Some(start), Some(end)) = (start, end) else { return false };
    let Some(body) = line.get(start + 1..end) else { return false };
    let said = line.get(end + 1..end + 3).and_then(|digits| std::str::from_utf8(digits).ok());
    let said = said.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    said == Some(body.iter().fold(0, |sum, b| sum ^ b))
}

/// Ours does all that it does in the program: every field, TAG blocks, counters, senders, hashes.
fn ours(file: &Path) -> std::io::Result<(u64, u64)> {
    let mut decoder = Decoder::new();
    let mut reports = Vec::new();
    let (mut sequence, mut messages) = (0, 0);
    let lines = each_line(file, |bytes| {
        sequence += 1;
        decoder.line(Line { receiver: ReceiverId(1), sequence, heard_at: HEARD_AT, bytes }, &mut reports);
        if reports.len() >= 256 {
            messages += reports.iter().filter(|r| matches!(r.content, Content::Ais(_))).count() as u64;
            black_box(&mut reports).clear();
        }
    })?;
    messages += black_box(reports).iter().filter(|r| matches!(r.content, Content::Ais(_))).count() as u64;
    Ok((lines, messages))
}

fn ais(file: &Path) -> std::io::Result<(u64, u64)> {
    let mut parser = ais::AisParser::new();
    let mut messages = 0;
    let lines = each_line(file, |line| {
        if let Ok(ais::AisFragments::Complete(sentence)) = black_box(parser.parse(line, true)) {
            messages += u64::from(sentence.message.is_some());
        }
    })?;
    Ok((lines, messages))
}

fn nmea_parser(file: &Path) -> std::io::Result<(u64, u64)> {
    use nmea_parser::ParsedMessage;
    let mut parser = nmea_parser::NmeaParser::new();
    let mut messages = 0;
    let lines = each_line(file, |line| {
        let Ok(line) = std::str::from_utf8(line) else { return };
        // Short messages of types 25 and 26 make it panic.
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.parse_sentence(line)));
        let made =
            matches!(black_box(parsed), Ok(Ok(ref message)) if !matches!(message, ParsedMessage::Incomplete));
        messages += u64::from(made);
    })?;
    Ok((lines, messages))
}

/// Calls `each` with every line, without its ending, and says how many there were.
fn each_line(file: &Path, mut each: impl FnMut(&[u8])) -> std::io::Result<u64> {
    let mut file = File::open(file)?;
    let mut buffer = vec![0; CHUNK];
    let (mut filled, mut lines) = (0, 0);
    loop {
        let read = file.read(&mut buffer[filled..])?;
        let end = filled + read;
        let mut begin = 0;
        for at in memchr::memchr_iter(b'\n', &buffer[..end]) {
            let line = &buffer[begin..at];
            each(line.strip_suffix(b"\r").unwrap_or(line));
            lines += 1;
            begin = at + 1;
        }
        if read == 0 || (begin == 0 && end == buffer.len()) {
            if begin < end {
                each(&buffer[begin..end]);
                lines += 1;
            }
            if read == 0 {
                return Ok(lines);
            }
            begin = end;
        }
        buffer.copy_within(begin..end, 0);
        filled = end - begin;
    }
}
