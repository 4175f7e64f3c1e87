//! Bytes of a line, eight at a time: checksums, telling characters, numbers.
//!
//! A line passes here three times, and byte by byte these would be half of all decoding. Eight bytes in one
//! `u64` ("SIMD within a register", after Mycroft and Warren, Hacker's Delight chapter 6) need no `unsafe`
//! and no particular processor.

const ONES: u64 = 0x0101_0101_0101_0101;
pub(super) const HIGH: u64 = 0x8080_8080_8080_8080;

/// `byte` eight times.
pub(super) const fn spread(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The XOR of all bytes, which is the checksum of IEC 61162-1, and whether any of them is one of `telling`.
#[inline(always)]
pub(super) fn xor_and_find<const N: usize>(bytes: &[u8], telling: [u8; N]) -> (u8, bool) {
    let (words, tail) = bytes.as_chunks::<8>();
    let (mut sum, mut found) = (0, 0);
    for word in words {
        let word = u64::from_le_bytes(*word);
        sum ^= word;
        for byte in telling {
            found |= zeros(word ^ spread(byte));
        }
    }
    if !tail.is_empty() {
        let (rest, valid) = tail_word(bytes, tail);
        sum ^= rest;
        for byte in telling {
            found |= zeros(rest ^ spread(byte)) & valid;
        }
    }
    (folded(sum), found != 0)
}

/// The XOR of the eight bytes of `sum`.
pub(super) const fn folded(sum: u64) -> u8 {
    let sum = sum ^ sum >> 32;
    let sum = sum ^ sum >> 16;
    (sum ^ sum >> 8) as u8
}

/// The XOR of all bytes.
#[inline]
pub(crate) fn xor(bytes: &[u8]) -> u8 {
    xor_and_find(bytes, []).0
}

/// Where the first `\` stands, and the XOR of all before it; `None` without one, or with a character from space to
/// `'` before it, `!` and `$` among them, which a TAG block that is whole rarely has.
#[inline(always)]
pub(super) fn closing_backslash(bytes: &[u8]) -> Option<(usize, u8)> {
    const TELLING: u64 = 0xf8 * ONES;
    let (words, tail) = bytes.as_chunks::<8>();
    let (mut sum, mut telling) = (0, 0);
    let mut at = 0;
    for word in words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain((!tail.is_empty()).then(|| tail_word(bytes, tail).0))
    {
        let end = zeros(word ^ spread(b'\\'));
        let kept = if end == 0 { u64::MAX } else { ((end & end.wrapping_neg()) - 1) >> 7 };
        sum ^= word & kept;
        telling |= zeros((word & TELLING) ^ spread(b' ')) & kept;
        if end != 0 {
            return (telling == 0).then(|| (at + end.trailing_zeros() as usize / 8, folded(sum)));
        }
        at += 8;
    }
    None
}

/// Where `byte` stands first.
#[inline]
pub(super) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = zeros(u64::from_le_bytes(*word) ^ spread(byte));
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    if tail.is_empty() {
        return None;
    }
    let (rest, valid) = tail_word(bytes, tail);
    let found = zeros(rest ^ spread(byte)) & valid;
    (found != 0).then(|| words.len() * 8 + found.trailing_zeros() as usize / 8)
}

/// Whether `byte` is there.
#[inline]
pub(super) fn contains(bytes: &[u8], byte: u8) -> bool {
    xor_and_find(bytes, [byte]).1
}

/// The high bit of every byte that is 0, and of none below the first that is; above it there may be too many.
pub(super) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// What is left after whole words, 1 to 7 bytes, as one word, its upper bytes 0, and the high bits of the bytes that
/// are there.
#[inline(always)]
fn tail_word(bytes: &[u8], tail: &[u8]) -> (u64, u64) {
    let unused = (64 - tail.len() as u32 * 8) & 63;
    let valid = HIGH >> unused;
    let word = match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> unused,
        None => tail.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b)),
    };
    (word, valid)
}

/// What two hexadecimal digits say.
#[inline]
pub(super) fn hex_byte(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else { return None };
    let (high, low) = (HEX[usize::from(high)], HEX[usize::from(low)]);
    ((high | low) & NO_DIGIT == 0).then_some(high << 4 | low)
}

const NO_DIGIT: u8 = 0x80;

/// Digits are as good as random, so that a branch on them would be guessed wrong half the time.
static HEX: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// A decimal number of at most 18 digits and nothing else.
#[inline]
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let (words, rest) = text.as_chunks::<8>();
    let mut number = 0;
    for word in words {
        number = number * 100_000_000 + eight_digits(u64::from_le_bytes(*word))?;
    }
    rest.iter().try_fold(number, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
}

/// The number that eight digits say, the first of them in the lowest byte.
///
/// Neighbours are joined three times: digits to pairs, pairs to fours, fours to eight.
#[inline]
pub(super) fn eight_digits(word: u64) -> Option<u64> {
    const TENS: u64 = spread(0xf0);
    let digits = word & TENS == spread(b'0') && word.wrapping_add(spread(6)) & TENS == spread(b'0');
    let pairs = ((word & spread(0x0f)).wrapping_mul(10 << 8 | 1)) >> 8;
    let fours = ((pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 << 16 | 1)) >> 16;
    let eight = ((fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 << 32 | 1)) >> 32;
    digits.then_some(eight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_at_a_time_is_as_one_at_a_time(bytes in proptest::collection::vec(
            prop_oneof![Just(b'*'), Just(b'+'), Just(0), Just(0x80), any::<u8>()], 0..40)) {
            let sum = bytes.iter().fold(0, |sum, b| sum ^ b);
            let found = bytes.contains(&b'*') || bytes.contains(&0xaa);
            prop_assert_eq!(xor_and_find(&bytes, [b'*', 0xaa]), (sum, found));
            for byte in [b'*', 0, 0x80, 1] {
                prop_assert_eq!(find(&bytes, byte), bytes.iter().position(|&b| b == byte));
                prop_assert_eq!(contains(&bytes, byte), bytes.contains(&byte));
            }
        }

        #[test]
        fn numbers_are_what_the_standard_library_reads(text in "[0-9/:a]{0,3}[0-9]{0,18}[0-9/:+]{0,1}") {
            let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
            prop_assert_eq!(decimal(text.as_bytes()), if digits { text.parse().ok() } else { None });
        }

        #[test]
        fn hexadecimal_digits_are_read_in_both_cases(byte in any::<u8>(), other in any::<[u8; 2]>()) {
            prop_assert_eq!(hex_byte(format!("{byte:02X}").as_bytes()), Some(byte));
            prop_assert_eq!(hex_byte(format!("{byte:02x}").as_bytes()), Some(byte));
            let expected = other.iter().all(u8::is_ascii_hexdigit);
            prop_assert_eq!(hex_byte(&other).is_some(), expected);
        }
    }
}
