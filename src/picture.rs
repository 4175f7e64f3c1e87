//! The live picture: every followed track by place, and who is near whom.

mod ring;

use crate::geo::{Area, Degrees, KNOT, Metres, Position};
use crate::track::{Particulars, Step, TrackId};
use ring::{Ring, wider};
use rstar::{AABB, RTree};
use rustc_hash::FxHashMap;
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A point keeps its place in the tree until its vessel is this far from it; questions look that much
/// wider and sift. Measured 20 times cheaper than moving it at every fix (`history.md`, the live index).
const LAZY: Metres = Metres(500.0);

/// What rounding may be off by.
const MARGIN: Metres = Metres(1.0);

/// Metres in 1/10000 minute of latitude, rounded down.
const UNIT_MIN: f64 = 0.1853;

/// Tracks shown at most: more than stage A follows. One beyond is not shown, and counted.
const LIVE_MAX: usize = 1 << 18;

/// A track as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Its newest fix and surroundings.
    pub step: Step,
    /// What it says of itself.
    pub particulars: Arc<Particulars>,
    /// Where its point stands in the tree.
    pinned: Position,
}

impl Live {
    /// Where it is at `time` if it held course and speed; where it was when it reported neither.
    pub fn reckoned(&self, time: Time) -> Position {
        let fix = &self.step.fix;
        match (fix.knots(), fix.course_degrees()) {
            (Some(knots), Some(course)) if knots.0 > 0.2 && knots.0 < 100.0 => {
                let seconds = time.since(fix.time).as_seconds();
                let run = knots.0 * KNOT * seconds;
                if run < 0.0 {
                    fix.position.travelled(Degrees(course.0 + 180.0), Metres(-run))
                } else {
                    fix.position.travelled(course, Metres(run))
                }
            }
            _ => fix.position,
        }
    }
}

/// A track's point in the tree.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pin {
    at: [f64; 2],
    track: TrackId,
}

impl rstar::RTreeObject for Pin {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.at)
    }
}

impl rstar::PointDistance for Pin {
    fn distance_2(&self, p: &[f64; 2]) -> f64 {
        (self.at[0] - p[0]).powi(2) + (self.at[1] - p[1]).powi(2)
    }
}

impl Pin {
    fn new(track: TrackId, at: Position) -> Pin {
        Pin { at: [at.longitude(), at.latitude()], track }
    }
}

/// All live tracks. Serialises as its tracks alone; the tree is built anew, and answers are sorted so that
/// a rebuilt tree gives the same ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Picture {
    live: FxHashMap<TrackId, Live>,
    tree: RTree<Pin>,
    turned_away: u64,
}

/// A picture as a snapshot has it: by track, so that equal pictures are equal bytes.
#[derive(Serialize, Deserialize)]
struct Saved {
    live: Vec<Live>,
    turned_away: u64,
}

impl From<Saved> for Picture {
    fn from(saved: Saved) -> Picture {
        let pin = |live: &Live| Pin::new(live.step.fix.track, live.pinned);
        let tree = RTree::bulk_load(saved.live.iter().map(pin).collect());
        let live = saved.live.into_iter().map(|live| (live.step.fix.track, live)).collect();
        Picture { live, tree, turned_away: saved.turned_away }
    }
}

impl From<Picture> for Saved {
    fn from(picture: Picture) -> Saved {
        let mut live: Vec<Live> = picture.live.into_values().collect();
        live.sort_unstable_by_key(|live| live.step.fix.track);
        Saved { live, turned_away: picture.turned_away }
    }
}

fn envelope(half: &Area) -> AABB<[f64; 2]> {
    AABB::from_corners([half.west, half.south], [half.east, half.north])
}

impl Picture {
    /// A track moved on.
    pub fn step(&mut self, step: Step) {
        let (track, position) = (step.fix.track, step.fix.position);
        let full = self.live.len() >= LIVE_MAX;
        match self.live.get_mut(&track) {
            Some(live) => {
                live.step = step;
                if live.pinned.distance(position).0 > LAZY.0 {
                    self.tree.remove(&Pin::new(track, live.pinned));
                    live.pinned = position;
                    self.tree.insert(Pin::new(track, position));
                }
            }
            None if full => self.turned_away += 1,
            None => {
                self.live.insert(track, Live { step, particulars: Arc::default(), pinned: position });
                self.tree.insert(Pin::new(track, position));
            }
        }
    }

    /// Asks memory for many tracks at once; moved on one by one, each would wait for its own. Changes nothing.
    pub(crate) fn fetch(&self, tracks: impl Iterator<Item = TrackId>) {
        let live = tracks.filter_map(|track| self.live.get(&track));
        std::hint::black_box(live.fold(0, |sum, live| sum ^ live.step.fixes ^ live.pinned.lat as u32));
    }

    /// A vessel said what it is. What it says before its first fix is told again with that fix.
    pub(crate) fn particulars(&mut self, track: TrackId, particulars: Arc<Particulars>) {
        if let Some(live) = self.live.get_mut(&track) {
            live.particulars = particulars;
        }
    }

    /// A track is no longer followed.
    pub fn forget(&mut self, track: TrackId) {
        if let Some(live) = self.live.remove(&track) {
            self.tree.remove(&Pin::new(track, live.pinned));
        }
    }

    /// The track as it is now.
    pub fn get(&self, track: TrackId) -> Option<&Live> {
        self.live.get(&track)
    }

    /// All live tracks, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Live> {
        self.live.values()
    }

    /// How many tracks are live.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// How many fixes were not shown for want of room.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Whether nothing is live.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Tracks whose last position is within `radius` of `centre`, nearest first, equals by track.
    pub fn within(&self, centre: Position, radius: Metres) -> Vec<(Metres, &Live)> {
        let mut found = Vec::new();
        self.each_within(centre, radius, |distance, live| found.push((distance, live)));
        found.sort_by(|(a, one), (b, other)| {
            a.0.total_cmp(&b.0).then(one.step.fix.track.cmp(&other.step.fix.track))
        });
        found
    }

    /// In no order.
    fn each_within<'a>(&'a self, centre: Position, radius: Metres, mut found: impl FnMut(Metres, &'a Live)) {
        let (west, east) = Area::around(centre, Metres(radius.0 + LAZY.0 + MARGIN.0)).halves();
        for half in [Some(west), east].into_iter().flatten() {
            for pin in self.tree.locate_in_envelope(&envelope(&half)) {
                let live = &self.live[&pin.track];
                let position = live.step.fix.position;
                // Latitude alone is cheap, and most are too far by it.
                if f64::from(position.lat.abs_diff(centre.lat)) * UNIT_MIN > radius.0 {
                    continue;
                }
                let distance = centre.distance(position);
                if distance.0 <= radius.0 {
                    found(distance, live);
                }
            }
        }
    }

    /// Tracks whose last position is in the box, by track.
    pub fn inside(&self, area: &Area) -> Vec<&Live> {
        // As far as a point may be from its vessel: more degrees of longitude the nearer the pole.
        let north = wider(area, Metres(LAZY.0 + MARGIN.0));
        let (west, east) = north.halves();
        let mut found: Vec<&Live> = [Some(west), east]
            .into_iter()
            .flatten()
            .flat_map(|half| self.tree.locate_in_envelope(&envelope(&half)).collect::<Vec<_>>())
            .map(|pin| &self.live[&pin.track])
            .filter(|live| area.contains(live.step.fix.position))
            .collect();
        found.sort_by_key(|live| live.step.fix.track);
        found.dedup_by_key(|live| live.step.fix.track);
        found
    }

    /// Tracks whose last position is within the ring or on its edge, by track. Each side goes the short way round the
    /// earth, straight on a chart in degrees; a ring around a pole holds nothing.
    pub fn in_ring(&self, ring: &[Position]) -> Vec<&Live> {
        let Some(ring) = Ring::new(ring) else { return Vec::new() };
        let mut found = self.inside(&ring.area());
        found.retain(|live| ring.contains(live.step.fix.position));
        found
    }

    /// All pairs of tracks whose last positions are within `radius` of each other and that both are `wanted`: the
    /// nearest first, equals by track; the lower track first in each.
    pub fn pairs(&self, radius: Metres, wanted: impl Fn(&Live) -> bool) -> Vec<(Metres, TrackId, TrackId)> {
        let mut found = Vec::new();
        for live in self.live.values().filter(|live| wanted(live)) {
            let one = live.step.fix.track;
            self.each_within(live.step.fix.position, radius, |distance, other| {
                if one < other.step.fix.track && wanted(other) {
                    found.push((distance, one, other.step.fix.track));
                }
            });
        }
        found.sort_by(|a, b| a.0.0.total_cmp(&b.0.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        found
    }

    /// The `count` nearest tracks within `radius`, nearest first.
    pub fn nearest(&self, centre: Position, count: usize, radius: Metres) -> Vec<(Metres, &Live)> {
        // Rings that double: most of the time the small one holds enough.
        let mut ring = 2_000.0_f64.min(radius.0);
        loop {
            let mut found = self.within(centre, Metres(ring));
            if found.len() >= count || ring >= radius.0 {
                found.truncate(count);
                return found;
            }
            ring = (ring * 4.0).min(radius.0);
        }
    }
}

#[cfg(test)]
mod tests;
