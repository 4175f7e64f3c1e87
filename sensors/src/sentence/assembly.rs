//! Messages that come in several sentences, put together without ever mixing two vessels.
//!
//! Stations count sequence ids from 0 to 9 and start over, each for itself, and networks merge their
//! streams. So parts join only when receiver, talker, VDM or VDO, number of parts, sequence id, channel
//! and station agree, close together in time and in sentences; when a part could belong to two messages,
//! it is refused.

use super::{Payload, Reject, Tag, Vdm};
use crate::{ReceiverId, Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Unfinished messages kept. Ours, unproven: two seconds of a busy national network hold a few dozen.
pub const OPEN_MAX: usize = 256;
/// Parts of one message follow each other within this. Ours, unproven; peers wait 1 to 2 s.
pub const TIMEOUT: Span = Span::from_seconds(2);
/// And within so many AIS sentences of their receiver, for captures without times. Ours, unproven: in the captures
/// at hand all but 4 of 4,000 second parts come next after the first.
const SENTENCES_MAX: u64 = 256;
/// A part that comes before an earlier one must be closer: the first part of another message with the
/// same sequence id may follow soon. Ours, unproven.
const SENTENCES_MAX_BACKWARDS: u64 = 4;

/// One part as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Its place among this receiver's AIS sentences.
    pub ordinal: u64,
    /// When its line arrived.
    pub heard_at: Time,
    /// Station, believable time and group, from TAG block or trailer.
    pub tag: Tag,
    /// The sentence.
    pub vdm: Vdm<'a>,
}

/// A message all of whose parts came.
#[derive(Debug, Clone)]
pub struct Whole {
    /// All bits, in order.
    pub payload: Payload,
    /// What its TAG blocks say together.
    pub tag: Tag,
}

/// Messages of which some parts are still to come. Bounded by [`OPEN_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Assembly {
    /// Oldest first.
    open: VecDeque<Open>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    receiver: ReceiverId,
    talker: [u8; 2],
    own_ship: bool,
    sequence_id: Option<u16>,
    /// 0 until a part names it.
    channel: u8,
    tag: Tag,
    /// Of the newest part.
    heard_at: Time,
    ordinal: u64,
    /// Armour and fill bits by part; as many as the message has.
    parts: Vec<Option<(Vec<u8>, u8)>>,
}

/// How well a part fits an unfinished message, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Group,
    Station,
    /// One of the two names no station: some put the TAG block before the first part only.
    Unnamed,
}

impl Assembly {
    /// Takes one part of a message that has several. Gives the message if this completes it. `refused` is
    /// called for every part that is given up: this one, or earlier ones.
    pub fn add(&mut self, part: &Part<'_>, mut refused: impl FnMut(Reject, u64)) -> Option<Whole> {
        self.expire(part, &mut refused);
        let best = self.open.iter().filter_map(|open| open.fit(part)).min();
        let mut fitting =
            self.open.iter().enumerate().filter(|(_, open)| best.is_some() && open.fit(part) == best);
        let (first, second) = (fitting.next().map(|(at, _)| at), fitting.next());
        if second.is_some() {
            refused(Reject::AmbiguousPart, 1);
            return None;
        }
        let at = match first {
            Some(at) if self.open[at].takes(part) => at,
            // A first part, or one that is already there: the message before it never ended.
            Some(at) if best != Some(Fit::Unnamed) => {
                let stale = self.open.remove(at).expect("the index was just found");
                refused(Reject::OrphanPart, stale.count());
                self.begin(part, &mut refused)
            }
            _ => self.begin(part, &mut refused),
        };
        let open = &mut self.open[at];
        open.take(part);
        if open.count() < open.parts.len() as u64 {
            return None;
        }
        let open = self.open.remove(at).expect("the index was just used");
        let mut payload = Payload::new();
        for (armour, fill) in open.parts.iter().flatten() {
            if let Err(reject) = payload.push_armour(armour, *fill) {
                refused(reject, 1);
                return None;
            }
        }
        Some(Whole { payload, tag: open.tag })
    }

    /// How many messages are unfinished.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn begin(&mut self, part: &Part<'_>, refused: &mut impl FnMut(Reject, u64)) -> usize {
        if self.open.len() >= OPEN_MAX
            && let Some(oldest) = self.open.pop_front()
        {
            refused(Reject::EvictedPart, oldest.count());
        }
        self.open.push_back(Open {
            receiver: part.receiver,
            talker: part.vdm.talker,
            own_ship: part.vdm.own_ship,
            sequence_id: part.vdm.sequence_id,
            channel: part.vdm.channel,
            tag: Tag::default(),
            heard_at: part.heard_at,
            ordinal: part.ordinal,
            parts: vec![None; usize::from(part.vdm.total)],
        });
        self.open.len() - 1
    }

    /// Forgets what this receiver's newer sentences have overtaken. A line older than its predecessors
    /// forgets nothing: logs are not always in order.
    fn expire(&mut self, part: &Part<'_>, refused: &mut impl FnMut(Reject, u64)) {
        self.open.retain(|open| {
            let overtaken = open.receiver == part.receiver
                && (part.heard_at.since(open.heard_at) > TIMEOUT
                    || part.ordinal.saturating_sub(open.ordinal) > SENTENCES_MAX);
            if overtaken {
                refused(Reject::OrphanPart, open.count());
            }
            !overtaken
        });
    }
}

impl Open {
    fn count(&self) -> u64 {
        self.parts.iter().flatten().count() as u64
    }

    fn fit(&self, part: &Part<'_>) -> Option<Fit> {
        let vdm = &part.vdm;
        let same_message = self.receiver == part.receiver
            && self.talker == vdm.talker
            && self.own_ship == vdm.own_ship
            && self.parts.len() == usize::from(vdm.total)
            && self.sequence_id == vdm.sequence_id
            && (self.channel == vdm.channel || self.channel == 0 || vdm.channel == 0);
        if !same_message || self.is_far_from(part) {
            return None;
        }
        let same_group = match (self.tag.group, part.tag.group) {
            (Some(ours), Some(theirs)) if ours.id != theirs.id => return None,
            (ours, theirs) => ours.is_some() && theirs.is_some(),
        };
        match (self.tag.station, part.tag.station) {
            (ours, theirs) if ours != 0 && theirs != 0 && ours != theirs => None,
            (ours, theirs) if same_group && (ours != theirs || ours != 0) => Some(Fit::Group),
            (ours, theirs) if ours == theirs => Some(Fit::Station),
            _ => Some(Fit::Unnamed),
        }
    }

    /// Arrival and the stations' own clocks must both agree, as far as they are there: a backlog arrives at once.
    fn is_far_from(&self, part: &Part<'_>) -> bool {
        let apart = |a: Time, b: Time| a.since(b).abs() > TIMEOUT;
        let clocks_differ = matches!((self.tag.time, part.tag.time), (Some(a), Some(b)) if apart(a, b));
        clocks_differ || apart(self.heard_at, part.heard_at)
    }

    /// Whether `part`, which fits, may join.
    fn takes(&self, part: &Part<'_>) -> bool {
        let at = usize::from(part.vdm.number) - 1;
        let backwards = self.parts[at + 1..].iter().any(Option::is_some);
        let near = !backwards || part.ordinal.saturating_sub(self.ordinal) <= SENTENCES_MAX_BACKWARDS;
        self.parts[at].is_none() && near
    }

    fn take(&mut self, part: &Part<'_>) {
        let earlier = self.tag.time;
        self.tag.extend(part.tag);
        self.tag.time = match (earlier, part.tag.time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if self.channel == 0 {
            self.channel = part.vdm.channel;
        }
        self.heard_at = self.heard_at.max(part.heard_at);
        self.ordinal = self.ordinal.max(part.ordinal);
        self.parts[usize::from(part.vdm.number) - 1] = Some((part.vdm.payload.to_vec(), part.vdm.fill));
    }
}
