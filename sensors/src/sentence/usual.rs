//! The usual line, in one pass: at most one TAG block, then one VDM or VDO sentence that ends the line.
//!
//! Nothing here reads what [`items`](super::items) and [`Vdm::read`] would not read, or reads it otherwise; whatever
//! is out of the ordinary is left to them. Nineteen of twenty lines are not.

use super::scan::{contains, hex_byte, xor_and_find};
use super::{Payload, Tag, Vdm, tag_block, vdm};

/// What a usual line says; `None` for every other line. The bits of a message in one sentence are put into `payload`.
#[inline]
pub(crate) fn usual<'a>(line: &'a [u8], payload: &mut Payload) -> Option<(Option<Tag>, Vdm<'a>)> {
    // A longer one is refused, by `items`.
    if line.len() > super::LINE_MAX {
        return None;
    }
    let (tag, sentence) = match line {
        [b'\\', ..] => {
            let (tag, rest) = tag_block::usual(line)?;
            (Some(tag), rest)
        }
        _ => (None, line),
    };
    // A line may keep its ending.
    let sentence = match sentence {
        [sentence @ .., b'\r', b'\n'] | [sentence @ .., b'\n' | b'\r'] => sentence,
        _ => sentence,
    };
    if let Some(vdm) = whole_in_one(sentence, payload) {
        return Some((tag, vdm));
    }
    let vdm = any_vdm(sentence, payload)?;
    Some((tag, vdm))
}

/// `!aaVDM,1,1,,c,` and a message of the length that positions have, read with its checksum from six words without
/// a search.
#[inline(always)]
fn whole_in_one<'a>(sentence: &'a [u8], payload: &mut Payload) -> Option<Vdm<'a>> {
    let (head, rest) = sentence.split_first_chunk::<14>()?;
    let [
        b'!',
        first,
        second,
        b'V',
        b'D',
        formatter @ (b'M' | b'O'),
        b',',
        b'1',
        b',',
        b'1',
        b',',
        b',',
        channel,
        b',',
    ] = *head
    else {
        return None;
    };
    let (armour, end) = rest.split_last_chunk::<5>()?;
    let [b',', fill @ b'0'..=b'5', b'*', high, low] = *end else { return None };
    // A comma or `*` elsewhere is no armour.
    if [first, second, channel].iter().any(|b| matches!(b, b',' | b'*')) {
        return None;
    }
    // Six commas and two `1` make nothing.
    const NAMED: u8 = b'V' ^ b'D';
    let sum =
        payload.read_position(armour, fill - b'0')? ^ NAMED ^ first ^ second ^ formatter ^ channel ^ fill;
    if hex_byte(&[high, low]) != Some(sum) {
        *payload = Payload::new();
        return None;
    }
    Some(Vdm {
        talker: [first, second],
        own_ship: formatter == b'O',
        total: 1,
        number: 1,
        sequence_id: None,
        channel,
        payload: armour,
        fill: fill - b'0',
    })
}

/// As [`usual`], for a sentence of any length and any part of a message.
fn any_vdm<'a>(sentence: &'a [u8], payload: &mut Payload) -> Option<Vdm<'a>> {
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
    let vdm = vdm::usual(talker, own_ship, fields)?;
    // A comma in the payload means that there are more fields than there should be; it is no armour either.
    let whole = if vdm.total == 1 {
        payload.push_armour(vdm.payload, vdm.fill).is_ok()
    } else {
        !contains(vdm.payload, b',')
    };
    whole.then_some(vdm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentence::{Item, items};
    use proptest::prelude::*;

    fn slowly(line: &[u8]) -> Option<(Option<Tag>, Vdm<'_>)> {
        let mut items = items(line);
        let mut tag = None;
        let mut item = items.next()?;
        if let Item::Tag(found) = item {
            tag = Some(found);
            item = items.next()?;
        }
        let Item::Sentence(sentence) = item else { return None };
        let vdm = Vdm::read(&sentence)?.ok()?;
        (items.next().is_none() && sentence.trailer.is_empty()).then_some((tag, vdm))
    }

    #[test]
    fn knows_the_lines_that_receivers_send() {
        for line in [
            &b"!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F"[..],
            b"\\s:ST1,c:1794999998*00\\!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F\r\n",
            b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\n",
        ] {
            let mut payload = Payload::new();
            let read = usual(line, &mut payload);
            assert!(read.is_some());
            assert_eq!(read, slowly(line));
            assert_eq!(payload.len(), if line.contains(&b'2') && line[7] == b'2' { 0 } else { 168 });
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn reads_nothing_otherwise_than_the_general_way(
            tag in prop_oneof![Just(""), Just("s:A,c:1795000000"), Just("g:1-2-9,s:,c:17.5"), Just("s:rST1,c:1795000001"), Just("s:LONGNAM,c:179500000x"), Just("s:EIGHTCHR,c:1795000001"), Just("s:r003669959,c:1795000001"), Just("s:FIFTEEN_LETTERS,c:1795000001"), Just("s:SIXTEEN__LETTERS,c:1795000001"), Just("s:r00!669959,c:1795000001"), Just("s:a b,c:1795000001"), Just("s:,c:1795000001"), Just("x,s:B$,c:1"), Just("t:a b*c")],
            fields in "(AI|B,|S)(VDM|VDO|VSI),[12]?,[12],[0-9]{0,2},[AB]{0,2},[0-9A-Wa-w]{0,40}[,*!x]?[0-9a]{0,8},[0-9]",
            end in prop_oneof![Just(""), Just("\r\n"), Just(" "), Just(",r1,5"), Just("$GP")],
        ) {
            let sum = |text: &str| text.bytes().fold(0, |s, b| s ^ b);
            let mut line = String::new();
            if !tag.is_empty() {
                line = format!("\\{tag}*{:02X}\\", sum(tag));
            }
            line += &format!("!{fields}*{:02x}{end}", sum(&fields));
            let read = usual(line.as_bytes(), &mut Payload::new());
            if read.is_some() {
                prop_assert_eq!(read, slowly(line.as_bytes()));
            }
        }
    }
}
