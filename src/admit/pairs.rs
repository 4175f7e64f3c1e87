//! How two clocks' times differ, from the transmissions that both dated.

use super::clocks::ClockId;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// Pairs that a difference is learned from, at least. Definition 6.0.
const PAIRS_MIN: usize = 20;

/// Only pairs within this time count. Definition 6.0.
const WINDOW_SECONDS: u32 = 15 * 60;

/// Pairs kept of two clocks. Ours: more make the median no better.
const PAIRS_MAX: usize = 32;

/// Clocks that one is held against; more hear too little in common to matter. Ours.
const PARTNERS_MAX: usize = 16;

/// What one clock heard in common with others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pairs {
    partners: Vec<Partner>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Partner {
    clock: ClockId,
    /// The partner's time less ours, milliseconds, and when, in seconds of the edge's clock; a ring.
    samples: Vec<(u32, i32)>,
    next: u8,
}

impl Partner {
    fn is_fresh(&self, now: u32) -> bool {
        self.samples.iter().any(|(at, _)| now.abs_diff(*at) <= WINDOW_SECONDS)
    }
}

impl Pairs {
    /// Both heard the same: the partner's time was later than ours by `later`.
    pub(super) fn add(&mut self, partner: ClockId, later: Span, heard_at: Time) {
        let Ok(later) = i32::try_from(later.as_millis()) else { return };
        let now = seconds(heard_at);
        let sample = (now, later);
        if self.partners.len() >= PARTNERS_MAX {
            // One that has fallen silent makes room.
            self.partners.retain(|known| known.clock == partner || known.is_fresh(now));
        }
        let partner = match self.partners.iter_mut().position(|known| known.clock == partner) {
            Some(at) => &mut self.partners[at],
            None if self.partners.len() < PARTNERS_MAX => {
                self.partners.push(Partner { clock: partner, samples: Vec::new(), next: 0 });
                self.partners.last_mut().expect("just pushed")
            }
            None => return,
        };
        if partner.samples.len() < PAIRS_MAX {
            partner.samples.push(sample);
        } else {
            partner.samples[usize::from(partner.next)] = sample;
            partner.next = (partner.next + 1) % PAIRS_MAX as u8;
        }
    }

    /// Each partner with the median of its differences, where there are enough.
    pub(super) fn differences(&self, now: Time) -> impl Iterator<Item = (ClockId, Span)> {
        let now = seconds(now);
        self.partners.iter().filter_map(move |partner| {
            let fresh = partner.samples.iter().filter(|(at, _)| now.abs_diff(*at) <= WINDOW_SECONDS);
            let mut fresh: Vec<i32> = fresh.map(|&(_, later)| later).collect();
            fresh.sort_unstable();
            let median = *fresh.get(fresh.len() / 2)?;
            (fresh.len() >= PAIRS_MIN).then_some((partner.clock, Span::from_millis(median.into())))
        })
    }

    /// The clock was stepped: what was learned is of another one.
    pub(super) fn forget(&mut self) {
        self.partners.clear();
    }

    /// Another clock was stepped.
    pub(super) fn forget_partner(&mut self, clock: ClockId) {
        self.partners.retain(|partner| partner.clock != clock);
    }
}

fn seconds(time: Time) -> u32 {
    (time.as_millis().div_euclid(1000)).clamp(0, u32::MAX.into()) as u32
}

/// The middle one; of two, the one nearer to zero.
pub(super) fn median(mut spans: Vec<Span>) -> Option<Span> {
    spans.sort_unstable();
    let half = spans.len() / 2;
    match spans.len() {
        0 => None,
        n if n % 2 == 1 => Some(spans[half]),
        _ => spans[half - 1..=half].iter().copied().min_by_key(|span| span.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::StationId;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    fn partner(station: u64) -> ClockId {
        ClockId { station: StationId(station), ..ClockId::default() }
    }

    #[test]
    fn twenty_pairs_within_a_quarter_of_an_hour_tell_the_difference() {
        let mut pairs = Pairs::default();
        let difference = |pairs: &Pairs, now| pairs.differences(at(now)).collect::<Vec<_>>();
        for n in 0..20 {
            assert_eq!(difference(&pairs, n), []);
            let outlier = if n % 5 == 0 { 60_000 } else { 0 };
            pairs.add(partner(3), Span::from_millis(7_000 + n + outlier), at(n));
        }
        let [(from, median)] = difference(&pairs, 20)[..] else { panic!("one partner") };
        assert_eq!(from, partner(3));
        assert!((7_000..7_020).contains(&median.as_millis()), "{median:?}");
        assert_eq!(difference(&pairs, 2000), []);
    }

    #[test]
    fn partners_and_pairs_are_bounded() {
        let mut pairs = Pairs::default();
        for n in 0..10_000 {
            pairs.add(partner(n % 100), Span::ZERO, at(n as i64));
        }
        assert_eq!(pairs.partners.len(), PARTNERS_MAX);
        assert!(pairs.partners.iter().all(|partner| partner.samples.len() <= PAIRS_MAX));
        // Those that went silent make room for those heard now.
        pairs.add(partner(7777), Span::ZERO, at(20_000));
        assert_eq!(pairs.partners.iter().map(|partner| partner.clock).collect::<Vec<_>>(), [partner(7777)]);
    }
}
