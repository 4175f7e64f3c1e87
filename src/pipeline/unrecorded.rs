//! Lines that are understood though nothing can be written down, and the gap that stands for them afterwards.

use crate::desk::OpenGap;
use crate::entry::{Entry, Gap, Numbered};
use crate::watch::Watch;
use sensors::Time;
use std::time::Instant;

/// Why there is a gap, as its entry says.
pub(super) const DISK_FULL: &str = "disk_full";

/// The same, of a journal that no longer holds what the stores were told of: it was put back from a backup, or is lost.
pub(super) const JOURNAL_BEHIND: &str = "journal_behind";

/// What the journal's worker hands to the core.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) entries: Vec<Numbered>,
    pub(super) record: Record,
    /// Since when it waits.
    pub(super) since: Instant,
}

/// How a group stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// It is durable.
    Kept,
    /// It is not in the journal; this is the gap that it lies in, so far.
    Missing(OpenGap),
    /// It is durable, and begins with the entry of the gap that has ended.
    KeptAgain,
}

/// A gap of which nothing is known yet but where it begins.
pub(super) fn gap_from(first: u64) -> OpenGap {
    let (from, to, why) = (Time::default(), Time::default(), DISK_FULL.to_owned());
    OpenGap { first, gap: Gap { from, to, lines: 0, sequences: 0, why } }
}

/// Numbers entries as the journal would, and counts them into the gap.
pub(super) fn number(open: &mut OpenGap, entries: Vec<Entry>) -> Vec<Numbered> {
    let mut numbered = Vec::with_capacity(entries.len());
    for entry in entries.into_iter().filter(|entry| !entry.is_empty()) {
        let (first, gap) = (open.next(), &mut open.gap);
        let times = match &entry {
            Entry::Lines(batch) => batch.last_arrived_at().map(|last| (batch.base(), last)),
            Entry::Tick(now) => Some((*now, *now)),
            _ => None,
        };
        if let Some((earliest, latest)) = times {
            gap.from = if gap.from == Time::default() { earliest } else { gap.from };
            gap.to = gap.to.max(latest);
        }
        if let Entry::Lines(batch) = &entry {
            gap.lines += batch.len() as u64;
        }
        gap.sequences += entry.len();
        numbered.push(Numbered { first, entry });
    }
    numbered
}

/// The core's state before a gap. A replay of the journal knows nothing of what was heard in it, so the core goes back.
#[derive(Debug, Default)]
pub(super) struct Before(Option<Vec<u8>>);

impl Before {
    /// To be called before a group is taken.
    pub(super) fn prepare(&mut self, record: &Record, watch: &mut Watch) {
        match record {
            // Nothing was taken since the state was saved, or it would not be kept.
            Record::Kept => self.0 = None,
            Record::Missing(_) => {
                self.0.get_or_insert_with(|| watch.save());
            }
            Record::KeptAgain => {
                if let Some(state) = self.0.take() {
                    watch.go_back(&state).expect("it saved this itself");
                }
            }
        }
    }

    /// Whether the core now knows what the journal does not.
    pub(super) fn is_in_gap(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Places;
    use crate::watch::Outcome;
    use sensors::{ReceiverId, receiver::Batch};
    use std::sync::Arc;

    #[test]
    fn a_gap_counts_its_lines_and_uses_no_number_twice() {
        let mut open = gap_from(100);
        let mut batch = Batch::new(ReceiverId(0));
        batch.push(Time::from_seconds(20), b"one");
        batch.push(Time::from_seconds(21), b"two");
        let entries = vec![
            Entry::Tick(Time::from_seconds(20)),
            Entry::Lines(batch),
            Entry::Lines(Batch::new(ReceiverId(0))),
            Entry::Tick(Time::from_seconds(30)),
        ];
        let firsts: Vec<u64> = number(&mut open, entries).iter().map(|numbered| numbered.first).collect();
        assert_eq!((firsts, open.next()), (vec![100, 101, 103], 104));
        let Gap { from, to, lines, sequences, .. } = open.gap.clone();
        assert_eq!((from, to, lines), (Time::from_seconds(20), Time::from_seconds(30), 2));
        assert_eq!(sequences, Entry::Gap(open.gap).len());
    }

    #[test]
    fn after_a_gap_the_core_is_as_if_nothing_had_been_heard_in_it() {
        let mut watch = Watch::new(Arc::new(Places::world()));
        let tick = |watch: &mut Watch, first, seconds| {
            let entry = Entry::Tick(Time::from_seconds(seconds));
            watch.take(&Numbered { first, entry }, &mut Outcome::default());
        };
        tick(&mut watch, 1, 10);
        let (mut before, kept) = (Before::default(), watch.save());
        let mut open = gap_from(2);
        for seconds in [20, 30] {
            before.prepare(&Record::Missing(open.clone()), &mut watch);
            let entries = number(&mut open, vec![Entry::Tick(Time::from_seconds(seconds))]);
            entries.iter().for_each(|entry| watch.take(entry, &mut Outcome::default()));
            assert!(before.is_in_gap());
        }
        before.prepare(&Record::KeptAgain, &mut watch);
        assert!(watch.save() == kept && !before.is_in_gap());
        watch.take(&Numbered { first: 2, entry: Entry::Gap(open.gap) }, &mut Outcome::default());
        assert_eq!(watch.next(), 4);
    }

    #[test]
    fn a_state_from_before_a_gap_in_which_nothing_was_heard_is_not_gone_back_to_later() {
        let mut watch = Watch::new(Arc::new(Places::world()));
        let mut before = Before::default();
        let mut take = |record: Record, watch: &mut Watch, seconds: Option<i64>| {
            before.prepare(&record, watch);
            let entry = seconds.map(|seconds| Entry::Tick(Time::from_seconds(seconds)));
            let numbered = entry.map(|entry| Numbered { first: watch.next(), entry });
            numbered.iter().for_each(|entry| watch.take(entry, &mut Outcome::default()));
        };
        take(Record::Missing(gap_from(1)), &mut watch, None);
        take(Record::Kept, &mut watch, Some(10));
        let kept = watch.save();
        take(Record::Missing(gap_from(2)), &mut watch, Some(20));
        take(Record::KeptAgain, &mut watch, None);
        assert!(watch.save() == kept, "the tick that is in the journal is known");
    }
}
