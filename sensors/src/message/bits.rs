//! Bits of a message that are carried on as they came.

use super::Payload;
use serde::{Deserialize, Serialize};

/// A string of bits of any length up to [`Payload::CAPACITY`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bits {
    /// From the most significant bit of the first byte on; the last byte's unused bits are 0.
    bytes: Vec<u8>,
    len: u16,
}

impl Bits {
    /// What `payload` holds from `start` on; nothing where it ends before.
    pub fn tail(payload: &Payload, start: usize) -> Bits {
        Self::between(payload, start, payload.len())
    }

    /// What `payload` holds from `start` to before `end`; nothing where it ends before.
    pub fn between(payload: &Payload, start: usize, end: usize) -> Bits {
        let len = payload.len().min(end).saturating_sub(start);
        let byte = |i: usize| {
            let width = (len - i * 8).min(8);
            (payload.unsigned(start + i * 8, width) << (8 - width)) as u8
        };
        Bits { bytes: (0..len.div_ceil(8)).map(byte).collect(), len: len as u16 }
    }

    /// The first `len` bits of `bytes`; `None` where there are not as many.
    pub fn from_bytes(bytes: &[u8], len: usize) -> Option<Bits> {
        if len > Payload::CAPACITY || bytes.len() < len.div_ceil(8) {
            return None;
        }
        let mut bytes = bytes[..len.div_ceil(8)].to_vec();
        if let (Some(last), used @ 1..) = (bytes.last_mut(), len % 8) {
            *last &= !(0xff_u8 >> used);
        }
        Some(Bits { bytes, len: len as u16 })
    }

    /// How many bits.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The bits, eight to a byte, the last byte filled up with 0.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bits where fields can be read from them.
    pub fn payload(&self) -> Payload {
        let mut payload = Payload::new();
        self.write(&mut payload);
        payload
    }

    /// Adds all bits to `payload`, as far as there is room.
    pub fn write(&self, payload: &mut Payload) {
        for (i, byte) in self.bytes.iter().enumerate() {
            let width = (self.len() - i * 8).min(8);
            payload.push(width, u64::from(*byte >> (8 - width)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_any_number_of_bits() {
        let mut payload = Payload::new();
        payload.push(6, 25);
        payload.push(13, 0b1_0110_0000_1111);
        let bits = Bits::tail(&payload, 6);
        assert_eq!((bits.len(), bits.bytes()), (13, &[0b1011_0000, 0b0111_1000][..]));
        assert_eq!(bits.payload().unsigned(0, 13), 0b1_0110_0000_1111);
        assert_eq!(Bits::from_bytes(&[0b1011_0000, 0b0111_1111], 13), Some(bits));
        assert_eq!(Bits::tail(&payload, 40), Bits::default());
        assert_eq!(Bits::from_bytes(&[1], 9), None);
    }
}
