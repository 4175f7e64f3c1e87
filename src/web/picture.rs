//! What the daemon publishes of the vessels once a second, for the map and the vessel's card.

use crate::geo::{Metres, Position};
use crate::track::{Class, TrackId};
use sensors::{Imo, Mmsi, ReceiverId, ShipType, Time, message::application::Persons};
use std::sync::Arc;

/// All live vessels at one moment.
#[derive(Debug, Clone, Default)]
pub struct LivePicture {
    /// The watch's own time.
    pub now: Time,
    /// Sorted by track; one row a track.
    pub vessels: Vec<LiveVessel>,
}

/// One live vessel as last heard. Cheap to clone: texts are shared.
#[derive(Debug, Clone)]
pub struct LiveVessel {
    /// Its track.
    pub track: TrackId,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// Last position.
    pub position: Position,
    /// Speed over ground, 1/10 knot.
    pub speed: Option<u16>,
    /// Course over ground, 1/10 degree.
    pub course: Option<u16>,
    /// True heading, degrees.
    pub heading: Option<u16>,
    /// Navigational status 0-15.
    pub status: u8,
    /// Kind of station.
    pub class: Class,
    /// Type of ship as claimed.
    pub ship_type: Option<ShipType>,
    /// When its track began.
    pub first_heard_at: Time,
    /// When it was last heard.
    pub last_heard_at: Time,
    /// Name as claimed.
    pub name: Option<Arc<str>>,
    /// Call sign as claimed.
    pub call_sign: Option<Arc<str>>,
    /// IMO number as claimed.
    pub imo: Option<Imo>,
    /// Length and breadth as claimed.
    pub dimensions: Option<(Metres, Metres)>,
    /// Destination as typed.
    pub destination: Option<Arc<str>>,
    /// Draught as claimed.
    pub draught: Option<Metres>,
    /// Persons on board as claimed.
    pub persons_on_board: Option<Persons>,
    /// The number that a radar gave it; such a target has no MMSI.
    pub radar_target: Option<u16>,
    /// Distance to the nearest coast.
    pub coast: Option<Metres>,
    /// The nearest port and how far it is.
    pub port: Option<(Arc<str>, Metres)>,
    /// Whether the sun is down there.
    pub night: bool,
    /// Names of the zones it is in.
    pub zones: Arc<[Arc<str>]>,
    /// Who heard it last.
    pub receiver: ReceiverId,
    /// Whether it has an open alert.
    pub alerted: bool,
}

impl LivePicture {
    /// The vessel on this track.
    pub fn vessel(&self, track: TrackId) -> Option<&LiveVessel> {
        let at = self.vessels.binary_search_by_key(&track, |v| v.track).ok()?;
        self.vessels.get(at)
    }
}
