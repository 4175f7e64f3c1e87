//! What stage A tells: a track's next step, what a report became, and what the history keeps of it.

use super::{Claim, Fix, Particulars, TrackId};
use crate::place::Surroundings;
use sensors::{Report, Time, message::Call, report::Ais};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A fix and what lay around it: what rules see.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The fix.
    pub fix: Fix,
    /// Coast, port and land around it.
    pub surroundings: Surroundings,
    /// The sun is more than 6 degrees below the horizon.
    pub night: bool,
    /// How many fixes the track has, this one included.
    pub fixes: u32,
}

#[cfg(test)]
impl Step {
    /// A class A vessel by night far from any coast, for tests to change.
    pub(crate) fn sample(track: u64, latitude: f64, longitude: f64) -> Step {
        use crate::geo::Position;
        use crate::place::Detail;
        use crate::track::Class;
        use sensors::Mmsi;
        let fix = Fix {
            track: TrackId::new(0, track),
            sequence: track,
            time: Time::from_seconds(0),
            mmsi: Mmsi(567_000_000),
            position: Position::from_degrees(latitude, longitude).expect("on earth"),
            speed: Some(100),
            course: Some(900),
            heading: None,
            status: 0,
            class: Class::A,
            receiver: sensors::ReceiverId(0),
            standing: crate::track::Standing::Used,
        };
        let coast = crate::geo::Metres(50_000.0);
        let surroundings =
            Surroundings { coast, on_land: false, port: None, river: false, detail: Detail::Basemap };
        Step { fix, surroundings, night: true, fixes: 9 }
    }
}

/// What stage A tells stage B, in journal order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A track moved on.
    Step(Step),
    /// A vessel said what it is.
    Particulars(TrackId, Arc<Particulars>),
    /// A track is no longer followed.
    Forgotten(TrackId),
}

/// What a report became, for the rules that see one track.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed<'a> {
    /// The track it belongs to.
    pub track: TrackId,
    /// What was heard.
    pub report: &'a Report,
    /// The AIS message in it.
    pub ais: &'a Ais,
    /// The fix it gave, when it held a position that moved the track on.
    pub step: Option<Step>,
    /// How it calls for help, if it does.
    pub call: Option<Call>,
    /// Where a caller says that it is, also when that may not move its track: who goes out to help must be told.
    pub called_from: Option<Fix>,
    /// What the receiver's clock said of a call, where that is not believed.
    pub doubted: Option<Time>,
    /// The track's newest fix, this one included.
    pub last: Option<Fix>,
    /// What the vessel says of itself.
    pub particulars: &'a Arc<Particulars>,
}

/// What a report gave besides events.
#[derive(Debug, Default)]
pub struct Gained {
    /// Fixes, for the history.
    pub fixes: Vec<Fix>,
    /// Claims, for the history.
    pub claims: Vec<Claim>,
    /// For stage B.
    pub events: Vec<Event>,
}
