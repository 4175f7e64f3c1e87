//! Types 12 (to one station) and 14 (to all): safety-related text, such as an AIS-SART's `SART ACTIVE`.

use super::{Payload, text};
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Types 12 and 14 (tables 59 and 61).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyText {
    /// Who it is meant for (type 12).
    pub to: Option<Mmsi>,
    /// The text, ended at the first `@`.
    pub text: String,
}

/// Type 12: the text starts at bit 72.
pub(super) const BITS_ADDRESSED: usize = 72;
/// Type 14: the text starts at bit 40.
pub(super) const BITS: usize = 40;
/// Longest text of type 14 (table 61); type 12 has room for 156.
const CHARACTERS_MAX: usize = 161;

impl SafetyText {
    pub(super) fn read(bits: &Payload, addressed: bool) -> Self {
        let start = if addressed { BITS_ADDRESSED } else { BITS };
        SafetyText {
            to: addressed.then(|| Mmsi(bits.unsigned(40, 30) as u32)),
            text: text::read(bits, start, CHARACTERS_MAX).unwrap_or_default(),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload, addressed: bool) {
        // Sequence number of type 12, spare of type 14.
        bits.push(2, 0);
        if addressed {
            bits.push(30, u64::from(self.to.unwrap_or_default().0));
            bits.push(2, 0);
        }
        let room = if addressed { 156 } else { CHARACTERS_MAX };
        let end = self.text.char_indices().nth(room).map_or(self.text.len(), |(at, _)| at);
        text::write_all(bits, &self.text[..end]);
    }
}
