//! Stage A, follow: which track a report belongs to, its fixes, and what its sender claims to be.

mod draft;
mod flag;
mod follow;
mod identity;
mod open;
mod particulars;
mod radar;
mod refused;
mod segment;
mod settings;
mod step;

#[cfg(test)]
mod tests;

pub use flag::flag;
pub use follow::Tracks;
pub use identity::{Identity, Remark, Said, remarks};
pub use particulars::Particulars;
pub use refused::{Refused, Standing};
pub use settings::Settings;
pub use step::{Event, Followed, Gained, Step};

use crate::geo::{Degrees, Knots, Position};
use sensors::{Mmsi, ReceiverId, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A track segment's name: site and the journal sequence of its first line. Never changes.
/// Written as `site-sequence`, such as `0-18231`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(u64);

impl TrackId {
    const SEQUENCE_BITS: u32 = 48;

    /// The track that begins at `sequence` in the journal of `site`.
    pub fn new(site: u16, sequence: u64) -> TrackId {
        TrackId(u64::from(site) << Self::SEQUENCE_BITS | sequence & ((1 << Self::SEQUENCE_BITS) - 1))
    }

    /// As one number, for storage.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Back from storage.
    pub fn from_u64(n: u64) -> TrackId {
        TrackId(n)
    }
}

impl std::fmt::Display for TrackId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0 >> Self::SEQUENCE_BITS, self.0 & ((1 << Self::SEQUENCE_BITS) - 1))
    }
}

impl std::str::FromStr for TrackId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<TrackId, Self::Err> {
        let parts =
            text.split_once('-').and_then(|(site, seq)| Some((site.parse().ok()?, seq.parse().ok()?)));
        match parts {
            Some((site, sequence)) if sequence < 1 << Self::SEQUENCE_BITS => Ok(TrackId::new(site, sequence)),
            _ => Err("a track is written site-sequence, such as 0-18231"),
        }
    }
}

impl Serialize for TrackId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for TrackId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<TrackId, D::Error> {
        if d.is_human_readable() {
            String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(d).map(TrackId)
        }
    }
}

/// What kind of station sent a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Class {
    /// Class A vessel (types 1, 2, 3).
    A = 0,
    /// Class B vessel (types 18, 19).
    B = 1,
    /// Long range (type 27).
    LongRange = 2,
    /// Search and rescue aircraft (type 9).
    SarAircraft = 3,
    /// Search and rescue transmitter, man overboard device, EPIRB (MMSI 970, 972, 974).
    DistressDevice = 4,
    /// Aid to navigation (type 21).
    AidToNavigation = 5,
    /// Base station (type 4).
    BaseStation = 6,
    /// What a radar tracks (TTM, TLL): it says nothing of itself, and its MMSI is 0.
    RadarTarget = 7,
}

/// An admitted position on a track. Integers stay as sent; accessors give units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The track it belongs to.
    pub track: TrackId,
    /// Journal sequence of its line.
    pub sequence: u64,
    /// Event time.
    pub time: Time,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// Where.
    pub position: Position,
    /// Speed over ground, 1/10 knot.
    pub speed: Option<u16>,
    /// Course over ground, 1/10 degree.
    pub course: Option<u16>,
    /// True heading, degrees.
    pub heading: Option<u16>,
    /// Navigational status 0-15; 15 where the message type has none.
    pub status: u8,
    /// Kind of station.
    pub class: Class,
    /// The first receiver that heard it.
    pub receiver: ReceiverId,
    /// Whether it moved its track.
    pub standing: Standing,
}

impl Fix {
    /// Speed over ground.
    pub fn knots(&self) -> Option<Knots> {
        self.speed.map(|s| Knots(f64::from(s) / 10.0))
    }

    /// Course over ground.
    pub fn course_degrees(&self) -> Option<Degrees> {
        self.course.map(|c| Degrees(f64::from(c) / 10.0))
    }
}

/// What a sender says of itself, one attribute at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Attribute {
    /// Name, as sent.
    Name = 0,
    /// Call sign.
    CallSign = 1,
    /// IMO number.
    Imo = 2,
    /// Type of ship, as a number.
    ShipType = 3,
    /// Bow, stern, port, starboard in metres, joined by commas.
    Dimensions = 4,
    /// Destination, as typed.
    Destination = 5,
    /// Draught in metres.
    Draught = 6,
    /// Persons on board; `8191+` is that or more.
    PersonsOnBoard = 7,
    /// The number that a radar gave its target.
    RadarTarget = 8,
}

/// One attribute as claimed in one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The track it was claimed on.
    pub track: TrackId,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// Journal sequence of the line.
    pub sequence: u64,
    /// Event time.
    pub time: Time,
    /// Which attribute.
    pub attribute: Attribute,
    /// Its value as text.
    pub value: String,
}
