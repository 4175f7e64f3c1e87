//! Which payloads were heard in the last quarter of an hour, and when.

use sensors::{Span, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long a payload is known. Ours: longer than relays and retries hold a line, and three reports of a moored vessel.
pub(super) const KNOWN: Span = Span::from_minutes(15);

/// Places for payloads: a thousand a second for a quarter of an hour. 8 MiB.
const PLACES: usize = 1 << 20;

/// Places that one payload may take, one line of the processor's cache.
const WAYS: usize = 8;

/// Bits of a place that hold the time, in quarters of a second, modulo 48 days; the other 40 are of the payload's hash, so
/// that two payloads are taken for one once in 10^11.
const TIME_BITS: u32 = 24;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
const QUARTER: i64 = 250;

/// Payloads by hash, each in one of eight places; a full eight lets its oldest go.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memory {
    places: Vec<u64>,
    /// How many were let go before their time.
    let_go: u64,
}

impl Memory {
    /// When these bits were last heard, if within [`KNOWN`] before or after `time`; they are from now on known as heard
    /// at `time`, unless `keep` says of the time before that it stands.
    pub(super) fn heard(
        &mut self,
        payload: u64,
        time: Time,
        keep: impl FnOnce(Time) -> bool,
    ) -> Option<Time> {
        if self.places.is_empty() {
            self.places = vec![0; PLACES];
        }
        let from = (payload as usize % (PLACES / WAYS)) * WAYS;
        let ways = &mut self.places[from..from + WAYS];
        // Never 0, which an empty place holds.
        let tag = (payload >> TIME_BITS | 1) << TIME_BITS;
        let now = time.as_millis().div_euclid(QUARTER);
        let place = tag | now as u64 & TIME_MASK;
        let age = |place: u64| {
            // How long ago, the nearest way round.
            let ago = (now as u64).wrapping_sub(place) & TIME_MASK;
            if ago > TIME_MASK / 2 { ago as i64 - (1 << TIME_BITS) } else { ago as i64 }
        };
        if let Some(known) = ways.iter_mut().find(|place| **place & !TIME_MASK == tag) {
            let ago = Span::from_millis(age(*known) * QUARTER);
            let before = time - ago;
            let recent = ago.abs() <= KNOWN;
            if !(recent && keep(before)) {
                *known = place;
            }
            return recent.then_some(before);
        }
        let way = (0..WAYS).max_by_key(|&way| if ways[way] == 0 { i64::MAX } else { age(ways[way]) });
        let way = &mut ways[way.expect("eight ways")];
        self.let_go += u64::from(*way != 0 && age(*way) * QUARTER <= KNOWN.as_millis());
        *way = place;
        None
    }

    /// How many payloads were let go before their time.
    pub(super) fn let_go(&self) -> u64 {
        self.let_go
    }
}

/// As saved: places that hold something, each with how many empty ones come before it.
#[derive(Serialize, Deserialize)]
struct Saved {
    places: Vec<(u32, u64)>,
    let_go: u64,
}

/// Places that hold nothing; most of them do, and a page is compared faster than its places are looked at.
const PAGE: [u64; 512] = [0; 512];

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places = Vec::new();
        let mut empty = 0;
        for page in self.places.chunks(PAGE.len()) {
            if page == PAGE {
                empty += PAGE.len() as u32;
                continue;
            }
            for &place in page {
                if place == 0 {
                    empty += 1;
                } else {
                    places.push((std::mem::take(&mut empty), place));
                }
            }
        }
        Saved { places, let_go: self.let_go }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Memory, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        let mut places = if saved.places.is_empty() { Vec::new() } else { vec![0; PLACES] };
        let mut at = 0;
        for (empty, place) in saved.places {
            at += empty as usize;
            *places
                .get_mut(at)
                .ok_or_else(|| serde::de::Error::custom("a payload beyond the last place"))? = place;
            at += 1;
        }
        Ok(Memory { places, let_go: saved.let_go })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    #[test]
    fn a_payload_is_known_for_a_quarter_of_an_hour_before_and_after() {
        let mut memory = Memory::default();
        assert_eq!(memory.heard(7 << 30, at(0), |_| false), None);
        assert_eq!(memory.heard(8 << 30, at(0), |_| false), None);
        assert_eq!(memory.heard(7 << 30, at(800), |_| true), Some(at(0)));
        assert_eq!(memory.heard(7 << 30, at(-800), |_| false), Some(at(0)));
        assert_eq!(memory.heard(7 << 30, at(200), |_| false), None);
        assert_eq!(memory.heard(7 << 30, at(201), |_| false), Some(at(200)));
    }

    #[test]
    fn memory_is_bounded_and_says_when_it_forgot() {
        let mut memory = Memory::default();
        for payload in 0..1_500_000_u64 {
            memory.heard(payload.wrapping_mul(0x9e37_79b9_7f4a_7c15), at(0), |_| false);
        }
        assert_eq!(memory.places.len(), PLACES);
        assert!(memory.let_go() > 400_000, "{}", memory.let_go());
    }

    #[test]
    fn what_is_saved_comes_back() {
        let mut memory = Memory::default();
        for payload in 0..1000_u64 {
            memory.heard(payload.wrapping_mul(0x9e37_79b9_7f4a_7c15), at(payload as i64), |_| false);
        }
        let saved = postcard::to_stdvec(&memory).unwrap();
        assert!(saved.len() < 20_000, "{}", saved.len());
        assert_eq!(postcard::from_bytes::<Memory>(&saved).unwrap(), memory);
        assert_eq!(
            postcard::from_bytes::<Memory>(&postcard::to_stdvec(&Memory::default()).unwrap()).unwrap(),
            Memory::default()
        );
    }
}
