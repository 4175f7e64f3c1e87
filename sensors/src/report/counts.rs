//! What was heard and what was refused, in numbers.

use crate::sentence::Reject;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Formatters told apart; what comes after them is `other`.
const FORMATTERS_MAX: usize = 64;

/// Counters of one decoder, or the sum of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines taken, blank ones and comments included.
    pub lines: u64,
    /// Sentences with a right checksum, of every kind.
    pub sentences: u64,
    /// Complete AIS messages of types 1-27, before repeats are removed; with those whose fields are not read
    /// and those found too short for their type.
    pub messages: u64,
    /// The same by type; index 0 stays 0.
    pub messages_by_type: [u64; 28],
    /// Sentences of a radar (TTM, TLL, OSD, RSD) that were read.
    pub radar: u64,
    /// Sentences in which a transponder speaks of itself (VSI, ALR, FSR, ABK, TXT) that were read.
    pub transponder: u64,
    /// What was refused and why; a refused TAG block does not mean that its sentence was.
    pub refused_by_kind: BTreeMap<Reject, u64>,
    /// Good sentences that nothing here reads, by formatter (`GSV`) or maker's address (`PGHP`).
    pub unused_by_formatter: BTreeMap<String, u64>,
    /// How much was refused, of every kind.
    pub refused: u64,
    /// Stamps too far from the time of arrival to be believed.
    pub stamp_refused: u64,
}

impl Counts {
    /// Adds another decoder's counters to these.
    pub fn add(&mut self, other: &Counts) {
        self.lines += other.lines;
        self.sentences += other.sentences;
        self.messages += other.messages;
        self.stamp_refused += other.stamp_refused;
        self.radar += other.radar;
        self.transponder += other.transponder;
        for (ours, theirs) in self.messages_by_type.iter_mut().zip(other.messages_by_type) {
            *ours += theirs;
        }
        for (&reject, &count) in &other.refused_by_kind {
            self.refuse(reject, count);
        }
        for (formatter, &count) in &other.unused_by_formatter {
            self.unused(formatter.as_bytes(), count);
        }
    }

    /// How much of one kind was refused.
    pub fn refused_of(&self, reject: Reject) -> u64 {
        self.refused_by_kind.get(&reject).copied().unwrap_or(0)
    }

    pub(super) fn refuse(&mut self, reject: Reject, count: u64) {
        *self.refused_by_kind.entry(reject).or_default() += count;
        self.refused += count;
    }

    pub(super) fn unused(&mut self, formatter: &[u8], count: u64) {
        let name =
            std::str::from_utf8(formatter).ok().filter(|n| n.bytes().all(|b| b.is_ascii_alphanumeric()));
        let name = name.unwrap_or("other");
        if let Some(known) = self.unused_by_formatter.get_mut(name) {
            *known += count;
        } else {
            let name = if self.unused_by_formatter.len() < FORMATTERS_MAX { name } else { "other" };
            *self.unused_by_formatter.entry(name.to_owned()).or_default() += count;
        }
    }
}
