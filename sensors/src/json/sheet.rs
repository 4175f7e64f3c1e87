//! A message's bits while they are filled in field by field, in any order.

use crate::message::Bits;
use crate::sentence::Payload;

const BYTES: usize = Payload::CAPACITY / 8;

/// Bits, all 0 at first, that grow to the last one written.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    bytes: [u8; BYTES],
    len: usize,
}

impl Sheet {
    pub(super) fn new() -> Sheet {
        Sheet { bytes: [0; BYTES], len: 0 }
    }

    /// Makes it at least so long.
    pub(super) fn grow(&mut self, len: usize) {
        self.len = self.len.max(len.min(Payload::CAPACITY));
    }

    /// Writes the low `width` bits of `value`. What would lie past [`Payload::CAPACITY`] is left out.
    pub(super) fn set(&mut self, at: usize, width: usize, value: u64) {
        if at + width > Payload::CAPACITY {
            return;
        }
        for i in 0..width {
            let (byte, mask) = ((at + i) / 8, 0x80 >> ((at + i) % 8));
            if value >> (width - 1 - i) & 1 == 1 {
                self.bytes[byte] |= mask;
            } else {
                self.bytes[byte] &= !mask;
            }
        }
        self.grow(at + width);
    }

    /// Writes after the last bit.
    pub(super) fn push(&mut self, width: usize, value: u64) {
        self.set(self.len, width, value);
    }

    /// Writes all of `bits` after the last bit.
    pub(super) fn push_bits(&mut self, bits: &Bits) {
        for (i, byte) in bits.bytes().iter().enumerate() {
            let width = (bits.len() - i * 8).min(8);
            self.push(width, u64::from(byte >> (8 - width)));
        }
    }

    /// Writes so many characters of `text`, padded with `@`; those outside the six-bit alphabet become `?`.
    pub(super) fn text(&mut self, at: usize, characters: usize, text: &str) {
        let mut letters = text.chars();
        for i in 0..characters {
            self.set(at + i * 6, 6, letters.next().map_or(0, crate::message::text::sextet));
        }
    }

    pub(super) fn unsigned(&self, at: usize, width: usize) -> u64 {
        (at..at + width)
            .fold(0, |value, bit| value << 1 | u64::from(self.bytes[bit / 8] >> (7 - bit % 8) & 1))
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Its first `len` bits.
    pub(super) fn payload(&self, len: usize) -> Payload {
        let mut payload = Payload::new();
        for at in (0..len).step_by(8) {
            let width = (len - at).min(8);
            payload.push(width, u64::from(self.bytes[at / 8] >> (8 - width)));
        }
        payload
    }
}
