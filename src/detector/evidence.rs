//! What a rule gives: one look at one pattern, with the measured values it rests on.

use super::Rule;
use crate::geo::Position;
use crate::track::{Particulars, TrackId};
use sensors::{Mmsi, Time};
use serde::{Deserialize, Serialize};

/// How a look at a pattern ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Look {
    /// The pattern is there.
    Suspect(Box<Evidence>),
    /// The pattern was suspected before and this look did not see it.
    Normal,
    /// The pattern has ended beyond doubt.
    Over,
}

/// One look of one rule at one pattern.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Who looked.
    pub rule: Rule,
    /// The tracks it is about, in ascending order where the rule has none of its own.
    pub tracks: Vec<TrackId>,
    /// Tells patterns of the same tracks apart: a zone's id and event, or nothing.
    pub place: String,
    /// When (event time).
    pub at: Time,
    /// Journal sequence of the line that caused the look.
    pub sequence: u64,
    /// What was seen.
    pub look: Look,
}

/// What a suspect look rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One of the rule's grades.
    pub grade: String,
    /// Life in danger: never ranked, merged away or held back.
    pub distress: bool,
    /// Severity of the grade before factors, 0 to 100.
    pub base: u8,
    /// What raises or lowers it.
    pub factors: Vec<Factor>,
    /// How sure the measurement is, 0.3 to 1.
    pub confidence: f64,
    /// When the pattern began.
    pub began_at: Time,
    /// Journal sequence that it began with.
    pub began: u64,
    /// Where to look.
    pub position: Option<Position>,
    /// The tracks and what they call themselves.
    pub subjects: Vec<Subject>,
    /// Values for the words of the reason.
    pub params: Vec<(String, String)>,
    /// Codes of innocent causes.
    pub innocent: Vec<String>,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// Positions it rests on, oldest first.
    pub sightings: Vec<Sighting>,
    /// Stage B adds the nearest vessels, who may help.
    pub wants_helpers: bool,
    /// Vessels that may help, nearest first.
    pub helpers: Vec<Helper>,
}

/// Something that raises or lowers severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Factor {
    /// Such as `night`.
    pub code: String,
    /// Points added to the severity; negative lowers it.
    pub points: i16,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Measure {
    /// What was measured, `lower_snake`, such as `distance_min`.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit: `m`, `nm`, `kn`, `min`, `h`, `deg`, `count`.
    pub unit: String,
    /// The bound it was held against, where there is one.
    pub threshold: Option<f64>,
}

impl Measure {
    /// A value held against a bound.
    pub fn held(name: &str, value: f64, unit: &str, threshold: f64) -> Measure {
        Measure { threshold: Some(threshold), ..Measure::new(name, value, unit) }
    }

    /// A value by itself. Rounded to 1/1000, which is finer than anything measured here.
    pub fn new(name: &str, value: f64, unit: &str) -> Measure {
        let value = libm::round(value * 1000.0) / 1000.0;
        Measure { name: name.into(), value, unit: unit.into(), threshold: None }
    }
}

/// A position that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sighting {
    /// The track.
    #[schema(value_type = String)]
    pub track: TrackId,
    /// Event time, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub time: Time,
    /// Where, 1/10000 minute.
    #[schema(value_type = Object)]
    pub position: Position,
    /// Journal sequence of the line it came in.
    pub sequence: u64,
}

impl From<&crate::track::Fix> for Sighting {
    fn from(fix: &crate::track::Fix) -> Sighting {
        Sighting { track: fix.track, time: fix.time, position: fix.position, sequence: fix.sequence }
    }
}

/// A vessel near a call for help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Helper {
    /// The vessel.
    pub vessel: Subject,
    /// How far it is, metres.
    pub distance_m: f64,
    /// In which direction it lies from the call, degrees.
    pub bearing_deg: f64,
    /// How long it needs at its reported speed, or at 10 knots where that is less, minutes.
    pub eta_minutes: f64,
}

/// A track that a verdict is about, and what it called itself then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subject {
    /// The track.
    #[schema(value_type = String)]
    pub track: TrackId,
    /// MMSI as claimed.
    #[schema(value_type = u32)]
    pub mmsi: Mmsi,
    /// Name as claimed.
    pub name: Option<String>,
}

impl Subject {
    /// A track with what it says of itself.
    pub fn new(track: TrackId, mmsi: Mmsi, particulars: &Particulars) -> Subject {
        Subject { track, mmsi, name: particulars.name.clone() }
    }

    /// What to call it in a sentence.
    pub fn called(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.mmsi),
            None => format!("MMSI {}", self.mmsi),
        }
    }
}
