//! What all receivers heard and missed in one cell of the sea, fading with the days.

use sensors::{Mmsi, ReceiverId};
use serde::{Deserialize, Serialize};

/// Days over which what was counted fades to a third: thirty count in all. Definition 6.0 has a window of 30 days; fading
/// needs one count in place of thirty.
const DAYS: i32 = 30;

/// What one day leaves of a count: e to the power of -1/30.
const DAY_LEAVES: f32 = 0.967_216_1;

/// Vessels that must have been counted in a cell. Definition 6.0.
pub(super) const VESSELS_MIN: usize = 3;

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// The day that the counts have faded to.
    day: i32,
    /// The first vessels that were counted, and when last.
    vessels: [(Mmsi, i32); VESSELS_MIN],
    receivers: Vec<Count>,
}

/// Blocks heard and missed by one receiver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Count {
    receiver: u16,
    heard: f32,
    missed: f32,
}

/// Long before any day.
const NEVER: i32 = i32::MIN / 2;

impl Counts {
    pub(super) fn new(day: i32) -> Counts {
        Counts { day, vessels: [(Mmsi(0), NEVER); VESSELS_MIN], receivers: Vec::new() }
    }

    /// A vessel transmitted here.
    pub(super) fn vessel(&mut self, mmsi: Mmsi, day: i32) {
        let known = self.vessels.iter().position(|(known, _)| *known == mmsi);
        let free = || self.vessels.iter().position(|(_, last)| day - last > DAYS);
        if let Some(at) = known.or_else(free) {
            self.vessels[at] = (mmsi, day);
        }
    }

    /// Fades to this day.
    pub(super) fn fade(&mut self, day: i32) {
        let leaves = leaves(day - self.day);
        if day > self.day {
            self.receivers.iter_mut().for_each(|count| {
                count.heard *= leaves;
                count.missed *= leaves;
            });
            self.day = day;
        }
    }

    pub(super) fn knows(&self, receiver: u16) -> bool {
        self.receivers.iter().any(|count| count.receiver == receiver)
    }

    /// One block was heard by this receiver, or missed.
    pub(super) fn count(&mut self, receiver: u16, heard: bool) {
        let at = self.receivers.iter().position(|count| count.receiver == receiver).unwrap_or_else(|| {
            self.receivers.push(Count { receiver, heard: 0.0, missed: 0.0 });
            self.receivers.len() - 1
        });
        let count = &mut self.receivers[at];
        *(if heard { &mut count.heard } else { &mut count.missed }) += 1.0;
    }

    /// All that heard or missed anything here, by number.
    pub(super) fn receivers(&self) -> impl Iterator<Item = ReceiverId> + '_ {
        let mut numbers: Vec<u16> = self.receivers.iter().map(|count| count.receiver).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(ReceiverId)
    }

    /// Blocks heard and missed, and vessels, as of this day.
    pub(super) fn of(&self, receiver: ReceiverId, day: i32) -> Option<(f64, f64, usize)> {
        let count = self.receivers.iter().find(|count| count.receiver == receiver.0)?;
        let leaves = leaves(day - self.day);
        let vessels = self.vessels.iter().filter(|(_, last)| day - last <= DAYS).count();
        Some((f64::from(count.heard * leaves), f64::from(count.missed * leaves), vessels))
    }

    /// Whether as good as nothing is left of it.
    pub(super) fn is_faded(&self, day: i32) -> bool {
        let leaves = leaves(day - self.day);
        self.receivers.iter().all(|count| (count.heard + count.missed) * leaves < 0.5)
    }
}

/// What so many days leave; multiplied out, so that every machine gives the same bits.
fn leaves(days: i32) -> f32 {
    (0..days.clamp(0, 20 * DAYS)).fold(1.0, |left, _| left * DAY_LEAVES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fade_and_vessels_are_forgotten_after_thirty_days() {
        let mut counts = Counts::new(0);
        for vessel in 0..5 {
            counts.vessel(Mmsi(vessel), 0);
            (0..20).for_each(|_| counts.count(2, true));
        }
        assert_eq!(counts.of(ReceiverId(2), 0), Some((100.0, 0.0, 3)));
        let (heard, _, vessels) = counts.of(ReceiverId(2), 31).expect("counted");
        assert!((35.0..36.0).contains(&heard) && vessels == 0, "{heard} {vessels}");
        counts.fade(31);
        assert_eq!(counts.of(ReceiverId(2), 31).map(|(heard, ..)| heard), Some(heard));
        assert!(!counts.is_faded(31) && counts.is_faded(400));
    }
}
