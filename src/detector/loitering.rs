//! A vessel stays about one place at sea where it has no reason to.
//!
//! # What it flags
//! A class A or B vessel that for an hour made less than 2 knots along its path and kept within a radius of
//! gyration of 1 nautical mile, 3 miles or more off the coast and away from ports, anchorages and working
//! areas. Graded at one, four and twelve hours.
//!
//! # Why it matters
//! Ships that take people on wait off the coast, just outside the territorial sea, for days until they are
//! full; abandoned boats drift in the same way.
//!
//! # Innocent causes
//! Waiting for a berth, tide or orders; fishing; bad weather; engine trouble; survey, dredging or supply work.
//!
//! # What it misses
//! A vessel that keeps moving at 3 knots and more while it waits; one that transmits nothing; one that waits
//! within 3 miles of the coast or inside a marked anchorage.

use super::{
    Context, Evidence, Look, Measure, Rule, Sighting, Subject, TrackRule, Verdict,
    factors::{factor, of_place, of_vessel},
};
use crate::geo::{KNOT, Knots, Metres, Minutes, NAUTICAL_MILE, NauticalMiles, Position};
use crate::place::zone::ZoneKind;
use crate::track::{Class, Followed, Particulars, Step, TrackId};
use rustc_hash::FxHashMap;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// When staying becomes loitering.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The stretch of time that is looked at. 60 min, definition D5; Global Fishing Watch counts slow hours.
    pub window: Minutes,
    /// Speed along the path over the window, at most. 2 kn: Global Fishing Watch.
    pub speed_max: Knots,
    /// Radius of gyration over the window, at most. 1 nm, definition D5 (ours).
    pub radius_max: NauticalMiles,
    /// Distance off the coast, at least. 3 nm, definition D5 (ours).
    pub coast_min: NauticalMiles,
    /// Distance from a port or anchorage point, at least. 3 km: the entry radius of Global Fishing Watch's
    /// port visits.
    pub port_min: Metres,
    /// Faster than this for 15 minutes, the stay is over. 3 kn, definition D5 (ours).
    pub leave_speed: Knots,
    /// Suspect looks in a row, two minutes apart, before it is raised. 3: the Danish maritime suite.
    pub raise_looks: u32,
    /// Normal looks before it is cleared. 1: the 15 minutes of `leave_speed` are the patience here.
    pub clear_looks: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            window: Minutes(60.0),
            speed_max: Knots(2.0),
            radius_max: NauticalMiles(1.0),
            coast_min: NauticalMiles(3.0),
            port_min: Metres(3000.0),
            leave_speed: Knots(3.0),
            raise_looks: 3,
            clear_looks: 1,
        }
    }
}

/// A sample of the path is kept this often; GNSS noise of 10 m then reads as less than 0.2 kn. Ours.
const SAMPLE_EVERY: Span = Span::from_minutes(2);

/// Longer than this between two samples and the path is not known; the window begins anew. Ours: five
/// intervals of a slow class B transmitter.
const GAP_MAX: Span = Span::from_minutes(15);

/// How long a vessel must be faster than `leave_speed`. Definition D5.
const LEAVE_AFTER: Span = Span::from_minutes(15);

/// Above this it is under way, and nothing is kept of it. Ours: twice the leave speed.
const UNDER_WAY: Knots = Knots(6.0);

/// Grades: hours, name, base severity. Definition D5.
const GRADES: [(i64, &str, u8); 3] = [(12, "twelve_hours", 50), (4, "four_hours", 40), (1, "hour", 30)];

/// Coasters of this length have waited off these coasts for people (MV Sun Sea, 57 m). Definition D5.
const COASTER_LENGTH: std::ops::RangeInclusive<u16> = 30..=90;

/// Navigational status.
const AT_ANCHOR: u8 = 1;

/// Ships anchor and work off these coasts every day; these areas are theirs.
const WORKING_ZONES: [ZoneKind; 3] = [ZoneKind::Anchorage, ZoneKind::Pilot, ZoneKind::Fishing];

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sample {
    time: Time,
    position: Position,
    sequence: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stay {
    samples: VecDeque<Sample>,
    since: Option<Sample>,
}

/// Slow vessels and the last hour of their paths.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Loitering {
    #[serde(with = "sensors::sorted::map")]
    stays: FxHashMap<TrackId, Stay>,
}

/// What the window shows.
struct Shape {
    speed: Knots,
    radius: Metres,
    centre: Position,
}

impl TrackRule for Loitering {
    fn on_report(&mut self, seen: &Followed<'_>, context: Context<'_>, out: &mut Vec<Verdict>) {
        let Some(step) = &seen.step else { return };
        let settings = &context.settings.loitering;
        let track = seen.track;
        let under_way = step.fix.knots().is_some_and(|speed| speed.0 > UNDER_WAY.0);
        if under_way && !self.stays.contains_key(&track) {
            return;
        }
        if !may_loiter(step, context) {
            if let Some(stay) = self.stays.remove(&track)
                && stay.since.is_some()
            {
                out.push(verdict(step, Look::Over));
            }
            return;
        }
        let stay = self.stays.entry(track).or_default();
        if stay.went_unheard(step, settings) {
            out.push(verdict(step, Look::Over));
        }
        if !stay.sample(step) {
            return;
        }
        let Some(shape) = stay.shape(settings.window.span()) else { return };
        if shape.speed.0 < settings.speed_max.0 && shape.radius.0 < Metres::from(settings.radius_max).0 {
            let since = *stay.since.get_or_insert(stay.samples[0]);
            let evidence = evidence(step, seen.particulars, stay, &shape, since, settings);
            out.push(verdict(step, Look::Suspect(Box::new(evidence))));
        } else if stay.left(settings.leave_speed) {
            if stay.since.is_some() {
                out.push(verdict(step, Look::Normal));
            }
            if under_way {
                self.stays.remove(&track);
            } else {
                stay.since = None;
            }
        }
    }

    fn on_tick(&mut self, _: Time, _: Context<'_>, _: &mut Vec<Verdict>) {}

    fn forget(&mut self, track: TrackId, now: Time, out: &mut Vec<Verdict>) {
        if self.stays.remove(&track).is_some_and(|stay| stay.since.is_some()) {
            let look = Look::Over;
            out.push(Verdict {
                rule: Rule::Loitering,
                tracks: vec![track],
                place: String::new(),
                at: now,
                sequence: 0,
                look,
            });
        }
    }
}

fn may_loiter(step: &Step, context: Context<'_>) -> bool {
    let settings = &context.settings.loitering;
    let around = &step.surroundings;
    matches!(step.fix.class, Class::A | Class::B)
        && around.coast.0 >= Metres::from(settings.coast_min).0
        && around.port.is_none_or(|(_, distance)| distance.0 >= settings.port_min.0)
        && !context.zones.any_of_kind(step.fix.position, &WORKING_ZONES)
}

fn verdict(step: &Step, look: Look) -> Verdict {
    let fix = &step.fix;
    Verdict {
        rule: Rule::Loitering,
        tracks: vec![fix.track],
        place: String::new(),
        at: fix.time,
        sequence: fix.sequence,
        look,
    }
}

impl Stay {
    /// Whether a stay that was suspected is over because the vessel was not heard for long and is elsewhere now. One
    /// that lies where it lay has stayed.
    fn went_unheard(&mut self, step: &Step, settings: &Settings) -> bool {
        let elsewhere = self.samples.back().is_some_and(|last| {
            let gap = step.fix.time.since(last.time);
            let moved = last.position.distance(step.fix.position).0;
            let reach =
                Metres::from(settings.radius_max).0.min(settings.speed_max.0 * KNOT * gap.as_seconds());
            gap > GAP_MAX && moved > reach
        });
        elsewhere && self.since.take().is_some()
    }

    /// Keeps the fix as a sample when one is due; says whether it was.
    fn sample(&mut self, step: &Step) -> bool {
        let fix = &step.fix;
        if let Some(last) = self.samples.back() {
            let gap = fix.time.since(last.time);
            if gap < SAMPLE_EVERY {
                return false;
            }
            if gap > GAP_MAX {
                self.samples.clear();
            }
        }
        self.samples.push_back(Sample { time: fix.time, position: fix.position, sequence: fix.sequence });
        true
    }

    /// Speed and spread over the window; drops what is older. `None` until the window is full.
    fn shape(&mut self, window: Span) -> Option<Shape> {
        let newest = self.samples.back()?.time;
        while self.samples.len() > 2 && newest.since(self.samples[1].time) >= window {
            self.samples.pop_front();
        }
        let span = newest.since(self.samples[0].time);
        if span < window {
            return None;
        }
        let count = self.samples.len() as f64;
        let origin = self.samples[0].position;
        // Means of offsets from the first sample, which stay small and do not mind the antimeridian.
        let (mut north, mut east) = (0.0, 0.0);
        for sample in &self.samples {
            north += f64::from(sample.position.lat - origin.lat);
            east += f64::from(wrapped(sample.position.lon, origin.lon));
        }
        let centre = Position {
            lat: origin.lat + libm::round(north / count) as i32,
            lon: unwrapped(origin.lon + libm::round(east / count) as i32),
        };
        let spread: f64 = self.samples.iter().map(|s| s.position.distance(centre).0.powi(2)).sum();
        Some(Shape {
            speed: self.path_speed(Span::from_millis(i64::MAX)),
            radius: Metres(libm::sqrt(spread / count)),
            centre,
        })
    }

    /// Speed along the path over the last `span`.
    fn path_speed(&self, span: Span) -> Knots {
        let Some(newest) = self.samples.back() else { return Knots(0.0) };
        let (mut path, mut seconds) = (0.0, 0.0);
        for index in (1..self.samples.len()).rev() {
            let (from, to) = (&self.samples[index - 1], &self.samples[index]);
            path += from.position.distance(to.position).0;
            seconds = newest.time.since(from.time).as_seconds();
            if seconds >= span.as_seconds() {
                break;
            }
        }
        Knots(if seconds > 0.0 { path / seconds / KNOT } else { 0.0 })
    }

    fn left(&self, speed: Knots) -> bool {
        let long_enough = self
            .samples
            .front()
            .zip(self.samples.back())
            .is_some_and(|(a, b)| b.time.since(a.time) >= LEAVE_AFTER);
        long_enough && self.path_speed(LEAVE_AFTER).0 > speed.0
    }
}

/// Half a turn in 1/10000 minute.
const HALF_TURN: i32 = 180 * 600_000;

fn wrapped(lon: i32, origin: i32) -> i32 {
    match lon - origin {
        d if d > HALF_TURN => d - 2 * HALF_TURN,
        d if d < -HALF_TURN => d + 2 * HALF_TURN,
        d => d,
    }
}

fn unwrapped(lon: i32) -> i32 {
    wrapped(lon, 0)
}

fn evidence(
    step: &Step,
    particulars: &Particulars,
    stay: &Stay,
    shape: &Shape,
    since: Sample,
    settings: &Settings,
) -> Evidence {
    let stayed = step.fix.time.since(since.time);
    let (_, grade, base) =
        *GRADES.iter().find(|(hours, ..)| stayed >= Span::from_hours(*hours)).unwrap_or(&GRADES[2]);
    let mut factors = of_place(step);
    factors.extend(of_vessel(step, particulars));
    if particulars.length().is_some_and(|metres| COASTER_LENGTH.contains(&metres)) {
        factors.push(factor("coaster", 10));
    }
    // A merchant ship that says openly that it is at anchor waits for a berth; the ships that waited for people
    // were coasters and fishing boats (detector definitions, part 4.1). Ours: enough for one hour to be on
    // record only, and for four to be seen.
    if step.fix.status == AT_ANCHOR
        && particulars.length().is_some_and(|metres| metres > *COASTER_LENGTH.end())
    {
        factors.push(factor("large_at_anchor", -15));
    }
    // Working boats that stay: fishing is what they are for. Ours: enough to keep them off the queue.
    if particulars.is_fishing() || step.fix.status == 7 {
        factors.push(factor("fishing_vessel", -30));
    }
    let subject = Subject::new(step.fix.track, step.fix.mmsi, particulars);
    let coast_nm = step.surroundings.coast.0 / NAUTICAL_MILE;
    let radius_nm = shape.radius.0 / NAUTICAL_MILE;
    let params = [
        ("vessel", subject.called()),
        ("hours", format!("{:.1}", stayed.as_hours())),
        ("radius_nm", format!("{radius_nm:.1}")),
        ("speed_knots", format!("{:.1}", shape.speed.0)),
        ("coast_nm", format!("{coast_nm:.0}")),
    ];
    Evidence {
        grade: grade.to_owned(),
        distress: false,
        base,
        factors,
        confidence: 1.0,
        began_at: since.time,
        began: since.sequence,
        position: Some(shape.centre),
        subjects: vec![subject],
        params: params.map(|(name, value)| (name.to_owned(), value)).into(),
        innocent: ["waiting_for_berth", "fishing", "weather", "engine_trouble", "survey_work"]
            .map(String::from)
            .into(),
        measures: vec![
            Measure::held("duration", stayed.as_hours(), "h", settings.window.0 / 60.0),
            Measure::held("speed_path", shape.speed.0, "kn", settings.speed_max.0),
            Measure::held("radius", radius_nm, "nm", settings.radius_max.0),
            Measure::held("coast_distance", coast_nm, "nm", settings.coast_min.0),
        ],
        sightings: stay
            .samples
            .iter()
            .map(|s| Sighting {
                track: step.fix.track,
                time: s.time,
                position: s.position,
                sequence: s.sequence,
            })
            .collect(),
        wants_helpers: false,
        helpers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(positions: impl Iterator<Item = (f64, f64)>) -> Stay {
        let mut stay = Stay::default();
        for (n, (lat, lon)) in positions.enumerate() {
            let position = Position::from_degrees(lat, lon).expect("on earth");
            stay.samples.push_back(Sample {
                time: Time::from_seconds(n as i64 * 120),
                position,
                sequence: n as u64,
            });
        }
        stay
    }

    #[test]
    fn measures_the_shape_of_a_stay_across_the_antimeridian() {
        let side = |n: usize| if n.is_multiple_of(2) { 179.999 } else { -179.999 };
        let mut stay = stay((0..31).map(|n| (0.0, side(n))));
        let shape = stay.shape(Span::from_minutes(60)).expect("an hour is full");
        assert!(shape.radius.0 < 150.0, "{} m", shape.radius.0);
        assert!((shape.speed.0 - 3.6).abs() < 0.1, "222 m in 2 minutes is 3.6 kn, not {}", shape.speed.0);
    }

    fn step(minute: i64, lat: f64) -> Step {
        let mut step = Step::sample(1, lat, 103.0);
        (step.fix.sequence, step.fix.time, step.fix.speed) =
            (minute as u64, Time::from_seconds(60 * minute), Some(3));
        step
    }

    #[test]
    fn a_silence_ends_the_stay_of_one_that_comes_back_elsewhere() {
        for (lat, over) in [(9.001, false), (9.5, true)] {
            let mut stay = stay((0..31).map(|_| (9.0, 103.0)));
            stay.since = Some(stay.samples[0]);
            assert!(!stay.went_unheard(&step(70, lat), &Settings::default()), "ten minutes are not long");
            assert_eq!(stay.went_unheard(&step(360, lat), &Settings::default()), over);
            assert_eq!(stay.since.is_none(), over);
        }
    }

    #[test]
    fn a_window_that_is_not_full_says_nothing() {
        assert!(stay((0..30).map(|_| (9.0, 103.0))).shape(Span::from_minutes(60)).is_none());
    }
}
