//! Cuts bytes into lines, whatever way they arrive, in constant memory.

use std::io::Write;

/// Bytes kept of one line. An NMEA sentence has at most 82, a TAG block at most 80 more.
pub const LINE_MAX: usize = 4096;

/// Joins chunks of bytes and gives one line at a time, without its ending (LF, CR LF or CR).
///
/// A line over [`LINE_MAX`] is cut: its first bytes are kept and a readable marker follows with its whole
/// length and the FNV-1a hash of all its bytes. Blank lines are skipped and counted.
#[derive(Debug, Default)]
pub struct Splitter {
    partial: Vec<u8>,
    /// Length of the line so far, of which `partial` holds at most `LINE_MAX` bytes.
    length: u64,
    hash: u64,
    /// The last line handed out was in `partial`.
    spent: bool,
    after_cr: bool,
    cut: u64,
    blank: u64,
}

impl Splitter {
    /// The next whole line; takes its bytes off `input`. `None` when `input` is used up: an unfinished line
    /// stays here until its end comes or [`finish`](Splitter::finish) is called.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<&'s [u8]> {
        self.forget_spent();
        loop {
            if self.after_cr && !input.is_empty() {
                self.after_cr = false;
                if input[0] == b'\n' {
                    *input = &input[1..];
                }
            }
            let bytes: &'i [u8] = input;
            let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
                self.keep(bytes);
                *input = &[];
                return None;
            };
            let line = &bytes[..end];
            self.after_cr = bytes[end] == b'\r';
            *input = &bytes[end + 1..];
            if self.length == 0 && line.len() <= LINE_MAX {
                if line.is_empty() {
                    self.blank += 1;
                    continue;
                }
                return Some(line);
            }
            self.keep(line);
            return Some(self.end_line());
        }
    }

    /// The unfinished line, when the connection closed or the datagram ended.
    pub fn finish(&mut self) -> Option<&[u8]> {
        self.forget_spent();
        self.after_cr = false;
        if self.length == 0 { None } else { Some(self.end_line()) }
    }

    /// Lines cut so far, each counted as soon as it exceeds [`LINE_MAX`].
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Blank lines skipped so far.
    pub fn blank(&self) -> u64 {
        self.blank
    }

    fn forget_spent(&mut self) {
        if self.spent {
            self.spent = false;
            self.partial.clear();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let room = LINE_MAX - self.partial.len().min(LINE_MAX);
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let length = self.length + bytes.len() as u64;
        if length > LINE_MAX as u64 {
            let mut rest = bytes;
            if self.length <= LINE_MAX as u64 {
                // Only a line too long is hashed: its kept prefix, then what exceeds it.
                self.cut += 1;
                self.hash = fnv1a64(FNV_START, &self.partial);
                rest = &bytes[room..];
            }
            self.hash = fnv1a64(self.hash, rest);
        }
        self.length = length;
    }

    fn end_line(&mut self) -> &[u8] {
        if self.length > LINE_MAX as u64 {
            write!(self.partial, "...[cut: {} bytes, fnv1a64 {:016x}]", self.length, self.hash)
                .expect("writing to a Vec cannot fail");
        }
        self.length = 0;
        self.spent = true;
        &self.partial
    }
}

/// What FNV-1a starts from.
pub(super) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits, going on from `hash`.
pub(super) fn fnv1a64(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The sentences of a line that came without line endings between them, as in UDP datagrams: a new one starts
/// where a checksum is followed at once by `!`, `$` or the `\` that opens a TAG block.
pub(super) fn sentences(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (sentence, after) = rest.split_at(end_of_sentence(rest));
        rest = after;
        Some(sentence)
    })
}

fn end_of_sentence(line: &[u8]) -> usize {
    // A TAG block's own checksum and closing backslash belong to the sentence that follows.
    let mut from = 0;
    if line[0] == b'\\' {
        from = memchr::memchr(b'\\', &line[1..]).map_or(line.len(), |i| i + 2);
    }
    // An object's strings may hold sentences with line ends written `\r\n`; it is one line.
    if line.get(from) == Some(&b'{') {
        return line.len();
    }
    for star in memchr::memchr_iter(b'*', &line[from..]) {
        let end = from + star + 3;
        let hex = line.get(end - 2..end).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit));
        if hex && matches!(line.get(end), Some(b'!' | b'$' | b'\\')) {
            return end;
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            let mut input = *chunk;
            while let Some(line) = splitter.next(&mut input) {
                lines.push(line.to_vec());
            }
        }
        lines.extend(splitter.finish().map(<[u8]>::to_vec));
        lines
    }

    #[test]
    fn every_line_ending_ends_a_line() {
        assert_eq!(split(&[b"a\nb\r\nc\rd"]), [b"a", b"b", b"c", b"d"]);
        assert_eq!(split(&[b"a\r", b"\nb\n\n\r\n", b"c"]), [b"a", b"b", b"c"]);
    }

    #[test]
    fn a_long_line_is_cut_and_named() {
        let long = vec![b'x'; 1_000_000];
        let lines = split(&[&long[..3000], &long[3000..], b"\nnext\n"]);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with(&long[..LINE_MAX]));
        let hash = fnv1a64(FNV_START, &long);
        let marker = format!("...[cut: 1000000 bytes, fnv1a64 {hash:016x}]");
        assert_eq!(&lines[0][LINE_MAX..], marker.as_bytes());
        assert_eq!(lines[1], b"next");
    }

    #[test]
    fn a_line_of_just_the_limit_is_whole() {
        let line = vec![b'y'; LINE_MAX];
        assert_eq!(split(&[&line, b"\n"]), std::slice::from_ref(&line));
        assert_eq!(split(&[&line[..1], &line[1..], b"\r\n"]), [line]);
    }

    #[test]
    fn a_never_ending_line_needs_no_memory() {
        let mut splitter = Splitter::default();
        let chunk = vec![0u8; 65536];
        for _ in 0..100 {
            assert_eq!(splitter.next(&mut &chunk[..]), None);
        }
        assert!(splitter.partial.capacity() <= 4 * LINE_MAX);
        assert_eq!(splitter.cut(), 1);
    }

    #[test]
    fn sentences_without_line_endings_are_told_apart() {
        let line = b"!AIVDM,1,1,,A,x,0*5A\\s:a,c:1*2B\\!AIVDM,1,1,,A,y,0*0F$GPZDA,1*00,r1,5";
        let parts: Vec<&[u8]> = sentences(line).collect();
        assert_eq!(
            parts,
            [&b"!AIVDM,1,1,,A,x,0*5A"[..], b"\\s:a,c:1*2B\\!AIVDM,1,1,,A,y,0*0F", b"$GPZDA,1*00,r1,5",]
        );
        assert_eq!(sentences(b"\\s:a").count(), 1);
        assert_eq!(sentences(b"\\s:a*12\\{\"nmea\":\"!AIVDM,x*5A\\r\\n!AIVDM,y*5B\"}").count(), 1);
        assert_eq!(sentences(b"*").count(), 1);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_chunks(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), any::<u8>()], 0..300), at in 0usize..300) {
            let at = at.min(bytes.len());
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let whole = split(&[&bytes]);
            prop_assert_eq!(&split(&[&bytes[..at], &bytes[at..]]), &whole);
            prop_assert_eq!(&split(&single), &whole);
        }

        #[test]
        fn sentences_lose_no_byte(bytes in "[!$*A0\\\\]{0,40}") {
            let joined: Vec<u8> = sentences(bytes.as_bytes()).flatten().copied().collect();
            prop_assert_eq!(joined, bytes.as_bytes());
        }
    }
}
