//! Two vessels that are close: since when, how close, how slow.

use super::{super::Sighting, Settings};
use crate::geo::{Knots, Metres, angle_between};
use crate::picture::Live;
use crate::track::Fix;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// Mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Grade {
    Touch,
    Meet,
    Transfer,
}

impl Grade {
    pub(super) fn name(self) -> &'static str {
        match self {
            Grade::Touch => "touch",
            Grade::Meet => "meet",
            Grade::Transfer => "transfer",
        }
    }

    /// Severity before factors. Definition D2.
    pub(super) fn base(self) -> u8 {
        match self {
            Grade::Touch => 45,
            Grade::Meet => 50,
            Grade::Transfer => 55,
        }
    }
}

/// Positions kept of a meeting. Ours.
const SIGHTINGS_MAX: usize = 120;

/// Apart for this long, they have parted. Definition D2.
const PARTED_AFTER: Span = Span::from_minutes(3);

/// Two transmitters this close all the time are on one hull. Definition D2.
const ONE_HULL_DISTANCE: Metres = Metres(30.0);
const ONE_HULL_TIME: Span = Span::from_hours(3);

/// One vessel is this many times the other's length, at least, for their sizes to differ. Definition D2.
const SIZE_RATIO_MIN: f64 = 2.0;

/// How often each speed was seen, in bins of 0.2 kn up to 6.2 kn; gives a median in constant space.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Speeds {
    bins: [u16; 32],
}

const BIN: f64 = 0.2;

impl Speeds {
    fn add(&mut self, knots: Option<Knots>) {
        if let Some(knots) = knots {
            let bin = ((knots.0 / BIN) as usize).min(self.bins.len() - 1);
            self.bins[bin] = self.bins[bin].saturating_add(1);
        }
    }

    fn median(&self) -> Knots {
        let total: u32 = self.bins.iter().map(|&n| u32::from(n)).sum();
        let mut seen = 0;
        for (bin, &n) in self.bins.iter().enumerate() {
            seen += u32::from(n);
            if seen * 2 > total {
                return Knots((bin as f64 + 0.5) * BIN);
            }
        }
        Knots(0.0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meeting {
    began_at: Time,
    began: u64,
    last_near: Time,
    touch_since: Option<Time>,
    touched_for: Span,
    speeds: (Speeds, Speeds),
    distance_min: Metres,
    distance_max: Metres,
    distance_sum: f64,
    looks: u32,
    looks_together: u32,
    sightings: Vec<Sighting>,
    gravest: Option<Grade>,
}

impl Meeting {
    pub(super) fn begin(fix: &Fix) -> Meeting {
        Meeting {
            began_at: fix.time,
            began: fix.sequence,
            last_near: fix.time,
            touch_since: None,
            touched_for: Span::ZERO,
            speeds: Default::default(),
            distance_min: Metres(f64::MAX),
            distance_max: Metres(0.0),
            distance_sum: 0.0,
            looks: 0,
            looks_together: 0,
            sightings: Vec::new(),
            gravest: None,
        }
    }

    /// They are close at this fix of one of them.
    pub(super) fn close(&mut self, fix: &Fix, metres: Metres, low: &Live, high: &Live, settings: &Settings) {
        self.last_near = self.last_near.max(fix.time);
        self.speeds.0.add(low.step.fix.knots());
        self.speeds.1.add(high.step.fix.knots());
        self.distance_min = Metres(self.distance_min.0.min(metres.0));
        self.distance_max = Metres(self.distance_max.0.max(metres.0));
        self.distance_sum += metres.0;
        self.looks = self.looks.saturating_add(1);
        if under_way_together(low, high) {
            self.looks_together = self.looks_together.saturating_add(1);
        }
        let slow =
            |live: &Live| live.step.fix.knots().is_none_or(|speed| speed.0 < settings.touch_speed_max.0);
        if metres.0 <= settings.touch_distance.0 && slow(low) && slow(high) {
            let since = *self.touch_since.get_or_insert(fix.time);
            self.touched_for = self.touched_for.max(fix.time.since(since));
        } else {
            self.touch_since = None;
        }
        if self.sightings.len() >= SIGHTINGS_MAX {
            // Every other one goes: the whole meeting stays in sight, more coarsely.
            let mut keep = false;
            self.sightings.retain(|_| {
                keep = !keep;
                keep
            });
        }
        for live in [low, high] {
            let sighting = Sighting::from(&live.step.fix);
            let before = self.sightings.iter().rfind(|s| s.track == sighting.track);
            if before.is_none_or(|before| before.sequence != sighting.sequence) {
                self.sightings.push(sighting);
            }
        }
    }

    /// What the meeting amounts to so far. Two who met and then moved off slowly side by side have still met: the
    /// grade never goes down.
    pub(super) fn grade(&mut self, low: &Live, high: &Live, settings: &Settings) -> Option<Grade> {
        let lasted = self.last_near.since(self.began_at);
        let slowest_pair = |max: Knots| {
            let (a, b) = self.median_speeds();
            a.0 < max.0 && b.0 < max.0
        };
        let grade = if lasted >= settings.transfer_time.span() && slowest_pair(settings.transfer_speed_max) {
            Some(Grade::Transfer)
        } else if lasted >= settings.meet_time.span() && slowest_pair(settings.meet_speed_max) {
            Some(Grade::Meet)
        } else if self.touched_for >= settings.touch_time.span() && sizes_differ(low, high) {
            Some(Grade::Touch)
        } else {
            None
        };
        self.gravest = self.gravest.max(grade);
        grade.and(self.gravest)
    }

    pub(super) fn apart_for_long(&self, now: Time) -> bool {
        now.since(self.last_near) >= PARTED_AFTER
    }

    pub(super) fn is_one_hull(&self) -> bool {
        self.distance_max.0 < ONE_HULL_DISTANCE.0 && self.last_near.since(self.began_at) >= ONE_HULL_TIME
    }

    /// Most of the time they went the same way at the same speed: a tow, an escort, a pair of trawlers.
    pub(super) fn is_under_way_together(&self) -> bool {
        self.looks_together * 2 > self.looks
    }

    /// How long the pattern of the grade has lasted.
    pub(super) fn lasted(&self, grade: Grade) -> Span {
        match grade {
            Grade::Touch => self.touched_for,
            Grade::Meet | Grade::Transfer => self.last_near.since(self.began_at),
        }
    }

    pub(super) fn median_speeds(&self) -> (Knots, Knots) {
        (self.speeds.0.median(), self.speeds.1.median())
    }

    pub(super) fn distance_min(&self) -> Metres {
        self.distance_min
    }

    pub(super) fn distance_mean(&self) -> Metres {
        Metres(self.distance_sum / f64::from(self.looks.max(1)))
    }

    pub(super) fn began_at(&self) -> Time {
        self.began_at
    }

    pub(super) fn began(&self) -> u64 {
        self.began
    }

    pub(super) fn last_near(&self) -> Time {
        self.last_near
    }

    pub(super) fn was_suspect(&self) -> bool {
        self.gravest.is_some()
    }

    pub(super) fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }
}

/// Both make way on one course at one speed. Definition D2, pair under way; trawlers pull at 2 to 4 kn.
fn under_way_together(low: &Live, high: &Live) -> bool {
    const WAY_MIN: f64 = 1.5;
    const COURSE_MAX: f64 = 20.0;
    const SPEED_MAX: f64 = 1.0;
    let (a, b) = (&low.step.fix, &high.step.fix);
    let speeds = a.knots().zip(b.knots());
    let courses = a.course_degrees().zip(b.course_degrees());
    speeds.is_some_and(|(a, b)| a.0 > WAY_MIN && b.0 > WAY_MIN && (a.0 - b.0).abs() < SPEED_MAX)
        && courses.is_some_and(|(a, b)| angle_between(a, b).0 < COURSE_MAX)
}

/// One at least twice as long as the other, or one of them small or of unknown size.
fn sizes_differ(low: &Live, high: &Live) -> bool {
    match (low.particulars.length(), high.particulars.length()) {
        (Some(a), Some(b)) if f64::from(a.max(b)) >= SIZE_RATIO_MIN * f64::from(a.min(b)) => true,
        _ => low.particulars.is_small_or_unknown() || high.particulars.is_small_or_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;
    use crate::track::{Class, Step};

    #[test]
    fn the_median_is_of_what_was_seen() {
        let mut speeds = Speeds::default();
        for knots in [0.1, 0.1, 0.3, 7.0, 9.0] {
            speeds.add(Some(Knots(knots)));
        }
        speeds.add(None);
        assert!((speeds.median().0 - 0.3).abs() < 0.11);
    }

    fn step(track: u64, speed: u16, course: u16) -> Step {
        let mut step = Step::sample(track, 9.0, 102.0);
        (step.fix.class, step.fix.speed, step.fix.course) = (Class::B, Some(speed), Some(course));
        step
    }

    #[test]
    fn knows_a_pair_that_goes_home_together_from_one_that_lies_still() {
        let together = |a: (u16, u16), b: (u16, u16)| {
            let mut picture = Picture::default();
            let steps = [step(1, a.0, a.1), step(2, b.0, b.1)];
            steps.iter().for_each(|step| picture.step(*step));
            let live = |n: usize| picture.get(steps[n].fix.track).expect("just stepped");
            let mut meeting = Meeting::begin(&steps[0].fix);
            meeting.close(&steps[0].fix, Metres(200.0), live(0), live(1), &Settings::default());
            meeting.is_under_way_together()
        };
        assert!(together((25, 900), (27, 1000)));
        assert!(!together((3, 900), (4, 950)), "adrift");
        assert!(!together((25, 900), (25, 2700)), "they meet head on");
    }
}
