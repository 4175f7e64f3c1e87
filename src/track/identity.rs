//! What a vessel has called itself over time: a history of claims, and what is odd about its numbers.

use super::{Attribute, Claim};
use sensors::{Imo, Mmsi, Time, vessel::MmsiKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Different values kept of one attribute; then the one not heard for longest goes. Ours: twice what a ship that
/// calls at a port a day tells as destinations in a week.
const VALUES_MAX: usize = 16;

/// One value of one attribute, and how it was claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// As sent.
    pub value: Box<str>,
    /// Event time of the earliest claim.
    pub first_at: Time,
    /// Event time of the latest claim.
    pub last_at: Time,
    /// How often.
    pub count: u32,
}

/// All that one track has claimed to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    by_attribute: BTreeMap<Attribute, Vec<Said>>,
}

impl Identity {
    /// Takes a claim over; `true` when an older value went for it.
    pub(super) fn learn(&mut self, claim: &Claim) -> bool {
        let values = self.by_attribute.entry(claim.attribute).or_default();
        if let Some(said) = values.iter_mut().find(|said| *said.value == *claim.value) {
            said.first_at = said.first_at.min(claim.time);
            said.last_at = said.last_at.max(claim.time);
            said.count = said.count.saturating_add(1);
            return false;
        }
        let full = values.len() >= VALUES_MAX;
        if full {
            let oldest = (0..values.len()).min_by_key(|&at| values[at].last_at).expect("full is not empty");
            values.remove(oldest);
        }
        if values.is_empty() {
            // Most say one thing and stay with it.
            values.reserve_exact(1);
        }
        let value = claim.value.as_str().into();
        values.push(Said { value, first_at: claim.time, last_at: claim.time, count: 1 });
        full
    }

    /// What it claimed for one attribute, in the order in which each value was first heard.
    pub fn values(&self, attribute: Attribute) -> &[Said] {
        self.by_attribute.get(&attribute).map_or(&[], Vec::as_slice)
    }
}

/// Something odd about a vessel's numbers. It tells nothing by itself: about half the class B boats of the region
/// send invalid MMSIs. So these are shown and never raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// The MMSI is of no kind that ITU-R M.585 knows.
    MmsiInvalidKind,
    /// The MMSI is one that transponders are delivered with.
    MmsiPlaceholder,
    /// The IMO number's check digit is wrong.
    ImoCheckDigitWrong,
    /// The IMO number is one that is typed in where none is known.
    ImoPlaceholder,
}

/// What is odd about these numbers.
pub fn remarks(mmsi: Mmsi, imo: Option<Imo>) -> Vec<Remark> {
    let placeholder = imo.is_some_and(Imo::is_placeholder);
    let wrong = imo.is_some_and(|imo| !imo.is_valid()) && !placeholder;
    let all = [
        (mmsi.kind() == MmsiKind::Invalid, Remark::MmsiInvalidKind),
        (mmsi.is_placeholder(), Remark::MmsiPlaceholder),
        (wrong, Remark::ImoCheckDigitWrong),
        (placeholder, Remark::ImoPlaceholder),
    ];
    all.into_iter().filter(|(so, _)| *so).map(|(_, remark)| remark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::TrackId;

    fn claim(value: &str, second: i64) -> Claim {
        let (track, mmsi, time) = (TrackId::new(0, 1), Mmsi(1), Time::from_seconds(second));
        Claim { track, mmsi, sequence: 1, time, attribute: Attribute::Name, value: value.to_owned() }
    }

    #[test]
    fn counts_each_value_from_first_to_last() {
        let mut identity = Identity::default();
        for (second, name) in [(5, "SOK SAN"), (9, "LUCKY"), (3, "SOK SAN")] {
            assert!(!identity.learn(&claim(name, second)));
        }
        let told: Vec<_> = identity
            .values(Attribute::Name)
            .iter()
            .map(|s| (&*s.value, s.first_at.as_millis() / 1000, s.last_at.as_millis() / 1000, s.count))
            .collect();
        assert_eq!(told, [("SOK SAN", 3, 5, 2), ("LUCKY", 9, 9, 1)]);
        assert!(identity.values(Attribute::Imo).is_empty());
    }

    #[test]
    fn forgets_the_name_not_heard_for_longest() {
        let mut identity = Identity::default();
        let gone = (0..100).filter(|n| identity.learn(&claim(&format!("BOAT {n}"), *n))).count();
        let names = identity.values(Attribute::Name);
        assert_eq!((names.len(), gone), (VALUES_MAX, 100 - VALUES_MAX));
        assert_eq!(&*names[0].value, "BOAT 84");
    }

    #[test]
    fn remarks_on_odd_numbers() {
        assert_eq!(remarks(Mmsi(514_123_456), Some(Imo(9_074_729))), []);
        assert_eq!(
            remarks(Mmsi(9_001_234), Some(Imo(9_074_728))),
            [Remark::MmsiInvalidKind, Remark::ImoCheckDigitWrong]
        );
        assert_eq!(
            remarks(Mmsi(123_456_789), Some(Imo(1_234_567))),
            [Remark::MmsiInvalidKind, Remark::MmsiPlaceholder, Remark::ImoPlaceholder]
        );
    }
}
