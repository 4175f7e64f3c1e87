//! Type 24: who a class B vessel says it is, in two parts that come apart and in any order.

use super::place::write;
use super::{Dimensions, Epfd, Payload, text};
use crate::sentence::Reject;
use crate::{CallSign, Mmsi, ShipType};
use serde::{Deserialize, Serialize};

/// Type 24 (ITU-R M.1371-5 tables 78 and 79).
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
        /// Who made the set.
        vendor: Option<Vendor>,
        /// Call sign.
        call_sign: Option<CallSign>,
        /// Size; `None` for auxiliary craft.
        dimensions: Option<Dimensions>,
        /// The parent ship, for auxiliary craft (98MIDxxxx).
        mothership: Option<Mmsi>,
        /// What the position comes from.
        epfd: Option<Epfd>,
    },
}

/// Maker, model and serial number of a set, 42 bits as sent; 0 is "not available" and never appears here.
///
/// Three letters, a model of 4 bits and a serial number of 20, as of ITU-R M.1371-4; older sets send seven
/// letters in the same bits, and nothing tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vendor(pub u64);

const VENDOR_BITS: usize = 42;

impl Vendor {
    /// A maker's up to three letters, a model (0-15) and a serial number (below 2^20).
    pub fn new(maker: &str, model: u8, serial: u32) -> Vendor {
        let mut bits = Payload::new();
        text::write(&mut bits, maker, 3);
        bits.push(4, u64::from(model));
        bits.push(20, u64::from(serial));
        Vendor(bits.unsigned(0, VENDOR_BITS))
    }

    /// The maker's letters, as IEC registers them with NMEA; `None` where they are blank.
    pub fn maker(self) -> Option<String> {
        text::read(&self.payload(), 0, 3)
    }

    /// The maker's number of the model, 0-15.
    pub const fn model(self) -> u8 {
        (self.0 >> 20 & 0xf) as u8
    }

    /// The serial number, below 2^20.
    pub const fn serial(self) -> u32 {
        (self.0 & 0xf_ffff) as u32
    }

    /// All bits as seven letters, the layout before -4 of the standard.
    pub fn seven_letters(self) -> Option<String> {
        text::read(&self.payload(), 0, 7)
    }

    fn payload(self) -> Payload {
        let mut bits = Payload::new();
        bits.push(VENDOR_BITS, self.0);
        bits
    }
}

/// The part number ends at bit 40.
pub(super) const BITS_PART: usize = 40;
/// Part A: the name ends at bit 160.
const BITS_A: usize = 160;
/// Part B: the call sign ends at bit 132. The size ends at 162, and is absent where a wrong count of fill bits
/// cuts it; the positioning device, which sets before -5 of the standard lack, at 166.
const BITS_B: usize = 132;

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
                    vendor: Some(Vendor(bits.unsigned(48, VENDOR_BITS))).filter(|vendor| vendor.0 != 0),
                    call_sign: text::read(bits, 90, 7).map(CallSign),
                    dimensions: if auxiliary { None } else { Dimensions::read(bits, 132) },
                    mothership: mothership.filter(|m| m.0 != 0),
                    epfd: Epfd::read(bits, 162),
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
                // Table 78 ends at bit 160; what most sets send has eight more.
                bits.push(8, 0);
            }
            StaticB::B { ship_type, vendor, call_sign, dimensions, mothership, epfd } => {
                bits.push(2, 1);
                write(bits, 8, ship_type.map(|t| t.0), 0);
                write(bits, VENDOR_BITS, vendor.map(|v| v.0), 0);
                text::write(bits, call_sign.as_ref().map_or("", |c| &c.0), 7);
                match mothership {
                    Some(mmsi) => bits.push(30, u64::from(mmsi.0)),
                    None => Dimensions::write(*dimensions, bits),
                }
                Epfd::write(*epfd, bits);
                bits.push(2, 0);
            }
        }
    }
}

/// `98MIDxxxx`, whatever the MID: the layout depends on the first two digits alone.
fn is_auxiliary(mmsi: Mmsi) -> bool {
    mmsi.0 / 10_000_000 == 98
}
