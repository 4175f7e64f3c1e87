//! Targets that a vessel traffic service sees by other means than AIS: radar, say.

use super::field::{Field, choice, latitude, longitude, records, spare, text, unsigned};
use super::layout::Layout;

/// Broadcast under the id of persons on board, and told from them by being longer.
pub(super) const TARGETS_1998: Layout = Layout::new(
    "vts_targets_1998",
    "ITU-R M.1371-1, international function message 16",
    &[(1, 16)],
    &[TARGETS],
)
.broadcast_from(TARGET_BITS);

pub(super) const VTS_TARGETS: Layout =
    Layout::new("vts_targets", "IMO SN.1/Circ.289", &[(1, 17)], &[TARGETS]);

const TARGET_BITS: usize = 120;

const TARGETS: Field = records("targets", 1, 7, TARGET);

const ID_TYPE: &[(u16, &str)] = &[(0, "mmsi"), (1, "imo"), (2, "callsign"), (3, "other")];

/// Latitude stands before longitude. gpsd 3.22 takes ten bits of speed and so every target but the first from
/// the wrong place; libais and the circular's 120 bits a target agree on eight.
const TARGET: &[Field] = &[
    unsigned("idtype", 2, "what the identifier is").beside(ID_TYPE),
    choice(
        "idtype",
        &[
            (0, &[unsigned("mmsi", 42, "MMSI")]),
            (1, &[unsigned("imo", 42, "IMO number")]),
            (2, &[text("callsign", 7, "call sign")]),
        ],
        &[text("other", 7, "another identifier")],
    ),
    spare(4),
    latitude("lat"),
    longitude("lon"),
    unsigned("course", 9, "course over ground, degrees").within(0, 359, 360),
    unsigned("second", 6, "second of the position, UTC").within(0, 59, 60),
    unsigned("speed", 8, "speed over ground, knots").absent(255),
];
