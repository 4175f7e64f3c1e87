//! The live picture: every followed track by place, and who is near whom.

use crate::geo::{Area, Degrees, KNOT, Metres, Position};
use crate::track::{Particulars, Step, TrackId};
use rstar::{AABB, RTree};
use rustc_hash::FxHashMap;
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A point keeps its place in the tree until its vessel is this far from it; questions look that much
/// wider and sift. Measured 20 times cheaper than moving it at every fix (`history.md`, the live index).
const LAZY: Metres = Metres(500.0);

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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "FxHashMap<TrackId, Live>")]
pub struct Picture {
    live: FxHashMap<TrackId, Live>,
    tree: RTree<Pin>,
}

impl From<FxHashMap<TrackId, Live>> for Picture {
    fn from(live: FxHashMap<TrackId, Live>) -> Picture {
        let tree = RTree::bulk_load(live.iter().map(|(&track, live)| Pin::new(track, live.pinned)).collect());
        Picture { live, tree }
    }
}

impl Serialize for Picture {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        sensors::sorted::map::serialize(&self.live, serializer)
    }
}

impl Picture {
    /// A track moved on.
    pub(crate) fn step(&mut self, step: Step) {
        let (track, position) = (step.fix.track, step.fix.position);
        match self.live.get_mut(&track) {
            Some(live) => {
                live.step = step;
                if live.pinned.distance(position).0 > LAZY.0 {
                    self.tree.remove(&Pin::new(track, live.pinned));
                    live.pinned = position;
                    self.tree.insert(Pin::new(track, position));
                }
            }
            None => {
                self.live.insert(track, Live { step, particulars: Arc::default(), pinned: position });
                self.tree.insert(Pin::new(track, position));
            }
        }
    }

    /// A vessel said what it is. What it says before its first fix is told again with that fix.
    pub(crate) fn particulars(&mut self, track: TrackId, particulars: Arc<Particulars>) {
        if let Some(live) = self.live.get_mut(&track) {
            live.particulars = particulars;
        }
    }

    /// A track is no longer followed.
    pub(crate) fn forget(&mut self, track: TrackId) {
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

    /// Whether nothing is live.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Tracks whose last position is within `radius` of `centre`, nearest first, equals by track.
    pub fn within(&self, centre: Position, radius: Metres) -> Vec<(Metres, &Live)> {
        let mut found = Vec::new();
        let wide = Area::around(centre, Metres(radius.0 + LAZY.0));
        let (west, east) = wide.halves();
        for half in [Some(west), east].into_iter().flatten() {
            let envelope = AABB::from_corners([half.west, half.south], [half.east, half.north]);
            for pin in self.tree.locate_in_envelope(&envelope) {
                let live = &self.live[&pin.track];
                let distance = centre.distance(live.step.fix.position);
                if distance.0 <= radius.0 {
                    found.push((distance, live));
                }
            }
        }
        found.sort_by(|(a, one), (b, other)| {
            a.0.total_cmp(&b.0).then(one.step.fix.track.cmp(&other.step.fix.track))
        });
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
mod tests {
    use super::*;

    fn ids(found: &[(Metres, &Live)]) -> Vec<String> {
        found.iter().map(|(_, live)| live.step.fix.track.to_string()).collect()
    }

    #[test]
    fn finds_neighbours_across_the_antimeridian_and_after_small_moves() {
        let mut picture = Picture::default();
        picture.step(Step::sample(1, 0.0, 179.999));
        picture.step(Step::sample(2, 0.0, -179.998));
        picture.step(Step::sample(3, 0.0, 179.0));
        picture.step(Step::sample(3, 0.0, 179.004));
        let here = Position::from_degrees(0.0, 180.0).expect("on earth");
        assert_eq!(ids(&picture.within(here, Metres(500.0))), ["0-1", "0-2"]);
        let there = Position::from_degrees(0.0, 179.004).expect("on earth");
        assert_eq!(ids(&picture.within(there, Metres(1.0))), ["0-3"]);
    }

    #[test]
    fn a_rebuilt_picture_gives_the_same_answers() {
        let mut picture = Picture::default();
        for n in 0..500 {
            let n_f = n as f64;
            picture.step(Step::sample(n, 9.0 + n_f % 25.0 * 0.001, 103.0 + n_f / 25.0 * 0.001));
        }
        picture.forget(TrackId::new(0, 17));
        let again: Picture =
            postcard::from_bytes(&postcard::to_stdvec(&picture).expect("writes")).expect("reads");
        let here = Position::from_degrees(9.01, 103.01).expect("on earth");
        assert_eq!(ids(&picture.within(here, Metres(900.0))), ids(&again.within(here, Metres(900.0))));
        assert_eq!(ids(&picture.nearest(here, 10, Metres(50_000.0))).len(), 10);
    }

    #[test]
    fn dead_reckoning_runs_both_ways() {
        let live = Live {
            step: Step::sample(1, 0.0, 0.0),
            particulars: Arc::default(),
            pinned: Position { lat: 0, lon: 0 },
        };
        let ahead = live.reckoned(Time::from_seconds(360));
        assert!((ahead.longitude() - 1.0 / 60.0).abs() < 1e-4, "10 kn east for 6 minutes is a mile");
        assert!(live.reckoned(Time::from_seconds(-360)).longitude() < 0.0);
    }
}
