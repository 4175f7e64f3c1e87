//! Types 10 and 15: a station asks others for their time or for messages of a type.

use super::Payload;
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Type 10: asks for the clock (ITU-R M.1371-5 table 60); the answer is type 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UtcInquiry {
    /// Who is asked.
    pub to: Mmsi,
}

/// Type 10: the addressee ends at bit 70.
pub(super) const BITS_UTC: usize = 70;

impl UtcInquiry {
    pub(super) fn read(bits: &Payload) -> Self {
        UtcInquiry { to: Mmsi(bits.unsigned(40, 30) as u32) }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        bits.push(30, u64::from(self.to.0));
        bits.push(2, 0);
    }
}

/// Type 15: asks one station for one or two messages, and another for one (ITU-R M.1371-5 table 66).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interrogation {
    /// The first station asked.
    pub to: Mmsi,
    /// What the first station shall send.
    pub first: Request,
    /// What else the first station shall send; all 0 is "nothing".
    pub second: Option<Request>,
    /// The second station asked, and what it shall send; all 0 is "nobody".
    pub other: Option<(Mmsi, Request)>,
}

/// A message asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Request {
    /// Its type, 6 bits.
    pub kind: u8,
    /// Slots from the question to the slot of the answer, 12 bits; 0 leaves it to the answerer.
    pub offset: u16,
}

/// Type 15: the first request ends at bit 88; the second at 108, and the second station's at 158.
pub(super) const BITS: usize = 88;
const BITS_SECOND: usize = 108;
const BITS_OTHER: usize = 158;

impl Interrogation {
    pub(super) fn read(bits: &Payload) -> Self {
        let mmsi = |start| Mmsi(bits.unsigned(start, 30) as u32);
        let second = (bits.len() >= BITS_SECOND).then(|| Request::read(bits, 90));
        let other = (bits.len() >= BITS_OTHER).then(|| (mmsi(110), Request::read(bits, 140)));
        Interrogation {
            to: mmsi(40),
            first: Request::read(bits, 70),
            second: second.filter(|second| *second != Request::default()),
            other: other.filter(|other| *other != Default::default()),
        }
    }

    /// As short as what is asked allows.
    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        bits.push(30, u64::from(self.to.0));
        self.first.write(bits);
        if self.second.is_none() && self.other.is_none() {
            return;
        }
        bits.push(2, 0);
        self.second.unwrap_or_default().write(bits);
        bits.push(2, 0);
        if let Some((mmsi, request)) = self.other {
            bits.push(30, u64::from(mmsi.0));
            request.write(bits);
            bits.push(2, 0);
        }
    }
}

impl Request {
    fn read(bits: &Payload, start: usize) -> Request {
        Request { kind: bits.unsigned(start, 6) as u8, offset: bits.unsigned(start + 6, 12) as u16 }
    }

    fn write(self, bits: &mut Payload) {
        bits.push(6, u64::from(self.kind));
        bits.push(12, u64::from(self.offset));
    }
}
