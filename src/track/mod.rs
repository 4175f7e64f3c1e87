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
/// Written as `site-sequence`, such as `0-18231`; where it begins with a later report of a line that holds several, as
/// `site-sequence.part`, such as `0-18231.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(u64);

impl TrackId {
    /// Below the site: a bit that says whether a part follows, and either 47 bits of sequence, or the part and 39.
    const SITE_SHIFT: u32 = 48;
    const HAS_PART: u64 = 1 << 47;
    const PART_SHIFT: u32 = 39;

    /// The track that begins with the first report of the line `sequence` in the journal of `site`.
    pub fn new(site: u16, sequence: u64) -> TrackId {
        TrackId::of_part(site, sequence, 0)
    }

    /// The track that begins with a report of that line, by its number from 0.
    pub fn of_part(site: u16, sequence: u64, part: u8) -> TrackId {
        let within = match part {
            0 => sequence & (Self::HAS_PART - 1),
            _ => {
                Self::HAS_PART
                    | u64::from(part) << Self::PART_SHIFT
                    | sequence & ((1 << Self::PART_SHIFT) - 1)
            }
        };
        TrackId(u64::from(site) << Self::SITE_SHIFT | within)
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
        let (site, within) = (self.0 >> Self::SITE_SHIFT, self.0 & (2 * Self::HAS_PART - 1));
        if within & Self::HAS_PART == 0 {
            return write!(f, "{site}-{within}");
        }
        let part = within >> Self::PART_SHIFT & 0xff;
        write!(f, "{site}-{}.{part}", within & ((1 << Self::PART_SHIFT) - 1))
    }
}

impl std::str::FromStr for TrackId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<TrackId, Self::Err> {
        let read = || {
            let (site, rest) = text.split_once('-')?;
            let (sequence, part) = match rest.split_once('.') {
                Some((sequence, part)) => (sequence, part.parse().ok().filter(|part| *part > 0)?),
                None => (rest, 0),
            };
            let (site, sequence) = (site.parse().ok()?, sequence.parse::<u64>().ok()?);
            let bits = if part == 0 { Self::PART_SHIFT + 8 } else { Self::PART_SHIFT };
            (sequence < 1 << bits).then(|| TrackId::of_part(site, sequence, part))
        };
        read().ok_or("a track is written site-sequence, such as 0-18231")
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

#[cfg(test)]
mod name_tests {
    use super::TrackId;

    #[test]
    fn a_name_says_site_sequence_and_which_of_its_line_and_is_read_back() {
        let (first, third) = (TrackId::new(3, 18_231), TrackId::of_part(3, 18_231, 2));
        assert_eq!([first, third].map(|id| id.to_string()), ["3-18231", "3-18231.2"]);
        for id in
            [first, third, TrackId::new(u16::MAX, (1 << 47) - 1), TrackId::of_part(0, (1 << 39) - 1, 255)]
        {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(TrackId::from_u64(id.as_u64()), id);
        }
        for text in
            ["", "3", "3-", "3-x", "3-1.0", "3-1.256", "3-140737488355328", "3-549755813888.1", "70000-1"]
        {
            assert!(text.parse::<TrackId>().is_err(), "{text}");
        }
        assert_eq!(TrackId::new(0, 18_231).as_u64(), 18_231, "as it was before a line could begin several");
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
