//! Type 24: who a class B vessel says it is, in two parts that come apart and in any order.

use super::place::write;
use super::{Dimensions, Payload, text};
use crate::sentence::Reject;
use crate::{CallSign, Mmsi, ShipType};
use serde::{Deserialize, Serialize};

/// Type 24 (tables 75-77).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaticB {
    /// Part A.
    A {
        /// Name.
        name: Option<String>,
    },
    /// Part B.
    B {
        /// Type of ship.
        ship_type: Option<ShipType>,
        /// Vendor: three letters, model and serial number as sent.
        vendor: Option<String>,
        /// Call sign.
        call_sign: Option<CallSign>,
        /// Size; `None` for auxiliary craft.
        dimensions: Option<Dimensions>,
        /// The parent ship, for auxiliary craft (98MIDxxxx).
        mothership: Option<Mmsi>,
    },
}

/// The part number ends at bit 40.
pub(super) const BITS_PART: usize = 40;
/// Part A: the name ends at bit 160.
const BITS_A: usize = 160;
/// Part B: the call sign ends at bit 132. The size ends at 162, and is absent where a wrong count of fill bits cuts it.
const BITS_B: usize = 132;
/// Both parts as sent.
pub(super) const BITS_SENT: usize = 168;

impl StaticB {
    pub(super) fn read(bits: &Payload, mmsi: Mmsi) -> Result<Self, Reject> {
        match bits.unsigned(38, 2) {
            0 if bits.len() < BITS_A => Err(Reject::TooShort),
            1 if bits.len() < BITS_B => Err(Reject::TooShort),
            0 => Ok(StaticB::A { name: text::read(bits, 40, 20) }),
            1 => {
                let auxiliary = is_auxiliary(mmsi);
                let mothership =
                    (auxiliary && bits.len() >= 162).then(|| Mmsi(bits.unsigned(132, 30) as u32));
                Ok(StaticB::B {
                    ship_type: super::ship_type(bits, 40),
                    vendor: vendor(bits),
                    call_sign: text::read(bits, 90, 7).map(CallSign),
                    dimensions: if auxiliary { None } else { Dimensions::read(bits, 132) },
                    mothership: mothership.filter(|m| m.0 != 0),
                })
            }
            _ => Err(Reject::UnknownStaticPart),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        match self {
            StaticB::A { name } => {
                bits.push(2, 0);
                text::write(bits, name.as_deref().unwrap_or(""), 20);
            }
            StaticB::B { ship_type, vendor, call_sign, dimensions, mothership } => {
                bits.push(2, 1);
                write(bits, 8, ship_type.map(|t| t.0), 0);
                write_vendor(bits, vendor.as_deref().unwrap_or(""));
                text::write(bits, call_sign.as_ref().map_or("", |c| &c.0), 7);
                match mothership {
                    Some(mmsi) => bits.push(30, u64::from(mmsi.0)),
                    None => Dimensions::write(*dimensions, bits),
                }
            }
        }
    }
}

/// `98MIDxxxx`, whatever the MID: the layout depends on the first two digits alone.
fn is_auxiliary(mmsi: Mmsi) -> bool {
    mmsi.0 / 10_000_000 == 98
}

/// Three letters, model (4 bits) and serial number (20 bits) joined by `-`, as of ITU-R M.1371-4; older
/// sets send seven letters in the same 42 bits, and nothing tells which.
fn vendor(bits: &Payload) -> Option<String> {
    if bits.unsigned(48, 42) == 0 {
        return None;
    }
    let letters = text::read(bits, 48, 3).unwrap_or_default();
    Some(format!("{letters}-{}-{}", bits.unsigned(66, 4), bits.unsigned(70, 20)))
}

fn write_vendor(bits: &mut Payload, vendor: &str) {
    let mut pieces = vendor.rsplitn(3, '-');
    let mut number = || pieces.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let (serial, model) = (number(), number());
    text::write(bits, pieces.next().unwrap_or(""), 3);
    bits.push(4, model);
    bits.push(20, serial);
}
