//! VDM and VDO: the sentences that carry AIS messages, whole or in parts.

use super::scan::contains;
use super::{Reject, Sentence, decimal};

/// The fields of a VDM (heard) or VDO (own ship's) sentence. Source: IEC 61993-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vdm<'a> {
    /// Who speaks, `AI` for a ship's AIS, `BS` and `AB` for base stations; logs hold others and damaged ones.
    pub talker: [u8; 2],
    /// VDO.
    pub own_ship: bool,
    /// Sentences the message came in, 1-9.
    pub total: u8,
    /// Which of them this is, from 1.
    pub number: u8,
    /// Joins the parts; some receivers leave it empty, others count beyond 9.
    pub sequence_id: Option<u16>,
    /// `A`, `B`, `1`, `2`...; 0 where empty, as second parts may have it.
    pub channel: u8,
    /// The armoured bits.
    pub payload: &'a [u8],
    /// Bits of the last character that are not part of the message, 0-5.
    pub fill: u8,
}

impl<'a> Vdm<'a> {
    /// Reads a VDM or VDO sentence; `None` for every other formatter.
    ///
    /// # Errors
    /// `TooManyParts`, `BadFillBits`, or `MalformedFields` for whatever else is wrong.
    pub fn read(sentence: &Sentence<'a>) -> Option<Result<Vdm<'a>, Reject>> {
        let own_ship = match (sentence.raw[0], sentence.address) {
            (b'!', [_, _, b'V', b'D', b'M']) => false,
            (b'!', [_, _, b'V', b'D', b'O']) => true,
            _ => return None,
        };
        let talker = [sentence.address[0], sentence.address[1]];
        let fields = sentence.fields;
        Some(
            usual(talker, own_ship, fields)
                .filter(|vdm| !contains(vdm.payload, b','))
                .map_or_else(|| unusual(talker, own_ship, fields), Ok),
        )
    }
}

/// Fields of the usual lengths and values, without a search; `None` where they are not. The payload may hold a
/// comma, which the caller rules out.
#[inline]
pub(super) fn usual(talker: [u8; 2], own_ship: bool, text: &[u8]) -> Option<Vdm<'_>> {
    let [total @ b'1'..=b'9', b',', number @ b'1'..=b'9', b',', text @ ..] = text else { return None };
    let (sequence_id, text) = match text {
        [b',', text @ ..] => (None, text),
        [id @ b'0'..=b'9', b',', text @ ..] => (Some(u16::from(id - b'0')), text),
        _ => return None,
    };
    let (channel, text) = match text {
        [b',', text @ ..] => (0, text),
        [channel, b',', text @ ..] => (*channel, text),
        _ => return None,
    };
    let [payload @ .., b',', fill @ b'0'..=b'5'] = text else { return None };
    if number > total {
        return None;
    }
    let (total, number, fill) = (total - b'0', number - b'0', fill - b'0');
    Some(Vdm { talker, own_ship, total, number, sequence_id, channel, payload, fill })
}

fn unusual(talker: [u8; 2], own_ship: bool, text: &[u8]) -> Result<Vdm<'_>, Reject> {
    let (total, text) = field(text)?;
    let (number, text) = field(text)?;
    let (sequence_id, text) = field(text)?;
    let (channel, text) = field(text)?;
    // The payload ends two from the end; where it does not, fields that no standard knows follow the fill bits.
    let (payload, fill) = match text {
        [payload @ .., b',', fill] if !payload.contains(&b',') => (payload, std::slice::from_ref(fill)),
        _ => {
            let (payload, text) = field(text)?;
            (payload, field(text).map_or(text, |(fill, _)| fill))
        }
    };
    let total = decimal(total).ok_or(Reject::MalformedFields)?;
    let number = decimal(number).ok_or(Reject::MalformedFields)?;
    if total > 9 {
        return Err(Reject::TooManyParts);
    }
    if number == 0 || number > total || channel.len() > 1 {
        return Err(Reject::MalformedFields);
    }
    let sequence_id = match sequence_id {
        [] => None,
        digits => Some(decimal(digits).and_then(|n| u16::try_from(n).ok()).ok_or(Reject::MalformedFields)?),
    };
    let fill = match fill {
        [digit @ b'0'..=b'5'] => digit - b'0',
        [_, ..] if decimal(fill).is_some() => return Err(Reject::BadFillBits),
        _ => return Err(Reject::MalformedFields),
    };
    Ok(Vdm {
        talker,
        own_ship,
        // Both are at most 9.
        total: total as u8,
        number: number as u8,
        sequence_id,
        channel: channel.first().copied().unwrap_or(0),
        payload,
        fill,
    })
}

fn field(text: &[u8]) -> Result<(&[u8], &[u8]), Reject> {
    let comma = text.iter().position(|&b| b == b',').ok_or(Reject::MalformedFields)?;
    Ok((&text[..comma], &text[comma + 1..]))
}
