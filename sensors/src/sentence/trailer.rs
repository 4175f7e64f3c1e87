//! What some networks write after the checksum: signal strength, station, seconds or milliseconds.

use super::{decimal, stamp, station_hash};
use crate::Time;

/// Station and time after the checksum, as the US Coast Guard (`,s28855,d-094,T41.9,r003669959,1152921718`)
/// and exactEarth (`,1327992119173`) write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trailer {
    /// The field that starts with `r` or `b`, hashed whole; 0 where there is none.
    pub station: u64,
    /// The last field, when it is a time.
    pub time: Option<Time>,
}

impl Trailer {
    /// Reads what follows a checksum. What is not understood is passed over.
    pub fn read(text: &[u8]) -> Trailer {
        let mut trailer = Trailer::default();
        for field in text.trim_ascii().split(|&b| b == b',').skip(1) {
            match field {
                [b'r' | b'b', name @ ..] if name.len() >= 3 => trailer.station = station_hash(field),
                // Shorter numbers are counters and slots, not times.
                _ if field.len() >= 9 && decimal(field).is_some() => trailer.time = stamp(field),
                _ => {}
            }
        }
        trailer
    }
}
