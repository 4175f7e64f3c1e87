//! AIS messages: payload bits to fields, and back. Integers stay as sent; accessors give units.
//!
//! "Not available" is `None`, per field and per type; what is out of range without being the sentinel
//! (latitude 91.5, heading 400) is `None` too. A message longer than its type is read and its tail ignored;
//! one that ends before the last field that is read is refused, and nothing in it is taken for zero.

mod acknowledgement;
mod aid_to_navigation;
pub mod application;
mod assignment;
mod binary;
mod bits;
mod call;
mod channel_management;
mod clock;
mod coarse;
mod dgnss;
mod encode;
mod fix;
mod interrogation;
mod link_management;
mod place;
mod position_a;
mod position_b;
mod position_b_extended;
mod radio;
mod safety_text;
mod sar_aircraft;
mod slot_binary;
mod static_b;
mod static_voyage;
pub(crate) mod text;

pub use acknowledgement::{Acknowledgement, Arrived};
pub use aid_to_navigation::AidToNavigation;
pub use assignment::{Assigned, Assignment, GroupAssignment};
pub use binary::{ApplicationId, Binary};
pub use bits::Bits;
pub use call::Call;
pub use channel_management::{ChannelManagement, Told};
pub use clock::Clock;
pub use coarse::{Area, CoarsePlace};
pub use dgnss::{Correction, Dgnss};
pub use encode::{compose, to_sentences};
pub use fix::{Epfd, FixMode};
pub use interrogation::{Interrogation, Request, UtcInquiry};
pub use link_management::{LinkManagement, Reservation};
pub use place::{Dimensions, Place};
pub use position_a::PositionA;
pub use position_b::PositionB;
pub use position_b_extended::PositionBExtended;
pub use radio::{CommState, SlotUse, SyncState};
pub use safety_text::SafetyText;
pub use sar_aircraft::SarAircraft;
pub use slot_binary::SlotBinary;
pub use static_b::{StaticB, Vendor};
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

/// The fields of one message, by family of types. What is large and rare is boxed, so that a position is small
/// and read without allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Types 1, 2, 3: class A position. Type 27 (long range) too, which lacks most of it.
    PositionA(PositionA),
    /// Types 4 and 11: base station's or mobile's clock and place.
    Clock(Clock),
    /// Type 5: class A static and voyage data.
    StaticVoyage(Box<StaticVoyage>),
    /// Types 6 (addressed) and 8 (broadcast): data of an application.
    Binary(Box<Binary>),
    /// Types 7 and 13: acknowledgement of types 6 and 12.
    Acknowledgement(Acknowledgement),
    /// Type 9: search and rescue aircraft.
    SarAircraft(SarAircraft),
    /// Type 10: asks a station for its clock.
    UtcInquiry(UtcInquiry),
    /// Types 12 (addressed) and 14 (broadcast): safety-related text.
    SafetyText(SafetyText),
    /// Type 15: asks stations for messages.
    Interrogation(Interrogation),
    /// Type 16: tells one or two stations when to report.
    Assignment(Assignment),
    /// Type 17: corrections for satellite navigation.
    Dgnss(Box<Dgnss>),
    /// Type 18: class B position.
    PositionB(PositionB),
    /// Type 19: class B position with static data.
    PositionBExtended(Box<PositionBExtended>),
    /// Type 20: reserves slots.
    LinkManagement(LinkManagement),
    /// Type 21: aid to navigation.
    AidToNavigation(Box<AidToNavigation>),
    /// Type 22: tells stations which channels to use.
    ChannelManagement(ChannelManagement),
    /// Type 23: tells a group of stations how often to report.
    GroupAssignment(GroupAssignment),
    /// Type 24: class B static data, part A or B.
    StaticB(Box<StaticB>),
    /// Types 25 (one slot) and 26 (several): data with or without a named application.
    SlotBinary(Box<SlotBinary>),
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
        Self::decode_kind(bits, kind(bits)?)
    }

    /// Reads the fields of a class A position (types 1-3) or a class B position (type 18), the bulk of what is heard;
    /// `None` for other types and for messages that end too early.
    #[inline(always)]
    pub(crate) fn decode_position(bits: &Payload, kind: u8) -> Option<Message> {
        let body = match kind {
            1..=3 if bits.len() >= position_a::BITS => Body::PositionA(PositionA::read(bits, kind == 3)),
            18 if bits.len() >= position_b::BITS => Body::PositionB(PositionB::read(bits)),
            _ => return None,
        };
        let mmsi = Mmsi(bits.unsigned(8, 30) as u32);
        Some(Message { kind, repeat: bits.unsigned(6, 2) as u8, mmsi, body })
    }

    /// As [`decode`](Self::decode), for a message whose [`kind`] is known.
    pub(crate) fn decode_kind(bits: &Payload, kind: u8) -> Result<Message, Reject> {
        if bits.len() < BITS_SHORTEST[usize::from(kind)] {
            return Err(Reject::TooShort);
        }
        let mmsi = Mmsi(bits.unsigned(8, 30) as u32);
        let body = match kind {
            1..=3 => Body::PositionA(PositionA::read(bits, kind == 3)),
            4 | 11 => Body::Clock(Clock::read(bits)),
            5 => Body::StaticVoyage(Box::new(StaticVoyage::read(bits))),
            6 => Body::Binary(Box::new(Binary::read_addressed(bits))),
            7 | 13 => Body::Acknowledgement(Acknowledgement::read(bits)),
            8 => Body::Binary(Box::new(Binary::read(bits))),
            9 => Body::SarAircraft(SarAircraft::read(bits)),
            10 => Body::UtcInquiry(UtcInquiry::read(bits)),
            12 => Body::SafetyText(SafetyText::read_addressed(bits)),
            14 => Body::SafetyText(SafetyText::read(bits)),
            15 => Body::Interrogation(Interrogation::read(bits)),
            16 => Body::Assignment(Assignment::read(bits)),
            17 => Body::Dgnss(Box::new(Dgnss::read(bits))),
            18 => Body::PositionB(PositionB::read(bits)),
            19 => Body::PositionBExtended(Box::new(PositionBExtended::read(bits))),
            20 => Body::LinkManagement(LinkManagement::read(bits)),
            21 => Body::AidToNavigation(Box::new(AidToNavigation::read(bits))),
            22 => Body::ChannelManagement(ChannelManagement::read(bits)),
            23 => Body::GroupAssignment(GroupAssignment::read(bits)),
            24 => Body::StaticB(Box::new(StaticB::read(bits, mmsi)?)),
            25 => Body::SlotBinary(Box::new(SlotBinary::read(bits, false)?)),
            26 => Body::SlotBinary(Box::new(SlotBinary::read(bits, true)?)),
            _ => Body::PositionA(PositionA::read_long_range(bits)),
        };
        Ok(Message { kind, repeat: bits.unsigned(6, 2) as u8, mmsi, body })
    }
}

/// By type, the bits up to the end of the last field that a message cannot do without.
const BITS_SHORTEST: [usize; 28] = [
    BITS_HEADER,
    position_a::BITS,
    position_a::BITS,
    position_a::BITS,
    clock::BITS,
    static_voyage::BITS,
    binary::BITS_ADDRESSED,
    acknowledgement::BITS,
    binary::BITS,
    sar_aircraft::BITS,
    interrogation::BITS_UTC,
    clock::BITS,
    safety_text::BITS_ADDRESSED,
    acknowledgement::BITS,
    safety_text::BITS,
    interrogation::BITS,
    assignment::BITS,
    dgnss::BITS,
    position_b::BITS,
    position_b_extended::BITS,
    link_management::BITS,
    aid_to_navigation::BITS,
    channel_management::BITS,
    assignment::BITS_GROUP,
    static_b::BITS_PART,
    slot_binary::BITS,
    slot_binary::BITS,
    position_a::BITS_LONG_RANGE,
];

/// Type of ship in the 8 bits at `start`; 0 is "not available".
fn ship_type(bits: &Payload, start: usize) -> Option<ShipType> {
    Some(ShipType(bits.unsigned(start, 8) as u8)).filter(|t| t.0 != 0)
}

#[cfg(test)]
mod tests;
