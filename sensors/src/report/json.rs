//! Lines of JSON among the sentences: raw sentences read on, decoded values taken as derived messages.

use super::decoder::{All, report};
use super::hearing::Hearing;
use super::names::named_on;
use super::{Ais, Content, Line, Report, StationId};
use crate::json::{self, Said};
use crate::message::Message;
use crate::sentence::{self, Item, Reject, Signal, Tag};

impl All {
    /// Reads what a line of JSON tells; a TAG block before it holds for all of it.
    pub(super) fn json(&mut self, line: Line<'_>, text: &[u8], hearing: &mut Hearing, out: &mut Vec<Report>) {
        let before = hearing.tag.take().unwrap_or_default();
        let mut all = Vec::new();
        if let Err(reject) = json::read(text, &mut all) {
            self.counts.refuse(reject, 1);
        }
        for heard in all {
            let mut tag = before;
            let named = heard.station.as_deref().map(str::as_bytes);
            let station = named.map_or(StationId::NONE, StationId::of);
            tag.extend(Tag { station: station.0, time: heard.time, ..Tag::default() });
            let station = StationId(tag.station);
            self.names.learn(station, || named.or_else(|| named_on(line.bytes, station)));
            match heard.said {
                Said::Sentences(sentences) => {
                    let from = out.len();
                    for raw in &sentences {
                        hearing.tag = Some(tag);
                        self.wrapped(line, raw.as_bytes(), hearing, out);
                    }
                    hearing.tag = None;
                    for report in &mut out[from..] {
                        if let Content::Ais(ais) = &mut report.content {
                            ais.signal = heard.signal.or(ais.signal);
                        }
                    }
                }
                Said::Derived(message) => self.derived(line, tag, heard.signal, *message, out),
                Said::Unused(kind) => self.counts.unused(kind.as_bytes(), 1),
            }
        }
    }

    /// A sentence inside JSON.
    fn wrapped(&mut self, line: Line<'_>, raw: &[u8], hearing: &mut Hearing, out: &mut Vec<Report>) {
        for item in sentence::items(raw) {
            match item {
                Item::Tag(tag) => hearing.tag.get_or_insert_default().extend(tag),
                Item::Sentence(sentence) => self.sentence(line, &sentence, hearing, out),
                Item::Json(_) => self.counts.refuse(Reject::UnknownJson, 1),
                Item::Refused(reject) => self.counts.refuse(reject, 1),
            }
        }
    }

    fn derived(
        &mut self,
        line: Line<'_>,
        tag: Tag,
        signal: Option<Signal>,
        message: Message,
        out: &mut Vec<Report>,
    ) {
        let tag = self.believed(line, tag);
        self.counts.messages += 1;
        self.counts.messages_by_type[usize::from(message.kind)] += 1;
        self.senders.add(message.mmsi.0);
        let payload_hash = message.encode().hash();
        let ais = Ais { message, own_ship: false, payload_hash, signal, derived: true };
        out.push(report(line, tag, Content::Ais(ais)));
    }
}
