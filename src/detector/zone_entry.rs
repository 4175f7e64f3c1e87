//! A vessel enters, stays in or leaves a zone that officers drew.
//!
//! # What it flags
//! A vessel of the kind the zone's rule names that is inside the zone by 50 m for two fixes or a minute, or has
//! stayed as long as the rule says, or has left it by 200 m, within the rule's hours of local time. One that is
//! first heard inside is told apart from one that was heard entering.
//!
//! # Why it matters
//! The same beaches and waiting places are used again and again; an officer who knows one can have it watched.
//!
//! # Innocent causes
//! Local fishermen and ferries whose way it is; shelter from weather; a wrong position.
//!
//! # What it misses
//! Boats without AIS; a boat that is in and out between two fixes, which for class B can be three minutes apart.

use super::{
    Context, Evidence, Look, Measure, PlaceRule, Rule, Sighting, Subject, Verdict,
    factors::{factor, of_place, of_vessel},
};
use crate::geo::{Metres, Minutes, NAUTICAL_MILE};
use crate::picture::{Live, Picture};
use crate::place::zone::{ENTER_MARGIN, LEAVE_MARGIN, Zone, ZoneEvent, ZoneKind, ZoneRule};
use crate::track::{Class, Particulars, Step, TrackId};
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// When a vessel is in or out; who and when matters is each zone's own rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Inside by at least this far counts as in. 50 m, definition D8 (ours): GNSS error and a yawing vessel.
    pub inside_min: Metres,
    /// In after this long even with one fix. 1 min, definition D8 (ours).
    pub enter_after: Minutes,
    /// Outside by at least this far counts as out. 200 m, definition D8 (ours).
    pub outside_min: Metres,
    /// Out after this long even with one fix. 2 min, definition D8 (ours).
    pub leave_after: Minutes,
    /// Severity of an alert before factors. 40, definition D8; a priority zone adds 15.
    pub severity: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            inside_min: ENTER_MARGIN,
            enter_after: Minutes(1.0),
            outside_min: Metres(-LEAVE_MARGIN.0),
            leave_after: Minutes(2.0),
            severity: 40,
        }
    }
}

/// Fixes on the far side that make it sure. Definition D8.
const FIXES: u32 = 2;

/// A vessel in a zone is looked at anew this often. Ours.
const LOOK_EVERY: Span = Span::from_minutes(1);

/// How long after leaving an alert on leaving stays open. Ours.
const LEFT_STAYS_OPEN: Span = Span::from_minutes(30);

/// Visits followed at once; beyond it new ones are not begun. Ours: a thousand vessels in fifty zones.
const VISITS_MAX: usize = 50_000;

/// The grade of a vessel that nobody heard enter: it was inside when it was first heard. Definition D8.
const APPEAR: &str = "appear";

/// Positions kept of a visit. Ours.
const SIGHTINGS_MAX: usize = 60;

/// One vessel in one zone.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Visit {
    began_at: Time,
    began: u64,
    fixes: u32,
    first_seen_inside: bool,
    stage: Stage,
    depth_max: Metres,
    looked_at: Option<Time>,
    suspect: BTreeSet<ZoneEvent>,
    sightings: Vec<Sighting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// Inside, and not sure yet.
    Coming,
    /// In.
    In,
    /// Outside since, and not sure yet.
    Going { since: Time, fixes: u32 },
    /// Out; only a rule on leaving is still interested.
    Out { since: Time },
}

/// Vessels in zones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ZoneEntry {
    visits: BTreeMap<(TrackId, String), Visit>,
}

impl PlaceRule for ZoneEntry {
    fn on_step(&mut self, step: &Step, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>) {
        if !matches!(step.fix.class, Class::A | Class::B | Class::LongRange)
            || context.zones.zones().is_empty() && self.visits.is_empty()
        {
            return;
        }
        let visited = self.visits_of(step.fix.track).into_iter().map(|(_, id)| id);
        let here = context.zones.containing(step.fix.position).into_iter().map(str::to_owned);
        let ids: BTreeSet<String> = visited.chain(here).collect();
        for id in ids {
            match context.zones.get(&id) {
                Some(zone) => self.look(zone, step, picture, context, out),
                None => self.end(&(step.fix.track, id), step.fix.time, step.fix.sequence, out),
            }
        }
    }

    fn on_tick(&mut self, now: Time, _: &Picture, _: Context<'_>, out: &mut Vec<Verdict>) {
        let done =
            |visit: &Visit| matches!(visit.stage, Stage::Out { since } if now.since(since) > LEFT_STAYS_OPEN);
        let over: Vec<_> =
            self.visits.iter().filter(|(_, visit)| done(visit)).map(|(key, _)| key.clone()).collect();
        over.iter().for_each(|key| self.end(key, now, 0, out));
    }

    fn forget(&mut self, track: TrackId, now: Time, _: &Picture, out: &mut Vec<Verdict>) {
        self.visits_of(track).iter().for_each(|key| self.end(key, now, 0, out));
    }
}

impl ZoneEntry {
    fn visits_of(&self, track: TrackId) -> Vec<(TrackId, String)> {
        let from = (track, String::new());
        self.visits.range(from..).map(|(key, _)| key.clone()).take_while(|(of, _)| *of == track).collect()
    }

    fn look(
        &mut self,
        zone: &Zone,
        step: &Step,
        picture: &Picture,
        context: Context<'_>,
        out: &mut Vec<Verdict>,
    ) {
        let settings = &context.settings.zone_entry;
        let key = (step.fix.track, zone.id.clone());
        let position = step.fix.position;
        let depth =
            context.zones.distance_to_edge(&zone.id, position).expect("the zone came from these zones");
        if !self.visits.contains_key(&key) {
            if depth.0 < settings.inside_min.0 || self.visits.len() >= VISITS_MAX {
                return;
            }
            self.visits.insert(key.clone(), Visit::begin(step));
        }
        let visit = self.visits.get_mut(&key).expect("just put there");
        let stays = visit.move_on(step, depth, settings);
        let on_leaving = zone.rule.as_ref().is_some_and(|rule| rule.on.contains(&ZoneEvent::Leave));
        if matches!(visit.stage, Stage::Out { .. }) {
            visit.over(&[ZoneEvent::Enter, ZoneEvent::Dwell], &key, step.fix.time, step.fix.sequence, out);
        }
        if !stays || matches!(visit.stage, Stage::Out { .. }) && !on_leaving {
            return self.end(&key, step.fix.time, step.fix.sequence, out);
        }
        let (Some(rule), Some(live)) = (&zone.rule, picture.get(step.fix.track)) else { return };
        if !concerns(rule, step, &live.particulars) {
            return;
        }
        // All are asked before the first answer counts as a look: one event must not take another's turn.
        let due: Vec<ZoneEvent> =
            rule.on.iter().copied().filter(|&event| visit.is_due(event, rule, step.fix.time)).collect();
        for event in due {
            visit.looked_at = Some(step.fix.time);
            visit.suspect.insert(event);
            let evidence = evidence(visit, event, zone, rule, step, live, settings);
            let look = Look::Suspect(Box::new(evidence));
            out.push(verdict(&key, event, step.fix.time, step.fix.sequence, look));
        }
    }

    fn end(&mut self, key: &(TrackId, String), at: Time, sequence: u64, out: &mut Vec<Verdict>) {
        if let Some(mut visit) = self.visits.remove(key) {
            visit.over(&[ZoneEvent::Enter, ZoneEvent::Dwell, ZoneEvent::Leave], key, at, sequence, out);
        }
    }
}

/// Whether the zone's rule is about this vessel at this time.
fn concerns(rule: &ZoneRule, step: &Step, particulars: &Particulars) -> bool {
    let speed = step.fix.knots().map(|knots| knots.0);
    let ship_type = particulars.ship_type.map_or(0, |ship_type| ship_type.0);
    rule.window.is_none_or(|window| window.contains(step.fix.time))
        && rule
            .length_max
            .is_none_or(|max| particulars.length().is_none_or(|length| f64::from(length) <= max.0))
        && rule.speed_min.is_none_or(|min| speed.is_some_and(|knots| knots >= min.0))
        && rule.speed_max.is_none_or(|max| speed.is_some_and(|knots| knots <= max.0))
        && (rule.ship_types.is_empty() || rule.ship_types.iter().any(|[a, b]| (*a..=*b).contains(&ship_type)))
        && !rule.exempt.contains(&step.fix.mmsi)
}

fn evidence(
    visit: &Visit,
    event: ZoneEvent,
    zone: &Zone,
    rule: &ZoneRule,
    step: &Step,
    live: &Live,
    settings: &Settings,
) -> Evidence {
    let mut factors = of_place(step);
    factors.extend(of_vessel(step, &live.particulars));
    // The rule's own hours already say that it matters then.
    if rule.window.is_some() {
        factors.retain(|factor| factor.code != "night");
    }
    if zone.kind == ZoneKind::Priority {
        factors.push(factor("priority_zone", 15));
    }
    if visit.first_seen_inside {
        factors.push(factor("first_seen_inside", 0));
    }
    let subject = Subject::new(step.fix.track, step.fix.mmsi, &live.particulars);
    let minutes = step.fix.time.since(visit.began_at).as_minutes();
    let params =
        [("vessel", subject.called()), ("zone", zone.name.clone()), ("minutes", format!("{minutes:.0}"))];
    Evidence {
        grade: if event == ZoneEvent::Enter && visit.first_seen_inside { APPEAR } else { name(event) }
            .to_owned(),
        distress: false,
        base: settings.severity,
        factors,
        confidence: 1.0,
        began_at: visit.began_at,
        began: visit.began,
        position: Some(step.fix.position),
        subjects: vec![subject],
        params: params.map(|(name, value)| (name.to_owned(), value)).into(),
        innocent: ["local_fisherman", "ferry_route", "weather", "navigation_error"].map(String::from).into(),
        measures: vec![
            match rule.dwell.filter(|_| event == ZoneEvent::Dwell) {
                Some(dwell) => Measure::held("time_inside", minutes, "min", dwell.0),
                None => Measure::new("time_inside", minutes, "min"),
            },
            Measure::held("depth_inside", visit.depth_max.0, "m", settings.inside_min.0),
            Measure::new("coast_distance", step.surroundings.coast.0 / NAUTICAL_MILE, "nm"),
        ],
        sightings: visit.sightings.clone(),
        wants_helpers: false,
        helpers: Vec::new(),
    }
}

fn name(event: ZoneEvent) -> &'static str {
    match event {
        ZoneEvent::Enter => "enter",
        ZoneEvent::Dwell => "dwell",
        ZoneEvent::Leave => "leave",
    }
}

impl Visit {
    fn begin(step: &Step) -> Visit {
        Visit {
            began_at: step.fix.time,
            began: step.fix.sequence,
            fixes: 0,
            first_seen_inside: step.fixes == 1,
            stage: Stage::Coming,
            depth_max: Metres(0.0),
            looked_at: None,
            suspect: BTreeSet::new(),
            sightings: Vec::new(),
        }
    }

    /// Takes the next fix; `false` when the visit is over.
    fn move_on(&mut self, step: &Step, depth: Metres, settings: &Settings) -> bool {
        let time = step.fix.time;
        let inside = depth.0 >= settings.inside_min.0;
        let outside = depth.0 <= -settings.outside_min.0;
        self.depth_max = Metres(self.depth_max.0.max(depth.0));
        if inside {
            self.fixes = self.fixes.saturating_add(1);
        }
        if self.sightings.len() >= SIGHTINGS_MAX {
            self.sightings.remove(1);
        }
        self.sightings.push(Sighting::from(&step.fix));
        self.stage = match self.stage {
            Stage::Coming if depth.0 < 0.0 => return false,
            Stage::Coming if inside && self.is_in(time, settings) => Stage::In,
            Stage::Coming => Stage::Coming,
            Stage::In if outside => Stage::Going { since: time, fixes: 1 },
            Stage::Going { since, fixes } if outside => {
                let fixes = fixes + 1;
                if fixes >= FIXES || time.since(since) >= settings.leave_after.span() {
                    Stage::Out { since: time }
                } else {
                    Stage::Going { since, fixes }
                }
            }
            Stage::In | Stage::Going { .. } => Stage::In,
            Stage::Out { .. } if inside => return false,
            Stage::Out { since } => Stage::Out { since },
        };
        true
    }

    fn is_due(&self, event: ZoneEvent, rule: &ZoneRule, time: Time) -> bool {
        let again =
            self.looked_at.is_none_or(|at| time.since(at) >= LOOK_EVERY) || !self.suspect.contains(&event);
        again
            && match (event, self.stage) {
                (ZoneEvent::Enter, Stage::In) => true,
                (ZoneEvent::Dwell, Stage::In) => {
                    rule.dwell.is_some_and(|dwell| time.since(self.began_at) >= dwell.span())
                }
                (ZoneEvent::Leave, Stage::Out { since }) => since == time,
                _ => false,
            }
    }

    /// These patterns have ended, where they were suspected.
    fn over(
        &mut self,
        events: &[ZoneEvent],
        key: &(TrackId, String),
        at: Time,
        sequence: u64,
        out: &mut Vec<Verdict>,
    ) {
        for event in events {
            if self.suspect.remove(event) {
                out.push(verdict(key, *event, at, sequence, Look::Over));
            }
        }
    }

    fn is_in(&self, time: Time, settings: &Settings) -> bool {
        self.fixes >= FIXES || time.since(self.began_at) >= settings.enter_after.span()
    }
}

fn verdict(key: &(TrackId, String), event: ZoneEvent, at: Time, sequence: u64, look: Look) -> Verdict {
    let place = format!("{}/{}", key.1, name(event));
    Verdict { rule: Rule::ZoneEntry, tracks: vec![key.0], place, at, sequence, look }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Position;
    use crate::place::zone::Zones;
    use crate::place::{Detail, Surroundings};
    use crate::track::Fix;
    use sensors::{Mmsi, ReceiverId};

    fn step(minute: i64) -> Step {
        Step {
            fix: Fix {
                track: TrackId::new(0, 1),
                sequence: minute as u64,
                time: Time::from_seconds(60 * minute),
                mmsi: Mmsi(567_000_000),
                position: Position::from_degrees(10.5, 103.5).expect("on earth"),
                speed: Some(3),
                course: None,
                heading: None,
                status: 0,
                class: Class::A,
                receiver: ReceiverId(0),
                standing: crate::track::Standing::Used,
            },
            surroundings: Surroundings {
                coast: Metres(5_000.0),
                on_land: false,
                port: None,
                river: false,
                detail: Detail::Basemap,
            },
            night: false,
            fixes: minute as u32 + 2,
        }
    }

    fn cove() -> Zones {
        let cove = r#"
            id = "cove"
            name = "Cove"
            kind = "watch"
            ring = [[103.0, 10.0], [104.0, 10.0], [104.0, 11.0], [103.0, 11.0]]
            [rule]
            on = ["enter", "dwell"]
            dwell = 2
        "#;
        Zones::new(vec![toml::from_str(cove).expect("a zone")]).expect("no faults")
    }

    fn stay(rule: &mut ZoneEntry, zones: &Zones, minutes: std::ops::Range<i64>) -> Vec<String> {
        let settings = crate::detector::Settings::default();
        let context = Context { settings: &settings, zones, deaf: &[] };
        let (mut picture, mut out) = (Picture::default(), Vec::new());
        for minute in minutes {
            picture.step(step(minute));
            rule.on_step(&step(minute), &picture, context, &mut out);
        }
        let told = |verdict: Verdict| match verdict.look {
            Look::Suspect(evidence) => format!("{} {}", verdict.place, evidence.grade),
            _ => format!("{} over", verdict.place),
        };
        out.into_iter().map(told).collect()
    }

    #[test]
    fn each_event_of_a_rule_is_looked_at_anew() {
        let told = stay(&mut ZoneEntry::default(), &cove(), 0..6);
        let times = |what: &str| told.iter().filter(|told| *told == what).count();
        assert_eq!((times("cove/enter enter"), times("cove/dwell dwell")), (5, 4), "{told:?}");
    }

    #[test]
    fn a_visit_ends_with_the_last_zone_there_is() {
        let mut rule = ZoneEntry::default();
        stay(&mut rule, &cove(), 0..4);
        assert_eq!(stay(&mut rule, &Zones::default(), 4..5), ["cove/enter over", "cove/dwell over"]);
    }
}
