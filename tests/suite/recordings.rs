//! Every recorded voyage through the core: what must be flagged is, what is innocent stays off the queue.
//!
//! `BLESS=1` rewrites the `.alerts` beside each recording; read the difference as an officer would.

use crate::sea::{Core, at, voyage, voyages};
use std::fmt::Write;
use std::fs;
use watchkeeper::alert::{Change, ChangeKind, Priority};

/// One line for each change of an alert: when, what, how soon, why, who, and the figures of the reason.
fn written(changes: &[Change]) -> String {
    let mut out = String::new();
    for Change { kind, alert, .. } in changes {
        let kind = match kind {
            ChangeKind::Raised => "raised",
            ChangeKind::Updated => "updated",
            ChangeKind::Cleared => "cleared",
        };
        let time = alert.cleared_at.unwrap_or(alert.updated_at);
        let priority = format!("{:?}", alert.priority).to_lowercase();
        let factors: Vec<String> =
            alert.factors.iter().map(|f| format!("{} {:+}", f.code, f.points)).collect();
        let subjects: Vec<String> = alert.subjects.iter().map(|subject| subject.called()).collect();
        let params: Vec<String> =
            alert.reason.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(
            out,
            "{time} {kind} {} {priority} {} [{}] | {} | {}",
            alert.reason.code,
            alert.severity,
            factors.join(", "),
            subjects.join(" + "),
            params.join(", "),
        )
        .expect("memory takes it");
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

/// What is wrong with the outcome that the recording's name promises, if anything.
fn broken_promise(rule: &str, outcome: &str, changes: &[Change]) -> Option<String> {
    let raised = |queued: bool| {
        changes.iter().filter(move |change| {
            change.alert.rule == rule && (!queued || change.alert.priority != Priority::Record)
        })
    };
    let queued = raised(true).count();
    match outcome {
        "flagged" if queued == 0 => Some("raises no alert of its rule on the queue".to_owned()),
        "innocent" if queued > 0 => Some("is on the queue and is innocent".to_owned()),
        "missed" if raised(false).count() > 0 => Some(
            "was a blind spot and is seen now: rename it to flagged and say so in the rule's text".to_owned(),
        ),
        "flagged" | "innocent" | "missed" => None,
        other => Some(format!("promises {other}, which is not flagged, innocent or missed")),
    }
}

#[test]
fn recordings_give_the_alerts_that_their_names_promise() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut problems = Vec::new();
    for name in voyages() {
        let mut parts = name.splitn(3, '-');
        let (rule, outcome) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let core = Core::hear_all(&voyage(&name));
        let changes = &core.outcome.changes;
        assert!(!core.outcome.fixes.is_empty() || rule == "distress", "{name}: no vessel was followed");
        if let Some(problem) = broken_promise(rule, outcome, changes) {
            problems.push(format!("{name} {problem}"));
        }
        let path = at(&format!("fixtures/voyages/{name}.alerts"));
        let now = written(changes);
        if bless {
            fs::write(&path, &now).expect("it can be written");
        }
        let held = fs::read_to_string(&path).unwrap_or_default();
        if held != now {
            problems.push(format!("{name}: BLESS=1 rewrites it\n-- held --\n{held}-- now --\n{now}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
