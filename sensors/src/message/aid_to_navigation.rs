//! Type 21: buoys, beacons, lights, and those that exist only as this message.

use super::place::{second, write};
use super::{Dimensions, Payload, Place, text};
use serde::{Deserialize, Serialize};

/// Type 21 (table 70).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AidToNavigation {
    /// Type of aid, 1-31 (table 71).
    pub aid_type: Option<u8>,
    /// Name and its extension, joined before trimming.
    pub name: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// Size.
    pub dimensions: Option<Dimensions>,
    /// UTC second of the fix.
    pub second: Option<u8>,
    /// Off its charted place; meaningful for floating aids only.
    pub off_position: bool,
    /// Exists only as this message.
    pub is_virtual: bool,
}

/// The virtual flag ends at bit 270; the name's extension starts at 272.
pub(super) const BITS: usize = 270;
const EXTENSION: usize = 272;

impl AidToNavigation {
    pub(super) fn read(bits: &Payload) -> Self {
        AidToNavigation {
            aid_type: Some(bits.unsigned(38, 5) as u8).filter(|&t| t != 0),
            name: text::join(bits, &[(43, 20), (EXTENSION, 14)]),
            place: Place::read(bits, 163),
            dimensions: Dimensions::read(bits, 219),
            second: second(bits, 253),
            off_position: bits.flag(259),
            is_virtual: bits.flag(269),
        }
    }

    pub(super) fn write(&self, bits: &mut Payload) {
        let name = self.name.as_deref().unwrap_or("");
        let end = name.char_indices().nth(20).map_or(name.len(), |(at, _)| at);
        write(bits, 5, self.aid_type, 0);
        text::write(bits, &name[..end], 20);
        Place::write(self.place, bits);
        Dimensions::write(self.dimensions, bits);
        // Position fixing device: surveyed.
        bits.push(4, 7);
        write(bits, 6, self.second, 60);
        bits.push(1, u64::from(self.off_position));
        bits.push(9, 0);
        bits.push(1, u64::from(self.is_virtual));
        bits.push(2, 0);
        let extension: String = name[end..].chars().take(14).collect();
        text::write_all(bits, &extension);
    }
}
