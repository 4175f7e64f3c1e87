//! How tracks are kept apart and when they are forgotten.

use crate::geo::Knots;
use serde::{Deserialize, Serialize};

/// How tracks are kept apart and when they are forgotten. Unless said otherwise the figures are those of Global
/// Fishing Watch's segmenter (gpsdio-segment).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// This site's number, part of every track's name; sites that share data must differ.
    pub site: u16,
    /// How much faster or slower than it reported a vessel can have gone between two fixes of one track. 45 kn: speed
    /// boats, ours (the published segmenter's 25 kn is for large ships).
    pub speed_max: Knots,
    /// The same for an MMSI that several vessels are known to use: then the fix of another vessel is likelier than
    /// such a sprint. Ours: twice `penalty_speed`; from 7 to 15 kn a labelled recording is told apart alike.
    pub speed_shared_max: Knots,
    /// Differences above this speed count strongly against a track.
    pub penalty_speed: Knots,
    /// Vessels go straight for about this long; beyond it less way is reckoned.
    pub penalty_hours: f64,
    /// How much less: 0 much, 1 nothing.
    pub hours_exponent: f64,
    /// Hours that two fixes at the same moment count as apart: room for wrong clocks and positions.
    pub buffer_hours: f64,
    /// Fixes of a track that a new one is held against, 1 to 5.
    pub lookback: usize,
    /// How much better an earlier fix must match for those after it to be passed over.
    pub lookback_factor: f64,
    /// A second track that fits one part in this many of the best makes a fix ambiguous: both tracks end, and a
    /// third begins.
    pub ambiguity_factor: f64,
    /// Tracks of about this many fixes or fewer count less.
    pub short_track: f64,
    /// What a track counts whose transponder is of the other class.
    pub transponder_mismatch_weight: f64,
    /// A long-range position (type 27) this close to another fix of its track adds nothing: it is coarse.
    pub long_range_hours_min: f64,
    /// A track not heard for this long ends.
    pub silence_max_hours: f64,
    /// Tracks of one MMSI kept at most; then those that began with an unconfirmed jump go, then the longest silent.
    pub tracks_per_mmsi_max: usize,
    /// Tracks kept at most; beyond it those of fewer than three fixes go first, then the longest silent. Ours.
    pub tracks_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            site: 0,
            speed_max: Knots(45.0),
            speed_shared_max: Knots(10.0),
            penalty_speed: Knots(5.0),
            penalty_hours: 4.0,
            hours_exponent: 0.5,
            buffer_hours: 0.25,
            lookback: 5,
            lookback_factor: 2.0,
            ambiguity_factor: 10.0,
            short_track: 10.0,
            transponder_mismatch_weight: 0.1,
            long_range_hours_min: 1.0,
            silence_max_hours: 8.0,
            tracks_per_mmsi_max: 20,
            tracks_max: 100_000,
        }
    }
}
