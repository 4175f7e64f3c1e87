//! One line from a receiver, taken apart: TAG blocks, NMEA sentences with their checksums, trailers.
//!
//! Nothing is copied: what [`items`] yields borrows from the line.

pub mod assembly;
mod fields;
mod gatehouse;
mod groups;
mod payload;
mod reject;
mod scan;
pub mod tag_block;
mod trailer;
mod usual;
mod vdm;

pub use fields::compose;
pub use gatehouse::Gatehouse;
pub use payload::Payload;
pub use reject::Reject;
pub use tag_block::{Group, Tag};
pub use trailer::{Signal, Trailer};
pub use vdm::Vdm;

pub(crate) use fields::{Fields, Written, choice};
pub(crate) use groups::Groups;
pub(crate) use usual::usual;

pub(crate) use scan::xor;
use scan::{contains, decimal, find, hex_byte};
use serde::{Deserialize, Serialize};

/// The longest line that is read, bytes. The journal cuts lines at the same length.
pub const LINE_MAX: usize = 4096;

/// Whether a sentence must bring its checksum. A wrong one is refused either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// A sentence without one is refused: nothing tells whether it is whole.
    #[default]
    Required,
    /// A sentence without one is read, for devices that add none. A line that was cut short may then be
    /// taken for a whole one.
    Optional,
}

impl Checksum {
    /// As the settings of almost every receiver have it.
    pub fn is_required(&self) -> bool {
        *self == Checksum::Required
    }
}

/// One thing found on a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    /// A TAG block, for the sentence that follows on this line or the next.
    Tag(Tag),
    /// A sentence whose checksum is right, or absent where it may be.
    Sentence(Sentence<'a>),
    /// A line that is JSON, or the rest of one after its TAG block.
    Json(&'a [u8]),
    /// Something that cannot be used.
    Refused(Reject),
}

/// A sentence whose checksum is right, or absent where it may be; its fields are not looked at yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// From `!` or `$` to the checksum's second digit; to the last field where there is no checksum.
    pub raw: &'a [u8],
    /// Talker and formatter, such as `AIVDM` or `PGHP`: all before the first comma.
    pub address: &'a [u8],
    /// All between the first comma and `*`.
    pub fields: &'a [u8],
    /// All after the checksum up to the next sentence, such as `,r003669987,1152921693`.
    pub trailer: &'a [u8],
}

impl Sentence<'_> {
    /// The last three letters of the address, which say what kind of sentence it is; the whole address
    /// of a maker's own sentence (`$P...`).
    pub fn formatter(&self) -> &[u8] {
        if self.is_proprietary() {
            self.address
        } else {
            &self.address[self.address.len().saturating_sub(3)..]
        }
    }

    /// A maker's own sentence, whose fields no standard describes.
    pub fn is_proprietary(&self) -> bool {
        self.raw.first() == Some(&b'$') && self.address.first() == Some(&b'P')
    }
}

/// What `line` holds, in order. A blank line and a `#` comment hold nothing; what stands before the first
/// `!`, `$` or `\` (a log's time stamp, an IEC 61162-450 header) is skipped. Every sentence must bring its checksum.
/// What begins with `{` is JSON to its end.
pub fn items(line: &[u8]) -> Items<'_> {
    items_with(line, Checksum::Required)
}

/// As [`items`], for a receiver whose sentences may lack their checksums.
pub fn items_with(line: &[u8], checksum: Checksum) -> Items<'_> {
    let line = line.trim_ascii();
    if line.is_empty() || line[0] == b'#' {
        return Items { rest: &[], found: true, checksum };
    }
    Items { rest: line, found: false, checksum }
}

/// Iterator over the [`Item`]s of a line.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    /// Whether the line held anything; a line that did not is refused once, at its end.
    found: bool,
    checksum: Checksum,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.rest.len() > LINE_MAX {
            *self = Items { rest: &[], found: true, ..*self };
            return Some(Item::Refused(Reject::LineTooLong));
        }
        // After a sentence or a refusal the rest begins with another start.
        if self.rest.first() == Some(&b'{') {
            self.found = true;
            return Some(Item::Json(std::mem::take(&mut self.rest)));
        }
        let Some(start) = self.rest.iter().position(|&b| starts_something(b)) else {
            let skipped = std::mem::take(&mut self.rest);
            if self.found {
                return None;
            }
            self.found = true;
            let is_text = skipped.iter().all(|&b| b == b'\t' || (0x20..0x7f).contains(&b));
            return Some(Item::Refused(if is_text { Reject::NotASentence } else { Reject::NotText }));
        };
        self.found = true;
        let (item, rest) = match self.rest[start] {
            b'\\' => tag_block::read(&self.rest[start..]),
            _ => read(&self.rest[start..], self.checksum),
        };
        self.rest = rest;
        Some(item)
    }
}

fn starts_something(b: u8) -> bool {
    matches!(b, b'!' | b'$' | b'\\')
}

/// Reads the sentence at the start of `text` (which begins with `!` or `$`), and gives what follows it.
fn read(text: &[u8], checksum: Checksum) -> (Item<'_>, &[u8]) {
    let Some(star) = star_at_the_end(text).or_else(|| find(text, b'*')) else {
        return without_checksum(text, checksum);
    };
    let body = &text[1..star];
    let digits = &text[star + 1..text.len().min(star + 3)];
    if digits.is_empty() {
        return (Item::Refused(Reject::NoChecksum), from_next_start(text, 1));
    }
    if hex_byte(digits) != Some(xor(body)) {
        // A sentence that lost its end runs into the next one, whose `*` this is.
        if body.iter().any(|&b| starts_something(b)) {
            return without_checksum(text, checksum);
        }
        return (Item::Refused(Reject::BadChecksum), from_next_start(text, star));
    }
    let after = &text[star + 3..];
    let trailer = &after[..after.len() - from_next_start(after, 0).len()];
    let Some((address, fields)) = address(body) else {
        return (Item::Refused(Reject::MalformedFields), &after[trailer.len()..]);
    };
    (Item::Sentence(Sentence { raw: &text[..star + 3], address, fields, trailer }), &after[trailer.len()..])
}

/// As [`read`], where no `*` stands before the next start.
#[cold]
fn without_checksum(text: &[u8], checksum: Checksum) -> (Item<'_>, &[u8]) {
    let rest = from_next_start(text, 1);
    let raw = text[..text.len() - rest.len()].trim_ascii_end();
    let item = match address(&raw[1..]) {
        Some((address, fields))
            if checksum == Checksum::Optional && address.iter().all(u8::is_ascii_alphanumeric) =>
        {
            Item::Sentence(Sentence { raw, address, fields, trailer: &[] })
        }
        _ => Item::Refused(Reject::NoChecksum),
    };
    (item, rest)
}

/// What stands before and after the first comma.
fn address(body: &[u8]) -> Option<(&[u8], &[u8])> {
    match body.iter().take(ADDRESS_MAX + 1).position(|&b| b == b',') {
        Some(comma) if comma > 0 => Some((&body[..comma], &body[comma + 1..])),
        _ => None,
    }
}

/// No talker and formatter are longer.
const ADDRESS_MAX: usize = 15;

/// Where `*` is, when it stands three from the end and nowhere before: the usual line, found without a search.
fn star_at_the_end(text: &[u8]) -> Option<usize> {
    let star = text.len().checked_sub(3)?;
    (text[star] == b'*' && !contains(&text[..star], b'*')).then_some(star)
}

fn from_next_start(text: &[u8], from: usize) -> &[u8] {
    let from = from.min(text.len());
    match text[from..].iter().position(|&b| starts_something(b)) {
        Some(at) => &text[from + at..],
        None => &[],
    }
}

/// A receiver's stamp: seconds or milliseconds since 1970, told apart by magnitude; a fraction of a second
/// is read to the millisecond.
fn stamp(text: &[u8]) -> Option<crate::Time> {
    // As seconds these are years 5138 and 3170843: no receiver means them.
    const SECONDS_END: u64 = 100_000_000_000;
    const MILLIS_END: u64 = 100_000_000_000_000;
    let (whole, fraction) = match decimal(text) {
        Some(whole) => (whole, &[][..]),
        None => {
            let dot = find(text, b'.')?;
            (decimal(&text[..dot])?, &text[dot + 1..])
        }
    };
    if whole >= SECONDS_END {
        return (whole < MILLIS_END).then(|| crate::Time::from_millis(whole as i64));
    }
    let mut millis = 0;
    for (digit, unit) in fraction.iter().zip([100, 10, 1]) {
        millis += decimal(&[*digit])? * unit;
    }
    Some(crate::Time::from_millis((whole * 1000 + millis) as i64))
}

/// The hash by which stations are told apart: 64-bit FNV-1a of the name, never 0, the same on every machine.
pub fn station_hash(name: &[u8]) -> u64 {
    station_hash_of(name.iter())
}

fn station_hash_of<'a>(name: impl Iterator<Item = &'a u8>) -> u64 {
    let hash = name.fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    hash.max(1)
}

#[cfg(test)]
mod tests;
