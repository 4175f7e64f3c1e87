//! How long to wait before trying a lost receiver again: longer each time, and never all at once.

use std::time::Duration;

/// The first wait. With the doubling below, a link that comes back is heard again within 5 s of a short break.
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// Doubling waits, each shortened by a random part of up to half, so that receivers lost together do not dial
/// together.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    seed: u64,
}

impl Backoff {
    /// `seed` sets the jitter: the same seed waits the same.
    pub fn new(seed: u64) -> Backoff {
        Backoff { next: FIRST, seed }
    }

    /// The link worked: start from the shortest wait again.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The next wait, 0.5 s to 30 s.
    pub fn wait(&mut self) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(LONGEST);
        // SplitMix64 (Steele, Lea, Flood 2014): enough for jitter, and needs no source of randomness.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let part = (z >> 11) as f64 / (1u64 << 53) as f64;
        full.mul_f64(1.0 - part / 2.0).max(FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_over() {
        let mut backoff = Backoff::new(7);
        let waits: Vec<Duration> = (0..20).map(|_| backoff.wait()).collect();
        assert!(waits.iter().all(|w| (FIRST..=LONGEST).contains(w)));
        assert!(waits[19] >= LONGEST / 2);
        backoff.reset();
        assert_eq!(backoff.wait(), FIRST);
    }

    #[test]
    fn two_receivers_do_not_wait_alike() {
        let (mut a, mut b) = (Backoff::new(1), Backoff::new(2));
        a.wait();
        b.wait();
        assert_ne!(a.wait(), b.wait());
    }
}
