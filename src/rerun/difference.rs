//! What differs between two runs over the same time: which alerts appear, vanish or change.

use crate::alert::{Alert, AlertId, Change, Priority};
use crate::watch::Watch;
use sensors::{Mmsi, Span, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// Moments that lie no further apart than this are the same: two receivers' lines may change places by as much. Ours,
/// unproven.
const SAME_MOMENT: Span = Span::from_minutes(1);

/// The alerts of one run, each as it was last told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alerts(BTreeMap<AlertId, Alert>);

impl Alerts {
    /// Those that a watch remembers.
    pub fn of(watch: &Watch) -> Alerts {
        Alerts(watch.alerts().map(|alert| (alert.id, alert.clone())).collect())
    }

    /// What happened to alerts since.
    pub fn take(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.0.extend(changes.into_iter().map(|change| (change.alert.id, change.alert)));
    }

    /// Lets go of those that are not wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&Alert) -> bool) {
        self.0.retain(|_, alert| wanted(alert));
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.0.values()
    }
}

impl FromIterator<Alert> for Alerts {
    fn from_iter<T: IntoIterator<Item = Alert>>(alerts: T) -> Alerts {
        Alerts(alerts.into_iter().map(|alert| (alert.id, alert)).collect())
    }
}

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only the second run raises it.
    Appears,
    /// Only the first run raises it.
    Vanishes,
    /// Both raise it, and not alike.
    Changes,
}

/// What an alert is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The rule's grade.
    Grade,
    /// How soon it wants a person.
    Priority,
    /// 0 to 100.
    Severity,
    /// The MMSIs it is about.
    Vessels,
    /// When the pattern began.
    Began,
    /// When it was raised.
    Raised,
    /// When it ended.
    Cleared,
    /// How many episodes are one.
    Episodes,
}

impl Aspect {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Aspect::Grade => "grade",
            Aspect::Priority => "priority",
            Aspect::Severity => "severity",
            Aspect::Vessels => "vessels",
            Aspect::Began => "began",
            Aspect::Raised => "raised",
            Aspect::Cleared => "cleared",
            Aspect::Episodes => "episodes",
        }
    }
}

/// One alert that the two runs do not share, or do not tell alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// As the first run tells it.
    pub before: Option<Alert>,
    /// As the second run tells it.
    pub after: Option<Alert>,
    /// Where both tell it: in what they differ.
    pub aspects: Vec<Aspect>,
}

impl Difference {
    /// What kind of difference it is.
    pub fn kind(&self) -> Kind {
        match (&self.before, &self.after) {
            (None, _) => Kind::Appears,
            (_, None) => Kind::Vanishes,
            _ => Kind::Changes,
        }
    }

    /// The alert as it is after, or as it was where it is gone.
    pub fn alert(&self) -> &Alert {
        self.after.as_ref().or(self.before.as_ref()).expect("one of the two runs tells it")
    }
}

/// An aspect of an alert in words of the API.
pub(super) fn worded(aspect: Aspect, alert: &Alert) -> String {
    let moment = |time: Option<Time>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    match aspect {
        Aspect::Grade => alert.grade.clone(),
        Aspect::Priority => priority_name(alert.priority).to_owned(),
        Aspect::Severity => alert.severity.to_string(),
        Aspect::Vessels => mmsis(alert).iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Aspect::Began => moment(Some(alert.began_at)),
        Aspect::Raised => moment(Some(alert.raised_at)),
        Aspect::Cleared => moment(alert.cleared_at),
        Aspect::Episodes => alert.episodes.to_string(),
    }
}

/// A priority as the API writes it.
pub(super) fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Distress => "distress",
        Priority::P1 => "p1",
        Priority::P2 => "p2",
        Priority::P3 => "p3",
        Priority::Record => "record",
    }
}

/// In what two alerts differ that an officer would act on; sequences, sightings and measures may.
pub fn aspects(a: &Alert, b: &Alert) -> Vec<Aspect> {
    let apart = |a: Time, b: Time| a.since(b).abs() > SAME_MOMENT;
    let cleared = match (a.cleared_at, b.cleared_at) {
        (Some(a), Some(b)) => apart(a, b),
        (a, b) => a.is_some() != b.is_some(),
    };
    let all = [
        (Aspect::Grade, a.grade != b.grade),
        (Aspect::Priority, a.priority != b.priority),
        (Aspect::Severity, a.severity != b.severity),
        (Aspect::Vessels, mmsis(a) != mmsis(b)),
        (Aspect::Began, apart(a.began_at, b.began_at)),
        (Aspect::Raised, apart(a.raised_at, b.raised_at)),
        (Aspect::Cleared, cleared),
        (Aspect::Episodes, a.episodes != b.episodes),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(aspect, _)| aspect).collect()
}

fn mmsis(alert: &Alert) -> Vec<Mmsi> {
    let mut mmsis: Vec<Mmsi> = alert.subjects.iter().map(|subject| subject.mmsi).collect();
    mmsis.sort_unstable();
    mmsis
}

/// Whether two alerts of different names are about the same matter: one rule, the same vessels and the same zone at the
/// same time. A first line that another run has earlier or later gives another name.
pub fn same_matter(a: &Alert, b: &Alert) -> bool {
    let end = |alert: &Alert| alert.cleared_at.unwrap_or(Time::from_millis(i64::MAX));
    let zone = |alert: &Alert| alert.reason.params.get("zone").cloned();
    a.rule == b.rule
        && mmsis(a) == mmsis(b)
        && zone(a) == zone(b)
        && a.began_at <= end(b) + SAME_MOMENT
        && b.began_at <= end(a) + SAME_MOMENT
}

/// Everything in which `after` differs from `before`, by time of raising, rule and name. Alerts are the same by their
/// name, or else by what they are about.
pub fn differences(before: &Alerts, after: &Alerts) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut pair = |a: &Alert, b: &Alert| {
        let aspects = aspects(a, b);
        if !aspects.is_empty() {
            found.push(Difference { before: Some(a.clone()), after: Some(b.clone()), aspects });
        }
    };
    let mut gone: Vec<&Alert> = Vec::new();
    let mut new: BTreeMap<AlertId, &Alert> =
        after.0.iter().filter(|(id, _)| !before.0.contains_key(id)).map(|(&id, alert)| (id, alert)).collect();
    for (id, alert) in &before.0 {
        match after.0.get(id) {
            Some(same) => pair(alert, same),
            None => gone.push(alert),
        }
    }
    gone.sort_by_key(|alert| (alert.began_at, alert.id));
    gone.retain(|alert| {
        let same = new.values().filter(|other| same_matter(alert, other));
        // Of several the one of the same grade that began nearest.
        let nearest = same.min_by_key(|other| {
            (other.grade != alert.grade, other.began_at.since(alert.began_at).abs(), other.id)
        });
        let Some(id) = nearest.map(|other| other.id) else { return true };
        pair(alert, new.remove(&id).expect("found in it"));
        false
    });
    found.extend(gone.into_iter().map(|alert| Difference {
        before: Some(alert.clone()),
        after: None,
        aspects: Vec::new(),
    }));
    found.extend(new.into_values().map(|alert| Difference {
        before: None,
        after: Some(alert.clone()),
        aspects: Vec::new(),
    }));
    found.sort_by(|a, b| {
        let key = |d: &Difference| (d.alert().raised_at, d.alert().rule.clone(), d.alert().id);
        key(a).cmp(&key(b))
    });
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::alert::{State, Subject, Words};
    use crate::track::TrackId;

    /// An alert of two vessels that began at a minute.
    pub(crate) fn alert(id: u64, rule: &str, minute: i64) -> Alert {
        let at = Time::from_seconds(60 * minute);
        let subject = |mmsi| Subject { track: TrackId::new(0, 1), mmsi: Mmsi(mmsi), name: None };
        Alert {
            id: AlertId(id),
            rule: rule.to_owned(),
            grade: "meet".to_owned(),
            state: State::Open,
            priority: Priority::P3,
            severity: 50,
            confidence: 1.0,
            subjects: vec![subject(514_000_001), subject(514_000_002)],
            factors: Vec::new(),
            position: None,
            began_at: at,
            raised_at: at + Span::from_minutes(30),
            updated_at: at + Span::from_minutes(30),
            cleared_at: None,
            episodes: 1,
            reason: Words { code: format!("{rule}.meet"), params: BTreeMap::new() },
            innocent: Vec::new(),
            measures: Vec::new(),
            sightings: Vec::new(),
            helpers: Vec::new(),
            journal_first: 1,
            journal_last: 2,
            version: 1,
        }
    }

    fn told(before: &[Alert], after: &[Alert]) -> Vec<(Kind, u64, Vec<Aspect>)> {
        let all = |alerts: &[Alert]| alerts.iter().cloned().collect::<Alerts>();
        let found = differences(&all(before), &all(after));
        found.iter().map(|d| (d.kind(), d.alert().id.0, d.aspects.clone())).collect()
    }

    #[test]
    fn the_same_alerts_differ_in_nothing() {
        let one = alert(1, "rendezvous", 0);
        let seconds_later = Alert { raised_at: one.raised_at + Span::from_seconds(50), ..one.clone() };
        assert_eq!(told(&[one], &[seconds_later]), []);
    }

    #[test]
    fn an_alert_that_only_one_run_raises_appears_or_vanishes() {
        let (a, b) = (alert(1, "rendezvous", 0), alert(2, "loitering", 0));
        assert_eq!(
            told(std::slice::from_ref(&a), &[b]),
            [(Kind::Appears, 2, vec![]), (Kind::Vanishes, 1, vec![])]
        );
        assert_eq!(told(&[], &[a]), [(Kind::Appears, 1, vec![])]);
    }

    #[test]
    fn another_first_line_changes_an_alert_and_does_not_make_it_another() {
        let early = alert(1, "rendezvous", 0);
        let late = Alert { grade: "touch".to_owned(), ..alert(2, "rendezvous", 20) };
        let differs = vec![Aspect::Grade, Aspect::Began, Aspect::Raised];
        let [one, other] = [&early, &late].map(std::slice::from_ref);
        assert_eq!(told(one, other), [(Kind::Changes, 2, differs)]);
        // Over before the other began: two meetings.
        let over = Alert { cleared_at: Some(Time::from_seconds(600)), state: State::Cleared, ..early };
        assert_eq!(told(&[over], &[late]).len(), 2);
    }

    #[test]
    fn of_two_alerts_of_the_same_vessels_each_is_compared_with_its_own() {
        let zone = |id, minute, zone: &str| {
            let mut alert = alert(id, "zone_entry", minute);
            alert.reason.params.insert("zone".to_owned(), zone.to_owned());
            alert
        };
        let before = [zone(1, 0, "north beach"), zone(2, 5, "south beach")];
        let after = [zone(3, 0, "north beach"), zone(4, 5, "south beach")];
        assert_eq!(told(&before, &after), []);
    }
}
