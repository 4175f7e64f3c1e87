//! Raise, hold, clear: how many looks make an alert, and when repeats are one.

use super::{Alert, AlertId, Change, ChangeKind, Priority, State, Words, severity};
use crate::detector::{self, Evidence, Look, Rule, Verdict};
use crate::track::TrackId;
use rustc_hash::FxHashMap;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The life of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The same pattern of the same vessels again within this many hours after it cleared is the same alert.
    /// 4 h: Global Fishing Watch merges encounters so.
    pub merge_hours: f64,
    /// Facts of an open alert are told anew this often, unless its grade or priority changes. Ours.
    pub update_minutes: f64,
    /// Cases remembered at most; beyond it those cleared longest ago are let go. Ours.
    pub cases_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { merge_hours: 4.0, update_minutes: 10.0, cases_max: 50_000 }
    }
}

impl Settings {
    /// How long after it cleared a pattern that comes back is the same alert. A call for help is never merged into
    /// an older one, which somebody may have decided.
    fn merge(&self, rule: Rule) -> Span {
        match rule {
            // Whatever the clocks say: a backlog may bring the new call with a stamp from before the clearing.
            Rule::Distress => Span::from_millis(i64::MIN),
            _ => Span::from_millis((self.merge_hours * 3_600_000.0) as i64),
        }
    }
}

/// A call for help is told anew this often: a drifting raft moves. Ours.
const DISTRESS_UPDATE: Span = Span::from_minutes(1);

/// A case that was never raised and not looked at for this long is let go. Ours.
const QUIET_MAX: Span = Span::from_hours(1);

/// How long an alert of another rule counts as being about the same matter. Common modifiers (6.0).
const SAME_MATTER: Span = Span::from_hours(24);

/// What makes two verdicts be about the same thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Key {
    rule: Rule,
    tracks: Vec<TrackId>,
    place: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Case {
    suspect: u32,
    normal: u32,
    looked_at: Time,
    told_at: Time,
    alert: Option<Alert>,
}

/// The stage: every case that is open or may come back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Raise {
    cases: BTreeMap<Key, Case>,
    #[serde(with = "sensors::sorted::map")]
    matters: FxHashMap<TrackId, Vec<(Rule, Time)>>,
    raised: BTreeMap<Rule, u64>,
    swept: Time,
}

impl Raise {
    /// Takes one verdict; says what it changed, if anything.
    pub fn take(
        &mut self,
        verdict: Verdict,
        rules: &detector::Settings,
        settings: &Settings,
    ) -> Option<Change> {
        let (raise_looks, clear_looks) = rules.looks(verdict.rule);
        let key = Key { rule: verdict.rule, tracks: verdict.tracks, place: verdict.place };
        let (at, sequence) = (verdict.at, verdict.sequence);
        let evidence = match verdict.look {
            Look::Suspect(evidence) => evidence,
            ended => {
                let case = self.cases.get_mut(&key)?;
                case.looked_at = at;
                case.suspect = 0;
                case.normal += 1;
                let over = ended == Look::Over || case.normal >= clear_looks;
                return case.clear(at, sequence, over);
            }
        };
        if self.cases.len() >= settings.cases_max && !self.cases.contains_key(&key) {
            self.make_room();
        }
        let further = self.further_rules(&key, at);
        let merge = settings.merge(key.rule);
        let case = self.cases.entry(key.clone()).or_insert_with(|| Case::new(at));
        if case.is_stale(at, merge) {
            *case = Case::new(at);
        }
        case.looked_at = at;
        case.normal = 0;
        case.suspect = case.suspect.saturating_add(1);
        let change = case.suspected(&key, *evidence, further, at, sequence, raise_looks, settings);
        if let Some(Change { kind: ChangeKind::Raised, alert, .. }) = &change {
            if alert.episodes == 1 {
                *self.raised.entry(key.rule).or_default() += 1;
            }
            for &track in &key.tracks {
                let matters = self.matters.entry(track).or_default();
                matters.retain(|(rule, _)| *rule != key.rule);
                matters.push((key.rule, at));
            }
        }
        change
    }

    /// The clock passes: what can no longer come back is let go. Looks every ten minutes of event time.
    pub fn tick(&mut self, now: Time, settings: &Settings) {
        if now.since(self.swept).abs() < Span::from_minutes(10) {
            return;
        }
        self.swept = now;
        self.cases.retain(|key, case| match &case.alert {
            Some(_) => !case.is_stale(now, settings.merge(key.rule)),
            None => now.since(case.looked_at) <= QUIET_MAX,
        });
        self.matters.retain(|_, matters| {
            matters.retain(|(_, at)| now.since(*at) <= SAME_MATTER);
            !matters.is_empty()
        });
    }

    /// Alerts whose pattern goes on, in the order of their cases.
    pub fn open(&self) -> impl Iterator<Item = &Alert> {
        self.cases.values().filter_map(|case| case.alert.as_ref()).filter(|alert| alert.state == State::Open)
    }

    /// Alerts that are open or may come back, in the order of their cases.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.cases.values().filter_map(|case| case.alert.as_ref())
    }

    /// How many alerts each rule has raised, those for the record included.
    pub fn raised(&self) -> &BTreeMap<Rule, u64> {
        &self.raised
    }

    fn further_rules(&self, key: &Key, at: Time) -> usize {
        let mut others: Vec<Rule> = key
            .tracks
            .iter()
            .filter_map(|track| self.matters.get(track))
            .flatten()
            .filter(|(rule, raised)| *rule != key.rule && at.since(*raised) <= SAME_MATTER)
            .map(|(rule, _)| *rule)
            .collect();
        others.sort_unstable();
        others.dedup();
        others.len()
    }

    fn make_room(&mut self) {
        let quietest = |open: bool| {
            let cases = self.cases.iter().filter(|(_, case)| open || !case.is_open());
            cases.min_by_key(|(key, case)| (case.looked_at, (*key).clone())).map(|(key, _)| key.clone())
        };
        if let Some(key) = quietest(false).or_else(|| quietest(true)) {
            self.cases.remove(&key);
        }
    }
}

impl Case {
    fn new(at: Time) -> Case {
        Case { suspect: 0, normal: 0, looked_at: at, told_at: at, alert: None }
    }

    fn is_open(&self) -> bool {
        self.alert.as_ref().is_some_and(|alert| alert.state == State::Open)
    }

    fn is_stale(&self, now: Time, merge: Span) -> bool {
        self.alert
            .as_ref()
            .and_then(|alert| alert.cleared_at)
            .is_some_and(|cleared| now.since(cleared) > merge)
    }

    fn clear(&mut self, at: Time, sequence: u64, over: bool) -> Option<Change> {
        let alert = self.alert.as_mut().filter(|alert| over && alert.state == State::Open)?;
        alert.state = State::Cleared;
        alert.cleared_at = Some(at);
        alert.updated_at = alert.updated_at.max(at);
        alert.journal_last = alert.journal_last.max(sequence);
        alert.version += 1;
        Some(Change { sequence, kind: ChangeKind::Cleared, alert: alert.clone() })
    }

    #[expect(clippy::too_many_arguments, reason = "one call, inside this file")]
    fn suspected(
        &mut self,
        key: &Key,
        evidence: Evidence,
        further_rules: usize,
        at: Time,
        sequence: u64,
        raise_looks: u32,
        settings: &Settings,
    ) -> Option<Change> {
        let open = self.is_open();
        if !open && self.suspect < raise_looks {
            return None;
        }
        let before = self.alert.take();
        let mut alert = facts(key, evidence, further_rules, at, sequence);
        let kind = match &before {
            None => ChangeKind::Raised,
            Some(known) => {
                alert.id = known.id;
                alert.raised_at = known.raised_at;
                alert.journal_first = known.journal_first.min(alert.journal_first);
                alert.episodes = known.episodes + u32::from(!open);
                alert.version = known.version;
                if open { ChangeKind::Updated } else { ChangeKind::Raised }
            }
        };
        let graver = before
            .as_ref()
            .is_none_or(|known| known.grade != alert.grade || known.priority != alert.priority);
        let patience = match alert.priority {
            Priority::Distress => DISTRESS_UPDATE,
            _ => Span::from_millis((settings.update_minutes * 60_000.0) as i64),
        };
        // Where it is, once that is known, waits for nothing. A receiver with a slow clock is not silent for the difference.
        let placed =
            alert.position.is_some() && before.as_ref().is_some_and(|known| known.position.is_none());
        let due = at.since(self.told_at).abs() >= patience;
        let tell = kind == ChangeKind::Raised || graver || placed || due;
        if tell {
            alert.version += 1;
            self.told_at = at;
        }
        let change = tell.then(|| Change { sequence, kind, alert: alert.clone() });
        self.alert = Some(alert);
        change
    }
}

fn facts(key: &Key, evidence: Evidence, further_rules: usize, at: Time, sequence: u64) -> Alert {
    let (severity, factors) = severity::severity(&evidence, further_rules);
    let name = key.rule.name();
    // A partner's position may have come before the line that showed the two together.
    let rests_on = evidence.sightings.iter().map(|sighting| sighting.sequence).chain([evidence.began]);
    let journal_first = rests_on.min().expect("it has one at least");
    Alert {
        id: id(key, evidence.began),
        rule: name.to_owned(),
        state: State::Open,
        priority: severity::priority(&evidence, severity),
        severity,
        factors,
        confidence: evidence.confidence,
        position: evidence.position,
        began_at: evidence.began_at,
        raised_at: at,
        updated_at: at,
        cleared_at: None,
        episodes: 1,
        reason: Words {
            code: format!("{name}.{}", evidence.grade),
            params: evidence.params.into_iter().collect(),
        },
        innocent: evidence.innocent.into_iter().map(|code| Words { code, params: BTreeMap::new() }).collect(),
        grade: evidence.grade,
        subjects: evidence.subjects,
        measures: evidence.measures,
        sightings: evidence.sightings,
        helpers: evidence.helpers,
        journal_first,
        journal_last: sequence,
        version: 0,
    }
}

/// The alert's name. Computed once, when the alert is raised; what comes later never renames it.
fn id(key: &Key, began: u64) -> AlertId {
    let mut hash = Sha256::new();
    hash.update(key.rule.name());
    hash.update(&key.place);
    for track in &key.tracks {
        hash.update(track.as_u64().to_le_bytes());
    }
    hash.update(began.to_le_bytes());
    let digest = hash.finalize();
    AlertId(u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 is longer than eight bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(minute: i64, look: Look) -> Verdict {
        Verdict {
            rule: Rule::Loitering,
            tracks: vec![TrackId::new(0, 7)],
            place: String::new(),
            at: Time::from_seconds(60 * minute),
            sequence: minute as u64,
            look,
        }
    }

    fn suspect(began: u64) -> Look {
        Look::Suspect(Box::new(Evidence {
            grade: "hour".into(),
            distress: false,
            base: 30,
            factors: vec![detector::Factor { code: "night".into(), points: 10 }],
            confidence: 1.0,
            began_at: Time::from_seconds(0),
            began,
            position: None,
            subjects: Vec::new(),
            params: Vec::new(),
            innocent: Vec::new(),
            measures: Vec::new(),
            sightings: Vec::new(),
            wants_helpers: false,
            helpers: Vec::new(),
        }))
    }

    fn told(raise: &mut Raise, verdict: Verdict) -> Option<(ChangeKind, Alert)> {
        let rules = detector::Settings::default();
        raise.take(verdict, &rules, &Settings::default()).map(|change| (change.kind, change.alert))
    }

    #[test]
    fn raises_after_three_looks_and_merges_what_comes_back() {
        let mut raise = Raise::default();
        assert_eq!(told(&mut raise, verdict(1, suspect(1))), None);
        assert_eq!(told(&mut raise, verdict(3, suspect(1))), None);
        let (kind, first) = told(&mut raise, verdict(5, suspect(1))).expect("three looks raise");
        assert_eq!((kind, first.priority, first.severity), (ChangeKind::Raised, Priority::P3, 40));
        assert_eq!(told(&mut raise, verdict(7, suspect(1))), None, "facts are not told at every look");
        assert_eq!(told(&mut raise, verdict(16, suspect(1))).map(|c| c.0), Some(ChangeKind::Updated));
        assert_eq!(told(&mut raise, verdict(20, Look::Normal)).map(|c| c.0), Some(ChangeKind::Cleared));
        for minute in [60, 62] {
            assert_eq!(told(&mut raise, verdict(minute, suspect(50))), None);
        }
        let (kind, again) = told(&mut raise, verdict(64, suspect(50))).expect("it is back");
        assert_eq!((kind, again.id, again.episodes), (ChangeKind::Raised, first.id, 2));
        assert_eq!(raise.raised()[&Rule::Loitering], 1);
    }

    #[test]
    fn after_the_merge_time_it_is_another_alert() {
        let mut raise = Raise::default();
        let ids: Vec<AlertId> = [0, 400]
            .into_iter()
            .map(|start| {
                for n in 0..2 {
                    assert_eq!(told(&mut raise, verdict(start + n, suspect(start as u64))), None);
                }
                let (_, alert) = told(&mut raise, verdict(start + 2, suspect(start as u64))).expect("raised");
                told(&mut raise, verdict(start + 3, Look::Over)).expect("cleared");
                alert.id
            })
            .collect();
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn the_journal_range_holds_every_position_shown() {
        let mut raise = Raise::default();
        let Look::Suspect(mut evidence) = suspect(40) else { unreachable!("it is suspect") };
        let position = crate::geo::Position { lat: 0, lon: 0 };
        let sighting = |sequence| super::super::Sighting {
            track: TrackId::new(0, 7),
            time: Time::from_seconds(0),
            position,
            sequence,
        };
        evidence.sightings = vec![sighting(37), sighting(40)];
        let look = Look::Suspect(evidence);
        let (_, alert) = told(&mut raise, Verdict { rule: Rule::Distress, sequence: 40, ..verdict(1, look) })
            .expect("raised");
        assert_eq!((alert.journal_first, alert.journal_last), (37, 40));
    }

    #[test]
    fn a_call_for_help_that_comes_back_is_an_alert_of_its_own() {
        let mut raise = Raise::default();
        let call = |minute, look| Verdict { rule: Rule::Distress, ..verdict(minute, look) };
        let (_, first) = told(&mut raise, call(1, suspect(1))).expect("one look raises");
        told(&mut raise, call(40, Look::Over)).expect("cleared");
        let (kind, again) = told(&mut raise, call(39, suspect(40))).expect("one look raises");
        assert_eq!((kind, again.episodes), (ChangeKind::Raised, 1));
        assert_ne!(again.id, first.id, "whoever decided the first has not seen this one");
    }

    #[test]
    fn a_normal_look_between_starts_the_count_anew() {
        let mut raise = Raise::default();
        for minute in 0..10 {
            assert_eq!(told(&mut raise, verdict(3 * minute, suspect(1))), None);
            assert_eq!(told(&mut raise, verdict(3 * minute + 1, suspect(1))), None);
            assert_eq!(told(&mut raise, verdict(3 * minute + 2, Look::Normal)), None);
        }
    }
}
