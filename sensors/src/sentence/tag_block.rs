//! TAG blocks (`\s:station,c:1334337317*58\`): who heard a sentence, when, and which sentences belong together.

use super::{Item, Reject, decimal, find, hex_byte, stamp, station_hash, xor, xor_and_find};
use crate::Time;
use serde::{Deserialize, Serialize};

/// What is kept of the TAG blocks before a sentence. Source: NMEA 0183 4.10, section 7.
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

/// Reads the block at the start of `text` (which begins with `\`), and gives what follows it.
pub(super) fn read(text: &[u8]) -> (Item<'_>, &[u8]) {
    if let Some((block, rest)) = intact(text) {
        return (Item::Tag(parameters(block)), rest);
    }
    let block = find(&text[1..], b'\\').map(|end| &text[1..=end]);
    // `\` may also be a stray byte before a sentence, which must not be taken for a block's inside.
    let Some(block) = block.filter(|block| !block.iter().any(|&b| b == b'!' || b == b'$')) else {
        return (Item::Refused(Reject::BadTagBlock), &text[1..]);
    };
    let rest = &text[block.len() + 2..];
    let star = block.iter().rposition(|&b| b == b'*').unwrap_or(block.len());
    let digits = block.get(star + 1..).unwrap_or_default();
    if hex_byte(digits) != Some(xor(&block[..star])) {
        return (Item::Refused(Reject::BadTagChecksum), rest);
    }
    (Item::Tag(parameters(&block[..star])), rest)
}

/// The usual block at the start of `text`, up to its only `*`, and what follows it: found, summed and held to its
/// checksum in one pass.
#[inline]
pub(super) fn intact(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.get(1..)?;
    let (block, rest) = inside.split_at(find(inside, b'\\')?);
    let [block @ .., b'*', high, low] = block else { return None };
    let (sum, telling) = xor_and_find(block, [b'*', b'!', b'$']);
    (!telling && hex_byte(&[*high, *low]) == Some(sum)).then_some((block, &rest[1..]))
}

/// Codes other than `c`, `s` and `g`, the non-standard `T:` and `si:` among them, are passed over.
pub(super) fn parameters(block: &[u8]) -> Tag {
    let mut tag = Tag::default();
    let mut rest = block;
    loop {
        let (parameter, later) = match find(rest, b',') {
            Some(comma) => (&rest[..comma], Some(&rest[comma + 1..])),
            None => (rest, None),
        };
        match parameter {
            [b'c', b':', value @ ..] => tag.time = stamp(value).or(tag.time),
            [b's', b':', value @ ..] if !value.is_empty() => tag.station = station_hash(value),
            [b'g', b':', value @ ..] => tag.group = group(value).or(tag.group),
            _ => {}
        }
        match later {
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
