//! Which message a VSI sentence tells of: how strongly that was received.

use crate::sentence::Signal;
use crate::sentence::assembly::TIMEOUT;
use crate::transponder::SignalReport;
use crate::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Messages of a receiver among which the VSI's is looked for. Ours: in a national feed that merges several stations three
/// of four VSIs find theirs, and each of those that can be checked by its slot finds the right one; among more fewer are
/// found, for the ten sequence ids come round.
const RECENT_MAX: usize = 16;

/// VSIs without a sequence id that must have had one message each to choose from before they are believed. Ours: a feed
/// that merges several receivers never comes so far, one receiver that tells of all it hears does so at once.
const IN_TURN_MIN: u8 = 4;

/// A message that a VSI may tell of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Who speaks, `AI` or `AB`.
    pub(super) talker: [u8; 2],
    /// As in the sentence.
    pub(super) sequence_id: Option<u16>,
    /// When its line arrived.
    pub(super) heard_at: Time,
    /// Hash of its bits; `None` where it was refused.
    pub(super) payload: Option<u64>,
}

/// One receiver's last messages, kept from its first VSI on.
///
/// A VSI comes after its VDM and has the VDM's talker and sequence id, which base stations then also write where the
/// message has one sentence only (IEC 62320-1, VSI). Where two messages have both, it belongs to either, and tells of none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Strengths {
    recent: VecDeque<Told>,
    in_turn: u8,
}

impl Strengths {
    /// A message came.
    pub(super) fn message(&mut self, told: Told) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(told);
    }

    /// A VSI came: the message that it tells of, by its hash.
    pub(super) fn of(&mut self, talker: [u8; 2], sequence_id: Option<u16>, heard_at: Time) -> Option<u64> {
        let mut found = None;
        let mut several = false;
        self.recent.retain(|told| {
            let its = told.talker == talker && told.sequence_id == sequence_id;
            if its && heard_at.since(told.heard_at) <= TIMEOUT {
                several |= found.replace(told.payload).is_some();
            }
            !its
        });
        let only = found.filter(|_| !several);
        if sequence_id.is_none() {
            self.in_turn = only.map_or(0, |_| self.in_turn.saturating_add(1));
            if self.in_turn < IN_TURN_MIN {
                return None;
            }
        }
        only.flatten()
    }
}

/// What a VSI says, as what other receivers say beside the message.
pub(super) fn signal(said: &SignalReport) -> Signal {
    let tenths = said.power_dbm.map(|dbm| (dbm * 10.0).round()).filter(|tenths| tenths.abs() < 10_000.0);
    let within_a_minute = |utc: Span| (utc.as_millis().rem_euclid(60_000) * 1000) as u32;
    Signal {
        power: tenths.map(|tenths| tenths as i16),
        arrival: said.utc.map(within_a_minute),
        slot: said.slot,
        ..Signal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Time {
        Time::from_millis(1_795_000_000_000 + millis)
    }

    fn told(sequence_id: Option<u16>, millis: i64, payload: u64) -> Told {
        Told { talker: *b"AB", sequence_id, heard_at: at(millis), payload: Some(payload) }
    }

    #[test]
    fn a_sequence_id_names_the_message_and_two_of_one_id_are_neither() {
        let mut strengths = Strengths::default();
        for told in [told(Some(7), 0, 70), told(Some(8), 100, 80), told(None, 200, 90)] {
            strengths.message(told);
        }
        assert_eq!(strengths.of(*b"AI", Some(7), at(300)), None);
        assert_eq!(strengths.of(*b"AB", Some(7), at(300)), Some(70));
        assert_eq!(strengths.of(*b"AB", Some(7), at(300)), None, "it tells once");
        strengths.message(told(Some(8), 400, 81));
        assert_eq!(strengths.of(*b"AB", Some(8), at(500)), None);
        strengths.message(told(Some(7), 600, 71));
        assert_eq!(strengths.of(*b"AB", Some(7), at(2_700)), None, "too long ago");
    }

    #[test]
    fn without_an_id_only_a_receiver_that_tells_of_each_message_in_turn_is_believed() {
        let mut strengths = Strengths::default();
        let mut turn = |messages: &[u64], millis| {
            messages.iter().for_each(|&payload| strengths.message(told(None, millis, payload)));
            strengths.of(*b"AB", None, at(millis))
        };
        let found: Vec<_> = (1..7).map(|n| turn(&[n], 100 * n as i64)).collect();
        assert_eq!(found, [None, None, None, Some(4), Some(5), Some(6)]);
        assert_eq!((turn(&[7, 8], 700), turn(&[9], 800)), (None, None));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut strengths = Strengths::default();
        (0..100).for_each(|n| strengths.message(told(Some(n), 0, 0)));
        assert_eq!(strengths.recent.len(), RECENT_MAX);
    }
}
