//! What lies around a position: land or water, how far the coast and the next port are, zones, and night.
//!
//! [`Places`] is built once from place files and never changes; everything in it is a pure function of the files,
//! whose digest is journalled as a setting.

mod file;
mod grid;
mod outline;
mod shore;
mod sun;
pub mod build;
pub mod zone;

pub use file::{InlandWaters, Land, Line, PlaceFile, PlacesError, Port, PortKind};
pub use outline::Outline;
pub use sun::{is_night, sun_altitude};

use crate::geo::{Area, Metres, NAUTICAL_MILE, Position};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shore::{Gather, Lines, Points};

/// The world at basemap detail, made by `deploy/places/build.sh` from public-domain data.
const WORLD: &[u8] = include_bytes!("../../deploy/places/world.places");

/// Distances to the coast are given up to here.
const COAST_MAX: Metres = Metres(200.0 * NAUTICAL_MILE);

/// A port is named up to here.
const PORT_MAX: Metres = Metres(50.0 * NAUTICAL_MILE);

/// A position this near a port's point is in the port: a berth is not a beach. See `deploy/places/README.md` for
/// the measurement behind it.
const PORT_MASK: Metres = Metres(5_000.0);

/// A position this near a mapped river or lake shore is on it. Measured, as [`PORT_MASK`].
const RIVER_MASK: Metres = Metres(3_000.0);

/// Number of a port within one set of place files; [`Places::port`] gives its name. Written down, use the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortId(pub u16);

/// How well the coast is known at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// From a regional file (GSHHG high).
    High,
    /// From the map of the world (Natural Earth 1:10 million).
    Basemap,
}

impl Detail {
    /// How far the drawn coast may lie from the real one. Measured against known anchorages, see
    /// `deploy/places/README.md`.
    pub fn coast_error(self) -> Metres {
        match self {
            Detail::High => Metres(1_500.0),
            Detail::Basemap => Metres(3_000.0),
        }
    }
}

/// What lies around one position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Distance to the nearest sea coast: positive at sea, negative inland (lakes included), at most 200 miles.
    pub coast: Metres,
    /// Inside land by more than the coast error, and outside every port, river and lake mask: no vessel can be here.
    pub on_land: bool,
    /// The nearest port or anchorage within 50 miles and how far it is.
    pub port: Option<(PortId, Metres)>,
    /// In a harbour or inland waters: within 5 km of a port's point, on a lake, within 3 km of a mapped river or
    /// lake shore, or in a delta whose waters the map does not draw.
    pub river: bool,
    /// Which map answered.
    pub detail: Detail,
}

/// What a loaded place file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What part of the world it shows.
    pub name: String,
    /// Where the data comes from and under which licence.
    pub provenance: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// Coast, rivers and ports of the world, ready for look-ups. Immutable.
#[derive(Debug)]
pub struct Places {
    /// Regions in the order given, then the world.
    outlines: Vec<Outline>,
    coast: Lines,
    rivers: Lines,
    ports: Vec<Port>,
    port_index: Points,
    sources: Vec<Source>,
}

impl Places {
    /// The world at basemap detail, as built into the program.
    pub fn world() -> Places {
        Places::load(&[]).expect("the built-in place file is held readable by a test")
    }

    /// The world with regions of higher detail, given as the bytes of their place files. Where two regions
    /// overlap the first one answers.
    pub fn load(regions: &[&[u8]]) -> Result<Places, PlacesError> {
        Places::over(WORLD, regions)
    }

    /// As [`Places::load`] with another map of the world.
    pub(super) fn over(world: &[u8], regions: &[&[u8]]) -> Result<Places, PlacesError> {
        let mut outlines: Vec<Outline> = Vec::with_capacity(regions.len() + 1);
        let mut sources = Vec::with_capacity(regions.len() + 1);
        let mut ports = Vec::new();
        let (mut coast, mut rivers) = (Gather::default(), Gather::default());
        let details = regions.iter().map(|&r| (r, Detail::High)).chain([(world, Detail::Basemap)]);
        for (bytes, detail) in details {
            let file = PlaceFile::from_bytes(bytes)?;
            let outline = Outline::new(&file, detail)?;
            outline.gather(&outlines, &mut coast, &mut rivers);
            outlines.push(outline);
            ports.extend(file.ports);
            let digest = Sha256::digest(bytes).into();
            sources.push(Source { name: file.name, provenance: file.provenance, digest });
        }
        // A stable sort: of one code in two files the regional entry stays.
        ports.sort_by(|a: &Port, b| a.code.cmp(&b.code));
        ports.dedup_by(|later, first| later.code == first.code);
        if ports.len() > usize::from(u16::MAX) {
            return Err(PlacesError::Content("more ports than can be numbered"));
        }
        let port_index = Points::new(ports.iter().zip(0u16..).map(|(port, n)| (port.at, n)));
        Ok(Places { outlines, coast: coast.finish(), rivers: rivers.finish(), ports, port_index, sources })
    }

    /// SHA-256 over the digests of all files in use, in order. Two sets with one digest give the same answers.
    pub fn digest(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        for source in &self.sources {
            all.update(source.digest);
        }
        all.finalize().into()
    }

    /// The files in use: regions in the order given, then the world.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Land as drawn: regions in the order given, then the world.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// A port by its number; `None` for a number from other place files.
    pub fn port(&self, id: PortId) -> Option<&Port> {
        self.ports.get(usize::from(id.0))
    }

    /// Every port and anchorage with its number, sorted by code.
    pub fn ports(&self) -> impl Iterator<Item = (PortId, &Port)> {
        self.ports.iter().zip(0u16..).map(|(port, n)| (PortId(n), port))
    }

    /// The ports and anchorages in a box, sorted by code.
    pub fn ports_in(&self, area: Area) -> impl Iterator<Item = (PortId, &Port)> {
        self.ports().filter(move |(_, port)| area.contains(port.at))
    }

    /// What lies around a position.
    pub fn surroundings(&self, p: Position) -> Surroundings {
        let at = shore::unit(p);
        let outline = self.outline(p);
        let water = outline.water(p);
        let coast = self.coast.nearest(&at).unwrap_or(COAST_MAX).0.min(COAST_MAX.0);
        let port = self.port_index.nearest(&at).map(|(n, distance)| (PortId(n), distance));
        let port = port.filter(|(_, distance)| distance.0 <= PORT_MAX.0);
        let in_port = port.is_some_and(|(_, distance)| distance.0 <= PORT_MASK.0);
        let undrawn = || water == Water::No && self.outlines.iter().any(|map| map.undrawn(p));
        let river = in_port || water == Water::Lake || self.rivers.within(&at, RIVER_MASK) || undrawn();
        let detail = outline.detail();
        Surroundings {
            coast: Metres(if water == Water::Sea { coast } else { -coast }),
            on_land: water == Water::No && coast > detail.coast_error().0 && !river,
            port,
            river,
            detail,
        }
    }

    /// The most detailed map that shows the position.
    fn outline(&self, p: Position) -> &Outline {
        let shows = |outline: &&Outline| outline.shows(p);
        self.outlines.iter().find(shows).or(self.outlines.last()).expect("the world is always loaded")
    }
}

/// What the map draws at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Water {
    Sea,
    Lake,
    No,
}

/// Surroundings kept while a vessel moves, looked up again only once they may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nearby {
    /// Where they were looked up.
    pub at: Position,
    /// What was found there.
    pub surroundings: Surroundings,
    /// How far from [`Nearby::at`] they hold: coast and port distances are then right to 5 % or 50 m,
    /// whichever is more.
    pub valid_within: Metres,
}

impl Nearby {
    /// Looks up the surroundings of a position.
    pub fn new(places: &Places, p: Position) -> Nearby {
        let surroundings = places.surroundings(p);
        let port = surroundings.port.map_or(PORT_MAX, |(_, distance)| distance);
        let least = surroundings.coast.0.abs().min(port.0);
        Nearby { at: p, surroundings, valid_within: Metres((0.05 * least).max(50.0)) }
    }

    /// Brings the surroundings to a new position. Depends on nothing but the state before, the files and `p`.
    pub fn refresh(&mut self, places: &Places, p: Position) {
        if self.at.distance(p).0 > self.valid_within.0 {
            *self = Nearby::new(places, p);
        }
    }
}

#[cfg(test)]
mod tests;
