//! What tells true UTC to one receiver: its own GNSS sentences, and each base station that it hears.

use sensors::{Mmsi, Span, Time};
use serde::{Deserialize, Serialize};

/// Witnesses of one receiver at most; the one silent longest makes room. Ours: few coasts have as many base stations.
const WITNESSES_MAX: usize = 8;

/// Samples that one witness is judged by.
const SAMPLES: usize = 9;

/// Two samples of one witness that differ by less agree. Ours: the second is a whole one, and links hesitate.
const AGREE: Span = Span::from_seconds(2);

/// A witness that has not spoken for this long does not vote. The 15 minutes that pairs are counted over.
pub(super) const FRESH: Span = Span::from_minutes(15);

/// A GNSS week counter of ten bits starts over after this long. Source: IS-GPS-200, 20.3.3.3.1.1.
const ROLLOVER: Span = Span::from_hours(1024 * 7 * 24);

/// Who says what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Who {
    /// GNSS sentences that came over the same link.
    Satellites,
    /// A base station.
    Base(Mmsi),
}

/// How far the receiver's times are off, as the witnesses have it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Truth {
    witnesses: Vec<Witness>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Witness {
    who: Who,
    last: Time,
    /// What must be added to the receiver's time, milliseconds; those of the last run that agree.
    samples: Vec<i64>,
    /// The last sample, where it does not agree with them.
    odd: Option<i64>,
}

impl Witness {
    /// What it says, once it has said it twice.
    fn says(&self) -> Option<Span> {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        (sorted.len() >= 2).then(|| Span::from_millis(sorted[sorted.len() / 2]))
    }
}

impl Truth {
    /// A witness says that it is `utc` when the receiver says that it is `raw`.
    pub(super) fn hear(&mut self, who: Who, utc: Time, raw: Time, heard_at: Time) {
        let sample = unrolled(utc, raw).since(raw).as_millis();
        let at = match self.witnesses.iter().position(|witness| witness.who == who) {
            Some(at) => at,
            None => {
                if self.witnesses.len() >= WITNESSES_MAX {
                    let oldest =
                        (0..WITNESSES_MAX).min_by_key(|&i| self.witnesses[i].last).expect("not empty");
                    self.witnesses.swap_remove(oldest);
                }
                let witness = Witness { who, last: heard_at, samples: Vec::new(), odd: None };
                self.witnesses.push(witness);
                self.witnesses.len() - 1
            }
        };
        let witness = &mut self.witnesses[at];
        if heard_at.since(witness.last).abs() > FRESH {
            witness.samples.clear();
            witness.odd = None;
        }
        witness.last = heard_at;
        let agrees = |with: i64| (sample - with).abs() <= AGREE.as_millis();
        if witness.samples.last().is_none_or(|&last| agrees(last)) {
            if witness.samples.len() >= SAMPLES {
                witness.samples.remove(0);
            }
            witness.samples.push(sample);
            witness.odd = None;
        } else if witness.odd.is_some_and(agrees) {
            // Said twice: the clock was stepped.
            witness.samples = vec![witness.odd.take().expect("just looked at"), sample];
        } else {
            witness.odd = Some(sample);
        }
    }

    /// What must be added to the receiver's times: the median of what the witnesses say, one vote each, so that one
    /// base station with a wrong clock does not count; of two that disagree, the one that finds less wrong.
    pub(super) fn verdict(&self, now: Time) -> Option<(Span, Who)> {
        let fresh = self.fresh(now).filter_map(|witness| Some((witness.says()?, witness.who)));
        let mut said: Vec<(Span, Who)> = fresh.collect();
        said.sort_unstable();
        let half = said.len() / 2;
        match said.len() {
            0 => None,
            n if n % 2 == 1 => Some(said[half]),
            _ => said[half - 1..=half].iter().copied().min_by_key(|(offset, _)| offset.abs()),
        }
    }

    /// Whether half of them or more have just told of another time than before (those new here: than `believed`), by more
    /// than `by`, and not yet twice.
    pub(super) fn in_doubt(&self, now: Time, believed: Span, by: Span) -> bool {
        let (mut all, mut odd) = (0, 0);
        for witness in self.fresh(now) {
            let expected = witness.says().unwrap_or(believed).as_millis();
            let last = witness.odd.or(witness.samples.last().copied()).unwrap_or(expected);
            all += 1;
            odd += usize::from((last - expected).abs() > by.as_millis());
        }
        odd > 0 && 2 * odd >= all
    }

    /// Whether any has spoken lately.
    pub(super) fn is_there(&self, now: Time) -> bool {
        self.fresh(now).next().is_some()
    }

    fn fresh(&self, now: Time) -> impl Iterator<Item = &Witness> {
        self.witnesses.iter().filter(move |witness| now.since(witness.last).abs() <= FRESH)
    }
}

/// `utc`, with the 1024 weeks given back that a counter which started over has lost.
fn unrolled(utc: Time, near: Time) -> Time {
    let off = near.since(utc).as_millis();
    let weeks = (off + ROLLOVER.as_millis() / 2).div_euclid(ROLLOVER.as_millis()) * ROLLOVER.as_millis();
    let whole = utc + Span::from_millis(weeks);
    if near.since(whole).abs() <= Span::from_hours(24) { whole } else { utc }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    fn base(n: u32) -> Who {
        Who::Base(Mmsi(5_670_000 + n))
    }

    #[test]
    fn one_sample_is_no_verdict_and_two_are() {
        let mut truth = Truth::default();
        truth.hear(base(1), at(-3600), at(0), at(0));
        assert_eq!(truth.verdict(at(0)), None);
        assert!(truth.in_doubt(at(0), Span::ZERO, Span::from_seconds(30)));
        truth.hear(base(1), at(-3590), at(10), at(10));
        assert_eq!(truth.verdict(at(10)), Some((Span::from_hours(-1), base(1))));
        assert!(!truth.in_doubt(at(10), Span::ZERO, Span::from_seconds(30)));
    }

    #[test]
    fn one_base_station_that_lies_is_outvoted() {
        let mut truth = Truth::default();
        for second in 0..20 {
            truth.hear(base(1), at(second), at(second), at(second));
            truth.hear(base(2), at(second + 900), at(second), at(second));
            assert!(second == 0 || truth.verdict(at(second)).is_some_and(|(offset, _)| offset == Span::ZERO));
        }
    }

    #[test]
    fn a_step_counts_when_it_is_told_twice_and_a_relayed_report_does_not() {
        let mut truth = Truth::default();
        for second in 0..10 {
            truth.hear(Who::Satellites, at(second), at(second), at(second));
        }
        truth.hear(Who::Satellites, at(-20), at(10), at(10));
        truth.hear(Who::Satellites, at(11), at(11), at(11));
        assert_eq!(truth.verdict(at(11)), Some((Span::ZERO, Who::Satellites)));
        truth.hear(Who::Satellites, at(12), at(3612), at(3612));
        truth.hear(Who::Satellites, at(13), at(3613), at(3613));
        assert_eq!(truth.verdict(at(3613)), Some((Span::from_hours(-1), Who::Satellites)));
    }

    #[test]
    fn a_week_counter_that_started_over_is_seen_through() {
        let mut truth = Truth::default();
        for second in 0..3 {
            let rolled = at(second) - Span::from_hours(1024 * 7 * 24);
            truth.hear(Who::Satellites, rolled, at(second), at(second));
        }
        assert_eq!(truth.verdict(at(3)), Some((Span::ZERO, Who::Satellites)));
    }

    #[test]
    fn witnesses_are_bounded() {
        let mut truth = Truth::default();
        for n in 0..100 {
            truth.hear(base(n), at(0), at(0), at(i64::from(n)));
        }
        assert_eq!(truth.witnesses.len(), WITNESSES_MAX);
    }
}
