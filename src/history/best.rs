//! The first rows of an answer, out of many that come in any order and some of them twice.

use super::page::FixKey;
use crate::track::Fix;
use sensors::Time;
use std::collections::BTreeMap;

/// Keeps the `rows` smallest after a place, each once.
pub(super) struct Best {
    rows: usize,
    kept: BTreeMap<FixKey, Fix>,
}

impl Best {
    pub(super) fn new(rows: usize) -> Best {
        Best { rows, kept: BTreeMap::new() }
    }

    /// Whether a row at this time or later can no longer matter.
    pub(super) fn is_settled_before(&self, time: Time) -> bool {
        self.kept.len() >= self.rows && self.last().is_some_and(|last| last.time < time)
    }

    /// The time of the last kept row once there are enough of them: nothing later is needed.
    pub(super) fn end(&self) -> Option<Time> {
        self.last().filter(|_| self.kept.len() >= self.rows).map(|key| key.time)
    }

    fn last(&self) -> Option<FixKey> {
        self.kept.last_key_value().map(|(key, _)| *key)
    }

    pub(super) fn offer(&mut self, fix: &Fix) {
        let key = FixKey::of(fix);
        if self.kept.len() >= self.rows {
            match self.last() {
                Some(last) if key < last => {}
                _ => return,
            }
        }
        self.kept.insert(key, *fix);
        if self.kept.len() > self.rows {
            self.kept.pop_last();
        }
    }

    pub(super) fn into_rows(self) -> Vec<Fix> {
        self.kept.into_values().collect()
    }
}
