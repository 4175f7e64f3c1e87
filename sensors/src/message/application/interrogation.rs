//! What stations ask and tell each other about applications.

use super::field::{Field, flag, records, spare, unsigned};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "acknowledgement_1998",
        "ITU-R M.1371-1, international function message 1",
        &[(1, 1)],
        &[DAC, unsigned("msg_seqno", 11, "sequence number of the message acknowledged"), spare(3)],
    ),
    Layout::new("interrogation", "ITU-R M.1371-5 annex 5", &[(1, 2)], &[DAC, FI, spare(64)]),
    // Sent with area code 200 too, and then about 200.
    Layout::new("capability_interrogation", "ITU-R M.1371-5 annex 5", &[(1, 3), (200, 3)], &[DAC, spare(70)]),
    Layout::new(
        "capability_reply",
        "ITU-R M.1371-5 annex 5",
        &[(1, 4)],
        &[DAC, records("functions", 64, 64, FUNCTION), spare(126)],
    ),
    Layout::new(
        "acknowledgement",
        "ITU-R M.1371-5 annex 5",
        &[(1, 5)],
        &[
            DAC,
            FI,
            unsigned("msg_seqno", 11, "sequence number of the message acknowledged"),
            flag("ai_available", "the application is there"),
            // 0 unable, 1 acknowledged, 2 acknowledged and an answer will follow, 3 able but inhibited, 4 spare.
            unsigned("ai_response", 3, "response of the application"),
            spare(49),
        ],
    ),
];

const DAC: Field = unsigned("req_dac", 10, "designated area code asked about");
const FI: Field = unsigned("req_fid", 6, "function identifier asked about");

/// One for each function identifier from 0 on.
const FUNCTION: &[Field] =
    &[flag("available", "this function is there"), flag("reserved", "reserved for the function")];
