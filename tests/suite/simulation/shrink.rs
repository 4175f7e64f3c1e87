//! The smallest plan that still breaks a promise, told so that a person can follow it.

use super::plan::Plan;
use super::play::{Journal, run};
use super::promises::Broken;
use std::fmt::Write;

/// Plans tried at most; each takes a few hundredths of a second.
const TRIES: usize = 300;

/// Lines shown of a journal at most.
const SHOWN: usize = 60;

/// Makes the plan smaller as long as the same promise is broken by it.
pub(super) fn shrink(plan: Plan, broken: Broken, breaks: impl Fn(&Plan) -> Option<Broken>) -> (Plan, Broken) {
    let (mut smallest, mut how) = (plan, broken);
    let mut tries = 0;
    'smaller: loop {
        for plan in smallest.smaller() {
            tries += 1;
            if tries > TRIES {
                return (smallest, how);
            }
            if let Some(again) = breaks(&plan)
                && again.promise == how.promise
            {
                (smallest, how) = (plan, again);
                continue 'smaller;
            }
        }
        return (smallest, how);
    }
}

/// What was heard and what came of it.
pub(super) fn trace(plan: &Plan) -> String {
    let journal = Journal::of(plan);
    let mut out = String::new();
    let count = journal.lines.len();
    let lines = journal.sequences.iter().zip(&journal.lines);
    for (at, (sequence, line)) in lines.enumerate() {
        if count > SHOWN && at == SHOWN / 2 {
            let _ = writeln!(out, "  ... {} lines ...", count - SHOWN);
        }
        if at < SHOWN / 2 || at + SHOWN / 2 >= count || count <= SHOWN {
            let text = String::from_utf8_lossy(&line.heard.text);
            let _ = writeln!(out, "  {sequence:6} {} mast {} {text}", line.heard.at, line.heard.receiver.0);
        }
    }
    let told = std::panic::catch_unwind(|| run(&journal.entries, &[]).outcome.changes);
    for change in told.unwrap_or_default() {
        let alert = &change.alert;
        let who: Vec<_> = alert.subjects.iter().map(|subject| subject.called()).collect();
        let (kind, code) = (change.kind, &alert.reason.code);
        let _ = writeln!(out, "  {:6} {kind:?} {code} {who:?} as of {}", change.sequence, alert.updated_at);
    }
    out
}
