//! When a tick goes into the journal: every ten seconds of the clock that stamps the lines.

use crate::entry::Entry;
use sensors::{Span, Time, receiver::Batch};

/// Ours: the finest time that a rule waits for is a minute.
const EVERY: Span = Span::from_seconds(10);

/// Cuts batches at ticks, so that a tick's place among the lines depends on times and not on batches.
#[derive(Debug, Default)]
pub struct Ticker {
    next: Option<Time>,
}

impl Ticker {
    /// The batch, in pieces where ticks fall into it.
    pub fn cut(&mut self, batch: Batch, out: &mut Vec<Entry>) {
        if batch.iter().all(|(at, _)| !self.is_due(at)) {
            out.push(Entry::Lines(batch));
            return;
        }
        let mut piece = Batch::new(batch.receiver());
        for (at, line) in batch.iter() {
            if self.is_due(at) {
                if !piece.is_empty() {
                    out.push(Entry::Lines(piece.take()));
                }
                out.push(self.tick(at));
            }
            piece.push(at, line);
        }
        out.push(Entry::Lines(piece));
    }

    /// The clock says `now`, lines or none.
    pub fn clock(&mut self, now: Time, out: &mut Vec<Entry>) {
        if self.is_due(now) || self.went_back(now) {
            let tick = self.tick(now);
            out.push(tick);
        }
    }

    fn is_due(&self, at: Time) -> bool {
        self.next.is_none_or(|next| at >= next)
    }

    /// The clock was set back: the next tick may be years away, and nothing would notice silence until then.
    fn went_back(&self, now: Time) -> bool {
        self.next.is_some_and(|next| next.since(now) > Span::from_seconds(20))
    }

    /// One tick however long the silence was: what rules need to know is what time it is.
    fn tick(&mut self, at: Time) -> Entry {
        let period = EVERY.as_millis();
        let whole = Time::from_millis(at.as_millis().div_euclid(period) * period);
        self.next = Some(whole + EVERY);
        Entry::Tick(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::ReceiverId;

    fn shape(batches: &[&[i64]]) -> Vec<String> {
        let (mut ticker, mut out) = (Ticker::default(), Vec::new());
        for seconds in batches {
            let mut batch = Batch::new(ReceiverId(0));
            seconds.iter().for_each(|&s| batch.push(Time::from_seconds(s), b"x"));
            ticker.cut(batch, &mut out);
        }
        out.iter()
            .flat_map(|entry| match entry {
                Entry::Tick(at) => vec![format!("tick {}", at.as_millis() / 1000)],
                Entry::Lines(batch) => {
                    batch.iter().map(|(at, _)| (at.as_millis() / 1000).to_string()).collect()
                }
                _ => Vec::new(),
            })
            .collect()
    }

    #[test]
    fn a_clock_that_was_set_right_goes_on_ticking() {
        let (mut ticker, mut out) = (Ticker::default(), Vec::new());
        for seconds in [1_000_000, 1_000_009, 1_000_010, 501, 505, 510] {
            ticker.clock(Time::from_seconds(seconds), &mut out);
        }
        let ticks = [1_000_000, 1_000_010, 500, 510].map(|seconds| Entry::Tick(Time::from_seconds(seconds)));
        assert_eq!(out, ticks);
    }

    #[test]
    fn ticks_fall_by_time_wherever_batches_end() {
        let whole = shape(&[&[3, 9, 10, 19, 95]]);
        assert_eq!(whole, ["tick 0", "3", "9", "tick 10", "10", "19", "tick 90", "95"]);
        assert_eq!(whole, shape(&[&[3], &[9, 10], &[19, 95]]));
    }
}
