//! From lines to reports: the one value that remembers what one sentence leaves for the next.

use super::hearing::{Hearing, Tally};
use super::names::{Names, named_on};
use super::senders::Senders;
use super::{Ais, Content, Counts, ReceiverId, Report, StationId};
use crate::gnss::GnssReport;
use crate::message::{self, Message};
use crate::radar::Radar;
use crate::sentence::assembly::{Assembly, Part};
use crate::sentence::{
    self, Checksum, Gatehouse, Groups, Item, Payload, Reject, Sentence, Signal, Tag, Trailer, Vdm,
};
use crate::transponder::Transponder;
use crate::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far before its arrival a stamp is believed: a link may have been down. Ours, unproven.
const STAMP_AGE_MAX: Span = Span::from_hours(7 * 24);
/// How far after its arrival a stamp is believed: clocks run fast. Ours, unproven.
const STAMP_LEAD_MAX: Span = Span::from_seconds(30);

/// One line as the journal has it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Its place in the journal.
    pub sequence: u64,
    /// When it arrived.
    pub heard_at: Time,
    /// What arrived, with or without line end.
    pub bytes: &'a [u8],
}

/// Reads lines of any number of receivers into reports. Its state serialises and is bounded: unfinished
/// messages by [`OPEN_MAX`](sentence::assembly::OPEN_MAX), the rest by the number of receivers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Decoder {
    receivers: BTreeMap<ReceiverId, Hearing>,
    all: All,
    refused: RefusedBy,
}

/// What was refused of each receiver's lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct RefusedBy {
    receivers: BTreeMap<ReceiverId, BTreeMap<Reject, u64>>,
    /// What is counted there, of all receivers.
    all: BTreeMap<Reject, u64>,
}

impl RefusedBy {
    /// What was refused since the last call is this receiver's.
    #[cold]
    fn count(&mut self, receiver: ReceiverId, all: &BTreeMap<Reject, u64>) {
        let by_kind = self.receivers.entry(receiver).or_default();
        for (&reject, &count) in all {
            let known = self.all.entry(reject).or_default();
            if count > *known {
                *by_kind.entry(reject).or_default() += count - *known;
                *known = count;
            }
        }
    }
}

/// What is remembered of all receivers together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct All {
    assembly: Assembly,
    groups: Groups,
    pub(super) senders: Senders,
    pub(super) names: Names,
    pub(super) counts: Counts,
}

/// What is known of a sentence beside what it says itself.
#[derive(Debug, Clone, Copy)]
struct Origin {
    tag: Tag,
    signal: Option<Signal>,
}

impl Decoder {
    /// A decoder that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it has counted so far.
    pub fn counts(&self) -> &Counts {
        &self.all.counts
    }

    /// What a station calls itself, where its lines have told.
    pub fn station_name(&self, station: StationId) -> Option<&str> {
        self.all.names.get(station)
    }

    /// Forgets the names of all other stations.
    pub fn retain_station_names(&mut self, keep: impl FnMut(StationId) -> bool) {
        self.all.names.retain(keep);
    }

    /// What came of one receiver's lines so far.
    pub fn tally(&self, receiver: ReceiverId) -> Tally {
        self.receivers.get(&receiver).map_or_else(Tally::default, |hearing| hearing.tally)
    }

    /// What was refused of one receiver's lines so far, by kind.
    pub fn refused_of(&self, receiver: ReceiverId) -> BTreeMap<Reject, u64> {
        self.refused.receivers.get(&receiver).cloned().unwrap_or_default()
    }

    /// Whether this receiver's sentences must bring their checksums, as they must unless said otherwise.
    pub fn set_checksum(&mut self, receiver: ReceiverId, checksum: Checksum) {
        if checksum.is_required() && !self.receivers.contains_key(&receiver) {
            return;
        }
        self.receivers.entry(receiver).or_default().checksum = checksum;
    }

    /// All receivers whose sentences may lack their checksums.
    pub fn without_checksum(&self) -> impl Iterator<Item = ReceiverId> + '_ {
        self.receivers.iter().filter(|(_, hearing)| !hearing.checksum.is_required()).map(|(id, _)| *id)
    }

    /// How many messages wait for parts, at most [`OPEN_MAX`](sentence::assembly::OPEN_MAX).
    pub fn unfinished(&self) -> usize {
        self.all.assembly.open()
    }

    /// How many different MMSIs have sent a message of types 1-27, up to [`SENDERS_MAX`].
    pub fn senders(&self) -> usize {
        self.all.senders.len()
    }

    /// Reads one line and adds what it completes to `out`.
    #[inline]
    pub fn line(&mut self, line: Line<'_>, out: &mut Vec<Report>) {
        let hearing = self.receivers.entry(line.receiver).or_default();
        let all = &mut self.all;
        all.counts.lines += 1;
        let (messages, refused) = (all.counts.messages, all.counts.refused);
        let before = out.len();
        let mut payload = Payload::new();
        match sentence::usual(line.bytes, &mut payload) {
            Some((tag, vdm)) => all.usual(line, tag, vdm, &payload, hearing, out),
            None => {
                all.items(line, hearing, out);
                // A line of 4 KiB holds fewer than 256: the shortest sentence that is read has 24 bytes.
                (0..=u8::MAX).zip(&mut out[before..]).for_each(|(part, report)| report.part = part);
            }
        }
        hearing.tally.messages += all.counts.messages - messages;
        if all.counts.refused > refused {
            hearing.tally.refused += all.counts.refused - refused;
            self.refused.count(line.receiver, &all.counts.refused_by_kind);
        }
    }
}

impl All {
    /// Reads a line of the usual form, the bits of whose message are in `payload` if it came whole.
    #[inline]
    fn usual(
        &mut self,
        line: Line<'_>,
        tag: Option<Tag>,
        vdm: Vdm<'_>,
        payload: &Payload,
        hearing: &mut Hearing,
        out: &mut Vec<Report>,
    ) {
        self.counts.sentences += 1;
        hearing.ais_sentences += 1;
        let tag = match (hearing.tag.take(), tag) {
            (None, Some(Tag { group: None, .. }) | None) => tag,
            (earlier, tag) => {
                hearing.tag = earlier;
                tag.into_iter().for_each(|tag| self.tag(line, tag, hearing));
                hearing.tag.take()
            }
        };
        let said = hearing.gatehouse(line.bytes, &vdm);
        let origin = self.origin(line, &[], tag, said);
        let before = out.len();
        if vdm.total == 1 {
            self.payload(line, origin, vdm.own_ship, payload, out);
        } else {
            self.part(line, origin, vdm, hearing.ais_sentences, out);
        }
        if hearing.strengths.is_some() {
            hearing.remember(line, &vdm, out.get(before));
        }
    }

    /// Reads a line that may hold anything.
    #[cold]
    fn items(&mut self, line: Line<'_>, hearing: &mut Hearing, out: &mut Vec<Report>) {
        for item in sentence::items_with(line.bytes, hearing.checksum) {
            match item {
                Item::Tag(tag) => self.tag(line, tag, hearing),
                Item::Sentence(sentence) => self.sentence(line, &sentence, hearing, out),
                Item::Json(text) => self.json(line, text, hearing, out),
                Item::Refused(reject) => {
                    self.counts.refuse(reject, 1);
                    // A TAG block's sentence that is lost takes the block's values with it.
                    if !matches!(reject, Reject::BadTagChecksum | Reject::BadTagBlock) {
                        (hearing.tag, hearing.gatehouse) = (None, None);
                    }
                }
            }
        }
    }

    /// A TAG block counts for the next sentence, together with those before it.
    #[inline]
    fn tag(&mut self, line: Line<'_>, tag: Tag, hearing: &mut Hearing) {
        let all = hearing.tag.get_or_insert_default();
        all.extend(tag);
        if all.group.is_some() {
            self.groups.inherit(line.receiver, line.heard_at, all);
        }
    }

    pub(super) fn sentence(
        &mut self,
        line: Line<'_>,
        sentence: &Sentence<'_>,
        hearing: &mut Hearing,
        out: &mut Vec<Report>,
    ) {
        self.counts.sentences += 1;
        if let Some(vdm) = Vdm::read(sentence) {
            hearing.ais_sentences += 1;
            let tag = hearing.tag.take();
            match vdm {
                Ok(vdm) => {
                    let said = hearing.gatehouse(sentence.raw, &vdm);
                    let origin = self.origin(line, sentence.trailer, tag, said);
                    let before = out.len();
                    self.vdm(line, origin, vdm, hearing.ais_sentences, out);
                    hearing.remember(line, &vdm, out.get(before));
                }
                Err(reject) => {
                    hearing.gatehouse = None;
                    self.counts.refuse(reject, 1);
                }
            }
        } else if let Some(content) = other_content(sentence) {
            hearing.gatehouse = None;
            let origin = self.origin(line, sentence.trailer, hearing.tag.take(), None);
            match content {
                Ok(Some(content)) => {
                    let content = hearing.strength(line, sentence, content);
                    match content {
                        Content::Radar(_) => self.counts.radar += 1,
                        Content::Transponder(_) | Content::Strength(_) => self.counts.transponder += 1,
                        Content::Ais(_) | Content::Gnss(_) => {}
                    }
                    out.push(report(line, origin.tag, content));
                }
                Ok(None) => {}
                Err(reject) => self.counts.refuse(reject, 1),
            }
        } else if let Some((said, name)) = Gatehouse::read(sentence) {
            // A TAG block before it stands for the sentence after it.
            self.names.learn(StationId(said.station), || Some(name));
            hearing.gatehouse = Some((said, 1));
        } else {
            self.counts.unused(sentence.formatter(), 1);
            // As it does for other makers' lines.
            if !sentence.is_proprietary() {
                (hearing.tag, hearing.gatehouse) = (None, None);
            }
        }
    }

    /// What the TAG block says, where it does not Gatehouse's line, and then the trailer; an unbelievable time removed.
    #[inline]
    fn origin(
        &mut self,
        line: Line<'_>,
        trailer: &[u8],
        tag: Option<Tag>,
        said: Option<Gatehouse>,
    ) -> Origin {
        let mut tag = tag.unwrap_or_default();
        let mut signal = None;
        if let Some(said) = said {
            if tag.station == 0 {
                tag.station = said.station;
            }
            tag.time = tag.time.or(Some(said.time));
        }
        if !trailer.is_empty() {
            let trailer = Trailer::read(trailer);
            if tag.station == 0 {
                tag.station = trailer.station;
            }
            tag.time = tag.time.or(trailer.time);
            signal = trailer.signal;
        }
        let station = StationId(tag.station);
        self.names.learn(station, || named_on(line.bytes, station));
        Origin { tag: self.believed(line, tag), signal }
    }

    /// `tag`, an unbelievable time removed.
    pub(super) fn believed(&mut self, line: Line<'_>, mut tag: Tag) -> Tag {
        let believed = (line.heard_at - STAMP_AGE_MAX)..=(line.heard_at + STAMP_LEAD_MAX);
        if tag.time.is_some_and(|stamp| !believed.contains(&stamp)) {
            self.counts.stamp_refused += 1;
            tag.time = None;
        }
        tag
    }

    fn vdm(&mut self, line: Line<'_>, origin: Origin, vdm: Vdm<'_>, ordinal: u64, out: &mut Vec<Report>) {
        if vdm.total == 1 {
            // Filled in place: a `Result<Payload>` is copied twice on its way here.
            let mut payload = Payload::new();
            match payload.push_armour(vdm.payload, vdm.fill) {
                Ok(()) => self.payload(line, origin, vdm.own_ship, &payload, out),
                Err(reject) => self.counts.refuse(reject, 1),
            }
        } else {
            self.part(line, origin, vdm, ordinal, out);
        }
    }

    fn part(&mut self, line: Line<'_>, origin: Origin, vdm: Vdm<'_>, ordinal: u64, out: &mut Vec<Report>) {
        let Origin { tag, signal } = origin;
        let part = Part { receiver: line.receiver, ordinal, heard_at: line.heard_at, tag, signal, vdm };
        let counts = &mut self.counts;
        let whole = self.assembly.add(&part, |reject, parts| counts.refuse(reject, parts));
        if let Some(whole) = whole {
            let origin = Origin { tag: whole.tag, signal: whole.signal };
            self.payload(line, origin, vdm.own_ship, &whole.payload, out);
        }
    }

    #[inline]
    fn payload(
        &mut self,
        line: Line<'_>,
        origin: Origin,
        own_ship: bool,
        payload: &Payload,
        out: &mut Vec<Report>,
    ) {
        let kind = match message::kind(payload) {
            Ok(kind) => {
                self.counts.messages += 1;
                self.counts.messages_by_type[usize::from(kind)] += 1;
                self.senders.add(payload.unsigned(8, 30) as u32);
                kind
            }
            Err(reject) => return self.counts.refuse(reject, 1),
        };
        // Written apart, so that a position is made where it is kept.
        if let Some(message) = Message::decode_position(payload, kind) {
            out.push(ais(line, origin, own_ship, payload, message));
            return;
        }
        match Message::decode_kind(payload, kind) {
            Ok(message) => out.push(ais(line, origin, own_ship, payload, message)),
            Err(reject) => self.counts.refuse(reject, 1),
        }
    }
}

/// What a sentence says that carries no AIS message; `None` where nothing here reads it.
fn other_content(sentence: &Sentence<'_>) -> Option<Result<Option<Content>, Reject>> {
    if sentence.raw[0] != b'$' {
        return None;
    }
    if GnssReport::reads(sentence) {
        return Some(GnssReport::read(sentence).map(|gnss| gnss.map(Content::Gnss)));
    }
    let radar =
        || Radar::read(sentence).map(|radar| radar.map(|radar| Some(Content::Radar(Box::new(radar)))));
    let transponder = || {
        let read = Transponder::read(sentence)?;
        Some(read.map(|said| Some(Content::Transponder(Box::new(said)))))
    };
    radar().or_else(transponder)
}

#[inline(always)]
fn ais(line: Line<'_>, origin: Origin, own_ship: bool, payload: &Payload, message: Message) -> Report {
    let Origin { tag, signal } = origin;
    let ais = Ais { message, own_ship, payload_hash: payload.hash(), signal, derived: false };
    report(line, tag, Content::Ais(ais))
}

#[inline(always)]
pub(super) fn report(line: Line<'_>, tag: Tag, content: Content) -> Report {
    Report {
        receiver: line.receiver,
        station: StationId(tag.station),
        sequence: line.sequence,
        part: 0,
        stamped: tag.time.is_some(),
        time: tag.time.unwrap_or(line.heard_at),
        heard_at: line.heard_at,
        content,
    }
}
