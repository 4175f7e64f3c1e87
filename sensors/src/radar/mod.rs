//! What a radar tells: targets it tracks (TTM, TLL), own ship (OSD) and its display (RSD), in and out.
//!
//! Source of all field orders: IEC 61162-1. Numbers are as sent, in the unit that the sentence names;
//! accessors give metres and knots. What a radar leaves empty is `None`.

mod display;
mod own_ship;
mod target;

pub use display::{Display, Marker, Rotation};
pub use own_ship::{OwnShip, Source};
pub use target::{Acquisition, TargetPosition, TargetStatus, TrackedTarget};

use crate::sentence::{Fields, Reject, Sentence};
use serde::{Deserialize, Serialize};

/// One sentence of a radar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Radar {
    /// TTM: a tracked target as seen from own ship.
    Target(TrackedTarget),
    /// TLL: a tracked target's place on earth.
    Position(TargetPosition),
    /// OSD: own ship as the radar reckons it.
    OwnShip(OwnShip),
    /// RSD: what the display shows.
    Display(Display),
}

impl Radar {
    /// Reads a radar's sentence of any talker; `None` for every other formatter.
    ///
    /// # Errors
    /// `MalformedFields` where a field is not what its place demands.
    pub fn read(sentence: &Sentence<'_>) -> Option<Result<Radar, Reject>> {
        let mut fields = Fields::new(sentence.fields);
        match sentence.formatter() {
            b"TTM" => Some(TrackedTarget::read(&mut fields).map(Radar::Target)),
            b"TLL" => Some(TargetPosition::read(&mut fields).map(Radar::Position)),
            b"OSD" => Some(OwnShip::read(&mut fields).map(Radar::OwnShip)),
            b"RSD" => Some(Display::read(&mut fields).map(Radar::Display)),
            _ => None,
        }
    }

    /// The sentence that says this, without line end; `talker` is `RA` for a radar.
    ///
    /// ```
    /// use sensors::radar::{Radar, TargetPosition, TargetStatus};
    ///
    /// let position = Some((10.5, 103.25));
    /// let target = TargetPosition { number: Some(120), position, status: Some(TargetStatus::Tracked), ..Default::default() };
    /// assert_eq!(Radar::Position(target).to_sentence("RA"), "$RATLL,120,1030.00000,N,10315.00000,E,,,T,*33");
    /// ```
    pub fn to_sentence(&self, talker: &str) -> String {
        match self {
            Radar::Target(target) => target.write().compose(talker, "TTM"),
            Radar::Position(position) => position.write().compose(talker, "TLL"),
            Radar::OwnShip(own_ship) => own_ship.write().compose(talker, "OSD"),
            Radar::Display(display) => display.write().compose(talker, "RSD"),
        }
    }
}

/// The unit of a sentence's distances and speeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Units {
    /// `K`: kilometres, kilometres per hour.
    Metric,
    /// `N`: nautical miles, knots.
    Nautical,
    /// `S`: statute miles, miles per hour.
    Statute,
}

const UNITS: [(char, Units); 3] = [('K', Units::Metric), ('N', Units::Nautical), ('S', Units::Statute)];

impl Units {
    /// Metres in one unit of distance.
    pub fn metres(self) -> f64 {
        match self {
            Units::Metric => 1000.0,
            Units::Nautical => 1852.0,
            Units::Statute => 1609.344,
        }
    }

    /// Knots in one unit of speed.
    pub fn knots(self) -> f64 {
        self.metres() / Units::Nautical.metres()
    }
}

/// What an angle is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reference {
    /// `T`: true north.
    True,
    /// `R`: own ship's heading.
    Relative,
}

const REFERENCES: [(char, Reference); 2] = [('T', Reference::True), ('R', Reference::Relative)];

/// An angle as sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Angle {
    /// Degrees clockwise, 0-360.
    pub degrees: f64,
    /// From where; `None` where the sentence does not tell.
    pub reference: Option<Reference>,
}

impl Angle {
    /// Degrees from true north, 0 up to 360, if own ship heads `heading` degrees true; `None` where it takes a
    /// heading that is not known.
    pub fn true_degrees(&self, heading: Option<f64>) -> Option<f64> {
        match self.reference? {
            Reference::True => Some(self.degrees.rem_euclid(360.0)),
            Reference::Relative => Some((self.degrees + heading?).rem_euclid(360.0)),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Option<Angle>, Reject> {
        let (degrees, reference) = (fields.angle()?, fields.choice(&REFERENCES)?);
        Ok(degrees.map(|degrees| Angle { degrees, reference }))
    }
}

#[cfg(test)]
mod tests;
