//! Two vessels lie close together, slow, out at sea.
//!
//! # What it flags
//! Two class A or B vessels within 250 m (500 m where one is class B), a mile or more off the coast and 3 km
//! or more from any port or anchorage. *Touch*: 150 m for four minutes, both under 5 knots, one of them
//! small or half the other's size. *Meet*: half an hour, both at a median under 3 knots. *Transfer*: two
//! hours, both under 2 knots.
//!
//! # Why it matters
//! People are brought out in small boats to a larger one that waits, and are moved between boats on the way.
//!
//! # Innocent causes
//! Bunkering and supply; pilots and tugs; fishing boats rafted together or trawling in pairs; two
//! transmitters on one hull; gear buoys with transmitters.
//!
//! # What it misses
//! A partner without AIS, which is most small boats: the larger one's waiting shows as loitering. Meetings
//! under the coast, in ports and in anchorages.

mod meeting;

use super::{
    Context, Evidence, Look, Measure, PlaceRule, Rule, Subject, Verdict,
    factors::{factor, of_place, of_vessel},
};
use crate::geo::{Knots, Metres, Minutes, NAUTICAL_MILE, NauticalMiles};
use crate::picture::{Live, Picture};
use crate::place::zone::ZoneKind;
use crate::track::{Class, Step, TrackId};
use meeting::{Grade, Meeting};
use rustc_hash::FxHashMap;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When being close becomes a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Close, for two class A vessels. 250 m: Skylight.
    pub near: Metres,
    /// Close, where either is class B and reports less often. 500 m: Global Fishing Watch.
    pub near_class_b: Metres,
    /// Apart again, for two class A vessels. 400 m, definition D2 (ours).
    pub apart: Metres,
    /// Apart again, where either is class B. 750 m, definition D2 (ours).
    pub apart_class_b: Metres,
    /// Alongside. 150 m, definition D2 (ours).
    pub touch_distance: Metres,
    /// How long alongside makes a touch. 4 min: RTEC's 240 s.
    pub touch_time: Minutes,
    /// How long close makes a meeting. 30 min: Skylight.
    pub meet_time: Minutes,
    /// How long close makes a transfer. 120 min: Global Fishing Watch.
    pub transfer_time: Minutes,
    /// Both slower than this while they touch. 5 kn, definition D2 (ours).
    pub touch_speed_max: Knots,
    /// Median speed of each in a meeting, at most. 3 kn, definition D2 (ours).
    pub meet_speed_max: Knots,
    /// Median speed of each in a transfer, at most. 2 kn: Global Fishing Watch.
    pub transfer_speed_max: Knots,
    /// Distance off the coast, at least. 1 nm, definition D2 (ours).
    pub coast_min: NauticalMiles,
    /// Distance from a port or anchorage point, at least. 3 km: Global Fishing Watch's port entry radius.
    pub port_min: Metres,
    /// Suspect looks before it is raised. 3: the Danish maritime suite.
    pub raise_looks: u32,
    /// Normal looks before it is cleared. 1: three minutes apart are already waited for.
    pub clear_looks: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            near: Metres(250.0),
            near_class_b: Metres(500.0),
            apart: Metres(400.0),
            apart_class_b: Metres(750.0),
            touch_distance: Metres(150.0),
            touch_time: Minutes(4.0),
            meet_time: Minutes(30.0),
            transfer_time: Minutes(120.0),
            touch_speed_max: Knots(5.0),
            meet_speed_max: Knots(3.0),
            transfer_speed_max: Knots(2.0),
            coast_min: NauticalMiles(1.0),
            port_min: Metres(3000.0),
            raise_looks: 3,
            clear_looks: 1,
        }
    }
}

/// A track asks for its neighbours this often at most. Ours: eight looks in the shortest grade.
const LOOK_EVERY: Span = Span::from_seconds(30);

/// A neighbour's place is reckoned this far ahead. Definition D2.
const RECKON_MAX: Span = Span::from_seconds(60);

/// A slow neighbour's last place still holds for this long: both classes report every 3 minutes when they
/// lie still (ITU-R M.1371-5 table 1), and at 2 kn that is 250 m.
const SLOW_HOLDS: Span = Span::from_seconds(240);

/// Slow, for [`SLOW_HOLDS`].
const SLOW: Knots = Knots(2.0);

/// Neither near nor seen apart for this long: the meeting is over. Ours: three slow class B intervals.
const LOST_AFTER: Span = Span::from_minutes(10);

/// Pairs watched at once; beyond it new ones are not begun. Ours: ten anchorages of a hundred ships.
const MEETINGS_MAX: usize = 50_000;

/// Fixes before a track may take part; a single stray position must not. Definition of the segmenter (6.0).
const FIXES_MIN: u32 = 3;

/// More vessels than this around a pair, within [`CROWD_RADIUS`], and it is an anchorage or a fleet that
/// nobody has marked yet. Ours, unproven.
const CROWD: usize = 5;
const CROWD_RADIUS: Metres = Metres(1000.0);

/// Two tracks, the lower first.
type Pair = (TrackId, TrackId);

/// Pairs that are close, and when each track last looked around.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Rendezvous {
    meetings: BTreeMap<Pair, Meeting>,
    #[serde(with = "sensors::sorted::map")]
    partners: FxHashMap<TrackId, Vec<TrackId>>,
    #[serde(with = "sensors::sorted::map")]
    looked: FxHashMap<TrackId, Time>,
}

fn pair_of(a: TrackId, b: TrackId) -> Pair {
    (a.min(b), a.max(b))
}

fn may_meet(step: &Step, context: Context<'_>) -> bool {
    let settings = &context.settings.rendezvous;
    let around = &step.surroundings;
    matches!(step.fix.class, Class::A | Class::B)
        && step.fixes >= FIXES_MIN
        && around.coast.0 >= Metres::from(settings.coast_min).0
        && around.port.is_none_or(|(_, distance)| distance.0 >= settings.port_min.0)
        && !context.zones.any_of_kind(step.fix.position, &[ZoneKind::Anchorage, ZoneKind::Pilot])
}

/// How far the other is at the time of the step, when that can be said.
fn distance(step: &Step, other: &Live) -> Option<Metres> {
    let age = step.fix.time.since(other.step.fix.time);
    let slow = other.step.fix.knots().is_some_and(|speed| speed.0 < SLOW.0);
    if age.abs() > if slow { SLOW_HOLDS } else { RECKON_MAX } {
        return None;
    }
    Some(step.fix.position.distance(other.reckoned(step.fix.time)))
}

impl PlaceRule for Rendezvous {
    fn on_step(&mut self, step: &Step, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>) {
        let settings = &context.settings.rendezvous;
        let track = step.fix.track;
        let slow = step.fix.knots().is_some_and(|speed| speed.0 < settings.touch_speed_max.0);
        let partners = self.partners.get(&track).cloned().unwrap_or_default();
        if !slow && partners.is_empty() {
            return;
        }
        if self.looked.get(&track).is_some_and(|looked| step.fix.time.since(*looked) < LOOK_EVERY) {
            return;
        }
        self.looked.insert(track, step.fix.time);
        let here = may_meet(step, context);
        for &partner in &partners {
            let pair = pair_of(track, partner);
            match picture.get(partner).and_then(|other| Some((other, distance(step, other)?))) {
                Some((other, metres)) if here => self.look(pair, step, other, metres, picture, context, out),
                Some(_) => self.end(pair, step.fix.time, step.fix.sequence, out),
                None => {}
            }
        }
        if !slow || !here {
            return;
        }
        for (_, other) in picture.within(step.fix.position, settings.near_class_b) {
            let partner = other.step.fix.track;
            let known = partner == track || partners.contains(&partner);
            let other_slow = other.step.fix.knots().is_some_and(|speed| speed.0 < settings.touch_speed_max.0);
            if known || !other_slow || !may_meet(&other.step, context) || self.meetings.len() >= MEETINGS_MAX
            {
                continue;
            }
            if let Some(metres) = distance(step, other) {
                self.look(pair_of(track, partner), step, other, metres, picture, context, out);
            }
        }
    }

    fn on_tick(&mut self, now: Time, _: &Picture, _: Context<'_>, out: &mut Vec<Verdict>) {
        let lost: Vec<Pair> = self
            .meetings
            .iter()
            .filter(|(_, m)| now.since(m.last_near()) > LOST_AFTER)
            .map(|(&pair, _)| pair)
            .collect();
        for pair in lost {
            self.end(pair, now, 0, out);
        }
    }

    fn forget(&mut self, track: TrackId, now: Time, _: &Picture, out: &mut Vec<Verdict>) {
        self.looked.remove(&track);
        for partner in self.partners.get(&track).cloned().unwrap_or_default() {
            self.end(pair_of(track, partner), now, 0, out);
        }
    }
}

impl Rendezvous {
    #[expect(
        clippy::too_many_arguments,
        reason = "one look needs both vessels, the distance and the surroundings"
    )]
    fn look(
        &mut self,
        pair: Pair,
        step: &Step,
        other: &Live,
        metres: Metres,
        picture: &Picture,
        context: Context<'_>,
        out: &mut Vec<Verdict>,
    ) {
        let settings = &context.settings.rendezvous;
        let class_b = step.fix.class == Class::B || other.step.fix.class == Class::B;
        let (near, apart) = if class_b {
            (settings.near_class_b, settings.apart_class_b)
        } else {
            (settings.near, settings.apart)
        };
        if metres.0 <= near.0 {
            let Some(me) = picture.get(step.fix.track) else { return };
            if !self.meetings.contains_key(&pair) {
                for (a, b) in [pair, (pair.1, pair.0)] {
                    self.partners.entry(a).or_default().push(b);
                }
            }
            let meeting = self.meetings.entry(pair).or_insert_with(|| Meeting::begin(&step.fix));
            let (low, high) = if pair.0 == step.fix.track { (me, other) } else { (other, me) };
            meeting.close(&step.fix, metres, low, high, settings);
            if let Some(grade) = meeting.grade(low, high, settings) {
                // A ship that a radar tracks as well is one ship.
                let around = picture.within(step.fix.position, CROWD_RADIUS);
                let crowd =
                    around.iter().filter(|(_, live)| live.step.fix.class != Class::RadarTarget).count();
                let evidence = evidence(meeting, grade, step, low, high, crowd, settings);
                out.push(verdict(pair, step.fix.time, step.fix.sequence, Look::Suspect(Box::new(evidence))));
            }
        } else if metres.0 >= apart.0
            && self.meetings.get_mut(&pair).is_some_and(|meeting| meeting.apart_for_long(step.fix.time))
        {
            self.end(pair, step.fix.time, step.fix.sequence, out);
        }
    }

    fn end(&mut self, pair: Pair, at: Time, sequence: u64, out: &mut Vec<Verdict>) {
        let Some(meeting) = self.meetings.remove(&pair) else { return };
        for (a, b) in [pair, (pair.1, pair.0)] {
            if let Some(partners) = self.partners.get_mut(&a) {
                partners.retain(|&partner| partner != b);
                if partners.is_empty() {
                    self.partners.remove(&a);
                }
            }
        }
        if meeting.was_suspect() {
            out.push(verdict(pair, at, sequence, Look::Over));
        }
    }
}

fn verdict(pair: Pair, at: Time, sequence: u64, look: Look) -> Verdict {
    Verdict { rule: Rule::Rendezvous, tracks: vec![pair.0, pair.1], place: String::new(), at, sequence, look }
}

fn evidence(
    meeting: &Meeting,
    grade: Grade,
    step: &Step,
    low: &Live,
    high: &Live,
    crowd: usize,
    settings: &Settings,
) -> Evidence {
    let mut factors = of_place(step);
    for live in [low, high] {
        for factor in of_vessel(&live.step, &live.particulars) {
            if !factors.contains(&factor) {
                factors.push(factor);
            }
        }
    }
    let both_fishing = [low, high].iter().all(|l| l.particulars.is_fishing() || l.step.fix.status == 7);
    // Definition D2: both fishing and less than a transfer is for the record.
    if both_fishing && grade < Grade::Transfer {
        factors.push(factor("both_fishing", -30));
    }
    if crowd > CROWD {
        factors.push(factor("among_many", -20));
    }
    // At anchor beside each other in an anchorage that nobody has marked. Ours, unproven.
    if [low, high].iter().all(|l| matches!(l.step.fix.status, 1 | 5)) {
        factors.push(factor("both_at_anchor", -20));
    }
    // Nameless boats that trawl in pairs, tow or go home together. Ours: enough to lower a class, not to hide.
    if meeting.is_under_way_together() {
        factors.push(factor("under_way_together", -30));
    }
    if meeting.is_one_hull() {
        factors.push(factor("one_hull", -40));
    }
    // People are brought by a small boat to a larger one; two small boats side by side are most often fishing.
    if grade == Grade::Touch
        && low.particulars.is_small_or_unknown()
        && high.particulars.is_small_or_unknown()
    {
        factors.push(factor("both_small", -10));
    }
    let subject = |live: &Live| Subject::new(live.step.fix.track, live.step.fix.mmsi, &live.particulars);
    let subjects = vec![subject(low), subject(high)];
    let coast_nm = step.surroundings.coast.0 / NAUTICAL_MILE;
    let minutes = meeting.lasted(grade).as_minutes();
    let medians = meeting.median_speeds();
    let (time_min, speed_max) = match grade {
        Grade::Touch => (settings.touch_time, settings.touch_speed_max),
        Grade::Meet => (settings.meet_time, settings.meet_speed_max),
        Grade::Transfer => (settings.transfer_time, settings.transfer_speed_max),
    };
    let params = [
        ("vessel_a", subjects[0].called()),
        ("vessel_b", subjects[1].called()),
        ("distance_m", format!("{:.0}", meeting.distance_min().0)),
        ("minutes", format!("{minutes:.0}")),
        ("speed_knots", format!("{:.1}", medians.0.0.max(medians.1.0))),
        ("coast_nm", format!("{coast_nm:.0}")),
    ];
    let innocent = [
        "bunkering",
        "pilot_or_tug",
        "rafted_fishing",
        "pair_trawling",
        "same_owner_supply",
        "duplicate_transponder",
    ];
    Evidence {
        grade: grade.name().to_owned(),
        distress: false,
        base: grade.base(),
        factors,
        // A class B position is up to half a minute old: less sure of the distance. Ours.
        confidence: if [low, high].iter().any(|l| l.step.fix.class == Class::B) { 0.8 } else { 1.0 },
        began_at: meeting.began_at(),
        began: meeting.began(),
        position: Some(step.fix.position),
        subjects,
        params: params.map(|(name, value)| (name.to_owned(), value)).into(),
        innocent: innocent.map(String::from).into(),
        measures: vec![
            Measure::held("distance_min", meeting.distance_min().0, "m", settings.touch_distance.0),
            Measure::held("distance_mean", meeting.distance_mean().0, "m", settings.near.0),
            Measure::held("duration", minutes, "min", time_min.0),
            Measure::held("speed_median", medians.0.0.max(medians.1.0), "kn", speed_max.0),
            Measure::held("coast_distance", coast_nm, "nm", settings.coast_min.0),
        ],
        sightings: meeting.sightings().to_vec(),
        wants_helpers: false,
        helpers: Vec::new(),
    }
}
