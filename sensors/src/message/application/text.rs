//! Text on its own, or as the description of another message.

use super::field::{flag, linkage, text_to_end, unsigned};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "text",
        "ITU-R M.1371-5 annex 5; also sent with the area codes of Cyprus, Malta and Panama",
        &[(1, 0), (210, 0), (248, 0), (353, 0)],
        &[
            flag("ack_required", "an answer is asked for"),
            unsigned("text_seqno", 11, "sequence number, 0 without"),
            text_to_end("text", 161, "text"),
        ],
    ),
    Layout::new(
        "text_description",
        "IMO SN.1/Circ.289",
        &[(1, 29), (1, 30)],
        &[linkage(), text_to_end("text", 161, "text")],
    ),
];
