//! What came of a trial, for whoever writes the rule: counts a rule and a day, and each alert that differs.

use super::difference::{Alerts, Aspect, Difference, Kind, priority_name, worded};
use super::trial::Window;
use crate::alert::{Alert, AlertId, Priority};
use crate::detector::RULES;
use sensors::Time;
use serde::Serialize;

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The period that was run again.
    pub window: Window,
    /// How many days that is.
    pub days: f64,
    /// The snapshot that both runs began with; absent where they began with the journal.
    pub snapshot: Option<Time>,
    /// Lines heard in the window.
    pub lines: u64,
    /// Every rule, in the order of the rules.
    pub rules: Vec<RuleCount>,
    /// Every alert that differs, by time.
    pub differences: Vec<Told>,
}

/// How many alerts one rule raised in the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// Under the settings that stood.
    pub before: Count,
    /// Under those tried.
    pub after: Count,
    /// Alerts that only the trial raises.
    pub appear: u64,
    /// Alerts that the trial does not raise.
    pub vanish: u64,
    /// Alerts that it raises otherwise.
    pub change: u64,
}

/// How many alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Count {
    /// All of them.
    pub alerts: u64,
    /// Those that want a person: all but records.
    pub queued: u64,
    /// Alerts a day.
    pub a_day: f64,
}

/// One alert that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// How.
    pub what: Kind,
    /// Its name; the one it has in the trial, unless it vanishes.
    pub id: AlertId,
    /// The name it had under the settings that stood, where that is another.
    pub known_as: Option<AlertId>,
    /// Its rule.
    pub rule: String,
    /// Its grade.
    pub grade: String,
    /// What the vessels call themselves.
    pub vessels: Vec<String>,
    /// When it was raised.
    pub raised_at: Time,
    /// How soon it wants a person.
    pub priority: Priority,
    /// Where it changes: in what, from what, to what.
    pub changes: Vec<(Aspect, String, String)>,
}

impl Report {
    pub(super) fn new(
        window: Window,
        snapshot: Option<Time>,
        lines: u64,
        alerts: [&Alerts; 2],
        differences: &[Difference],
    ) -> Report {
        let days = window.to.since(window.from).as_hours() / 24.0;
        let count = |alerts: &Alerts, rule: &str| {
            let raised = |alert: &&Alert| {
                alert.rule == rule && alert.raised_at >= window.from && alert.raised_at < window.to
            };
            let queued = alerts.iter().filter(raised).filter(|alert| alert.priority != Priority::Record);
            let all = alerts.iter().filter(raised).count() as u64;
            Count { alerts: all, queued: queued.count() as u64, a_day: all as f64 / days }
        };
        let of_kind = |rule: &str, kind: Kind| {
            differences.iter().filter(|d| d.alert().rule == rule && d.kind() == kind).count() as u64
        };
        let rule = |name: &str| RuleCount {
            rule: name.to_owned(),
            before: count(alerts[0], name),
            after: count(alerts[1], name),
            appear: of_kind(name, Kind::Appears),
            vanish: of_kind(name, Kind::Vanishes),
            change: of_kind(name, Kind::Changes),
        };
        let rules = RULES.iter().map(|card| rule(card.name)).collect();
        let differences = differences.iter().map(Told::new).collect();
        Report { window, days, snapshot, lines, rules, differences }
    }
}

impl Told {
    fn new(difference: &Difference) -> Told {
        let alert = difference.alert();
        let changes = match (&difference.before, &difference.after) {
            (Some(before), Some(after)) => {
                let words = |&aspect: &Aspect| (aspect, worded(aspect, before), worded(aspect, after));
                difference.aspects.iter().map(words).collect()
            }
            _ => Vec::new(),
        };
        Told {
            what: difference.kind(),
            id: alert.id,
            known_as: difference.before.as_ref().map(|before| before.id).filter(|id| *id != alert.id),
            rule: alert.rule.clone(),
            grade: alert.grade.clone(),
            vessels: alert.subjects.iter().map(|subject| subject.called()).collect(),
            raised_at: alert.raised_at,
            priority: alert.priority,
            changes,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Window { from, to } = self.window;
        writeln!(f, "window      {from} to {to}, {:.1} days, {} lines", self.days, self.lines)?;
        match self.snapshot {
            Some(time) => writeln!(f, "began with  the snapshot of {time}")?,
            None => writeln!(f, "began with  the journal's start: no snapshot is older than the window")?,
        }
        for count in &self.rules {
            let RuleCount { rule, before, after, appear, vanish, change } = count;
            writeln!(
                f,
                "{rule}: {} -> {} alerts, {:.1} -> {:.1} a day; on the queue {} -> {}; {appear} appear, {vanish} vanish, {change} change",
                before.alerts, after.alerts, before.a_day, after.a_day, before.queued, after.queued,
            )?;
        }
        match self.differences.as_slice() {
            [] => write!(f, "no alert differs"),
            told => told.iter().try_for_each(|told| write!(f, "\n{told}")),
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.what {
            Kind::Appears => "appears ",
            Kind::Vanishes => "vanishes",
            Kind::Changes => "changes ",
        };
        let (rule, grade, id) = (&self.rule, &self.grade, self.id);
        let (priority, vessels) = (priority_name(self.priority), self.vessels.join(" + "));
        write!(f, "{what}  {}  {rule} {grade}  {priority}  {id}  {vessels}", self.raised_at)?;
        for (aspect, before, after) in &self.changes {
            write!(f, "\n          {}: {before} -> {after}", aspect.name())?;
        }
        if let Some(known) = self.known_as {
            write!(f, "\n          known as {known}")?;
        }
        Ok(())
    }
}
