//! The bits of one message, in and out of the six-bit armour, and the fields inside them.

use super::Reject;
use super::scan::{HIGH, folded, spread};

const WORDS: usize = 24;

/// The bits of one message. Never on the heap.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// Bits from the most significant of the first word on; one word more than is filled, so that a field
    /// may be read across a border anywhere. All bits past `len` are 0.
    words: [u64; WORDS + 1],
    len: usize,
}

impl Payload {
    /// The most bits held. The longest AIS message, type 26 in five slots, has 1064 (ITU-R M.1371-5 table 82);
    /// networks carry some of up to 1284.
    pub const CAPACITY: usize = WORDS * 64;

    /// No bits yet.
    pub const fn new() -> Self {
        Payload { words: [0; WORDS + 1], len: 0 }
    }

    /// Reads one sentence's armour.
    ///
    /// # Errors
    /// As [`push_armour`](Self::push_armour).
    pub fn from_armour(armour: &[u8], fill: u8) -> Result<Self, Reject> {
        let mut payload = Payload::new();
        payload.push_armour(armour, fill)?;
        Ok(payload)
    }

    /// Adds one sentence's armour, less its fill bits.
    ///
    /// # Errors
    /// `PayloadTooLong`, `BadArmour` or `BadFillBits`.
    pub fn push_armour(&mut self, armour: &[u8], fill: u8) -> Result<(), Reject> {
        let fill = usize::from(fill);
        if fill > 5 || (fill > 0 && armour.is_empty()) {
            return Err(Reject::BadFillBits);
        }
        if self.len + armour.len() * 6 > Self::CAPACITY {
            return Err(Reject::PayloadTooLong);
        }
        let mut illegal = false;
        let (blocks, rest) = armour.as_chunks::<BLOCK>();
        for block in blocks {
            illegal |= self.push_block(block, BLOCK);
        }
        if !rest.is_empty() {
            // Filled up with `0`, which sets no bit.
            let mut block = [b'0'; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            illegal |= self.push_block(&block, rest.len());
        }
        if illegal {
            return Err(Reject::BadArmour);
        }
        if fill > 0 {
            self.truncate(self.len - fill);
        }
        Ok(())
    }

    /// Reads the armour of 25-32 characters of a message that came in one sentence, as positions do, into a payload
    /// that is empty, and gives the XOR of the characters; `None`, the payload as it was, for any other length and
    /// where [`push_armour`](Self::push_armour) refuses it.
    #[inline(always)]
    pub(super) fn read_position(&mut self, armour: &[u8], fill: u8) -> Option<u8> {
        let (head, tail) = armour.split_first_chunk::<24>()?;
        if tail.is_empty() || tail.len() > 8 || fill > 5 {
            return None;
        }
        // Filled up with `0`, which sets no bit.
        let unused = 64 - tail.len() as u32 * 8;
        let last = u64::from_le_bytes(*armour.last_chunk()?) >> unused;
        let filled = last | (spread(b'0') & !(u64::MAX >> unused));
        let ([a, b, c], []) = head.as_chunks::<8>() else { return None };
        let [a, b, c] = [a, b, c].map(|eight| u64::from_le_bytes(*eight));
        if (illegal_in(a) | illegal_in(b) | illegal_in(c) | illegal_in(filled)) & HIGH != 0 {
            return None;
        }
        let sum = folded(a ^ b ^ c ^ last);
        let [a, b, c, d] = [join(a), join(b), join(c), join(filled)];
        self.len = armour.len() * 6 - usize::from(fill);
        self.words[0] = a << 16 | b >> 32;
        self.words[1] = b << 32 | c >> 16;
        // At least 145 bits and at most 192, of which this holds those from 128 on.
        self.words[2] = (c << 48 | d) & u64::MAX << (192 - self.len);
        Some(sum)
    }

    /// Adds the first `characters` of a block, those after them being `0`; true where one is no armour.
    #[inline]
    fn push_block(&mut self, block: &[u8; BLOCK], characters: usize) -> bool {
        let ([a, b, c, d], illegal) = sextets(block);
        let words = [a << 16 | b >> 32, b << 32 | c >> 16, c << 48 | d];
        let (at, used) = (self.len / 64, self.len % 64);
        for (i, word) in words.into_iter().enumerate() {
            if used == 0 {
                // The first block of a message, which is all of most.
                if let Some(slot) = self.words.get_mut(at + i) {
                    *slot = word;
                }
            } else if let Some([slot, next]) = self.words.get_mut(at + i..at + i + 2) {
                *slot |= word >> used;
                *next |= word << (64 - used);
            }
        }
        self.len += characters * 6;
        illegal
    }

    fn truncate(&mut self, len: usize) {
        self.len = len;
        let (word, used) = (len / 64, len % 64);
        self.words[word] &= !(u64::MAX >> used);
        if word < WORDS {
            self.words[word + 1] = 0;
        }
    }

    /// The armour of these bits and how many fill bits were added.
    pub fn to_armour(&self) -> (String, u8) {
        let characters = self.len.div_ceil(6);
        let armour = (0..characters)
            .map(|i| match self.unsigned(i * 6, 6) as u8 {
                low @ 0..40 => char::from(low + 48),
                high => char::from(high + 56),
            })
            .collect();
        (armour, (characters * 6 - self.len) as u8)
    }

    /// How many bits.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Adds the low `width` (1-64) bits of `value`. Beyond [`CAPACITY`](Self::CAPACITY) nothing is added.
    pub fn push(&mut self, width: usize, value: u64) {
        debug_assert!((1..=64).contains(&width));
        if self.len + width > Self::CAPACITY {
            return;
        }
        let value = value & (u64::MAX >> (64 - width));
        let (word, free) = (self.len / 64, 64 - self.len % 64);
        if width <= free {
            self.words[word] |= value << (free - width);
        } else {
            self.words[word] |= value >> (width - free);
            self.words[word + 1] |= value << (64 - (width - free));
        }
        self.len += width;
    }

    /// Adds one bit.
    pub fn push_flag(&mut self, flag: bool) {
        self.push(1, u64::from(flag));
    }

    /// The unsigned field of `width` (1-64) bits at `start`; bits past the end read as 0, which callers rule
    /// out by asking for the [length](Self::len) first.
    pub fn unsigned(&self, start: usize, width: usize) -> u64 {
        debug_assert!((1..=64).contains(&width));
        let (word, shift) = (start / 64, start % 64);
        if word >= WORDS {
            return 0;
        }
        let pair = u128::from(self.words[word]) << 64 | u128::from(self.words[word + 1]);
        ((pair << shift) >> 64) as u64 >> (64 - width)
    }

    /// The two's complement field of `width` bits at `start`.
    pub fn signed(&self, start: usize, width: usize) -> i64 {
        let unused = 64 - width;
        (self.unsigned(start, width) << unused) as i64 >> unused
    }

    /// The bit at `start`.
    pub fn flag(&self, start: usize) -> bool {
        self.unsigned(start, 1) == 1
    }

    /// A 64-bit hash of the bits, the same on every machine and for every division into parts. Fill bits
    /// don't enter it: receivers disagree about them.
    pub fn hash(&self) -> u64 {
        // Multiply and rotate per word, then the finaliser of MurmurHash3 (Appleby, public domain).
        let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
        for word in &self.words[..self.len.div_ceil(64)] {
            hash = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31);
        }
        hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ hash >> 33
    }
}

impl Default for Payload {
    fn default() -> Self {
        Payload::new()
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (armour, fill) = self.to_armour();
        write!(f, "Payload({armour},{fill})")
    }
}

/// Characters taken at once; 192 bits, which are whole words. A position report has 28.
const BLOCK: usize = 32;

/// The high bit of some byte where one of eight characters is no armour.
#[inline(always)]
const fn illegal_in(eight: u64) -> u64 {
    // The high bit of each sum tells whether the character is at or above `0`, `X`, `` ` `` and `x`.
    let digit = eight.wrapping_add(spread(0x80 - b'0'));
    let gap = eight.wrapping_add(spread(0x80 - b'X'));
    let upper = eight.wrapping_add(spread(0x80 - b'`'));
    let beyond = eight.wrapping_add(spread(0x80 - b'x'));
    !digit | (gap ^ upper) | beyond | eight
}

/// Eight characters of armour, the first of them in the lowest byte, to 48 bits.
#[inline(always)]
const fn join(eight: u64) -> u64 {
    let upper = eight.wrapping_add(spread(0x80 - b'`')) & HIGH;
    let six = eight.wrapping_sub(spread(b'0')).wrapping_sub(upper >> 4).swap_bytes();
    let twelve = (six & 0x3f00_3f00_3f00_3f00) >> 2 | six & 0x003f_003f_003f_003f;
    let twenty_four = (twelve & 0x0fff_0000_0fff_0000) >> 4 | twelve & 0x0000_0fff_0000_0fff;
    (twenty_four & 0x00ff_ffff_0000_0000) >> 8 | twenty_four & 0x00ff_ffff
}

/// A block of armour to four times 48 bits, and whether one of its characters is none. IEC 61162-1: `0`-`W`
/// are 0-39, `` ` ``-`w` are 40-63.
#[inline]
fn sextets(block: &[u8; BLOCK]) -> ([u64; 4], bool) {
    // Loops without branches over arrays of one size: the compiler takes sixteen characters at once.
    let (mut six, mut illegal) = ([0; BLOCK], [false; BLOCK]);
    for i in 0..BLOCK {
        let c = block[i];
        illegal[i] = !matches!(c, b'0'..=b'W' | b'`'..=b'w');
        six[i] = c.wrapping_sub(if c < b'`' { b'0' } else { b'0' + 8 });
    }
    let illegal = illegal.into_iter().fold(false, |any, this| any | this);
    let (eights, _) = six.as_chunks::<8>();
    let mut joined = [0; 4];
    for (joined, eight) in joined.iter_mut().zip(eights) {
        // Neighbours are joined three times.
        let six = u64::from_be_bytes(*eight);
        let twelve = (six & 0x3f00_3f00_3f00_3f00) >> 2 | six & 0x003f_003f_003f_003f;
        let twenty_four = (twelve & 0x0fff_0000_0fff_0000) >> 4 | twelve & 0x0000_0fff_0000_0fff;
        *joined = (twenty_four & 0x00ff_ffff_0000_0000) >> 8 | twenty_four & 0x00ff_ffff;
    }
    (joined, illegal)
}
