//! The place file: coast, lakes, rivers and ports of one part of the world, small enough to carry to a boat.
//!
//! Layout: one line of text (`watchkeeper places 1`), then one zstd frame holding a [`PlaceFile`] in postcard
//! encoding. Coordinates are whole steps, each written as the difference to the one before it.

use crate::geo::Position;
use serde::{Deserialize, Serialize};

/// First bytes of every place file; the digit is the version of the layout.
const MAGIC: &[u8] = b"watchkeeper places 1\n";

/// Largest accepted size once unpacked. The committed files unpack to less than 4 MB.
const UNPACKED_MAX: usize = 64 << 20;

/// Why bytes handed in as a place file are refused.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// The first line is not the one of a place file of this version.
    #[error("not a place file: it must begin with the line \"watchkeeper places 1\"")]
    NotPlaces,
    /// The compressed part is cut, altered or larger than accepted.
    #[error("the place file does not unpack")]
    Unpack(#[source] std::io::Error),
    /// What was unpacked is not the expected structure.
    #[error("the place file is damaged")]
    Decode(#[source] postcard::Error),
    /// A coordinate, ring or count lies outside what a place file may hold.
    #[error("the place file holds {0}")]
    Content(&'static str),
    /// A file could not be packed (builder only).
    #[error("the place file can't be packed")]
    Pack(#[source] std::io::Error),
}

/// What one place file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceFile {
    /// What part of the world it shows, in words.
    pub name: String,
    /// Where the data comes from and under which licence.
    pub provenance: String,
    /// West, south, east, north edge in steps. Outside of it the file says nothing.
    pub bounds: [i32; 4],
    /// One step in 1/10000 minute ([`Position`] units).
    pub step: i32,
    /// Whether holes in the land are sea (an inland sea of a coarse map) and not lakes.
    pub holes_are_sea: bool,
    /// Land, with its lakes as holes.
    pub lands: Vec<Land>,
    /// Rivers as lines.
    pub rivers: Vec<Line>,
    /// Ports and anchorages, sorted by code.
    pub ports: Vec<Port>,
    /// Waters that the map does not draw, in this file's part of the world or elsewhere.
    pub inland_waters: Vec<InlandWaters>,
}

/// A delta or canal country whose waters are too many or too narrow to be drawn: nothing in it is called "on land".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InlandWaters {
    /// Name as charts write it.
    pub name: String,
    /// Its middle.
    pub at: Position,
    /// How far it reaches.
    pub radius_km: u16,
}

/// One piece of land.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Land {
    /// An island in a lake: its shore is no sea coast.
    pub inland: bool,
    /// The outline first, then the holes. Not closed: the last point joins the first.
    pub rings: Vec<Line>,
}

/// A line of points: longitude, latitude, longitude, latitude ... in steps, each after the first pair written
/// as the difference to the point before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(Vec<i32>);

/// What kind of place a [`Port`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// Quays or a roadstead with a name of a port.
    Port,
    /// Waters where vessels wait at anchor.
    Anchorage,
}

/// A port or anchorage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// UN/LOCODE-like id as the source gives it ("KHKOS"); ours begin with the country and hold a digit or dash.
    pub code: String,
    /// Name as charts write it; another name in brackets where two entries of the source are one port.
    pub name: String,
    /// Country in English.
    pub country: String,
    /// Port or anchorage.
    pub kind: PortKind,
    /// Where.
    pub at: Position,
}

impl Line {
    /// Writes points given as (longitude, latitude) in steps.
    pub fn new(points: &[(i32, i32)]) -> Line {
        let mut last = (0, 0);
        let mut line = Vec::with_capacity(points.len() * 2);
        for &(lon, lat) in points {
            line.push(lon - last.0);
            line.push(lat - last.1);
            last = (lon, lat);
        }
        Line(line)
    }

    /// The points as [longitude, latitude] in [`Position`] units.
    pub(super) fn points(&self, step: i32) -> Result<Vec<[i32; 2]>, PlacesError> {
        let mut last = (0i32, 0i32);
        let mut points = Vec::with_capacity(self.0.len() / 2 + 1);
        for pair in self.0.chunks(2) {
            let &[dlon, dlat] = pair else {
                return Err(PlacesError::Content("half a point"));
            };
            last = last.0.checked_add(dlon).zip(last.1.checked_add(dlat)).ok_or(OFF_EARTH)?;
            points.push(scaled(last.0, last.1, step)?);
        }
        Ok(points)
    }
}

const OFF_EARTH: PlacesError = PlacesError::Content("a point that is not on the earth");

/// Steps to [`Position`] units, refusing what is not on the earth.
fn scaled(lon: i32, lat: i32, step: i32) -> Result<[i32; 2], PlacesError> {
    let (lon, lat) = lon.checked_mul(step).zip(lat.checked_mul(step)).ok_or(OFF_EARTH)?;
    // 180 and 90 degrees in 1/10000 minute.
    if (-108_000_000..=108_000_000).contains(&lon) && (-54_000_000..=54_000_000).contains(&lat) {
        Ok([lon, lat])
    } else {
        Err(OFF_EARTH)
    }
}

impl PlaceFile {
    /// Packs the file. Same content, same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PlacesError> {
        let body = postcard::to_stdvec(self).map_err(PlacesError::Decode)?;
        let packed = zstd::bulk::compress(&body, 19).map_err(PlacesError::Pack)?;
        Ok([MAGIC, &packed].concat())
    }

    /// Unpacks a file; never panics on what it is given.
    pub fn from_bytes(bytes: &[u8]) -> Result<PlaceFile, PlacesError> {
        let packed = bytes.strip_prefix(MAGIC).ok_or(PlacesError::NotPlaces)?;
        let body = zstd::bulk::decompress(packed, UNPACKED_MAX).map_err(PlacesError::Unpack)?;
        let file: PlaceFile = postcard::from_bytes(&body).map_err(PlacesError::Decode)?;
        if file.step < 1 {
            return Err(PlacesError::Content("a step below one"));
        }
        let [west, south, east, north] = file.bounds()?;
        if west >= east || south >= north {
            return Err(PlacesError::Content("bounds without an inside"));
        }
        Ok(file)
    }

    /// West, south, east, north in [`Position`] units.
    pub(super) fn bounds(&self) -> Result<[i32; 4], PlacesError> {
        let [west, south] = scaled(self.bounds[0], self.bounds[1], self.step)?;
        let [east, north] = scaled(self.bounds[2], self.bounds[3], self.step)?;
        Ok([west, south, east, north])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn island() -> PlaceFile {
        PlaceFile {
            name: "an island".into(),
            provenance: "made up".into(),
            bounds: [0, 0, 100, 100],
            step: 60,
            holes_are_sea: false,
            lands: vec![Land { inland: false, rings: vec![Line::new(&[(10, 10), (20, 10), (15, -20)])] }],
            rivers: vec![],
            ports: vec![],
            inland_waters: vec![],
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let file = island();
        let bytes = file.to_bytes().unwrap();
        assert_eq!(PlaceFile::from_bytes(&bytes).unwrap(), file);
        assert_eq!(file.lands[0].rings[0].points(60).unwrap(), [[600, 600], [1200, 600], [900, -1200]]);
    }

    #[test]
    fn refuses_damage_without_a_panic() {
        let bytes = island().to_bytes().unwrap();
        assert!(matches!(PlaceFile::from_bytes(b""), Err(PlacesError::NotPlaces)));
        assert!(matches!(PlaceFile::from_bytes(b"GSHHG"), Err(PlacesError::NotPlaces)));
        for cut in MAGIC.len()..bytes.len() {
            assert!(PlaceFile::from_bytes(&bytes[..cut]).is_err());
        }
        for at in MAGIC.len()..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x41;
            let _ =
                PlaceFile::from_bytes(&altered).map(|f| f.lands.iter().map(|l| l.rings.len()).sum::<usize>());
        }
        assert!(Line(vec![i32::MAX, 0, i32::MAX, 0]).points(60).is_err());
        assert!(Line(vec![1, 2, 3]).points(60).is_err());
        assert!(Line(vec![200 * 10_000, 0]).points(60).is_err());
    }
}
