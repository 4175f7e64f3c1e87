//! What a re-run means for the alerts on the desk: which are raised late, told otherwise, retracted or restored.

use super::difference::{Aspect, Difference, aspects, same_matter, worded};
use super::late::Compared;
use crate::alert::{Alert, AlertId, Priority};
use crate::desk::{AlertRow, Amend, AmendmentKind, Changed};
use std::collections::BTreeSet;

/// What to amend. `kept` are the alerts of the period as the desk has them: what an earlier re-run said of them is not said
/// again, and is taken back where this one, which knows more, does not find it.
pub fn amends(compared: &Compared, kept: &[AlertRow]) -> Vec<Amend> {
    let mut desk = OnDesk { kept, settled: BTreeSet::new() };
    let mut amends: Vec<Amend> =
        compared.differences.iter().filter_map(|difference| desk.settle(difference)).collect();
    let left: Vec<&AlertRow> = kept
        .iter()
        .filter(|row| row.amended.amendments > 0 && !desk.settled.contains(&row.alert.id))
        .collect();
    // An alert that began before the period may rest on what was not run again, and one that is marked does rest on lines
    // that the journal no longer has.
    let within = left.into_iter().filter(|row| row.alert.began_at >= compared.from && !row.unrecorded);
    amends.extend(within.filter_map(|row| {
        let known = &row.alert;
        let same = compared.after.iter().find(|alert| alert.id == known.id);
        let same = same.or_else(|| compared.after.iter().find(|alert| same_matter(alert, known)));
        match same {
            Some(now) => tell_otherwise(row, None, now),
            None => retract(row),
        }
    }));
    amends.sort_by_key(|amend| amend.alert);
    amends
}

struct OnDesk<'a> {
    kept: &'a [AlertRow],
    /// Alerts that a difference was about.
    settled: BTreeSet<AlertId>,
}

impl<'a> OnDesk<'a> {
    fn settle(&mut self, difference: &Difference) -> Option<Amend> {
        let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
        let row = self.find(difference);
        if let Some(row) = row {
            self.settled.insert(row.alert.id);
        }
        match (row, before, after) {
            (None, None, Some(after)) => {
                let (alert, facts) = (after.id, Some(after.clone()));
                Some(Amend { alert, kind: AmendmentKind::RaisedLate, changes: Vec::new(), facts })
            }
            (Some(row), before, Some(after)) => tell_otherwise(row, before, after),
            (Some(row), Some(_), None) => retract(row),
            // The desk was never told of it: rules that are new see more in the past than was raised.
            (None, Some(_), _) | (_, None, None) => None,
        }
    }

    fn find(&self, difference: &Difference) -> Option<&'a AlertRow> {
        let free = || self.kept.iter().filter(|row| !self.settled.contains(&row.alert.id));
        let told = [&difference.before, &difference.after].into_iter().flatten();
        told.clone()
            .find_map(|alert| free().find(|row| row.alert.id == alert.id))
            .or_else(|| told.clone().find_map(|alert| free().find(|row| same_matter(&row.alert, alert))))
    }
}

fn retract(row: &AlertRow) -> Option<Amend> {
    let amend =
        Amend { alert: row.alert.id, kind: AmendmentKind::Retracted, changes: Vec::new(), facts: None };
    (!row.amended.retracted).then_some(amend)
}

fn tell_otherwise(row: &AlertRow, before: Option<&Alert>, after: &Alert) -> Option<Amend> {
    let known = &row.alert;
    let facts = facts(known, before, after);
    let differ = aspects(known, &facts);
    let kind = if row.amended.retracted { AmendmentKind::Restored } else { AmendmentKind::Updated };
    if differ.is_empty() && kind == AmendmentKind::Updated {
        return None;
    }
    let changed = |&aspect: &Aspect| Changed {
        aspect: aspect.name().to_owned(),
        before: worded(aspect, known),
        after: worded(aspect, &facts),
    };
    Some(Amend { alert: known.id, kind, changes: differ.iter().map(changed).collect(), facts: Some(facts) })
}

/// The facts under the name that the desk knows. Where the watch has told more since the re-run was wanted, that stays, and
/// only how it began is taken from the re-run.
fn facts(known: &Alert, before: Option<&Alert>, after: &Alert) -> Alert {
    // A call for help keeps its place, its grade and its end whatever a re-run says: only that it began earlier is told.
    if known.priority == Priority::Distress {
        return Alert {
            began_at: known.began_at.min(after.began_at),
            journal_first: known.journal_first.min(after.journal_first),
            ..known.clone()
        };
    }
    let went_on = before.is_some_and(|before| before.id == known.id && known.version > before.version);
    let found = if went_on { known } else { after };
    Alert {
        id: known.id,
        version: known.version,
        began_at: after.began_at,
        raised_at: after.raised_at,
        journal_first: after.journal_first.min(found.journal_first),
        journal_last: after.journal_last.max(known.journal_last),
        ..found.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::difference::tests::alert;
    use super::super::difference::{Alerts, differences};
    use super::*;
    use crate::desk::Amended;
    use sensors::Time;

    fn compared(before: &[Alert], after: &[Alert]) -> Compared {
        let [before, after] = [before, after].map(|alerts| alerts.iter().cloned().collect::<Alerts>());
        let (from, to) = (Time::from_seconds(0), Time::from_seconds(86_400));
        Compared { from, to, differences: differences(&before, &after), after }
    }

    fn on_desk(alert: &Alert, amended: Amended) -> AlertRow {
        AlertRow { alert: alert.clone(), desk: Default::default(), amended, unrecorded: false }
    }

    fn told(compared: &Compared, kept: &[AlertRow]) -> Vec<(u64, AmendmentKind)> {
        amends(compared, kept).iter().map(|amend| (amend.alert.0, amend.kind)).collect()
    }

    const ONCE: Amended = Amended { amendments: 1, raised_late: false, retracted: false };

    #[test]
    fn what_only_late_data_shows_is_raised_late_once() {
        let late = alert(1, "rendezvous", 60);
        let compared = compared(&[], std::slice::from_ref(&late));
        assert_eq!(told(&compared, &[]), [(1, AmendmentKind::RaisedLate)]);
        // A second re-run, whose first line is another, finds it on the desk.
        let known = Alert { id: AlertId(7), ..late };
        assert_eq!(told(&compared, &[on_desk(&known, Amended { raised_late: true, ..ONCE })]), []);
    }

    #[test]
    fn an_alert_that_late_data_explains_away_is_retracted_once_and_comes_back_when_more_comes() {
        let wrong = alert(1, "loitering", 60);
        let explained = compared(std::slice::from_ref(&wrong), &[]);
        let retracted = Amended { retracted: true, ..ONCE };
        assert_eq!(told(&explained, &[on_desk(&wrong, Amended::default())]), [(1, AmendmentKind::Retracted)]);
        assert_eq!(told(&explained, &[on_desk(&wrong, retracted)]), []);
        let right = compared(std::slice::from_ref(&wrong), std::slice::from_ref(&wrong));
        assert_eq!(told(&right, &[on_desk(&wrong, retracted)]), [(1, AmendmentKind::Restored)]);
    }

    #[test]
    fn an_alert_raised_late_that_more_late_data_does_not_show_is_retracted() {
        let late = alert(1, "rendezvous", 60);
        let nothing = compared(&[], &[]);
        let raised_late = Amended { raised_late: true, ..ONCE };
        assert_eq!(told(&nothing, &[on_desk(&late, raised_late)]), [(1, AmendmentKind::Retracted)]);
        // Before the period: what it rests on was not run again.
        let before = Alert { began_at: Time::from_seconds(-3600), ..late.clone() };
        assert_eq!(told(&nothing, &[on_desk(&before, raised_late)]), []);
        // The journal that showed it is lost.
        let lost = AlertRow { unrecorded: true, ..on_desk(&late, raised_late) };
        assert_eq!(told(&nothing, &[lost]), []);
    }

    #[test]
    fn a_call_for_help_keeps_its_place_whatever_a_re_run_says() {
        let call = Alert { priority: Priority::Distress, ..alert(1, "distress", 60) };
        let cleared_at = Some(Time::from_seconds(70));
        let tested =
            Alert { id: AlertId(2), priority: Priority::Record, cleared_at, ..alert(2, "distress", 40) };
        let amend = tell_otherwise(&on_desk(&call, Amended::default()), None, &tested).unwrap();
        let began_at = tested.began_at;
        let journal_first = call.journal_first.min(tested.journal_first);
        assert_eq!(amend.facts, Some(Alert { began_at, journal_first, ..call }));
    }

    #[test]
    fn facts_found_by_a_re_run_keep_the_name_and_what_the_watch_told_since() {
        let heard = alert(1, "rendezvous", 60);
        let found =
            Alert { id: AlertId(2), priority: Priority::P1, severity: 90, ..alert(2, "rendezvous", 40) };
        let compared = compared(std::slice::from_ref(&heard), &[found]);
        let [amend] = &amends(&compared, &[on_desk(&heard, Amended::default())])[..] else { panic!("one") };
        let facts = amend.facts.as_ref().unwrap();
        assert_eq!((facts.id, facts.priority, facts.version), (heard.id, Priority::P1, heard.version));
        let aspects: Vec<&str> = amend.changes.iter().map(|changed| changed.aspect.as_str()).collect();
        assert_eq!(aspects, ["priority", "severity", "began", "raised"]);
        // It ended meanwhile.
        let cleared_at = Some(Time::from_seconds(80_000));
        let since = Alert { version: 2, cleared_at, ..heard };
        let [amend] = &amends(&compared, &[on_desk(&since, Amended::default())])[..] else { panic!("one") };
        assert_eq!(amend.facts.as_ref().unwrap().cleared_at, cleared_at);
        assert_eq!(amend.facts.as_ref().unwrap().began_at, Time::from_seconds(40 * 60));
    }
}
