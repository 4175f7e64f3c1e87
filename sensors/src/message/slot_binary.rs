//! Types 25 (one slot) and 26 (up to five, with radio state): bits with or without a named application.

use super::{ApplicationId, Bits, CommState, Payload};
use crate::Mmsi;
use crate::sentence::Reject;
use serde::{Deserialize, Serialize};

/// Types 25 and 26 (ITU-R M.1371-5 tables 80 and 82).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SlotBinary {
    /// Who it is meant for; `None` is everyone.
    pub to: Option<Mmsi>,
    /// Whose data these are; `None` where the sender leaves that open.
    pub application: Option<ApplicationId>,
    /// The data, as long as the message is. In type 26 the spare bits that fill it up to whole bytes are
    /// part of it, for nothing tells where it ends.
    pub data: Bits,
    /// Type 26: how the station shares the channel.
    pub radio: Option<CommState>,
}

/// The two flags end at bit 40.
pub(super) const BITS: usize = 40;
/// Selector flag and radio state at the end of type 26.
const RADIO: usize = 20;

impl SlotBinary {
    /// Two spare bits follow the addressee (table 80); gpsd and libais take them for the data's first.
    pub(super) fn read(bits: &Payload, several_slots: bool) -> Result<Self, Reject> {
        let (addressed, structured) = (bits.flag(38), bits.flag(39));
        let application_at = if addressed { BITS + 32 } else { BITS };
        let data_at = if structured { application_at + 16 } else { application_at };
        let end = if several_slots { bits.len().saturating_sub(RADIO) } else { bits.len() };
        if end < data_at {
            return Err(Reject::TooShort);
        }
        Ok(SlotBinary {
            to: addressed.then(|| Mmsi(bits.unsigned(BITS, 30) as u32)),
            application: structured.then(|| ApplicationId::read(bits, application_at)),
            data: Bits::between(bits, data_at, end),
            radio: several_slots.then(|| CommState::read_selected(bits, end)).flatten(),
        })
    }

    pub(super) fn write(&self, bits: &mut Payload, several_slots: bool) {
        bits.push_flag(self.to.is_some());
        bits.push_flag(self.application.is_some());
        if let Some(mmsi) = self.to {
            bits.push(30, u64::from(mmsi.0));
            bits.push(2, 0);
        }
        if let Some(application) = self.application {
            application.write(bits);
        }
        self.data.write(bits);
        if several_slots {
            CommState::write_selected(Some(self.radio.unwrap_or_default()), bits);
        }
    }
}
