//! Datagrams of a ship's network (IEC 61162-450): a header that names what is inside, and lines that each source
//! numbers, so that a lost one is noticed.

use super::health::Health;
use std::sync::atomic::Ordering::Relaxed;

/// A header: five letters and NUL.
const HEADER: usize = 6;

/// The header of datagrams that hold sentences (IEC 61162-450, 7.2.1). Others hold files (`RaUdP`, `RrUdP`) and
/// NMEA 2000 (`NkPgN`).
const SENTENCES: &[u8; HEADER] = b"UdPbC\0";

/// Sources whose numbers are followed; a ship's network has at most a few dozen.
const SOURCES_MAX: usize = 256;

/// A number this far behind or further is a source that starts anew. Ours, unproven.
const LATE_MAX: u32 = 16;

/// What a datagram holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// Sentences without a header: what most receivers send.
    Plain,
    /// Sentences, after the header's bytes.
    Sentences(usize),
    /// Something else, by the name in its header.
    Other([u8; 5]),
}

pub(super) fn contents(datagram: &[u8]) -> Contents {
    match datagram.first_chunk::<HEADER>() {
        Some(header) if header == SENTENCES => Contents::Sentences(HEADER),
        Some([name @ .., 0]) if name.iter().all(u8::is_ascii_alphanumeric) => Contents::Other(*name),
        _ => Contents::Plain,
    }
}

/// The last line number of each source.
#[derive(Debug, Default)]
pub(super) struct Numbers(Vec<Numbered>);

#[derive(Debug)]
struct Numbered {
    /// [`station_hash`](crate::sentence::station_hash) of its `s:`.
    source: u64,
    last: u32,
    /// Numbers go from 1 to 999 and start again (`n:` of NMEA 0183 4.10 and IEC 61162-450); of a source that was
    /// seen to count from 0, there are 1000.
    count: u32,
}

impl Numbers {
    /// Looks at every line of a datagram, and counts in `health` those that are missing between it and the ones
    /// before.
    pub(super) fn look(&mut self, datagram: &[u8], health: &Health) {
        for line in datagram.split(|&b| b == b'\n') {
            if let Some((source, number)) = tag(line) {
                let lost = self.lost(source, number);
                health.lost_lines.fetch_add(u64::from(lost), Relaxed);
            }
        }
    }

    /// How many lines of this source went missing just before this one. A line that comes late was counted as lost.
    fn lost(&mut self, source: u64, number: u32) -> u32 {
        let Some(known) = self.0.iter_mut().find(|known| known.source == source) else {
            if self.0.len() < SOURCES_MAX {
                let count = if number == 0 { 1000 } else { 999 };
                self.0.push(Numbered { source, last: number, count });
            }
            return 0;
        };
        if number == 0 {
            known.count = 1000;
        }
        let ahead = (number + known.count - known.last % known.count) % known.count;
        if ahead == 0 || ahead >= known.count - LATE_MAX {
            // The same once more, or a late one.
            return 0;
        }
        known.last = number;
        // Beyond half of the numbers it can't be told from a source that starts anew.
        if ahead > known.count / 2 { 0 } else { ahead - 1 }
    }
}

/// `s:` and `n:` of the TAG blocks at the start of a line.
fn tag(line: &[u8]) -> Option<(u64, u32)> {
    let (mut source, mut number) = (None, None);
    let mut rest = line;
    while let Some(block) = rest.strip_prefix(b"\\") {
        let end = memchr::memchr(b'\\', block)?;
        let fields = block[..end].split(|&b| b == b'*').next().unwrap_or_default();
        for field in fields.split(|&b| b == b',') {
            match field {
                [b's', b':', name @ ..] => source = Some(crate::sentence::station_hash(name)),
                [b'n', b':', digits @ ..] => number = read(digits),
                _ => {}
            }
        }
        rest = &block[end + 1..];
    }
    Some((source?, number?))
}

fn read(digits: &[u8]) -> Option<u32> {
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (number <= 999).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        assert_eq!(contents(b"UdPbC\0\\s:AI0001,n:1*00\\!AIVDM"), Contents::Sentences(6));
        assert_eq!(contents(b"RaUdP\0\x01\x02"), Contents::Other(*b"RaUdP"));
        assert_eq!(contents(b"NkPgN\0"), Contents::Other(*b"NkPgN"));
        assert_eq!(contents(b"!AIVDM,1,1"), Contents::Plain);
        assert_eq!(contents(b"UdPb"), Contents::Plain);
    }

    fn lost(numbers: &[u32]) -> u32 {
        let mut known = Numbers::default();
        numbers.iter().map(|&number| known.lost(1, number)).sum()
    }

    #[test]
    fn missing_numbers_are_counted_across_the_turn() {
        assert_eq!(lost(&[1, 2, 3]), 0);
        assert_eq!(lost(&[1, 5]), 3);
        assert_eq!(lost(&[998, 999, 1, 2]), 0);
        assert_eq!(lost(&[998, 2]), 2);
        assert_eq!(lost(&[998, 999, 0, 1]), 0);
        assert_eq!(lost(&[7, 7]), 0, "the same line twice");
        assert_eq!(lost(&[10, 12, 11, 13]), 1, "a late line was counted as lost");
        assert_eq!(lost(&[700, 1, 2]), 299, "less than half of the numbers on");
        assert_eq!(lost(&[300, 1, 2]), 0, "a source that started anew");
    }

    #[test]
    fn sources_are_counted_apart() {
        let health = Health::default();
        let mut numbers = Numbers::default();
        let lines =
            b"\\s:AI0001,n:1*00\\!A\r\n\\s:GP0001,n:7*00\\$G\r\n\\g:1-2-3,n:4,s:AI0001*00\\!A\r\n\\n:9\\$G";
        numbers.look(lines, &health);
        assert_eq!(health.snapshot().lost_lines, 2);
    }

    #[test]
    fn sources_are_bounded() {
        let mut numbers = Numbers::default();
        for source in 0..10_000 {
            numbers.lost(source, 1);
        }
        assert_eq!(numbers.0.len(), SOURCES_MAX);
    }
}
