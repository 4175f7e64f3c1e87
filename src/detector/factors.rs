//! What raises or lowers the severity of any rule's verdict: night, distance offshore, identity, work.
//!
//! Points are the common modifiers of the detector definitions (part 6.0): ours, unproven, until officers'
//! decisions measure them.

use super::Factor;
use crate::geo::NAUTICAL_MILE;
use crate::track::{Particulars, Step};
use sensors::vessel::MmsiKind;

/// Just outside the territorial sea, where boats wait for people.
const OFFSHORE_BAND_NM: std::ops::Range<f64> = 12.0..50.0;

/// A named change of severity.
pub(super) fn factor(code: &str, points: i16) -> Factor {
    Factor { code: code.into(), points }
}

/// Night and distance offshore, from where the pattern is.
pub(super) fn of_place(step: &Step) -> Vec<Factor> {
    let mut factors = Vec::new();
    if step.night {
        factors.push(factor("night", 10));
    }
    if OFFSHORE_BAND_NM.contains(&(step.surroundings.coast.0 / NAUTICAL_MILE)) {
        factors.push(factor("offshore_band", 10));
    }
    factors
}

/// Who it says it is: nobody, or one whose work this is. A claimed type can be faked, so it lowers and
/// never silences.
pub(super) fn of_vessel(step: &Step, particulars: &Particulars) -> Vec<Factor> {
    let mut factors = Vec::new();
    let nameless = particulars.name.is_none() && particulars.call_sign.is_none();
    let unidentified = step.fix.mmsi.kind() == MmsiKind::Invalid || nameless;
    if unidentified && step.surroundings.coast.0 > OFFSHORE_BAND_NM.start * NAUTICAL_MILE {
        factors.push(factor("no_valid_identity_offshore", 10));
    }
    if particulars.is_service() {
        factors.push(factor("service_vessel", -20));
    }
    if particulars.is_named_like_a_net_buoy() {
        factors.push(factor("named_like_a_net_buoy", -30));
    }
    factors
}
