//! How a sender got its position: the device, and whether that device works.

use super::Payload;
use serde::{Deserialize, Serialize};

/// Type of electronic position fixing device as sent, 1-15; 0 is "undefined" and never appears here.
/// Source: ITU-R M.1371-5 table 52 (type 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epfd(pub u8);

impl Epfd {
    /// 1.
    pub const GPS: Epfd = Epfd(1);
    /// 7: a place that was measured once, such as a beacon's.
    pub const SURVEYED: Epfd = Epfd(7);

    /// The device in lower-case words, for display; `None` for 9-14, which nobody has defined.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "GPS",
            2 => "GLONASS",
            3 => "GPS and GLONASS",
            4 => "Loran-C",
            5 => "Chayka",
            6 => "integrated navigation system",
            7 => "surveyed",
            8 => "Galileo",
            15 => "internal GNSS",
            _ => return None,
        })
    }

    /// The 4 bits at `start`; `None` for 0 and where the message ends before.
    pub(super) fn read(bits: &Payload, start: usize) -> Option<Epfd> {
        Some(Epfd(bits.unsigned(start, 4) as u8)).filter(|epfd| epfd.0 != 0 && bits.len() >= start + 4)
    }

    pub(super) fn write(epfd: Option<Epfd>, bits: &mut Payload) {
        bits.push(4, epfd.map_or(0, |epfd| u64::from(epfd.0)));
    }
}

/// What the positioning system does, told by the values of the second of the fix that are no second.
/// Source: ITU-R M.1371-5 table 48, time stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixMode {
    /// 0-59 and 60 ("second not available"): nothing else is said.
    #[default]
    Electronic,
    /// 61: the position is typed in.
    Manual,
    /// 62: dead reckoning.
    Estimated,
    /// 63: the positioning system does not work.
    Inoperative,
}

/// The second of the fix (0-59) and the mode in the 6 bits at `start`.
pub(super) fn second(bits: &Payload, start: usize) -> (Option<u8>, FixMode) {
    match bits.unsigned(start, 6) as u8 {
        second @ 0..60 => (Some(second), FixMode::Electronic),
        60 => (None, FixMode::Electronic),
        61 => (None, FixMode::Manual),
        62 => (None, FixMode::Estimated),
        _ => (None, FixMode::Inoperative),
    }
}

/// Writes the second where there is one, else what the mode says about it.
pub(super) fn write_second(bits: &mut Payload, second: Option<u8>, mode: FixMode) {
    bits.push(6, u64::from(second.unwrap_or(60 + mode as u8)));
}
