//! What a question is about: one vessel, a box, or a name.

use crate::geo::{Area, Position};
use crate::track::{Fix, TrackId};
use sensors::Mmsi;

/// Whose track is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One track.
    Track(TrackId),
    /// Every track that claimed this MMSI.
    Mmsi(Mmsi),
}

/// By what a vessel is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Part of a name, in any case.
    Name(String),
    /// The whole call sign, in any case.
    CallSign(String),
    /// Everything that this MMSI claimed.
    Mmsi(Mmsi),
    /// The IMO number.
    Imo(u32),
    /// Everything that was claimed on this track.
    Track(TrackId),
}

/// Which positions a question is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scope {
    Whose(Whose),
    Area(Area, Option<Mmsi>),
}

impl Scope {
    pub(super) fn covers(&self, fix: &Fix) -> bool {
        match self {
            Scope::Whose(Whose::Track(track)) => fix.track == *track,
            Scope::Whose(Whose::Mmsi(mmsi)) => fix.mmsi == *mmsi,
            Scope::Area(area, mmsi) => mmsi.is_none_or(|m| m == fix.mmsi) && area.contains(fix.position),
        }
    }
}

/// A box and a span of time, in the units of the positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) south_west: Position,
    pub(super) north_east: Position,
}

impl Extent {
    pub(super) fn of(position: Position) -> Extent {
        Extent { south_west: position, north_east: position }
    }

    pub(super) fn add(&mut self, p: Position) {
        self.south_west.lat = self.south_west.lat.min(p.lat);
        self.south_west.lon = self.south_west.lon.min(p.lon);
        self.north_east.lat = self.north_east.lat.max(p.lat);
        self.north_east.lon = self.north_east.lon.max(p.lon);
    }
}
