//! Map tiles cut from the place data: land, ports, rivers, as Mapbox vector tiles that need no internet.

use crate::geo::Area;
use crate::place::{Detail, Outline, Places, PortKind};
use fast_mvt::{MvtCoord, MvtError, MvtGeomType, MvtTileBuilder, MvtValueRef};

/// Units along one side of a tile.
const EXTENT: f64 = 4096.0;
/// How far land is drawn beyond the tile's edge, so that cut edges stay out of sight.
const BUFFER: f64 = 64.0;
/// Points nearer to the last one than this are left out: half a pixel of a tile shown 512 pixels wide.
const THINNED: f64 = 4.0;
/// Islands and lakes smaller than this both ways are left out.
const SPECK: f64 = 3.0;
/// From here on regions of higher detail are drawn; below, the map of the world is finer than a pixel.
const DETAIL_ZOOM: u8 = 6;
/// Ports are shown from here on.
const PORT_ZOOM: u8 = 6;
/// Rivers are shown from here on.
const RIVER_ZOOM: u8 = 9;
/// The deepest zoom a tile is made for.
const ZOOM_MAX: u8 = 16;
/// [`crate::geo::Position`] units in a degree.
const PER_DEGREE: f64 = 600_000.0;
/// Web Mercator ends here.
const LATITUDE_MAX: f64 = 85.051_128_779_806_6;

type Point = (f64, f64);
/// West, south, east, north in [`crate::geo::Position`] units.
type Bounds = [i32; 4];

/// One tile as MVT bytes, not compressed; empty where nothing is drawn or the address is no tile.
pub fn tile(places: &Places, z: u8, x: u32, y: u32) -> Vec<u8> {
    if z > ZOOM_MAX || x >> z > 0 || y >> z > 0 {
        return Vec::new();
    }
    // An error here means a layer name or a geometry the format can't hold; the layers are fixed and rings are
    // checked before they are written.
    draw(places, &Frame::new(z, x, y)).unwrap_or_default()
}

/// A tile's place on the map.
struct Frame {
    zoom: u8,
    /// Tiles along the equator.
    tiles: f64,
    column: f64,
    row: f64,
    /// What the tile and its buffer show.
    bounds: Bounds,
}

impl Frame {
    fn new(zoom: u8, x: u32, y: u32) -> Frame {
        let tiles = f64::from(1u32 << zoom);
        let (column, row) = (f64::from(x), f64::from(y));
        let margin = BUFFER / EXTENT;
        let lon = |at: f64| (at / tiles * 360.0 - 180.0).clamp(-180.0, 180.0);
        let lat = |at: f64| {
            let turned = std::f64::consts::PI * (1.0 - 2.0 * at / tiles);
            libm::atan(libm::sinh(turned)).to_degrees().clamp(-LATITUDE_MAX, LATITUDE_MAX)
        };
        let degrees =
            [lon(column - margin), lat(row + 1.0 + margin), lon(column + 1.0 + margin), lat(row - margin)];
        let bounds = degrees.map(|d| libm::round(d * PER_DEGREE) as i32);
        Frame { zoom, tiles, column, row, bounds }
    }

    /// A point of the map in units of the tile, y downwards.
    fn project(&self, lon: f64, lat: f64) -> Point {
        let x = ((lon / PER_DEGREE + 180.0) / 360.0 * self.tiles - self.column) * EXTENT;
        let sine = libm::sin((lat / PER_DEGREE).to_radians());
        let turned = 0.5 - libm::log((1.0 + sine) / (1.0 - sine)) / (4.0 * std::f64::consts::PI);
        (x, (turned * self.tiles - self.row) * EXTENT)
    }

    /// The line in whole units of the tile, thinned; its ends stay.
    fn line(&self, points: &[[i32; 2]]) -> Vec<MvtCoord> {
        let mut kept: Vec<MvtCoord> = Vec::new();
        // A degree is never drawn longer than this, so that most points are passed over without projecting them.
        let units = EXTENT * self.tiles / 360.0 / PER_DEGREE;
        let mut last: Option<[i32; 2]> = None;
        for (n, &p) in points.iter().enumerate() {
            let end = n == 0 || n + 1 == points.len();
            let near = |q: [i32; 2]| {
                let stretch = 1.0 / libm::cos((f64::from(p[1]) / PER_DEGREE).to_radians());
                f64::from((p[0] - q[0]).abs()) * units < THINNED
                    && f64::from((p[1] - q[1]).abs()) * units * stretch < THINNED
            };
            if !end && last.is_some_and(near) {
                continue;
            }
            last = Some(p);
            let (x, y) = self.project(f64::from(p[0]), f64::from(p[1]));
            let at = MvtCoord { x: libm::round(x) as i32, y: libm::round(y) as i32 };
            if kept.last() != Some(&at) {
                kept.push(at);
            }
        }
        kept
    }

    /// A ring ready to be written; `None` when nothing of it would be seen.
    fn ring(&self, points: &[[i32; 2]], part: Bounds) -> Option<Vec<MvtCoord>> {
        let mut ring = self.line(&cut(points, part));
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        let (mut low, mut high) = ((i32::MAX, i32::MAX), (i32::MIN, i32::MIN));
        for p in &ring {
            low = (low.0.min(p.x), low.1.min(p.y));
            high = (high.0.max(p.x), high.1.max(p.y));
        }
        let seen = ring.len() >= 3
            && (f64::from(high.0 - low.0) >= SPECK || f64::from(high.1 - low.1) >= SPECK)
            && area(&ring) != 0;
        seen.then_some(ring)
    }
}

/// Twice the signed area.
fn area(ring: &[MvtCoord]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y))
        .sum()
}

/// Which map draws which part of a tile: regions where they reach, the world around them.
fn parts<'a>(places: &'a Places, frame: &Frame) -> Vec<(&'a Outline, Bounds)> {
    let mut left = vec![frame.bounds];
    let mut parts = Vec::new();
    for outline in places.outlines() {
        if outline.detail() == Detail::High && frame.zoom < DETAIL_ZOOM {
            continue;
        }
        let mut rest = Vec::new();
        for part in left {
            match common(part, outline.bounds()) {
                Some(shared) => {
                    parts.push((outline, shared));
                    rest.extend(around(part, shared));
                }
                None => rest.push(part),
            }
        }
        left = rest;
    }
    parts
}

/// What two boxes share, if it is more than an edge.
fn common(a: Bounds, b: Bounds) -> Option<Bounds> {
    let shared = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    (shared[0] < shared[2] && shared[1] < shared[3]).then_some(shared)
}

/// What is left of a box around a smaller one inside it.
fn around(outer: Bounds, inner: Bounds) -> impl Iterator<Item = Bounds> {
    let [west, south, east, north] = outer;
    let sides = [
        [west, south, inner[0], north],
        [inner[2], south, east, north],
        [inner[0], south, inner[2], inner[1]],
        [inner[0], inner[3], inner[2], north],
    ];
    sides.into_iter().filter(|b| b[0] < b[2] && b[1] < b[3])
}

/// A closed ring cut to a box (Sutherland and Hodgman); parts may be joined along the box's edge.
fn cut(ring: &[[i32; 2]], [west, south, east, north]: Bounds) -> Vec<[i32; 2]> {
    let ring = cut_side(ring, 0, west, |at, edge| at >= edge);
    let ring = cut_side(&ring, 0, east, |at, edge| at <= edge);
    let ring = cut_side(&ring, 1, south, |at, edge| at >= edge);
    let mut ring = cut_side(&ring, 1, north, |at, edge| at <= edge);
    if let Some(&first) = ring.first() {
        ring.push(first);
    }
    ring
}

fn cut_side(ring: &[[i32; 2]], axis: usize, edge: i32, inside: impl Fn(i32, i32) -> bool) -> Vec<[i32; 2]> {
    let Some(&last) = ring.last() else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    let (mut from, mut from_inside) = (last, inside(last[axis], edge));
    for &to in ring {
        let to_inside = inside(to[axis], edge);
        if from_inside != to_inside {
            let run = i64::from(to[1 - axis]) - i64::from(from[1 - axis]);
            let share = (i64::from(edge) - i64::from(from[axis])) * run / i64::from(to[axis] - from[axis]);
            let mut at = [edge; 2];
            at[1 - axis] = i32::try_from(i64::from(from[1 - axis]) + share).unwrap_or(from[1 - axis]);
            kept.push(at);
        }
        if to_inside {
            kept.push(to);
        }
        (from, from_inside) = (to, to_inside);
    }
    kept
}

fn draw(places: &Places, frame: &Frame) -> Result<Vec<u8>, MvtError> {
    let mut layer = MvtTileBuilder::new().layer("land")?;
    let parts = parts(places, frame);
    for &(outline, part) in &parts {
        for rings in outline.lands(part) {
            let mut rings = rings.into_iter();
            let Some(outer) = rings.next().and_then(|ring| frame.ring(ring, part)) else {
                continue;
            };
            let mut feature = layer.feature_of(MvtGeomType::Polygon);
            feature.ring(outer, true)?;
            for lake in rings.filter_map(|ring| frame.ring(ring, part)) {
                feature.ring(lake, false)?;
            }
            layer = feature.end();
        }
    }
    let mut tile = layer.end();
    if frame.zoom >= PORT_ZOOM {
        let [west, south, east, north] = frame.bounds.map(|edge| f64::from(edge) / PER_DEGREE);
        let mut layer = tile.layer("ports")?;
        for (id, port) in places.ports_in(Area { west, south, east, north }) {
            let (x, y) = frame.project(f64::from(port.at.lon), f64::from(port.at.lat));
            let mut feature = layer.feature_of(MvtGeomType::Point);
            feature.points([MvtCoord { x: libm::round(x) as i32, y: libm::round(y) as i32 }])?;
            feature.id(Some(u64::from(id.0)));
            feature.tag_ref("name", MvtValueRef::String(&port.name))?;
            feature.tag_ref("code", MvtValueRef::String(&port.code))?;
            let kind = if port.kind == PortKind::Port { "port" } else { "anchorage" };
            feature.tag_ref("kind", MvtValueRef::String(kind))?;
            layer = feature.end();
        }
        tile = layer.end();
    }
    if frame.zoom >= RIVER_ZOOM {
        let mut layer = tile.layer("rivers")?;
        for &(outline, part) in &parts {
            for run in outline.rivers().iter().flat_map(|line| runs(line, part)) {
                let line = frame.line(run);
                if line.len() > 1 {
                    let mut feature = layer.feature_of(MvtGeomType::LineString);
                    feature.line(line)?;
                    layer = feature.end();
                }
            }
        }
        tile = layer.end();
    }
    Ok(tile.encode())
}

/// The runs of a line whose segments may meet a box.
fn runs(line: &[[i32; 2]], part: Bounds) -> impl Iterator<Item = &[[i32; 2]]> {
    let meets = move |a: [i32; 2], b: [i32; 2]| {
        a[0].min(b[0]) <= part[2]
            && a[0].max(b[0]) >= part[0]
            && a[1].min(b[1]) <= part[3]
            && a[1].max(b[1]) >= part[1]
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        while from + 1 < line.len() && !meets(line[from], line[from + 1]) {
            from += 1;
        }
        let start = from;
        while from + 1 < line.len() && meets(line[from], line[from + 1]) {
            from += 1;
        }
        (from > start).then(|| &line[start..=from])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tile's land as rings of tile coordinates with their winding, read without the writer's help.
    fn layers(bytes: &[u8]) -> Vec<String> {
        ["land", "ports", "rivers"]
            .into_iter()
            .filter(|name| bytes.windows(name.len()).any(|w| w == name.as_bytes()))
            .map(str::to_owned)
            .collect()
    }

    fn places() -> Places {
        let region = include_bytes!("../../deploy/places/southeast-asia.places");
        Places::load(&[region]).unwrap()
    }

    /// The tile that shows a position.
    fn over(z: u8, lat: f64, lon: f64) -> (u8, u32, u32) {
        let whole = Frame::new(0, 0, 0);
        let (x, y) = whole.project(lon * PER_DEGREE, lat * PER_DEGREE);
        let tiles = f64::from(1u32 << z);
        (z, (x / EXTENT * tiles) as u32, (y / EXTENT * tiles) as u32)
    }

    #[test]
    fn a_tile_at_sea_is_empty_and_one_on_the_coast_is_not() {
        let places = places();
        let (z, x, y) = over(9, 9.9, 102.0);
        assert!(tile(&places, z, x, y).len() < 80);
        let (z, x, y) = over(9, 10.64, 103.5);
        let coast = tile(&places, z, x, y);
        assert!(coast.len() > 300, "{}", coast.len());
        assert_eq!(layers(&coast), ["land", "ports", "rivers"]);
        assert!(coast.windows(13).any(|w| w == b"Sihanoukville"));
    }

    #[test]
    fn what_is_no_tile_is_empty() {
        let places = places();
        for (z, x, y) in [(0, 1, 0), (3, 8, 0), (40, 0, 0), (2, 0, u32::MAX)] {
            assert_eq!(tile(&places, z, x, y), Vec::<u8>::new());
        }
    }

    #[test]
    fn inland_a_tile_is_one_square_of_land() {
        let places = places();
        let (z, x, y) = over(10, 14.0, 104.8);
        let frame = Frame::new(z, x, y);
        let [(outline, part)] = parts(&places, &frame)[..] else { panic!("one map") };
        let rings: Vec<_> = outline.lands(part).filter_map(|rings| frame.ring(rings[0], part)).collect();
        assert_eq!(rings.len(), 1);
        assert!((area(&rings[0]).abs() as f64 / 2.0 - (EXTENT + 2.0 * BUFFER).powi(2)).abs() < 1e5);
    }

    #[test]
    fn a_lake_is_a_hole() {
        let places = places();
        // Lake Toba.
        let (z, x, y) = over(8, 2.6, 98.8);
        let frame = Frame::new(z, x, y);
        let parts = parts(&places, &frame);
        let lakes = parts.iter().flat_map(|&(outline, part)| {
            let frame = &frame;
            outline.lands(part).flat_map(move |rings| {
                rings[1..].iter().filter_map(|ring| frame.ring(ring, part)).collect::<Vec<_>>()
            })
        });
        assert!(lakes.map(|ring| area(&ring).abs()).max().unwrap() > 100_000);
    }

    #[test]
    fn maps_meet_without_a_gap_or_an_overlap() {
        let places = places();
        // The region ends at 26 N, in China.
        let (z, x, y) = over(7, 26.0, 115.0);
        let frame = Frame::new(z, x, y);
        let parts = parts(&places, &frame);
        assert!(parts.len() == 2);
        let size = |b: Bounds| i64::from(b[2] - b[0]) * i64::from(b[3] - b[1]);
        assert_eq!(parts.iter().map(|&(_, part)| size(part)).sum::<i64>(), size(frame.bounds));
        let drawn: i64 = parts
            .iter()
            .flat_map(|&(map, part)| {
                map.lands(part).filter_map(|r| frame.ring(r[0], part)).collect::<Vec<_>>()
            })
            .map(|ring| area(&ring).abs() / 2)
            .sum();
        let all = (EXTENT + 2.0 * BUFFER).powi(2);
        assert!((drawn as f64 / all - 1.0).abs() < 0.01, "{}", drawn as f64 / all);
    }
}
