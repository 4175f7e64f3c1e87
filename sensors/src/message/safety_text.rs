//! Types 12 (to one station) and 14 (to all): safety-related text, such as an AIS-SART's `SART ACTIVE`.

use super::{Payload, text};
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Types 12 and 14 (ITU-R M.1371-5 tables 61 and 63).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SafetyText {
    /// Who it is meant for (type 12).
    pub to: Option<Mmsi>,
    /// Sequence number of the sender, 0-3, that the acknowledgement (type 13) names; 0 in type 14.
    pub sequence: u8,
    /// Sent again because no acknowledgement came (type 12).
    pub retransmit: bool,
    /// The text, ended at the first `@`, trailing spaces removed.
    pub text: String,
}

/// Type 12: the text starts at bit 72.
pub(super) const BITS_ADDRESSED: usize = 72;
/// Type 14: the text starts at bit 40.
pub(super) const BITS: usize = 40;
/// Longest text of type 12 (936 bits, table 61) and of type 14 (968 bits, table 63).
const CHARACTERS_MAX_ADDRESSED: usize = 156;
const CHARACTERS_MAX: usize = 161;

impl SafetyText {
    pub(super) fn read(bits: &Payload) -> Self {
        let text = text::read(bits, BITS, CHARACTERS_MAX).unwrap_or_default();
        SafetyText { to: None, sequence: 0, retransmit: false, text }
    }

    pub(super) fn read_addressed(bits: &Payload) -> Self {
        SafetyText {
            sequence: bits.unsigned(38, 2) as u8,
            to: Some(Mmsi(bits.unsigned(40, 30) as u32)),
            retransmit: bits.flag(70),
            text: text::read(bits, BITS_ADDRESSED, CHARACTERS_MAX_ADDRESSED).unwrap_or_default(),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        text::write_all(bits, &self.text, CHARACTERS_MAX);
    }

    pub(super) fn write_addressed(&self, bits: &mut Payload) {
        bits.push(2, u64::from(self.sequence));
        bits.push(30, u64::from(self.to.unwrap_or_default().0));
        bits.push_flag(self.retransmit);
        bits.push(1, 0);
        text::write_all(bits, &self.text, CHARACTERS_MAX_ADDRESSED);
    }
}
