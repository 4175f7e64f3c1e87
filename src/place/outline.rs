//! One map of land and lakes: which side of the shore a position is on, and the rings to draw.

use super::file::{InlandWaters, PlaceFile, PlacesError};
use super::grid::Grid;
use super::shore::Gather;
use super::{Detail, Water};
use crate::geo::Position;
use std::ops::Range;

/// Cells of a regional map: 0.05 degree.
const FINE: i32 = 30_000;
/// Cells of the map of the world: 0.25 degree.
const COARSE: i32 = 150_000;

/// The land of one place file, in [`Position`] units.
#[derive(Debug)]
pub struct Outline {
    detail: Detail,
    bounds: [i32; 4],
    holes_are_sea: bool,
    inland_waters: Vec<InlandWaters>,
    /// Rings one after the other, each closed.
    vertices: Vec<[i32; 2]>,
    rings: Vec<Ring>,
    /// Which of the rings are lakes.
    lakes: Vec<usize>,
    rivers: Vec<Vec<[i32; 2]>>,
    grid: Grid,
}

/// One closed ring of an [`Outline`].
#[derive(Debug)]
struct Ring {
    vertices: Range<usize>,
    /// West, south, east, north.
    around: [i32; 4],
    kind: Kind,
}

/// What a ring encloses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Land,
    /// An island in a lake.
    Island,
    /// A hole in the land ring before it.
    Hole,
}

impl Outline {
    pub(super) fn new(file: &PlaceFile, detail: Detail) -> Result<Outline, PlacesError> {
        let bounds = file.bounds()?;
        let mut vertices: Vec<[i32; 2]> = Vec::new();
        let mut rings = Vec::new();
        for land in &file.lands {
            for (n, line) in land.rings.iter().enumerate() {
                let kind = match (n, land.inland) {
                    (0, false) => Kind::Land,
                    (0, true) => Kind::Island,
                    _ => Kind::Hole,
                };
                let points = line.points(file.step)?;
                if points.len() < 3 {
                    return Err(PlacesError::Content("a ring of fewer than three points"));
                }
                let start = vertices.len();
                vertices.extend(&points);
                vertices.push(points[0]);
                rings.push(Ring { vertices: start..vertices.len(), around: around(&points), kind });
            }
        }
        if u32::try_from(vertices.len()).is_err() {
            return Err(PlacesError::Content("more points than can be numbered"));
        }
        let rivers = file.rivers.iter().map(|line| line.points(file.step)).collect::<Result<_, _>>()?;
        let hole = |&n: &usize| !file.holes_are_sea && rings[n].kind == Kind::Hole;
        let lakes = (0..rings.len()).filter(hole).collect();
        let size = if detail == Detail::High { FINE } else { COARSE };
        let edges = rings.iter().flat_map(|ring| ring.vertices.start as u32..ring.vertices.end as u32 - 1);
        let grid = Grid::new(bounds, size, &vertices, edges);
        Ok(Outline {
            detail,
            bounds,
            holes_are_sea: file.holes_are_sea,
            inland_waters: file.inland_waters.clone(),
            vertices,
            rings,
            lakes,
            rivers,
            grid,
        })
    }

    /// How well this map knows the coast.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// West, south, east and north edge in [`Position`] units; beyond them the map says nothing.
    pub fn bounds(&self) -> [i32; 4] {
        self.bounds
    }

    /// Each piece of land that meets a box (west, south, east, north): the closed outline, then its holes, as
    /// [longitude, latitude].
    pub fn lands(&self, area: [i32; 4]) -> impl Iterator<Item = Vec<&[[i32; 2]]>> {
        let mut n = 0;
        std::iter::from_fn(move || {
            while n < self.rings.len() {
                let first = n;
                n += 1;
                while n < self.rings.len() && self.rings[n].kind == Kind::Hole {
                    n += 1;
                }
                if meet(self.rings[first].around, area) {
                    let rings = self.rings[first..n].iter().filter(|ring| meet(ring.around, area));
                    return Some(rings.map(|ring| &self.vertices[ring.vertices.clone()]).collect());
                }
            }
            None
        })
    }

    /// Rivers as lines of [longitude, latitude].
    pub fn rivers(&self) -> &[Vec<[i32; 2]>] {
        &self.rivers
    }

    /// Whether this map says something about the position.
    pub(super) fn shows(&self, p: Position) -> bool {
        within(self.bounds, p.lon, p.lat)
    }

    /// What the map draws at a position it shows.
    pub(super) fn water(&self, p: Position) -> Water {
        if self.grid.contains(p.lon, p.lat, &self.vertices) {
            Water::No
        } else if self.in_lake(p) {
            Water::Lake
        } else {
            Water::Sea
        }
    }

    /// Whether the position lies in waters that the map is known not to draw.
    pub(super) fn undrawn(&self, p: Position) -> bool {
        self.inland_waters.iter().any(|waters| {
            // One unit of latitude is 0.185 m: most are ruled out without a distance.
            let reach = f64::from(waters.radius_km) * 1000.0;
            f64::from((waters.at.lat - p.lat).abs()) * 0.185 <= reach && waters.at.distance(p).0 <= reach
        })
    }

    /// Whether a position that is on water lies in a lake. There are few lakes, so the box test is enough of an index.
    fn in_lake(&self, p: Position) -> bool {
        let lakes = self.lakes.iter().map(|&n| &self.rings[n]);
        lakes.filter(|ring| within(ring.around, p.lon, p.lat)).any(|ring| {
            let vertices = &self.vertices[ring.vertices.clone()];
            let crossed = vertices.windows(2).filter(|edge| {
                let ([ax, ay], [bx, by]) = (edge[0], edge[1]);
                (ay <= p.lat) != (by <= p.lat) && {
                    let side = i64::from(bx - ax) * i64::from(p.lat - ay)
                        - i64::from(p.lon - ax) * i64::from(by - ay);
                    (side < 0) == (by > ay)
                }
            });
            crossed.count() % 2 == 1
        })
    }

    /// Hands out the coast and the rivers (lake shores among them). What lies within one of the maps `before`,
    /// which are more detailed, is left to them.
    pub(super) fn gather(&self, before: &[Outline], coast: &mut Gather, rivers: &mut Gather) {
        let known = |at: [i32; 2]| before.iter().any(|map| within(map.bounds, at[0], at[1]));
        for ring in &self.rings {
            let sea = ring.kind == Kind::Land || (ring.kind == Kind::Hole && self.holes_are_sea);
            let lines = if sea { &mut *coast } else { &mut *rivers };
            for edge in self.vertices[ring.vertices.clone()].windows(2) {
                if !(self.cut(edge[0], edge[1]) || known(edge[0]) && known(edge[1])) {
                    lines.segment(edge[0], edge[1]);
                }
            }
        }
        for pair in self.rivers.iter().flat_map(|line| line.windows(2)) {
            rivers.segment(pair[0], pair[1]);
        }
    }

    /// Whether the edge runs along the edge of the map: a cut, not a shore.
    fn cut(&self, a: [i32; 2], b: [i32; 2]) -> bool {
        let [west, south, east, north] = self.bounds;
        a[0] == b[0] && (a[0] == west || a[0] == east) || a[1] == b[1] && (a[1] == south || a[1] == north)
    }
}

fn around(points: &[[i32; 2]]) -> [i32; 4] {
    points.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| {
        [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
    })
}

fn within(bounds: [i32; 4], lon: i32, lat: i32) -> bool {
    (bounds[0]..=bounds[2]).contains(&lon) && (bounds[1]..=bounds[3]).contains(&lat)
}

fn meet(a: [i32; 4], b: [i32; 4]) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}
