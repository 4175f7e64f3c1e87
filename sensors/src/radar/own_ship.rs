//! Own ship as the radar reckons it: OSD.

use super::{UNITS, Units};
use crate::sentence::{Fields, Reject, Written, choice};
use serde::{Deserialize, Serialize};

/// OSD: own ship as the radar reckons it. Source: IEC 61162-1, OSD.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct OwnShip {
    /// Heading, degrees true.
    pub heading: Option<f64>,
    /// `A` true, `V` false: whether the heading may be relied on.
    pub heading_valid: Option<bool>,
    /// Course, degrees true.
    pub course: Option<f64>,
    /// Whence the course.
    pub course_source: Option<Source>,
    /// Speed, in `units`.
    pub speed: Option<f64>,
    /// Whence the speed.
    pub speed_source: Option<Source>,
    /// Whither the current sets, degrees true, as the operator put it in.
    pub set: Option<f64>,
    /// Speed of the current, in `units`, as the operator put it in.
    pub drift: Option<f64>,
    /// Of the speeds.
    pub units: Option<Units>,
}

/// Whence the radar has own ship's course or speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// `B`: a log over the ground.
    BottomLog,
    /// `M`: put in by hand.
    Manual,
    /// `W`: a log through the water.
    Water,
    /// `R`: tracking of a fixed target.
    Radar,
    /// `P`: a positioning system.
    Positioning,
}

const SOURCES: [(char, Source); 5] = [
    ('B', Source::BottomLog),
    ('M', Source::Manual),
    ('W', Source::Water),
    ('R', Source::Radar),
    ('P', Source::Positioning),
];

const VALID: [(char, bool); 2] = [('A', true), ('V', false)];

impl OwnShip {
    /// Heading in degrees true, where it may be relied on.
    pub fn valid_heading(&self) -> Option<f64> {
        self.heading.filter(|_| self.heading_valid == Some(true))
    }

    /// Speed in knots.
    pub fn speed_knots(&self) -> Option<f64> {
        Some(self.speed? * self.units?.knots())
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<OwnShip, Reject> {
        Ok(OwnShip {
            heading: fields.angle()?,
            heading_valid: fields.choice(&VALID)?,
            course: fields.angle()?,
            course_source: fields.choice(&SOURCES)?,
            speed: fields.amount()?,
            speed_source: fields.choice(&SOURCES)?,
            set: fields.angle()?,
            drift: fields.amount()?,
            units: fields.choice(&UNITS)?,
        })
    }

    pub(super) fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .field(self.heading)
            .field(choice(&VALID, self.heading_valid))
            .field(self.course)
            .field(choice(&SOURCES, self.course_source))
            .field(self.speed)
            .field(choice(&SOURCES, self.speed_source))
            .field(self.set)
            .field(self.drift)
            .field(choice(&UNITS, self.units));
        written
    }
}
