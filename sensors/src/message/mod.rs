//! AIS messages: payload bits to fields, and back. Integers stay as sent; accessors give units.
//!
//! "Not available" is `None`, per field and per type; what is out of range without being the sentinel
//! (latitude 91.5, heading 400) is `None` too. A message longer than its type is read and its tail ignored;
//! one that ends before the last field that is read is refused, and nothing in it is taken for zero.

mod aid_to_navigation;
pub mod application;
mod bits;
mod clock;
mod encode;
mod place;
mod position_a;
mod position_b;
mod safety_text;
mod sar_aircraft;
mod static_b;
mod static_voyage;
mod text;

pub use aid_to_navigation::AidToNavigation;
pub use bits::Bits;
pub use clock::Clock;
pub use encode::to_sentences;
pub use place::{Dimensions, Place};
pub use position_a::PositionA;
pub use position_b::PositionB;
pub use safety_text::SafetyText;
pub use sar_aircraft::SarAircraft;
pub use static_b::StaticB;
pub use static_voyage::{Eta, StaticVoyage};

use crate::sentence::{Payload, Reject};
use crate::{Mmsi, ShipType};
use serde::{Deserialize, Serialize};

/// One AIS message of types 1-27.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Message type, 1-27.
    pub kind: u8,
    /// Repeat indicator, 0-3.
    pub repeat: u8,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// The fields.
    pub body: Body,
}

/// The fields of one message, by family of types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Types 1, 2, 3: class A position. Type 27 (long range) too, which lacks most of it.
    PositionA(PositionA),
    /// Types 4 and 11: base station's or mobile's clock and place.
    Clock(Clock),
    /// Type 5: class A static and voyage data. Boxed: it is rare and large.
    StaticVoyage(Box<StaticVoyage>),
    /// Type 9: search and rescue aircraft.
    SarAircraft(SarAircraft),
    /// Types 12 (addressed) and 14 (broadcast): safety-related text.
    SafetyText(SafetyText),
    /// Types 18 and 19: class B position; 19 brings static data along.
    PositionB(Box<PositionB>),
    /// Type 21: aid to navigation.
    AidToNavigation(Box<AidToNavigation>),
    /// Type 24: class B static data, part A or B.
    StaticB(Box<StaticB>),
    /// A type whose fields are not read yet; counted by type.
    Other,
}

/// Type, repeat indicator and MMSI.
const BITS_HEADER: usize = 38;

/// The message type, 1-27.
///
/// # Errors
/// `TooShort` without an MMSI; `UnknownMessageType` for 0 and 28-63, which do arrive with good checksums.
pub fn kind(bits: &Payload) -> Result<u8, Reject> {
    match bits.unsigned(0, 6) as u8 {
        _ if bits.len() < BITS_HEADER => Err(Reject::TooShort),
        kind @ 1..=27 => Ok(kind),
        _ => Err(Reject::UnknownMessageType),
    }
}

impl Message {
    /// Reads a message's fields.
    ///
    /// # Errors
    /// As [`kind`], and `TooShort` or `UnknownStaticPart` by type.
    pub fn decode(bits: &Payload) -> Result<Message, Reject> {
        let kind = kind(bits)?;
        let mmsi = Mmsi(bits.unsigned(8, 30) as u32);
        let shortest = match kind {
            1..=3 => position_a::BITS,
            4 | 11 => clock::BITS,
            5 => static_voyage::BITS,
            9 => sar_aircraft::BITS,
            12 => safety_text::BITS_ADDRESSED,
            14 => safety_text::BITS,
            18 => position_b::BITS,
            19 => position_b::BITS_EXTENDED,
            21 => aid_to_navigation::BITS,
            24 => static_b::BITS_PART,
            27 => position_a::BITS_LONG_RANGE,
            _ => BITS_HEADER,
        };
        if bits.len() < shortest {
            return Err(Reject::TooShort);
        }
        let body = match kind {
            1..=3 => Body::PositionA(PositionA::read(bits)),
            4 | 11 => Body::Clock(Clock::read(bits)),
            5 => Body::StaticVoyage(Box::new(StaticVoyage::read(bits))),
            9 => Body::SarAircraft(SarAircraft::read(bits)),
            12 | 14 => Body::SafetyText(SafetyText::read(bits, kind == 12)),
            18 => Body::PositionB(Box::new(PositionB::read(bits))),
            19 => Body::PositionB(Box::new(PositionB::read_extended(bits))),
            21 => Body::AidToNavigation(Box::new(AidToNavigation::read(bits))),
            24 => Body::StaticB(Box::new(StaticB::read(bits, mmsi)?)),
            27 => Body::PositionA(PositionA::read_long_range(bits)),
            _ => Body::Other,
        };
        Ok(Message { kind, repeat: bits.unsigned(6, 2) as u8, mmsi, body })
    }
}

/// Type of ship in the 8 bits at `start`; 0 is "not available".
fn ship_type(bits: &Payload, start: usize) -> Option<ShipType> {
    Some(ShipType(bits.unsigned(start, 8) as u8)).filter(|t| t.0 != 0)
}

#[cfg(test)]
mod tests;
