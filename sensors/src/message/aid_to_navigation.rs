//! Type 21: buoys, beacons, lights, and those that exist only as this message.

use super::fix::{second, write_second};
use super::place::write;
use super::{Dimensions, Epfd, FixMode, Payload, Place, text};
use serde::{Deserialize, Serialize};

/// Type 21 (ITU-R M.1371-5 table 73).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AidToNavigation {
    /// Type of aid, 1-31 (table 74).
    pub aid_type: Option<u8>,
    /// Name and its extension, joined before trimming.
    pub name: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// Size, or for a floating aid the area it swings in.
    pub dimensions: Option<Dimensions>,
    /// What the position comes from.
    pub epfd: Option<Epfd>,
    /// UTC second of the fix.
    pub second: Option<u8>,
    /// What the positioning system does.
    pub fix_mode: FixMode,
    /// Off its charted place; meaningful for floating aids only.
    pub off_position: bool,
    /// Status of the aid, as its authority defines the eight bits: light, racon, health.
    pub status: u8,
    /// Receiver autonomous integrity monitoring of the positioning device is in use.
    pub raim: bool,
    /// Exists only as this message.
    pub is_virtual: bool,
    /// Sends at the rate a base station assigned, not its own.
    pub assigned: bool,
}

/// The assigned flag ends at bit 271; the name's extension starts at 272.
pub(super) const BITS: usize = 271;
const EXTENSION: usize = 272;
/// Characters of the name, and of its extension.
const NAME: usize = 20;
const MORE: usize = 14;

impl AidToNavigation {
    pub(super) fn read(bits: &Payload) -> Self {
        let (second, fix_mode) = second(bits, 253);
        AidToNavigation {
            aid_type: Some(bits.unsigned(38, 5) as u8).filter(|&t| t != 0),
            name: text::join(bits, &[(43, NAME), (EXTENSION, MORE)]),
            place: Place::read(bits, 163),
            dimensions: Dimensions::read(bits, 219),
            epfd: Epfd::read(bits, 249),
            second,
            fix_mode,
            off_position: bits.flag(259),
            status: bits.unsigned(260, 8) as u8,
            raim: bits.flag(268),
            is_virtual: bits.flag(269),
            assigned: bits.flag(270),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        let name = self.name.as_deref().unwrap_or("");
        let end = name.char_indices().nth(NAME).map_or(name.len(), |(at, _)| at);
        write(bits, 5, self.aid_type, 0);
        text::write(bits, &name[..end], NAME);
        Place::write(self.place, bits);
        Dimensions::write(self.dimensions, bits);
        Epfd::write(self.epfd, bits);
        write_second(bits, self.second, self.fix_mode);
        bits.push_flag(self.off_position);
        bits.push(8, u64::from(self.status));
        bits.push_flag(self.raim);
        bits.push_flag(self.is_virtual);
        bits.push_flag(self.assigned);
        bits.push(1, 0);
        text::write_all(bits, &name[end..], MORE);
        // Filled up to whole bytes (table 73).
        if let spare @ 1.. = bits.len().next_multiple_of(8) - bits.len() {
            bits.push(spare, 0);
        }
    }
}
