//! Tracked targets: TTM and TLL.

use super::{Angle, REFERENCES, UNITS, Units};
use crate::Span;
use crate::sentence::{Fields, Reject, Written, choice};
use serde::{Deserialize, Serialize};

/// TTM: a tracked target as seen from own ship. Source: IEC 61162-1, TTM.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrackedTarget {
    /// The radar's number for it: 0-99, in newer editions up to 1023. Numbers are used again.
    pub number: Option<u16>,
    /// Distance from own ship, in `units`.
    pub distance: Option<f64>,
    /// Bearing from own ship.
    pub bearing: Option<Angle>,
    /// Speed, in `units`.
    pub speed: Option<f64>,
    /// Course.
    pub course: Option<Angle>,
    /// Distance at the closest point of approach, in `units`.
    pub cpa: Option<f64>,
    /// Minutes to the closest point of approach; below zero when it is past.
    pub tcpa_minutes: Option<f64>,
    /// Of distance, speed and closest point of approach.
    pub units: Option<Units>,
    /// What the operator calls it.
    pub name: Option<String>,
    /// How well it is tracked.
    pub status: Option<TargetStatus>,
    /// `R`: own ship's position or speed is reckoned from it.
    pub is_reference: bool,
    /// When it was so, since midnight UTC.
    pub utc: Option<Span>,
    /// Who chose it.
    pub acquisition: Option<Acquisition>,
}

/// How well a target is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetStatus {
    /// `L`: it was tracked and is lost.
    Lost,
    /// `Q`: it is being acquired.
    Query,
    /// `T`: it is tracked.
    Tracked,
}

const STATUS: [(char, TargetStatus); 3] =
    [('L', TargetStatus::Lost), ('Q', TargetStatus::Query), ('T', TargetStatus::Tracked)];

/// Who chose a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acquisition {
    /// `A`: the radar.
    Automatic,
    /// `M`: the operator.
    Manual,
    /// `R`: another device reported it.
    Reported,
}

const ACQUISITION: [(char, Acquisition); 3] =
    [('A', Acquisition::Automatic), ('M', Acquisition::Manual), ('R', Acquisition::Reported)];

/// Reference target is `R` or nothing.
const IS_REFERENCE: [(char, bool); 1] = [('R', true)];

impl TrackedTarget {
    /// Distance from own ship in metres.
    pub fn distance_metres(&self) -> Option<f64> {
        Some(self.distance? * self.units?.metres())
    }

    /// Speed in knots.
    pub fn speed_knots(&self) -> Option<f64> {
        Some(self.speed? * self.units?.knots())
    }

    /// Distance at the closest point of approach in metres.
    pub fn cpa_metres(&self) -> Option<f64> {
        Some(self.cpa? * self.units?.metres())
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<TrackedTarget, Reject> {
        Ok(TrackedTarget {
            number: fields.whole()?,
            distance: fields.amount()?,
            bearing: Angle::read(fields)?,
            speed: fields.amount()?,
            course: Angle::read(fields)?,
            cpa: fields.amount()?,
            tcpa_minutes: fields.number()?,
            units: fields.choice(&UNITS)?,
            name: fields.text(),
            status: fields.choice(&STATUS)?,
            is_reference: fields.choice(&IS_REFERENCE)?.unwrap_or(false),
            utc: fields.clock()?,
            acquisition: fields.choice(&ACQUISITION)?,
        })
    }

    pub(super) fn write(&self) -> Written {
        let mut written = Written::default();
        let reference = |angle: Option<Angle>| choice(&REFERENCES, angle.and_then(|angle| angle.reference));
        written
            .field(self.number)
            .field(self.distance)
            .field(self.bearing.map(|angle| angle.degrees))
            .field(reference(self.bearing))
            .field(self.speed)
            .field(self.course.map(|angle| angle.degrees))
            .field(reference(self.course))
            .field(self.cpa)
            .field(self.tcpa_minutes)
            .field(choice(&UNITS, self.units))
            .text(self.name.as_deref())
            .field(choice(&STATUS, self.status))
            .field(self.is_reference.then_some('R'))
            .clock(self.utc)
            .field(choice(&ACQUISITION, self.acquisition));
        written
    }
}

/// TLL: a tracked target's place on earth. Source: IEC 61162-1, TLL.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TargetPosition {
    /// The radar's number for it, as in [`TrackedTarget`].
    pub number: Option<u16>,
    /// Latitude and longitude in degrees, north and east positive.
    pub position: Option<(f64, f64)>,
    /// What the operator calls it.
    pub name: Option<String>,
    /// When it was there, since midnight UTC.
    pub utc: Option<Span>,
    /// How well it is tracked.
    pub status: Option<TargetStatus>,
    /// `R`: own ship's position or speed is reckoned from it.
    pub is_reference: bool,
}

impl TargetPosition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<TargetPosition, Reject> {
        Ok(TargetPosition {
            number: fields.whole()?,
            position: fields.position()?,
            name: fields.text(),
            utc: fields.clock()?,
            status: fields.choice(&STATUS)?,
            is_reference: fields.choice(&IS_REFERENCE)?.unwrap_or(false),
        })
    }

    pub(super) fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .field(self.number)
            .position(self.position)
            .text(self.name.as_deref())
            .clock(self.utc)
            .field(choice(&STATUS, self.status))
            .field(self.is_reference.then_some('R'));
        written
    }
}
