//! How well a position continues a track: the metric of Global Fishing Watch's segmenter.
//!
//! A fix is held against where the track's last few fixes would have taken the vessel, forward from them and
//! backward from it. How far off that is, over the time between them, is a speed that nothing explains; the
//! metric falls with it. Source: gpsdio-segment, `discrepancy.py` and `matcher.py`.

use super::{Class, Fix, Settings};
use crate::geo::{Degrees, KNOT, Knots, Metres, NAUTICAL_MILE, Position, angle_between};
use sensors::Time;
use serde::{Deserialize, Serialize};

/// Fixes that a track remembers; the most that [`Settings::lookback`] can be.
pub(super) const LOOKBACK_MAX: usize = 5;

/// How much being where it was, or somewhere along its course, counts less than being where it was expected.
/// Source: gpsdio-segment, `shape_factor`.
const SHAPE_FACTOR: f64 = 4.0;

/// An aircraft's own speed is no jump. Ours: faster than any helicopter, about what a patrol aircraft makes.
const AIRCRAFT_SPEED_MAX: Knots = Knots(300.0);

/// `exp(-SURE²)` is a little more than one half: see [`Recent::surely_continues`].
const SURE: f64 = 0.83;

/// Nautical miles in 1/10000 minute of latitude on this earth, rounded up.
const UNIT_MAX: f64 = 1.001e-4;

/// A fix as the metric needs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    time: Time,
    position: Position,
    /// 1/10 knot.
    speed: Option<u16>,
    /// 1/10 degree.
    course: Option<u16>,
    class: Class,
    /// How well it continued its track; 0 for a first fix. `None` until it is needed: it follows the point before.
    metric: Option<f64>,
}

/// The last few fixes of a track, newest last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Recent {
    points: [Point; LOOKBACK_MAX],
    len: u8,
}

/// How a fix would continue a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    /// The greater the better; `None` where it was not needed to know that nothing is better.
    pub(super) metric: Option<f64>,
    /// Between the fix and the one that it continues.
    pub(super) hours: f64,
    /// How many of the newest fixes are passed over, because an earlier one matches much better.
    pub(super) passed_over: usize,
}

impl Recent {
    /// Something of every other point, for [`super::Tracks::fetch`]: two lie in one line of the cache.
    pub(super) fn touch(&self) -> u32 {
        let points = self.points.iter().step_by(2);
        points.fold(u32::from(self.len), |sum, point| sum ^ point.position.lat as u32)
    }
}

impl Default for Point {
    fn default() -> Point {
        let position = Position { lat: 0, lon: 0 };
        Point { time: Time::default(), position, speed: None, course: None, class: Class::A, metric: None }
    }
}

impl Point {
    pub(super) fn of(fix: &Fix) -> Point {
        let Fix { time, position, speed, course, class, .. } = *fix;
        Point { time, position, speed, course, class, metric: None }
    }

    /// Where it would be so much later if it held speed and course; where it is if it reported not both.
    fn reckoned(&self, hours: f64) -> Position {
        match (self.speed, self.course) {
            (Some(speed), Some(course)) if speed > 0 => {
                let metres = f64::from(speed) / 10.0 * KNOT * 3600.0 * hours;
                self.position.travelled(Degrees(f64::from(course) / 10.0), Metres(metres))
            }
            _ => self.position,
        }
    }

    /// How far beside its course a place is, where that lies ahead and no farther than it goes in that time.
    fn beside(&self, bearing: Degrees, miles: f64, hours: f64) -> f64 {
        let (Some(speed), Some(course)) = (self.speed, self.course) else { return f64::INFINITY };
        let off = angle_between(Degrees(f64::from(course) / 10.0), bearing).0.to_radians();
        let ahead = libm::cos(off) * miles;
        if ahead > 0.0 && ahead <= f64::from(speed) / 10.0 * hours {
            libm::fabs(libm::sin(off)) * miles
        } else {
            f64::INFINITY
        }
    }
}

fn miles(a: Position, b: Position) -> f64 {
    a.distance(b).0 / NAUTICAL_MILE
}

/// How far off `later` is from what `earlier` promised, in nautical miles: the least of three. The vessel is near
/// where it was expected, it stayed where it was, or it is somewhere on its course.
fn discrepancy(earlier: &Point, later: &Point, hours: f64) -> f64 {
    let apart = miles(earlier.position, later.position);
    let forward = miles(earlier.reckoned(hours), later.position);
    let backward = miles(later.reckoned(-hours), earlier.position);
    let expected = 0.5 * (forward + backward);
    let stayed = SHAPE_FACTOR * apart;
    // Both are measured against the line from the one to the other.
    let bearing = earlier.position.bearing(later.position);
    let beside = earlier.beside(bearing, apart, hours) + later.beside(bearing, apart, hours);
    expected.min(stayed).min(SHAPE_FACTOR * 0.5 * beside)
}

/// Less than the hours that passed, the more of them there are: no vessel goes straight for long.
fn penalised(hours: f64, settings: &Settings) -> f64 {
    hours / (1.0 + libm::pow(hours / settings.penalty_hours, 1.0 - settings.hours_exponent))
}

/// The metric of one fix against another, and 0 for one that is out of reach. A difference counts as a speed.
fn metric(earlier: &Point, later: &Point, speed_max: Knots, settings: &Settings) -> f64 {
    let hours = later.time.since(earlier.time).as_hours();
    let padded = libm::hypot(hours, settings.buffer_hours);
    let off = discrepancy(earlier, later, penalised(hours, settings));
    if off > padded * speed_max.0 {
        return 0.0;
    }
    let alpha = off / (padded * settings.penalty_speed.0);
    libm::exp(-(alpha * alpha)) / padded
}

/// Whether one transponder may have sent both; a long-range position comes from either class.
fn same_transponder(a: Class, b: Class) -> bool {
    let ship = |class| matches!(class, Class::A | Class::B);
    a == b || a == Class::LongRange && ship(b) || b == Class::LongRange && ship(a)
}

impl Recent {
    fn points(&self) -> &[Point] {
        &self.points[..usize::from(self.len)]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the fix before the newest was made.
    pub(super) fn before_last(&self) -> Option<Time> {
        let (_, before) = self.points().split_last()?;
        before.last().map(|point| point.time)
    }

    /// Puts the fix after those that it does not pass over.
    pub(super) fn push(&mut self, point: Point, found: Option<Match>) {
        let (metric, passed_over) = found.map_or((Some(0.0), 0), |found| (found.metric, found.passed_over));
        let mut len = usize::from(self.len) - passed_over;
        if len == LOOKBACK_MAX {
            // The one that now is the oldest is never asked how it continued what is no longer here.
            self.points.copy_within(1.., 0);
            len -= 1;
        }
        self.points[len] = Point { metric, ..point };
        self.len = len as u8 + 1;
    }

    /// How well the point at this place continued the one before it.
    fn metric_at(&self, at: usize, settings: &Settings) -> f64 {
        let point = &self.points[at];
        // Only a point that surely continued the one before has none, and that was within any reach.
        point.metric.unwrap_or_else(|| {
            at.checked_sub(1)
                .map_or(0.0, |before| metric(&self.points[before], point, settings.speed_max, settings))
        })
    }

    /// Whether the fix is so near the last one that no other answer than [`continued`](Self::continued)'s first is
    /// possible, without trigonometry.
    ///
    /// The discrepancy is at most four times the distance, so where that is within [`SURE`] of the penalty speed over
    /// the least time that counts, the last fix's metric is more than half of its greatest. An earlier fix's metric is
    /// at most its own greatest, which is less, and counts for half or less of it: it never wins.
    pub(super) fn surely_continues(&self, point: &Point, settings: &Settings) -> bool {
        let Some(last) = self.points().last() else { return false };
        let reach = SURE * settings.penalty_speed.0 * settings.buffer_hours;
        let (north, east) = (
            point.position.lat - last.position.lat,
            i64::from(point.position.lon) - i64::from(last.position.lon),
        );
        let units = f64::from(north.unsigned_abs()) + east.unsigned_abs() as f64;
        SHAPE_FACTOR * UNIT_MAX * units <= reach
            && last.class == point.class
            && point.class != Class::LongRange
            && settings.lookback_factor >= 2.0
            && SURE * settings.penalty_speed.0 <= settings.speed_max.0.min(settings.speed_shared_max.0)
            && point.time >= last.time
            && point.time.since(last.time).as_hours() <= settings.silence_max_hours
    }

    /// How the fix continues this track, if it can. `shared`: several vessels are known to use its number.
    pub(super) fn continued(&self, point: &Point, shared: bool, settings: &Settings) -> Option<Match> {
        let speed_max = match point.class {
            Class::SarAircraft => AIRCRAFT_SPEED_MAX,
            _ if shared => settings.speed_shared_max,
            _ => settings.speed_max,
        };
        let points = self.points();
        let lookback = settings.lookback.clamp(1, LOOKBACK_MAX);
        let from = points.len().saturating_sub(lookback);
        let matches = points[from..].iter().any(|before| same_transponder(before.class, point.class));
        let weight = if matches { 1.0 } else { settings.transponder_mismatch_weight };
        let (mut best, mut found) = (0.0, None);
        for (passed_over, at) in (from..points.len()).rev().enumerate() {
            let hours = point.time.since(points[at].time).as_hours();
            if hours < 0.0 || hours > settings.silence_max_hours {
                break;
            }
            let metric = weight * metric(&points[at], point, speed_max, settings);
            let counts = metric / (passed_over as f64 * settings.lookback_factor).max(1.0);
            // An earlier fix must match better than the one after it matched.
            let existing = if passed_over == 0 { 0.0 } else { self.metric_at(at + 1, settings) };
            if metric > 0.0 && counts > existing && counts > best {
                best = counts;
                found = Some(Match { metric: Some(metric), hours, passed_over });
            }
        }
        found
    }

    /// How fast the vessel of this track would have to have gone beside what it reported to have been there before
    /// its last fix; `None` when that is out of reach.
    pub(super) fn was_there(&self, point: &Point, settings: &Settings) -> Option<f64> {
        let last = self.points().last()?;
        let hours = last.time.since(point.time).as_hours();
        if !(0.0..=settings.silence_max_hours).contains(&hours) {
            return None;
        }
        let padded = libm::hypot(hours, settings.buffer_hours);
        let knots = discrepancy(point, last, penalised(hours, settings)) / padded;
        (knots <= settings.speed_max.0).then_some(knots)
    }
}
