//! What the first line of a sentence group says for its later lines.

use super::Tag;
use super::assembly::TIMEOUT;
use crate::{ReceiverId, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Groups remembered; the oldest goes, and its later lines go without station and time. Ours, unproven: a busy
/// network has a few dozen groups open at once.
const HEADS_MAX: usize = 64;

/// Groups (`g:`) whose first lines came within the last two seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Groups {
    heads: VecDeque<Head>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Head {
    receiver: ReceiverId,
    heard_at: Time,
    tag: Tag,
}

impl Groups {
    /// Remembers what the first line of a group says, or gives a later line the station and time of its first.
    /// Where two stations have a group of that number open, a later line gets neither.
    pub(crate) fn inherit(&mut self, receiver: ReceiverId, heard_at: Time, tag: &mut Tag) {
        let Some(group) = tag.group.filter(|group| group.total > 1) else { return };
        let is_same = |head: &Head| {
            let theirs = head.tag.group;
            head.receiver == receiver && theirs.is_some_and(|g| (g.id, g.total) == (group.id, group.total))
        };
        self.heads.retain(|head| head.receiver != receiver || heard_at.since(head.heard_at) <= TIMEOUT);
        if group.number == 1 {
            self.heads.retain(|head| !(is_same(head) && head.tag.station == tag.station));
            if self.heads.len() >= HEADS_MAX {
                self.heads.pop_front();
            }
            self.heads.push_back(Head { receiver, heard_at, tag: *tag });
            return;
        }
        let mut fitting = (0..self.heads.len()).filter(|&at| {
            let head = &self.heads[at];
            is_same(head) && (tag.station == 0 || head.tag.station == tag.station)
        });
        let (Some(at), None) = (fitting.next(), fitting.next()) else { return };
        let head = self.heads[at].tag;
        tag.station = head.station;
        tag.time = tag.time.or(head.time);
        if group.number == group.total {
            self.heads.remove(at);
        }
    }
}
