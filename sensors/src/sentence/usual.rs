//! The usual line, in one pass: at most one TAG block, then one VDM or VDO sentence that ends the line.
//!
//! Nothing here reads what [`items`](super::items) and [`Vdm::read`] would not read, or reads it otherwise; whatever
//! is out of the ordinary is left to them. Nineteen of twenty lines are not.

use super::scan::{hex_byte, xor_and_find};
use super::{Tag, Vdm, tag_block, vdm};

/// What a usual line says; `None` for every other line.
#[inline]
pub(crate) fn usual(line: &[u8]) -> Option<(Option<Tag>, Vdm<'_>)> {
    // One longer is refused, by `items`.
    if line.len() > super::LINE_MAX {
        return None;
    }
    let (tag, sentence) = match line {
        [b'\\', ..] => {
            let (block, rest) = tag_block::intact(line)?;
            (Some(tag_block::parameters(block)), rest)
        }
        _ => (None, line),
    };
    // A line may keep its ending.
    let sentence = sentence.strip_suffix(b"\n").unwrap_or(sentence);
    let sentence = sentence.strip_suffix(b"\r").unwrap_or(sentence);
    let [b'!', body @ .., b'*', high, low] = sentence else { return None };
    let (own_ship, talker, fields) = match body {
        [first, second, b'V', b'D', b'M', b',', fields @ ..] => (false, [*first, *second], fields),
        [first, second, b'V', b'D', b'O', b',', fields @ ..] => (true, [*first, *second], fields),
        _ => return None,
    };
    let (sum, star) = xor_and_find(body, [b'*']);
    if star || talker.contains(&b',') || hex_byte(&[*high, *low]) != Some(sum) {
        return None;
    }
    Some((tag, vdm::usual(talker, own_ship, fields)?))
}
