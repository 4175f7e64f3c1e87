//! TAG blocks (`\s:station,c:1334337317*58\`): who heard a sentence, when, and which sentences belong together.

use super::scan::{closing_backslash, decimal, eight_digits, find, folded, hex_byte, spread, xor, zeros};
use super::{Item, Reject, stamp, station_hash_of};
use crate::Time;
use serde::{Deserialize, Serialize};

/// Bytes of a station's name that [`naming`] writes; a block has 80 in all (NMEA 0183 4.10, section 7).
pub const STATION_MAX: usize = 64;

/// What is kept of the TAG blocks before a sentence; [`parameters`] gives all that they say.
/// Source: NMEA 0183 4.10, section 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tag {
    /// `s:` the station, hashed with [`station_hash`]; 0 where none is named.
    pub station: u64,
    /// `c:` the receiver's own clock.
    pub time: Option<Time>,
    /// `g:` the sentences that belong together.
    pub group: Option<Group>,
}

/// `g:n-t-id`: sentence `n` of `t` in group `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Place in the group, from 1.
    pub number: u8,
    /// Sentences in the group.
    pub total: u8,
    /// The group's number at its station; stations start over and reuse it.
    pub id: u32,
}

impl Tag {
    /// Adds what `later`, a block after this one and before the same sentence, says.
    pub fn extend(&mut self, later: Tag) {
        if later.station != 0 {
            self.station = later.station;
        }
        self.time = later.time.or(self.time);
        self.group = later.group.or(self.group);
    }
}

/// The TAG block that names a station, such as an MQTT topic: `\s:MAST*42\`. What would end the block or begin a
/// sentence is written `_`.
pub fn naming(station: &str) -> Vec<u8> {
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '*' | ',' | '!' | '$');
    let letters = station.chars().take(STATION_MAX).map(|c| if fits(c) { c } else { '_' });
    compose(&format!("s:{}", letters.collect::<String>())).into_bytes()
}

/// The TAG block of these parameters: `\s:MAST*42\` of `s:MAST`.
pub fn compose(parameters: &str) -> String {
    format!("\\{parameters}*{:02X}\\", xor(parameters.as_bytes()))
}

/// One parameter of a TAG block. Source: NMEA 0183 4.10, section 7; IEC 61162-450, 7.2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter<'a> {
    /// `c:` when the sentence was heard, by the station's clock.
    Time(Time),
    /// `d:` for whom the sentence is.
    Destination(&'a [u8]),
    /// `g:` the sentences that belong together.
    Group(Group),
    /// `n:` the station's own count of its lines, by which a lost one shows; it starts over, mostly at 1000.
    Line(u64),
    /// `r:` time since an event that the station knows, in the unit that it chose.
    RelativeTime(u64),
    /// `s:` who sends: a station, or in IEC 61162-450 a system function id.
    Source(&'a [u8]),
    /// `t:` text for people.
    Text(&'a [u8]),
    /// Another code, such as the makers' `q`, `x`, `T`, `i` and `si`, or one of the above whose value is not
    /// what its code demands.
    Other(&'a [u8], &'a [u8]),
}

impl<'a> Parameter<'a> {
    fn read(text: &'a [u8]) -> Parameter<'a> {
        let colon = text.iter().position(|&b| b == b':');
        let (code, value) = colon.map_or((text, &[][..]), |at| (&text[..at], &text[at + 1..]));
        let typed = match code {
            b"c" => stamp(value).map(Parameter::Time),
            b"d" => Some(Parameter::Destination(value)),
            b"g" => group(value).map(Parameter::Group),
            b"n" => decimal(value).map(Parameter::Line),
            b"r" => decimal(value).map(Parameter::RelativeTime),
            b"s" => Some(Parameter::Source(value)),
            b"t" => Some(Parameter::Text(value)),
            _ => None,
        };
        typed.unwrap_or(Parameter::Other(code, value))
    }
}

/// A TAG block, for whoever wants all that it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands before its `*`.
    pub text: &'a [u8],
    /// Whether its checksum is there and right; where not, nothing that it says may be relied on.
    pub intact: bool,
}

impl<'a> Block<'a> {
    /// What it says, in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        parameters(self.text)
    }
}

/// All TAG blocks of a line, in order; also those whose checksum is wrong.
///
/// ```
/// use sensors::sentence::tag_block::{self, Parameter};
///
/// let line = br"\s:ST1,n:34,c:1794999998*7F\!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
/// let block = tag_block::blocks(line).next().expect("a block");
/// assert!(block.intact);
/// assert_eq!(block.parameters().nth(1), Some(Parameter::Line(34)));
/// ```
pub fn blocks(line: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let start = rest.iter().position(|&b| b == b'\\')?;
            match split(&rest[start..]) {
                Some((block, after)) => {
                    rest = after;
                    return Some(block);
                }
                None => rest = &rest[start + 1..],
            }
        }
    })
}

/// What a TAG block says; `block` is all between its backslashes and before its `*`.
pub fn parameters(block: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    block.split(|&b| b == b',').filter(|text| !text.is_empty()).map(Parameter::read)
}

/// The block at the start of `text` (which begins with `\`), and what follows it; `None` where it never ends.
fn split(text: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let end = text[1..].iter().position(|&b| b == b'\\')?;
    let block = &text[1..=end];
    // `\` may also be a stray byte before a sentence, which must not be taken for a block's inside.
    if block.iter().any(|&b| b == b'!' || b == b'$') {
        return None;
    }
    let star = block.iter().rposition(|&b| b == b'*').unwrap_or(block.len());
    let digits = block.get(star + 1..).unwrap_or_default();
    let intact = hex_byte(digits) == Some(xor(&block[..star]));
    Some((Block { text: &block[..star], intact }, &text[block.len() + 2..]))
}

/// Reads the block at the start of `text` (which begins with `\`), and gives what follows it.
pub(super) fn read(text: &[u8]) -> (Item<'_>, &[u8]) {
    match split(text) {
        Some((Block { text: block, intact: true }, rest)) => (Item::Tag(tag(block)), rest),
        Some((_, rest)) => (Item::Refused(Reject::BadTagChecksum), rest),
        None => (Item::Refused(Reject::BadTagBlock), &text[1..]),
    }
}

/// The usual block at the start of `text` (which begins with `\`), read to its end in one pass, and what follows
/// it; `None` where it is not whole or holds anything out of the ordinary.
#[inline]
pub(super) fn usual(text: &[u8]) -> Option<(Tag, &[u8])> {
    station_and_seconds(text).or_else(|| any_whole(text))
}

/// `\s:NAME,c:SECONDS*hh\` with a name of at most 15 characters and a stamp of ten digits: what almost all
/// stations write, read from two or three words.
#[inline(always)]
fn station_and_seconds(text: &[u8]) -> Option<(Tag, &[u8])> {
    let [b'\\', b's', b':', name @ ..] = text else { return None };
    let (mut length, mut name_word) = up_to_comma(*name.first_chunk()?)?;
    if length == 8 {
        let (more, later) = up_to_comma(*name.get(8..)?.first_chunk()?)?;
        length += more;
        name_word ^= later;
    }
    // No name at all, or a longer one.
    if length == 0 || length == 16 {
        return None;
    }
    let (stamp, rest) = name.get(length..)?.split_first_chunk::<17>()?;
    let [b',', b'c', b':', a, b, c, d, e, f, g, h, ten, one, b'*', high, low, b'\\'] = *stamp else {
        return None;
    };
    let eight = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let named = b's' ^ b':' ^ b',' ^ b'c' ^ b':';
    if hex_byte(&[high, low]) != Some(folded(name_word ^ eight) ^ ten ^ one ^ named)
        || !ten.is_ascii_digit()
        || !one.is_ascii_digit()
    {
        return None;
    }
    let seconds = eight_digits(eight)? * 100 + u64::from(ten - b'0') * 10 + u64::from(one - b'0');
    let station = station_hash_of(name.get(..length)?.iter());
    let time = Some(Time::from_millis((seconds * 1000) as i64));
    Some((Tag { station, time, group: None }, rest))
}

/// How many of eight characters stand before the first comma, and these; `None` with a `\` or one of the
/// characters that [`closing_backslash`] stops at among them.
#[inline(always)]
fn up_to_comma(eight: [u8; 8]) -> Option<(usize, u64)> {
    const TELLING: u64 = spread(0xf8);
    let word = u64::from_le_bytes(eight);
    let comma = zeros(word ^ spread(b','));
    // All ones where there is no comma.
    let kept = (comma & comma.wrapping_neg()).wrapping_sub(1);
    let kept = if comma == 0 { kept } else { kept >> 7 };
    let telling = (zeros(word ^ spread(b'\\')) | zeros((word & TELLING) ^ spread(b' '))) & kept;
    (telling == 0).then_some((comma.trailing_zeros() as usize / 8, word & kept))
}

/// As [`usual`], for a block of any parameters.
fn any_whole(text: &[u8]) -> Option<(Tag, &[u8])> {
    let (end, sum) = closing_backslash(text.get(1..)?)?;
    let [b'\\', block @ .., b'*', high, low] = &text[..=end] else { return None };
    let sum = sum ^ b'*' ^ high ^ low;
    (hex_byte(&[*high, *low]) == Some(sum)).then(|| (tag(block), &text[end + 2..]))
}

/// Codes other than `c`, `s` and `g` are passed over: nothing that is decided here depends on them.
#[inline]
fn tag(block: &[u8]) -> Tag {
    let mut tag = Tag::default();
    let mut rest = block;
    loop {
        let end = match rest {
            [b's', b':', name @ ..] => {
                let mut end = 0;
                let name = name.iter().take_while(|&&b| b != b',').inspect(|_| end += 1);
                let hash = station_hash_of(name);
                if end > 0 {
                    tag.station = hash;
                }
                end + 2
            }
            _ => {
                let end = find(rest, b',').unwrap_or(rest.len());
                match &rest[..end] {
                    [b'c', b':', value @ ..] => tag.time = stamp(value).or(tag.time),
                    [b'g', b':', value @ ..] => tag.group = group(value).or(tag.group),
                    _ => {}
                }
                end
            }
        };
        match rest.get(end + 1..) {
            Some(later) => rest = later,
            None => return tag,
        }
    }
}

fn group(value: &[u8]) -> Option<Group> {
    let mut numbers = value.splitn(3, |&b| b == b'-').map(decimal);
    let number = u8::try_from(numbers.next()??).ok()?;
    let total = u8::try_from(numbers.next()??).ok()?;
    let id = u32::try_from(numbers.next()??).ok()?;
    Some(Group { number, total, id })
}
