//! How soon an alert wants a person: severity, priority and rank from what a rule measured.

use super::Priority;
use crate::detector::{Evidence, Factor};

/// Points for each further rule that has an alert on the same track within a day, and their limit.
/// Common modifiers (6.0): ours, unproven.
const FURTHER_RULE: i16 = 10;
const FURTHER_RULES_MAX: i16 = 3;

/// Severity and its factors, with `further_rules` others alerting on the same tracks.
pub(super) fn severity(evidence: &Evidence, further_rules: usize) -> (u8, Vec<Factor>) {
    let mut factors = evidence.factors.clone();
    if further_rules > 0 && !evidence.distress {
        let points = FURTHER_RULE * FURTHER_RULES_MAX.min(further_rules as i16);
        factors.push(Factor { code: "further_rules".into(), points });
    }
    let sum = factors.iter().fold(i32::from(evidence.base), |sum, factor| sum + i32::from(factor.points));
    (sum.clamp(0, 100) as u8, factors)
}

/// The queue's classes. Bounds from the definitions (6.0): ours.
pub(super) fn priority(evidence: &Evidence, severity: u8) -> Priority {
    match severity {
        _ if evidence.distress => Priority::Distress,
        80.. => Priority::P1,
        60.. => Priority::P2,
        40.. => Priority::P3,
        _ => Priority::Record,
    }
}
