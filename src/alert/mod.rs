//! Stage C, raise: verdicts become the few alerts that deserve a person, each with a life of its own.

mod case;
mod severity;

pub use crate::detector::{Factor, Helper, Measure, Sighting, Subject};
pub use case::{Raise, Settings};

use crate::geo::Position;
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An alert's name: the hash of its rule, its tracks and its first suspect sequence. Sixteen hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u64);

impl std::fmt::Display for AlertId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for AlertId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<AlertId, Self::Err> {
        if text.len() != 16 {
            return Err("an alert is written as sixteen hexadecimal digits");
        }
        u64::from_str_radix(text, 16)
            .map(AlertId)
            .map_err(|_| "an alert is written as sixteen hexadecimal digits")
    }
}

impl Serialize for AlertId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for AlertId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<AlertId, D::Error> {
        if d.is_human_readable() {
            String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(d).map(AlertId)
        }
    }
}

/// Where an alert is in its life, as the core sees it; what officers did with it is the desk's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The pattern goes on.
    Open,
    /// The pattern has ended.
    Cleared,
}

/// How soon it wants a person. The order is the queue's.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Life in danger: before everything, never ranked.
    Distress,
    /// Severity 80 and more.
    P1,
    /// Severity 60 to 79.
    P2,
    /// Severity 40 to 59.
    P3,
    /// Below 40: kept and searchable, never queued.
    Record,
}

/// A code and its parameters; worded at display from the catalogue `console/src/words/en.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Words {
    /// Such as `rendezvous.meet`.
    pub code: String,
    /// Values for the placeholders.
    pub params: BTreeMap<String, String>,
}

/// What is raised: the facts, without anything an officer did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Alert {
    /// Stable name.
    #[schema(value_type = String)]
    pub id: AlertId,
    /// The rule that noticed: `distress`, `rendezvous`, `loitering`, `zone_entry`.
    pub rule: String,
    /// The rule's own grade, such as `meet`.
    pub grade: String,
    /// Open or cleared.
    pub state: State,
    /// How soon.
    pub priority: Priority,
    /// 0 to 100.
    pub severity: u8,
    /// 0 to 1: how sure the measurement is.
    pub confidence: f64,
    /// The tracks it is about, in the rule's order.
    pub subjects: Vec<Subject>,
    /// What raised or lowered the severity.
    pub factors: Vec<Factor>,
    /// Where to look; absent when nothing it rests on had a position.
    #[schema(value_type = Option<Object>)]
    pub position: Option<Position>,
    /// When the pattern began (event time).
    #[schema(value_type = i64)]
    pub began_at: Time,
    /// When it was raised (event time).
    #[schema(value_type = i64)]
    pub raised_at: Time,
    /// When its facts last changed (event time).
    #[schema(value_type = i64)]
    pub updated_at: Time,
    /// When it cleared (event time).
    #[schema(value_type = Option<i64>)]
    pub cleared_at: Option<Time>,
    /// How many episodes were merged into it; 1 for a single one.
    pub episodes: u32,
    /// Why it was raised.
    pub reason: Words,
    /// Why it may be innocent.
    pub innocent: Vec<Words>,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// The positions it rests on, oldest first, at most 200.
    pub sightings: Vec<Sighting>,
    /// Vessels that may help, nearest first; distress only.
    pub helpers: Vec<Helper>,
    /// First journal sequence that it rests on.
    pub journal_first: u64,
    /// Last journal sequence that it rests on.
    pub journal_last: u64,
    /// Counts the changes of its facts, from 1.
    pub version: u32,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// New on the queue.
    Raised,
    /// Its facts changed.
    Updated,
    /// The pattern ended.
    Cleared,
}

/// One change of one alert, with all its facts after the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Journal sequence of the entry that caused it.
    pub sequence: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// The alert as it now is.
    pub alert: Alert,
}
