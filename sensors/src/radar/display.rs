//! What the radar's display shows: RSD.

use super::{UNITS, Units};
use crate::sentence::{Fields, Reject, Written, choice};
use serde::{Deserialize, Serialize};

/// RSD: what the radar's display shows. Source: IEC 61162-1, RSD. Angles are degrees clockwise from the top of
/// the display, whatever its rotation makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Display {
    /// The first origin and what is measured from it.
    pub first: Marker,
    /// The second.
    pub second: Marker,
    /// Cursor's distance from own ship, in `units`.
    pub cursor_range: Option<f64>,
    /// Cursor's bearing, degrees.
    pub cursor_bearing: Option<f64>,
    /// Range scale in use, in `units`.
    pub range_scale: Option<f64>,
    /// Of all distances.
    pub units: Option<Units>,
    /// Which way is up.
    pub rotation: Option<Rotation>,
}

/// An origin on the display, a range ring and a bearing line around it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Marker {
    /// The origin's distance from own ship.
    pub origin_range: Option<f64>,
    /// The origin's bearing, degrees.
    pub origin_bearing: Option<f64>,
    /// Variable range marker (VRM).
    pub range: Option<f64>,
    /// Electronic bearing line (EBL), degrees.
    pub bearing: Option<f64>,
}

/// Which way is up on the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rotation {
    /// `C`: own ship's course.
    CourseUp,
    /// `H`: own ship's heading.
    HeadUp,
    /// `N`: true north.
    NorthUp,
}

const ROTATIONS: [(char, Rotation); 3] =
    [('C', Rotation::CourseUp), ('H', Rotation::HeadUp), ('N', Rotation::NorthUp)];

impl Display {
    /// Range scale in use, metres.
    pub fn range_scale_metres(&self) -> Option<f64> {
        Some(self.range_scale? * self.units?.metres())
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Display, Reject> {
        Ok(Display {
            first: Marker::read(fields)?,
            second: Marker::read(fields)?,
            cursor_range: fields.amount()?,
            cursor_bearing: fields.angle()?,
            range_scale: fields.amount()?,
            units: fields.choice(&UNITS)?,
            rotation: fields.choice(&ROTATIONS)?,
        })
    }

    pub(super) fn write(&self) -> Written {
        let mut written = Written::default();
        for marker in [self.first, self.second] {
            written
                .field(marker.origin_range)
                .field(marker.origin_bearing)
                .field(marker.range)
                .field(marker.bearing);
        }
        written
            .field(self.cursor_range)
            .field(self.cursor_bearing)
            .field(self.range_scale)
            .field(choice(&UNITS, self.units))
            .field(choice(&ROTATIONS, self.rotation));
        written
    }
}

impl Marker {
    fn read(fields: &mut Fields<'_>) -> Result<Marker, Reject> {
        Ok(Marker {
            origin_range: fields.amount()?,
            origin_bearing: fields.angle()?,
            range: fields.amount()?,
            bearing: fields.angle()?,
        })
    }
}
