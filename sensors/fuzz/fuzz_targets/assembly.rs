//! Lines in a row, with their checksums mended: no more messages than sentences, and bounded memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::sentence::assembly::OPEN_MAX;
use sensors::{Decoder, Line, ReceiverId, Time};

fuzz_target!(|lines: &[u8]| {
    let (mut decoder, mut reports) = (Decoder::new(), Vec::new());
    for (sequence, line) in lines.split(|&b| b == b'\n').enumerate() {
        let line = mended(line);
        let step = line.first().map_or(0, |&b| i64::from(b));
        let line = Line {
            receiver: ReceiverId(u16::from(sequence % 7 == 3)),
            sequence: sequence as u64,
            heard_at: Time::from_millis(1_795_000_000_000 + sequence as i64 * step),
            bytes: &line,
        };
        decoder.line(line, &mut reports);
        assert!(decoder.unfinished() <= OPEN_MAX);
    }
    assert!(decoder.counts().messages <= decoder.counts().sentences + decoder.counts().lines);
});

/// Puts the right digits after every `*`, or nothing would get past the checksum.
fn mended(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    let mut start = None;
    for at in 0..line.len() {
        match line[at] {
            b'!' | b'$' | b'\\' => start = Some(at + 1),
            b'*' if at + 2 < line.len() => {
                if let Some(start) = start.take() {
                    let sum = line[start..at].iter().fold(0, |sum, b| sum ^ b);
                    line[at + 1..at + 3].copy_from_slice(format!("{sum:02X}").as_bytes());
                }
            }
            _ => {}
        }
    }
    line
}
