//! Six-bit text: names, call signs, destinations, safety messages.

use super::Payload;

/// The text of at most `characters` at `start`, as far as the message goes: it ends at the first `@`, and
/// trailing spaces are padding. Source: ITU-R M.1371-5 table 47; real names carry rubbish after the `@`.
pub(crate) fn read(bits: &Payload, start: usize, characters: usize) -> Option<String> {
    join(bits, &[(start, characters)])
}

/// One text kept in several places, joined before it is trimmed (type 21).
pub(crate) fn join(bits: &Payload, pieces: &[(usize, usize)]) -> Option<String> {
    let mut text = String::new();
    'all: for &(start, characters) in pieces {
        let present = bits.len().saturating_sub(start) / 6;
        for i in 0..characters.min(present) {
            match bits.unsigned(start + i * 6, 6) as u8 {
                0 => break 'all,
                letter @ 1..32 => text.push(char::from(letter + 64)),
                other => text.push(char::from(other)),
            }
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    (!text.is_empty()).then_some(text)
}

/// Writes `characters` of `text`, padded with `@`. Lower case is raised; what the alphabet lacks becomes `?`.
pub(super) fn write(bits: &mut Payload, text: &str, characters: usize) {
    let mut letters = text.chars();
    for _ in 0..characters {
        bits.push(6, letters.next().map_or(0, sextet));
    }
}

/// Writes `text`, cut after `characters`, without padding.
pub(super) fn write_all(bits: &mut Payload, text: &str, characters: usize) {
    for letter in text.chars().take(characters) {
        bits.push(6, sextet(letter));
    }
}

pub(crate) fn sextet(letter: char) -> u64 {
    match letter.to_ascii_uppercase() {
        c @ ' '..='?' => u64::from(c),
        c @ '@'..='_' => u64::from(c) - 64,
        _ => u64::from('?'),
    }
}
