//! What leaves this crate: one thing heard, by whom and when.

mod counts;
mod decoder;
mod hearing;
mod json;
mod names;
mod senders;
mod strength;

pub use counts::Counts;
pub use decoder::{Decoder, Line};
pub use hearing::Tally;
pub use senders::SENDERS_MAX;

use crate::gnss::GnssReport;
use crate::message::Message;
use crate::radar::Radar;
use crate::sentence::Signal;
use crate::transponder::Transponder;
use crate::{ReceiverId, StationId, Time};
use serde::{Deserialize, Serialize};

/// One complete thing heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Which of the receiver's stations: what TAG block, Gatehouse line, trailer or JSON names.
    pub station: StationId,
    /// Journal sequence of the line that completed it.
    pub sequence: u64,
    /// Which report of that line it is, from 0: a line may hold several sentences, or JSON with several messages.
    pub part: u8,
    /// Event time: the receiver's own stamp where one came with the line and is believable, else arrival.
    pub time: Time,
    /// The time is such a stamp.
    pub stamped: bool,
    /// When the line that completed it arrived here.
    pub heard_at: Time,
    /// What was said.
    pub content: Content,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// An AIS message of a type that is decoded to fields.
    Ais(Ais),
    /// A position or time from a GNSS receiver.
    Gnss(GnssReport),
    /// What a radar beside the AIS receiver tracks and shows. Boxed: it is rare and large.
    Radar(Box<Radar>),
    /// What the AIS transponder says of itself and of the radio link.
    Transponder(Box<Transponder>),
    /// How strongly the same receiver received an AIS message that it brought before: a VSI that names it.
    Strength(Strength),
}

/// How strongly a message was received that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strength {
    /// The message's [`Ais::payload_hash`].
    pub payload_hash: u64,
    /// What the receiver measured.
    pub signal: Signal,
}

/// An AIS message and how it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ais {
    /// The decoded message.
    pub message: Message,
    /// `VDO`: what the receiver's own ship sent, not what it heard.
    pub own_ship: bool,
    /// 64-bit hash of the payload's bits, the same for the same transmission at every receiver.
    pub payload_hash: u64,
    /// How strongly and when it arrived, where the receiver tells.
    #[serde(default)]
    pub signal: Option<Signal>,
    /// The message came as decoded values; its bits are ours, not those that were on the air.
    pub derived: bool,
}

#[cfg(test)]
mod tests;
