//! Messages that come in several sentences, put together without ever mixing two vessels.
//!
//! Stations count sequence ids from 0 to 9 and start over, each for itself, and networks merge their
//! streams. So parts join only when receiver, talker, VDM or VDO, number of parts, sequence id, channel
//! and station agree, close together in time and in sentences; when a part could belong to two messages,
//! it is refused, and where two messages with nothing to tell them apart run into each other, both are.

use super::{Payload, Reject, Signal, Tag, Vdm};
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
/// A part that comes before an earlier one, or of which only the other names its station, must be closer: the
/// first part of another message with the same sequence id may follow soon. Ours, unproven.
const SENTENCES_MAX_NEAR: u64 = 4;
/// Finished messages of which a repeated last part is still known as such: it would wait for the first part of
/// the next message that has the same sequence id. Ours: feeds that send every line twice do so at once.
const FINISHED_MAX: usize = 16;

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
    /// What the receiver measured.
    pub signal: Option<Signal>,
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
    /// What the receiver measured of the first part that tells.
    pub signal: Option<Signal>,
}

/// Messages of which some parts are still to come. Bounded by [`OPEN_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Assembly {
    /// Oldest first.
    open: VecDeque<Open>,
    /// Newest last, each with the number of the part that completed it.
    finished: VecDeque<(Open, u8)>,
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
    signal: Option<Signal>,
    /// Two messages that nothing tells apart ran into each other here: whatever fits is refused.
    contested: bool,
    /// Of the newest part; of the one that contested it.
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

/// The unfinished messages that a part fits equally well.
enum Fitting {
    None,
    One(usize, Fit),
    Several,
}

/// What becomes of a part and the one unfinished message that it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Joins,
    /// The very part is there already.
    Repeats,
    /// Another part is in its place: two messages look alike.
    Contests,
    /// The message before it never ended.
    Succeeds,
    /// It begins a message beside the other.
    Differs,
}

impl Assembly {
    /// Takes one part of a message that has several. Gives the message if this completes it. `refused` is
    /// called for every part that is given up: this one, or earlier ones.
    pub fn add(&mut self, part: &Part<'_>, mut refused: impl FnMut(Reject, u64)) -> Option<Whole> {
        self.expire(part, &mut refused);
        let at = match self.fitting(part) {
            Fitting::One(at, fit) => match self.open[at].judge(part, fit) {
                Verdict::Joins => at,
                Verdict::Repeats => {
                    refused(Reject::RepeatedPart, 1);
                    return None;
                }
                Verdict::Contests => {
                    refused(Reject::AmbiguousPart, 1 + self.open[at].contest(part));
                    return None;
                }
                Verdict::Succeeds => {
                    let stale = self.open.remove(at).expect("the index was just found");
                    refused(Reject::OrphanPart, stale.count());
                    self.begin(part, &mut refused)
                }
                Verdict::Differs => self.begin(part, &mut refused),
            },
            Fitting::Several => {
                refused(Reject::AmbiguousPart, 1);
                return None;
            }
            Fitting::None if self.is_known(part) => {
                refused(Reject::RepeatedPart, 1);
                return None;
            }
            Fitting::None => self.begin(part, &mut refused),
        };
        let open = &mut self.open[at];
        open.take(part);
        if open.count() < open.parts.len() as u64 {
            return None;
        }
        let open = self.open.remove(at).expect("the index was just used");
        self.finish(open, part.vdm.number, &mut refused)
    }

    /// The unfinished message that `part` fits best.
    fn fitting(&self, part: &Part<'_>) -> Fitting {
        // A part that names no station may as well belong to a message that does: only a group tells.
        let rank = |fit| match fit {
            Fit::Group => 0,
            Fit::Station if part.tag.station != 0 => 1,
            Fit::Station | Fit::Unnamed => 2,
        };
        let (mut found, mut best) = (Fitting::None, u8::MAX);
        for (at, open) in self.open.iter().enumerate() {
            match open.fit(part) {
                Some(fit) if rank(fit) < best => (found, best) = (Fitting::One(at, fit), rank(fit)),
                Some(fit) if rank(fit) == best => found = Fitting::Several,
                _ => {}
            }
        }
        found
    }

    fn finish(&mut self, open: Open, last: u8, refused: &mut impl FnMut(Reject, u64)) -> Option<Whole> {
        let mut payload = Payload::new();
        for (armour, fill) in open.parts.iter().flatten() {
            if let Err(reject) = payload.push_armour(armour, *fill) {
                refused(reject, 1);
                return None;
            }
        }
        let whole = Whole { payload, tag: open.tag, signal: open.signal };
        if self.finished.len() >= FINISHED_MAX {
            self.finished.pop_front();
        }
        self.finished.push_back((open, last));
        Some(whole)
    }

    /// Whether `part` is once more the one that completed a message just now.
    fn is_known(&self, part: &Part<'_>) -> bool {
        let number = part.vdm.number;
        self.finished
            .iter()
            .any(|(open, last)| *last == number && open.holds(part) && open.fit(part).is_some())
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
            signal: None,
            contested: false,
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
            _ if same_group => Some(Fit::Group),
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

    /// What becomes of `part`, which fits this message and no other.
    fn judge(&self, part: &Part<'_>, fit: Fit) -> Verdict {
        let at = usize::from(part.vdm.number) - 1;
        if self.holds(part) {
            return Verdict::Repeats;
        }
        let unnamed = fit == Fit::Unnamed;
        if self.contested || (self.parts[at].is_some() && !unnamed) {
            return Verdict::Contests;
        }
        let backwards = self.parts[at + 1..].iter().any(Option::is_some);
        let near = part.ordinal.saturating_sub(self.ordinal) <= SENTENCES_MAX_NEAR;
        match self.parts[at] {
            None if near || !(backwards || unnamed) => Verdict::Joins,
            None if !unnamed => Verdict::Succeeds,
            _ => Verdict::Differs,
        }
    }

    fn holds(&self, part: &Part<'_>) -> bool {
        let held = &self.parts[usize::from(part.vdm.number) - 1];
        held.as_ref().is_some_and(|(armour, fill)| armour == part.vdm.payload && *fill == part.vdm.fill)
    }

    /// Gives up all parts, and refuses what fits from here on until the time is over. Gives how many those were.
    fn contest(&mut self, part: &Part<'_>) -> u64 {
        let given_up = self.count();
        self.parts.fill(None);
        if !self.contested {
            (self.contested, self.heard_at, self.ordinal) = (true, part.heard_at, part.ordinal);
        }
        given_up
    }

    fn take(&mut self, part: &Part<'_>) {
        self.signal = self.signal.or(part.signal);
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
