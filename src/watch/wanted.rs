//! When the past is wanted again: reports came that belong to a time gone by, and no more of them come.

use crate::admit::Late;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};

/// The window is run again once nothing has come late for this long. Ours, unproven.
const QUIET: Span = Span::from_seconds(60);

/// Or once this many reports have come late. Ours, unproven: an hour of a busy VHF site.
const MANY: u64 = 200_000;

/// A window of event time to run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Event time of the earliest report that came late.
    pub from: Time,
    /// Event time of the latest.
    pub to: Time,
    /// How many came late.
    pub reports: u64,
    /// When it was wanted, by the clock of the edge.
    pub at: Time,
    /// The sequence after the last entry that the re-run takes into account; it names the re-run.
    pub next: u64,
}

/// What came late and was not wanted again yet: one window at most.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Waiting {
    window: Option<(Late, Time)>,
}

impl Waiting {
    /// The clock passes, at the entry `sequence`; `late` came since it did last.
    pub(super) fn tick(&mut self, now: Time, sequence: u64, late: Option<Late>) -> Option<Wanted> {
        if let Some(late) = late {
            let all = match self.window {
                Some((known, _)) => Late {
                    from: known.from.min(late.from),
                    to: known.to.max(late.to),
                    reports: known.reports + late.reports,
                },
                None => late,
            };
            self.window = Some((all, now));
        }
        // A clock that was set back says nothing of how long it has been quiet.
        let (all, newest) = self.window?;
        if all.reports < MANY && now.since(newest).abs() < QUIET {
            return None;
        }
        self.window = None;
        let Late { from, to, reports } = all;
        Some(Wanted { from, to, reports, at: now, next: sequence + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(from: i64, to: i64, reports: u64) -> Option<Late> {
        Some(Late { from: Time::from_seconds(from), to: Time::from_seconds(to), reports })
    }

    fn tick(waiting: &mut Waiting, now: i64, late: Option<Late>) -> Option<Wanted> {
        waiting.tick(Time::from_seconds(now), now as u64, late)
    }

    #[test]
    fn a_window_is_wanted_once_nothing_has_come_late_for_a_minute() {
        let mut waiting = Waiting::default();
        assert_eq!(tick(&mut waiting, 10_000, None), None);
        assert_eq!(tick(&mut waiting, 10_010, late(500, 900, 3)), None);
        assert_eq!(tick(&mut waiting, 10_060, late(200, 600, 4)), None);
        assert_eq!(tick(&mut waiting, 10_110, None), None);
        let wanted = tick(&mut waiting, 10_120, None).expect("quiet for a minute");
        let seconds = [wanted.from, wanted.to, wanted.at].map(|time| time.as_millis() / 1000);
        assert_eq!((seconds, wanted.reports, wanted.next), ([200, 900, 10_120], 7, 10_121));
        assert_eq!(tick(&mut waiting, 10_300, None), None);
    }

    #[test]
    fn a_link_that_brings_more_and_more_is_not_waited_for() {
        let mut waiting = Waiting::default();
        assert_eq!(tick(&mut waiting, 10_000, late(1, 2, MANY - 1)), None);
        assert!(tick(&mut waiting, 10_010, late(3, 4, 1)).is_some());
    }
}
