//! A track's latest fixes as they wait in memory: what they share is said once, and the rest against the first of them.

use super::codec::{flags, unflag};
use crate::geo::Position;
use crate::track::Fix;
use sensors::{ReceiverId, Span};

/// How many more there is room for where there is none left. Ours: 20,000 vessels then have 3 MB of room to spare.
const ROOM: usize = 8;

/// Fixes of one track and MMSI, in the order heard.
#[derive(Default)]
pub(super) struct Fixes {
    first: Option<Fix>,
    marks: Vec<Mark>,
}

/// One of them, the first included: 28 bytes, of which a fix alone takes 56.
struct Mark {
    /// Lines since the first.
    sequence: u32,
    /// Milliseconds since the first.
    time: i32,
    lat: i32,
    lon: i32,
    speed: u16,
    course: u16,
    heading: u16,
    flags: u16,
    receiver: u16,
    status: u8,
}

impl Mark {
    /// `None` where it is of another kind than the first, or too far from it.
    fn of(fix: &Fix, first: &Fix) -> Option<Mark> {
        if (fix.track, fix.mmsi) != (first.track, first.mmsi) {
            return None;
        }
        let time = fix.time.as_millis().checked_sub(first.time.as_millis())?;
        Some(Mark {
            sequence: fix.sequence.checked_sub(first.sequence)?.try_into().ok()?,
            time: time.try_into().ok()?,
            lat: fix.position.lat,
            lon: fix.position.lon,
            speed: fix.speed.unwrap_or_default(),
            course: fix.course.unwrap_or_default(),
            heading: fix.heading.unwrap_or_default(),
            flags: flags(fix),
            receiver: fix.receiver.0,
            status: fix.status,
        })
    }

    fn fix(&self, first: &Fix) -> Fix {
        let mut fix = Fix {
            sequence: first.sequence + u64::from(self.sequence),
            time: first.time + Span::from_millis(self.time.into()),
            position: Position { lat: self.lat, lon: self.lon },
            speed: Some(self.speed),
            course: Some(self.course),
            heading: Some(self.heading),
            status: self.status,
            receiver: ReceiverId(self.receiver),
            ..*first
        };
        unflag(&mut fix, self.flags).expect("they are a fix's flags");
        fix
    }
}

impl Fixes {
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Takes the newest out again, as far as they are of this line.
    pub(super) fn split_off_line(&mut self, sequence: u64) -> Vec<Fix> {
        let Some(first) = &self.first else { return Vec::new() };
        let others = self.marks.iter().rposition(|mark| mark.fix(first).sequence != sequence);
        let line = self.marks.split_off(others.map_or(0, |last| last + 1));
        line.iter().map(|mark| mark.fix(first)).collect()
    }

    /// Adds the fix, or does not: where it is of another MMSI than those before, of weeks before or after the first, or of lines
    /// before it or some four billion after it.
    #[must_use]
    pub(super) fn push(&mut self, fix: &Fix) -> bool {
        let Some(mark) = Mark::of(fix, self.first.get_or_insert(*fix)) else { return false };
        if self.marks.len() == self.marks.capacity() {
            self.marks.reserve_exact(ROOM);
        }
        self.marks.push(mark);
        true
    }

    /// The fixes as they were given.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fix> {
        self.first.iter().flat_map(|first| self.marks.iter().map(|mark| mark.fix(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::codec::tests::any_fix;
    use proptest::prelude::*;
    use sensors::{Mmsi, Time};

    proptest! {
        #[test]
        fn what_is_taken_comes_back(fixes in proptest::collection::vec(any_fix(), 1..100)) {
            let mut kept = Fixes::default();
            // Near enough the first to be taken, some of them, or anywhere.
            let near = fixes.iter().enumerate().map(|(n, fix)| match n % 3 {
                0 => *fix,
                _ => Fix { time: fixes[0].time + Span::from_millis(fix.position.lat.into()),
                           sequence: fixes[0].sequence.saturating_add(u64::from(fix.position.lon.unsigned_abs())), ..*fix },
            });
            let taken: Vec<Fix> = near.filter(|fix| kept.push(fix)).collect();
            prop_assert!(taken.len() * 2 > fixes.len());
            prop_assert_eq!(kept.iter().collect::<Vec<_>>(), taken);
        }
    }

    #[test]
    fn another_mmsi_or_another_month_is_not_taken() {
        let first = crate::history::tests::fix(1, 1_795_000_000_000);
        let mut kept = Fixes::default();
        assert!(kept.push(&first));
        assert!(!kept.push(&Fix { mmsi: Mmsi(1), ..first }));
        assert!(!kept.push(&Fix { time: first.time + Span::from_hours(24 * 25), ..first }));
        assert!(!kept.push(&Fix { time: Time::from_millis(i64::MIN), ..first }));
        assert!(!kept.push(&Fix { sequence: 0, ..first }));
        assert!(kept.push(&Fix { time: first.time - Span::from_hours(24), ..first }));
        assert_eq!((kept.len(), kept.iter().count()), (2, 2));
    }
}
