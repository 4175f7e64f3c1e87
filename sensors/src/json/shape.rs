//! Which fields a message has, and how long it is: by its type, and by what a few of its bits say.

use super::field::Field;
use super::layout;

/// What decides which fields a message has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    /// Message type.
    pub(super) kind: u8,
    /// Type 24, part B.
    pub(super) part_b: bool,
    /// Type 24 of an auxiliary craft (98MIDxxxx).
    pub(super) auxiliary: bool,
    /// Types 22, 25 and 26.
    pub(super) addressed: bool,
    /// Types 25 and 26.
    pub(super) structured: bool,
}

impl Shape {
    /// As told by the bits, which `field` gives by place and width.
    pub(super) fn of(field: impl Fn(usize, usize) -> u64) -> Shape {
        let kind = field(0, 6) as u8;
        Shape {
            kind,
            part_b: field(38, 2) == 1,
            auxiliary: field(8, 30) / 10_000_000 == 98,
            addressed: field(if kind == 22 { 139 } else { 38 }, 1) == 1,
            structured: field(39, 1) == 1,
        }
    }

    /// The message's fields after type, repeat indicator and MMSI, in groups.
    pub(super) fn fields(self) -> [&'static [Field]; 3] {
        let binary = usize::from(self.addressed) * 2 + usize::from(self.structured);
        match self.kind {
            1..=3 => [layout::POSITION_A, &[], &[]],
            4 | 11 => [layout::CLOCK, &[], &[]],
            5 => [layout::STATIC_VOYAGE, &[], &[]],
            6 => [layout::ADDRESSED_BINARY, layout::ADDRESSED_BINARY_DATA, &[]],
            7 | 13 => [layout::ACKNOWLEDGE, &[], &[]],
            8 => [layout::BROADCAST_BINARY, layout::BROADCAST_BINARY_DATA, &[]],
            9 => [layout::SAR_AIRCRAFT, &[], &[]],
            10 => [layout::INQUIRY, &[], &[]],
            12 => [layout::ADDRESSED_TEXT, &[], &[]],
            14 => [layout::BROADCAST_TEXT, &[], &[]],
            15 => [layout::INTERROGATION, &[], &[]],
            16 => [layout::ASSIGNMENT, &[], &[]],
            17 => [layout::GNSS_CORRECTIONS, &[], &[]],
            18 => [layout::POSITION_B, layout::POSITION_B_STATE, &[]],
            19 => [layout::POSITION_B, layout::POSITION_B_EXTENDED, &[]],
            20 => [layout::LINK_MANAGEMENT, &[], &[]],
            21 => [layout::AID_TO_NAVIGATION, &[], &[]],
            22 => [
                layout::CHANNELS,
                if self.addressed { layout::CHANNELS_TO } else { layout::CHANNELS_IN },
                layout::CHANNELS_END,
            ],
            23 => [layout::GROUP_ASSIGNMENT, &[], &[]],
            24 if !self.part_b => [layout::PART, layout::STATIC_B_A, &[]],
            24 => [
                layout::PART,
                layout::STATIC_B_B,
                if self.auxiliary { layout::STATIC_B_MOTHERSHIP } else { layout::STATIC_B_SIZE },
            ],
            25 => [layout::BINARY, layout::BINARY_REST[0][binary], &[]],
            26 => [layout::BINARY, layout::BINARY_REST[1][binary], &[]],
            27 => [layout::LONG_RANGE, &[], &[]],
            _ => [&[], &[], &[]],
        }
    }

    /// How many bits are sent, where the fields tell; `told` says whether any bit from one place to another is set.
    /// Of a list of groups, the last that is not all zeros ends the message.
    pub(super) fn length(self, told: impl Fn(usize, usize) -> bool) -> Option<usize> {
        // Where a group starts, and where a message that ends with it does.
        let last = |groups: &[(usize, usize)]| {
            let end = |at: usize| groups.get(at + 1).map_or(groups[at].1, |next| next.0);
            let found = (0..groups.len()).rev().find(|&at| told(groups[at].0, end(at)));
            groups[found.unwrap_or(0)].1
        };
        Some(match self.kind {
            1..=4 | 9 | 11 | 18 | 22 | 24 => 168,
            5 => 424,
            7 | 13 => last(&[(40, 72), (72, 104), (104, 136), (136, 168)]),
            10 => 72,
            15 => last(&[(40, 88), (90, 110), (110, 160)]),
            16 => last(&[(40, 96), (92, 144)]),
            19 => 312,
            20 => last(&[(40, 72), (70, 104), (100, 136), (130, 160)]),
            23 => 160,
            27 => 96,
            _ => return None,
        })
    }
}
