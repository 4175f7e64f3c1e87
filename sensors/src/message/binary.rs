//! Types 6 (to one station) and 8 (to all): bits whose meaning an application gives them.

use super::application::{self, PersonsOnBoard, Unread};
use super::{Bits, Payload};
use crate::Mmsi;
use serde::{Deserialize, Serialize};

/// Which application gives data its meaning (ITU-R M.1371-5 annex 5, 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ApplicationId {
    /// Designated area code, 10 bits: 1 is international, 200 inland waterways, a MID its administration's.
    pub dac: u16,
    /// Function identifier, 6 bits.
    pub fi: u8,
}

impl ApplicationId {
    /// Area code (10 bits) and function (6) from `start` on.
    pub(super) fn read(bits: &Payload, start: usize) -> ApplicationId {
        ApplicationId { dac: bits.unsigned(start, 10) as u16, fi: bits.unsigned(start + 10, 6) as u8 }
    }

    pub(super) fn write(self, bits: &mut Payload) {
        bits.push(10, u64::from(self.dac));
        bits.push(6, u64::from(self.fi));
    }
}

/// Types 6 and 8 (ITU-R M.1371-5 tables 54 and 57).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Binary {
    /// Who it is meant for (type 6).
    pub to: Option<Mmsi>,
    /// Sequence number of the sender, 0-3, that the acknowledgement (type 7) names; 0 in type 8.
    pub sequence: u8,
    /// Sent again because no acknowledgement came (type 6).
    pub retransmit: bool,
    /// Whose data these are.
    pub application: ApplicationId,
    /// The data, as long as the message is.
    pub data: Bits,
}

/// Type 6: the application's data start at bit 88.
pub(super) const BITS_ADDRESSED: usize = 88;
/// Type 8: the application's data start at bit 56.
pub(super) const BITS: usize = 56;

impl Binary {
    /// What the data say, by the application's table.
    ///
    /// # Errors
    /// Where there is no table, or too few bits for it: then the data stay bits.
    pub fn read_application(&self) -> Result<application::Application, Unread> {
        application::read(self.application.dac, self.application.fi, self.to.is_some(), &self.data)
    }

    /// How many persons the sender says are on board.
    pub fn persons_on_board(&self) -> Option<PersonsOnBoard> {
        self.read_application().ok()?.persons_on_board()
    }

    pub(super) fn read(bits: &Payload) -> Self {
        Binary {
            application: ApplicationId::read(bits, 40),
            data: Bits::tail(bits, BITS),
            ..Binary::default()
        }
    }

    pub(super) fn read_addressed(bits: &Payload) -> Self {
        Binary {
            sequence: bits.unsigned(38, 2) as u8,
            to: Some(Mmsi(bits.unsigned(40, 30) as u32)),
            retransmit: bits.flag(70),
            application: ApplicationId::read(bits, 72),
            data: Bits::tail(bits, BITS_ADDRESSED),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        bits.push(2, 0);
        self.application.write(bits);
        self.data.write(bits);
    }

    pub(super) fn write_addressed(&self, bits: &mut Payload) {
        bits.push(2, u64::from(self.sequence));
        bits.push(30, u64::from(self.to.unwrap_or_default().0));
        bits.push_flag(self.retransmit);
        bits.push(1, 0);
        self.application.write(bits);
        self.data.write(bits);
    }
}
