//! Zones: waters an officer has drawn on the map, and the rule for who may be there and when.

use crate::geo::{Knots, Metres, Minutes, Position};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use sensors::Mmsi;
use serde::{Deserialize, Serialize};

/// A vessel is inside once it is this far inside, so that one on the edge is not in and out (ours, unproven).
pub const ENTER_MARGIN: Metres = Metres(50.0);

/// A vessel has left once it is this far outside, written as a signed distance (ours, unproven).
pub const LEAVE_MARGIN: Metres = Metres(-200.0);

/// Longest side of a zone in degrees: beyond it "inside" would depend on which way round the earth one goes.
const SPAN_MAX: f64 = 170.0;

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    /// Alerts from here rank higher.
    Priority,
    /// Vessels that come here are shown to the officer by the zone's rule.
    Watch,
    /// Vessels may lie at anchor.
    Anchorage,
    /// A known fishing ground.
    Fishing,
    /// Pilots board here.
    Pilot,
    /// Fuel is handed over here.
    Bunkering,
    /// Cargo is handed from ship to ship here with permission.
    Transfer,
    /// Nobody should be here.
    Exclusion,
    /// A port's own waters.
    Port,
}

/// What a vessel does that the rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneEvent {
    /// Comes in.
    Enter,
    /// Stays longer than `dwell`.
    Dwell,
    /// Goes out.
    Leave,
}

/// A part of every day in local time, minutes after midnight; `from` later than `to` goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayWindow {
    /// First minute of the day, 0 to 1439.
    pub from: u16,
    /// Minute of the day at which it ends, 0 to 1440.
    pub to: u16,
    /// Local time is UTC plus this many minutes, -720 to 840 (Cambodia: 420).
    pub utc_offset: i16,
}

impl DayWindow {
    /// Whether the instant falls into the window.
    pub fn contains(&self, t: sensors::Time) -> bool {
        let minute = t.as_millis().div_euclid(60_000) + i64::from(self.utc_offset);
        let minute = minute.rem_euclid(1440);
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

/// Who a zone's rule is about and when. Every condition given must hold; one left out always holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ZoneRule {
    /// What raises it; at least one.
    pub on: Vec<ZoneEvent>,
    /// How long a stay is too long; needed with `dwell`.
    pub dwell: Option<Minutes>,
    /// Only at this time of the day.
    pub window: Option<DayWindow>,
    /// Only vessels up to this length; a vessel that reports none is not left out.
    pub length_max: Option<Metres>,
    /// Only at this speed or more.
    pub speed_min: Option<Knots>,
    /// Only at this speed or less.
    pub speed_max: Option<Knots>,
    /// Only these AIS ship types (first to last, both included), e.g. `[[30, 30], [70, 89]]`; empty is all.
    pub ship_types: Vec<[u8; 2]>,
    /// Vessels that may be here.
    pub exempt: Vec<Mmsi>,
}

/// A zone as it is written in the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Short name that never changes and is never used again for other waters: letters, digits, `-` and `_`.
    pub id: String,
    /// Name for the officer.
    pub name: String,
    /// What the zone is for.
    pub kind: ZoneKind,
    /// The outline: longitude and latitude in degrees, three corners or more, not closed. It may cross 180 degrees.
    pub ring: Vec<[f64; 2]>,
    /// Further parts, or holes where they lie within the outline (even-odd).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Vec<[f64; 2]>>,
    /// Who may not be there and when; without it the zone only gives context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ZoneRule>,
}

/// A fault in the settings of the zones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct ZoneProblem {
    /// Which setting, e.g. `zone[2].ring`.
    pub key: String,
    /// What is wrong and what would be accepted.
    pub what: String,
}

/// Every fault in a list of zones; empty when they can be used.
pub fn check(zones: &[Zone]) -> Vec<ZoneProblem> {
    let mut problems = Vec::new();
    for (n, zone) in zones.iter().enumerate() {
        let mut say = |field: &str, what: String| {
            problems.push(ZoneProblem { key: format!("zone[{}].{field}", n + 1), what });
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if zone.id.is_empty() || zone.id.len() > 64 || !zone.id.chars().all(plain) {
            say("id", "must be 1 to 64 letters, digits, '-' or '_'".into());
        }
        if zones[..n].iter().any(|other| other.id == zone.id) {
            say("id", format!("\"{}\" is used twice; each zone needs its own", zone.id));
        }
        if zone.name.is_empty() {
            say("name", "must not be empty".into());
        }
        for (m, ring) in zone.rings().enumerate() {
            let key = if m == 0 { "ring".to_owned() } else { format!("more[{}]", m - 1) };
            if let Some(what) = ring_fault(ring) {
                say(&key, what);
            }
        }
        for (field, what) in zone.rule.iter().flat_map(ZoneRule::faults) {
            say(field, what.into());
        }
    }
    problems
}

fn ring_fault(ring: &[[f64; 2]]) -> Option<String> {
    if ring.len() < 3 {
        return Some(format!("has {} corners; needs three or more", ring.len()));
    }
    if let Some(p) = ring.iter().find(|p| Position::from_degrees(p[1], p[0]).is_none()) {
        return Some(format!(
            "[{}, {}] is not on the earth; write [longitude, latitude] in degrees",
            p[0], p[1]
        ));
    }
    let lons: Vec<f64> = unwrapped(ring).iter().map(|p| p[0]).collect();
    let span = lons.iter().copied().fold(f64::MIN, f64::max) - lons.iter().copied().fold(f64::MAX, f64::min);
    (span > SPAN_MAX)
        .then(|| format!("spans {span:.0} degrees of longitude; at most {SPAN_MAX:.0} is accepted"))
}

impl ZoneRule {
    fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.on.is_empty() {
            faults.push(("rule.on", "needs at least one of enter, dwell, leave"));
        }
        if self.on.contains(&ZoneEvent::Dwell) != self.dwell.is_some() {
            faults.push((
                "rule.dwell",
                "is the minutes of a stay; give it with on = [\"dwell\"] and only then",
            ));
        }
        if self.dwell.is_some_and(|d| !(d.0 > 0.0 && d.0 <= 43_200.0)) {
            faults.push(("rule.dwell", "must be more than 0 and at most 43200 minutes (30 days)"));
        }
        if self.window.is_some_and(|w| w.from >= 1440 || w.to > 1440 || w.from == w.to) {
            faults
                .push(("rule.window", "must go from 0..1439 to another of 0..1440, minutes after midnight"));
        }
        if self.window.is_some_and(|w| !(-720..=840).contains(&w.utc_offset)) {
            faults.push(("rule.window.utc_offset", "must be -720 to 840 minutes"));
        }
        if self.length_max.is_some_and(|l| !(l.0 > 0.0 && l.0.is_finite())) {
            faults.push(("rule.length_max", "must be more than 0 metres"));
        }
        let speeds = [self.speed_min, self.speed_max];
        if speeds.iter().flatten().any(|v| !(0.0..=102.3).contains(&v.0)) {
            faults.push(("rule.speed_min", "speeds must be 0 to 102.3 knots"));
        }
        if self.speed_min.zip(self.speed_max).is_some_and(|(min, max)| min > max) {
            faults.push(("rule.speed_min", "must not be more than speed_max"));
        }
        if self.ship_types.iter().any(|[first, last]| first > last) {
            faults.push(("rule.ship_types", "each pair must be [first, last] with first not above last"));
        }
        faults
    }
}

impl Zone {
    /// The outline and then the further parts.
    pub fn rings(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        std::iter::once(self.ring.as_slice()).chain(self.more.iter().map(Vec::as_slice))
    }
}

/// The ring with longitudes that run on past 180 degrees where it crosses, each within 180 of the one before.
fn unwrapped(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut last = ring.first().map_or(0.0, |p| p[0]);
    let onward = |p: &[f64; 2]| {
        let mut lon = p[0];
        while lon - last > 180.0 {
            lon -= 360.0;
        }
        while lon - last < -180.0 {
            lon += 360.0;
        }
        last = lon;
        [lon, p[1]]
    };
    ring.iter().map(onward).collect()
}

/// A zone's number in the order of its id.
type Number = usize;

/// The zones in use, indexed by place. Immutable; built from settings that [`check`] found without fault.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    zones: Vec<Zone>,
    /// For each zone its rings, closed, longitudes running on.
    rings: Vec<Vec<Vec<[f64; 2]>>>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, Number>>,
}

impl Zones {
    /// Indexes the zones, or says every fault.
    pub fn new(mut zones: Vec<Zone>) -> Result<Zones, Vec<ZoneProblem>> {
        let problems = check(&zones);
        if !problems.is_empty() {
            return Err(problems);
        }
        zones.sort_by(|a, b| a.id.cmp(&b.id));
        let closed = |ring: &[[f64; 2]]| {
            let mut ring = unwrapped(ring);
            ring.push(ring[0]);
            ring
        };
        let rings: Vec<Vec<_>> = zones.iter().map(|zone| zone.rings().map(closed).collect()).collect();
        let all = rings.iter().enumerate().flat_map(|(n, rings)| rings.iter().map(move |ring| (n, ring)));
        let boxes = all.map(|(n, ring)| GeomWithData::new(Rectangle::from_aabb(AABB::from_points(ring)), n));
        let boxes = RTree::bulk_load(boxes.collect());
        Ok(Zones { zones, rings, boxes })
    }

    /// The zones, sorted by id.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// One zone by its id.
    pub fn get(&self, id: &str) -> Option<&Zone> {
        self.number(id).map(|n| &self.zones[n])
    }

    fn number(&self, id: &str) -> Option<Number> {
        self.zones.binary_search_by(|zone| zone.id.as_str().cmp(id)).ok()
    }

    /// The ids of all zones the position lies in, sorted.
    pub fn containing(&self, p: Position) -> Vec<&str> {
        let mut numbers: Vec<Number> = Vec::new();
        for at in copies(p) {
            numbers.extend(self.boxes.locate_all_at_point(&at).map(|found| found.data));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.retain(|&n| self.inside(n, p));
        numbers.into_iter().map(|n| self.zones[n].id.as_str()).collect()
    }

    /// Whether the position lies in a zone of one of these kinds.
    pub fn any_of_kind(&self, p: Position, kinds: &[ZoneKind]) -> bool {
        !self.zones.is_empty()
            && self.containing(p).iter().any(|id| self.get(id).is_some_and(|zone| kinds.contains(&zone.kind)))
    }

    /// How far the zone's edge is: positive inside, negative outside; `None` for an id that is no zone. Compare it
    /// with [`ENTER_MARGIN`] and [`LEAVE_MARGIN`].
    pub fn distance_to_edge(&self, id: &str, p: Position) -> Option<Metres> {
        let n = self.number(id)?;
        let edges = self.rings[n].iter().flat_map(|ring| ring.windows(2));
        let distances = copies(p).into_iter().flat_map(|at| edges.clone().map(move |e| (at, e)));
        let nearest = distances.map(|(at, e)| to_edge(p, at, e[0], e[1])).fold(f64::INFINITY, f64::min);
        Some(Metres(if self.inside(n, p) { nearest } else { -nearest }))
    }

    fn inside(&self, n: Number, p: Position) -> bool {
        copies(p).into_iter().any(|at| {
            let edges = self.rings[n].iter().flat_map(|ring| ring.windows(2));
            let crossed = edges.filter(|e| {
                let ([ax, ay], [bx, by]) = (e[0], e[1]);
                (ay <= at[1]) != (by <= at[1]) && at[0] > ax + (at[1] - ay) / (by - ay) * (bx - ax)
            });
            crossed.count() % 2 == 1
        })
    }
}

/// The position as longitude and latitude, and once around the earth either way, since rings run on past 180.
fn copies(p: Position) -> [[f64; 2]; 3] {
    let (lon, lat) = (p.longitude(), p.latitude());
    [[lon, lat], [lon - 360.0, lat], [lon + 360.0, lat]]
}

/// Metres from `p`, written as `at`, to the nearest point of an edge that is straight in longitude and latitude.
fn to_edge(p: Position, at: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    // Near the edge, where it matters, the earth is flat with narrower longitudes; haversine then measures.
    let narrow = libm::cos(at[1].to_radians());
    let (run, away) = ([(b[0] - a[0]) * narrow, b[1] - a[1]], [(at[0] - a[0]) * narrow, at[1] - a[1]]);
    let length = run[0] * run[0] + run[1] * run[1];
    let share = run[0] * away[0] + run[1] * away[1];
    let share = if length > 0.0 { (share / length).clamp(0.0, 1.0) } else { 0.0 };
    let lon = crate::geo::wrap_longitude(a[0] + share * (b[0] - a[0]));
    let near = Position::from_degrees(a[1] + share * (b[1] - a[1]), lon);
    near.map_or(f64::INFINITY, |near| p.distance(near).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Position {
        Position::from_degrees(lat, lon).unwrap()
    }

    #[derive(Deserialize)]
    struct Settings {
        zone: Vec<Zone>,
    }

    fn zones(toml: &str) -> Vec<Zone> {
        toml::from_str::<Settings>(toml).unwrap().zone
    }

    const TWO: &str = r#"
        [[zone]]
        id = "kas-inner"
        name = "Inside the islands"
        kind = "watch"
        ring = [[103.40, 10.50], [103.50, 10.50], [103.50, 10.60], [103.40, 10.60]]
        more = [[[103.44, 10.54], [103.46, 10.54], [103.46, 10.56], [103.44, 10.56]]]
        [zone.rule]
        on = ["enter", "dwell"]
        dwell = 30
        window = { from = 1200, to = 300, utc_offset = 420 }
        length_max = 24
        ship_types = [[30, 30]]

        [[zone]]
        id = "date-line"
        name = "Date line"
        kind = "fishing"
        ring = [[179.5, -17.0], [-179.5, -17.0], [-179.5, -16.0], [179.5, -16.0]]
    "#;

    #[test]
    fn says_which_zones_hold_a_position() {
        let zones = Zones::new(zones(TWO)).unwrap();
        assert_eq!(zones.containing(at(10.52, 103.42)), ["kas-inner"]);
        assert!(zones.containing(at(10.55, 103.45)).is_empty(), "a hole is outside");
        assert!(zones.containing(at(10.70, 103.42)).is_empty());
        assert_eq!(zones.zones()[0].id, "date-line");
    }

    #[test]
    fn a_zone_across_180_degrees_holds_both_sides() {
        let zones = Zones::new(zones(TWO)).unwrap();
        for lon in [179.6, 180.0, -180.0, -179.6] {
            assert_eq!(zones.containing(at(-16.5, lon)), ["date-line"]);
        }
        assert!(zones.containing(at(-16.5, 0.0)).is_empty());
        let inside = zones.distance_to_edge("date-line", at(-16.5, -179.6)).unwrap();
        assert!((inside.0 - at(-16.5, -179.6).distance(at(-16.5, -179.5)).0).abs() < 1.0, "{inside:?}");
    }

    #[test]
    fn the_distance_to_the_edge_is_positive_inside() {
        let zones = Zones::new(zones(TWO)).unwrap();
        let signed = |lat, lon| zones.distance_to_edge("kas-inner", at(lat, lon)).unwrap().0;
        assert!((signed(10.501, 103.42) - 111.2).abs() < 0.5);
        assert!((signed(10.498, 103.42) + 222.4).abs() < 0.5);
        assert!(signed(10.55, 103.45) < -1000.0, "in the hole");
        assert_eq!(zones.distance_to_edge("nowhere", at(0.0, 0.0)), None);
    }

    #[test]
    fn names_every_fault_with_its_key() {
        let mut bad = zones(TWO);
        bad[0].ring.truncate(2);
        bad[1].ring[0] = [10.5, 103.4];
        bad[1].id = "kas-inner".into();
        bad[0].rule = Some(ZoneRule { dwell: Some(Minutes(5.0)), ..ZoneRule::default() });
        let keys: Vec<String> = check(&bad).into_iter().map(|p| p.key).collect();
        assert_eq!(
            keys,
            ["zone[1].ring", "zone[1].rule.on", "zone[1].rule.dwell", "zone[2].id", "zone[2].ring"]
        );
    }

    #[test]
    fn a_window_goes_over_midnight_in_local_time() {
        let window = DayWindow { from: 1200, to: 300, utc_offset: 420 };
        let t = |text| sensors::Time::parse(text).unwrap();
        assert!(window.contains(t("2026-11-21T13:00:00Z")), "20:00 in Cambodia");
        assert!(window.contains(t("2026-11-21T21:59:59Z")), "04:59 in Cambodia");
        assert!(!window.contains(t("2026-11-21T22:00:00Z")) && !window.contains(t("2026-11-21T12:59:59Z")));
    }

    #[test]
    fn settings_read_what_they_write() {
        let zones = zones(TWO);
        let text = toml::to_string(&zones[0]).unwrap();
        assert_eq!(toml::from_str::<Zone>(&text).unwrap(), zones[0]);
    }
}
