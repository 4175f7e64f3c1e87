//! The same transmission heard by several receivers, or sent on by one twice, counts once.

use rustc_hash::FxHashMap;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// The same bits within this time are one transmission. Source: the Danish maritime suite's 10 s.
const WINDOW: Span = Span::from_seconds(10);

/// Payloads remembered in each of the two generations; 75 messages a second (all that one VHF site can
/// carry) for 16 sites fill a fifth of it in one window.
const REMEMBERED_MAX: usize = 65_536;

/// What was heard lately, in two generations: the older is dropped whole when the newer is full or old.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Repeats {
    #[serde(with = "sensors::sorted::map")]
    newer: FxHashMap<u64, Time>,
    #[serde(with = "sensors::sorted::map")]
    older: FxHashMap<u64, Time>,
    newer_began: Time,
}

impl Repeats {
    /// Whether these bits were not heard within the window before (or, from a slower link, after) `time`.
    pub(super) fn first_time(&mut self, payload: u64, time: Time) -> bool {
        if time.since(self.newer_began) > WINDOW || self.newer.len() >= REMEMBERED_MAX {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
            self.newer_began = self.newer_began.max(time);
        }
        let near = |heard: &Time| time.since(*heard).abs() <= WINDOW;
        if self.newer.get(&payload).is_some_and(near) || self.older.get(&payload).is_some_and(near) {
            return false;
        }
        self.newer.insert(payload, time);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn the_same_bits_soon_after_are_a_repeat() {
        let mut repeats = Repeats::default();
        assert!(repeats.first_time(7, at(0)));
        assert!(!repeats.first_time(7, at(3)));
        assert!(!repeats.first_time(7, at(-4)));
        assert!(repeats.first_time(8, at(3)));
        assert!(repeats.first_time(7, at(11)));
        assert!(!repeats.first_time(7, at(20)));
    }

    #[test]
    fn memory_is_bounded_under_a_flood() {
        let mut repeats = Repeats::default();
        for payload in 0..300_000 {
            repeats.first_time(payload, at(0));
        }
        assert!(repeats.newer.len() + repeats.older.len() <= 2 * REMEMBERED_MAX);
    }
}
