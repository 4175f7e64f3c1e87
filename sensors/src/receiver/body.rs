//! From a message's body to lines: NMEA as it is, and JSON with one object a line, however it was wrapped.

use super::lines::LINE_MAX;
use crate::sentence::tag_block::naming;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::Read;

/// The lines of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Each line, ended by LF.
    pub(super) bytes: Vec<u8>,
    /// How many.
    pub(super) count: usize,
    /// How many of them are longer than [`LINE_MAX`] and are cut where lines are cut.
    pub(super) long: usize,
    tag: Vec<u8>,
}

/// Why a body holds no lines: it begins as JSON and is not, or holds something else than objects and lines.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotLines(String);

/// What AIS-catcher puts around its messages: `{"protocol":"jsonaiscatcher","msgs":[...]}`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    msgs: Vec<&'a RawValue>,
}

impl Lines {
    /// Lines with the name of their station in a TAG block before each.
    pub(super) fn of(station: Option<&str>) -> Lines {
        Lines { tag: station.map(naming).unwrap_or_default(), ..Lines::default() }
    }

    /// Reads a body: JSON when it begins with `{` or `[`, otherwise lines of text.
    ///
    /// JSON is a single object, several one after another, an array of them, or AIS-catcher's envelope; a string
    /// in an array is lines of text.
    pub(super) fn read(&mut self, body: &[u8]) -> Result<(), NotLines> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        if !matches!(body.first(), Some(b'{' | b'[')) {
            self.text(body);
            return Ok(());
        }
        let text = std::str::from_utf8(body).map_err(|_| NotLines("the JSON is not UTF-8".into()))?;
        let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        for value in values {
            let value = value.map_err(|error| NotLines(format!("the JSON can't be read: {error}")))?;
            match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
                Ok(values) => values.iter().try_for_each(|value| self.value(value))?,
                Err(_) => self.value(value)?,
            }
        }
        Ok(())
    }

    /// Reads a body that nobody can be told to send again otherwise: what is not JSON is passed on as text, and
    /// counted where lines are read.
    pub(super) fn take(&mut self, body: &[u8]) {
        let (length, count, long) = (self.bytes.len(), self.count, self.long);
        if self.read(body).is_err() {
            self.bytes.truncate(length);
            (self.count, self.long) = (count, long);
            self.text(body);
        }
    }

    fn value(&mut self, value: &RawValue) -> Result<(), NotLines> {
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') => match serde_json::from_str::<Envelope<'_>>(text) {
                Ok(envelope) => envelope.msgs.iter().try_for_each(|message| self.object(message.get())),
                Err(_) => self.object(text),
            },
            _ => self.object(text),
        }
    }

    fn object(&mut self, text: &str) -> Result<(), NotLines> {
        match text.as_bytes().first() {
            // Line ends inside an object stand between its parts: in its strings they are written `\n`.
            Some(b'{') => self.push(&one_line(text.as_bytes())),
            Some(b'"') => {
                let lines = serde_json::from_str::<String>(text)
                    .map_err(|error| NotLines(format!("the JSON can't be read: {error}")))?;
                self.text(lines.as_bytes());
            }
            _ => return Err(NotLines("the JSON holds something else than objects and lines".into())),
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        for line in text.split(|&byte| byte == b'\n' || byte == b'\r') {
            let line = line.trim_ascii();
            if !line.is_empty() {
                self.push(line);
            }
        }
    }

    fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(&self.tag);
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.count += 1;
        self.long += usize::from(self.tag.len() + line.len() > LINE_MAX);
    }

    /// The bytes in pieces of whole lines, each of about `length` or one longer line.
    pub(super) fn pieces(&self, length: usize) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let end = memchr::memchr(b'\n', &rest[length.min(rest.len()) - 1..])
                .map_or(rest.len(), |end| length.min(rest.len()) + end);
            let (piece, after) = rest.split_at(end);
            rest = after;
            Some(piece)
        })
    }
}

fn one_line(object: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\n', b'\r', object).is_none() {
        return Cow::Borrowed(object);
    }
    Cow::Owned(object.iter().map(|&byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }).collect())
}

/// Why a packed body was not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotUnpacked {
    /// It would be longer than allowed.
    TooLong,
    /// It is not what it says it is.
    Damaged,
}

/// Unpacks gzip, and no more than `length_max` bytes of it: a few kilobytes can be made to hold gigabytes.
pub(super) fn gunzip(packed: &[u8], length_max: usize) -> Result<Vec<u8>, NotUnpacked> {
    let mut body = Vec::new();
    let mut gzip = flate2::read::MultiGzDecoder::new(packed).take(length_max as u64 + 1);
    gzip.read_to_end(&mut body).map_err(|_| NotUnpacked::Damaged)?;
    if body.len() > length_max { Err(NotUnpacked::TooLong) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentence::Item;
    use proptest::prelude::*;

    fn lines(body: &str) -> Vec<String> {
        let mut lines = Lines::of(None);
        lines.read(body.as_bytes()).unwrap();
        let text = String::from_utf8(lines.bytes).unwrap();
        assert_eq!(text.lines().count(), lines.count);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn json_gives_one_line_an_object_however_it_is_wrapped() {
        let two = ["{\"mmsi\":1}", "{\"mmsi\": 2, \"nmea\":[\"!AIVDM\"]}"];
        let [one, other] = two;
        assert_eq!(lines(one), [one]);
        assert_eq!(lines(&format!("\u{feff} [{one},\n{other}]\n")), two);
        assert_eq!(lines(&format!("{one}\r\n{other}\n")), two);
        assert_eq!(lines(&format!("{one}{other}")), two);
        let envelope =
            format!("{{\"protocol\":\"jsonaiscatcher\",\"stationid\":null,\"msgs\":[{one}, {other}]}}");
        assert_eq!(lines(&envelope), two);
        assert_eq!(
            lines("{\"msgs\": [\"!AIVDM,1\", \"!AIVDM,2\\r\\n!AIVDM,3\"]}"),
            ["!AIVDM,1", "!AIVDM,2", "!AIVDM,3"]
        );
        assert_eq!(lines("[]"), Vec::<String>::new());
    }

    #[test]
    fn an_object_over_several_lines_becomes_one() {
        assert_eq!(
            lines("{\n  \"mmsi\": 1,\r\n  \"name\": \"A\\nB\"\n}"),
            ["{   \"mmsi\": 1,    \"name\": \"A\\nB\" }"]
        );
    }

    #[test]
    fn text_is_lines() {
        assert_eq!(lines("!AIVDM,1\r\n\r\n  $GPRMC,1\n"), ["!AIVDM,1", "$GPRMC,1"]);
        assert_eq!(lines(" \n "), Vec::<String>::new());
    }

    #[test]
    fn broken_json_is_refused_and_never_lost_where_nobody_is_told() {
        for body in ["{\"mmsi\":", "[1, 2]", "[[{}]]", "{} 7", "[{\"a\":1}"] {
            assert!(Lines::default().read(body.as_bytes()).is_err(), "{body}");
            let mut taken = Lines::of(Some("X"));
            taken.take(body.as_bytes());
            let text = String::from_utf8(taken.bytes).unwrap();
            assert_eq!(text, format!("\\s:X*11\\{body}\n"));
            assert_eq!(taken.count, 1);
        }
    }

    #[test]
    fn the_station_stands_before_every_line() {
        let mut lines = Lines::of(Some("MAST"));
        lines.read(b"!AIVDM,1\n!AIVDM,2").unwrap();
        assert_eq!(lines.bytes, b"\\s:MAST*42\\!AIVDM,1\n\\s:MAST*42\\!AIVDM,2\n");
    }

    #[test]
    fn long_objects_are_counted() {
        let mut lines = Lines::of(None);
        lines.read(format!("[{{}},{{\"a\":\"{}\"}}]", "x".repeat(LINE_MAX)).as_bytes()).unwrap();
        assert_eq!((lines.count, lines.long), (2, 1));
    }

    #[test]
    fn gzip_is_unpacked_up_to_its_bound() {
        let pack = |bytes: &[u8]| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut gzip, bytes).unwrap();
            gzip.finish().unwrap()
        };
        assert_eq!(gunzip(&pack(b"abc"), 3), Ok(b"abc".to_vec()));
        let bomb = pack(&vec![b' '; 50 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(gunzip(&bomb, 1 << 20), Err(NotUnpacked::TooLong));
        assert_eq!(gunzip(b"\x1f\x8brubbish", 100), Err(NotUnpacked::Damaged));
        assert_eq!(gunzip(&pack(b"abcdef")[..12], 100), Err(NotUnpacked::Damaged));
    }

    proptest! {
        #[test]
        fn no_name_of_a_station_spoils_its_sentence(station in any::<String>()) {
            let sentence = b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23";
            let mut lines = Lines::of(Some(&station));
            lines.take(sentence);
            let read: Vec<Item<'_>> = crate::sentence::items(lines.bytes.trim_ascii_end()).collect();
            prop_assert!(matches!(read[..], [Item::Tag(_), Item::Sentence(_)]), "{:?}", read);
        }

        #[test]
        fn a_line_never_holds_a_line_end(body in "[\\[{\"]?[\\[\\]{}\":,a1\\\\\r\n ]{0,60}", length in 1usize..40) {
            let mut lines = Lines::of(Some("S"));
            lines.take(body.as_bytes());
            let ends = lines.bytes.iter().filter(|&&byte| byte == b'\n').count();
            prop_assert_eq!(ends, lines.count);
            prop_assert!(!lines.bytes.contains(&b'\r'));
            let joined: Vec<u8> = lines.pieces(length).flatten().copied().collect();
            prop_assert!(lines.pieces(length).all(|piece| piece.ends_with(b"\n")));
            prop_assert_eq!(joined, lines.bytes);
        }
    }
}
