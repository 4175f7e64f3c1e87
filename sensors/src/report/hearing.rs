//! What is remembered of one receiver from line to line.

use super::decoder::Line;
use super::strength::{self, Strengths, Told};
use super::{Content, Report, Strength};
use crate::sentence::{Checksum, Gatehouse, Sentence, Tag, Vdm};
use crate::transponder::Transponder;
use serde::{Deserialize, Serialize};

/// One receiver's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Hearing {
    /// TAG block that stood alone on its line, for the next sentence.
    pub(super) tag: Option<Tag>,
    /// Gatehouse's line, and the part of a message that it is for: the next sentence.
    pub(super) gatehouse: Option<(Gatehouse, u8)>,
    /// AIS sentences so far.
    pub(super) ais_sentences: u64,
    pub(super) checksum: Checksum,
    pub(super) tally: Tally,
    /// Its last messages, once it has told how strongly it received one.
    pub(super) strengths: Option<Box<Strengths>>,
}

impl Hearing {
    /// A VSI may follow which tells of the message that this sentence completed, or of the one that was refused at it.
    #[cold]
    pub(super) fn remember(&mut self, line: Line<'_>, vdm: &Vdm<'_>, whole: Option<&Report>) {
        let payload = match whole.map(|report| &report.content) {
            Some(Content::Ais(ais)) => Some(ais.payload_hash),
            _ => None,
        };
        let ends = payload.is_some() || vdm.number == vdm.total;
        if let Some(strengths) = self.strengths.as_mut().filter(|_| ends && !vdm.own_ship) {
            let Vdm { talker, sequence_id, .. } = *vdm;
            strengths.message(Told { talker, sequence_id, heard_at: line.heard_at, payload });
        }
    }

    /// A VSI as the strength of the message that it belongs to; everything else as it is.
    pub(super) fn strength(&mut self, line: Line<'_>, sentence: &Sentence<'_>, content: Content) -> Content {
        let Content::Transponder(said) = &content else { return content };
        let (Transponder::Signal(said), [first, second, ..]) = (&**said, sentence.address) else {
            return content;
        };
        let strengths = self.strengths.get_or_insert_default();
        match strengths.of([*first, *second], said.sequence_id, line.heard_at) {
            Some(payload_hash) => {
                Content::Strength(Strength { payload_hash, signal: strength::signal(said) })
            }
            None => content,
        }
    }

    /// Gatehouse's line, where it stands before this sentence; the later parts of a message have it too.
    #[inline]
    pub(super) fn gatehouse(&mut self, sentence: &[u8], vdm: &Vdm<'_>) -> Option<Gatehouse> {
        let (said, number) = self.gatehouse.take()?;
        if number != vdm.number || !said.is_of(sentence, vdm.total) {
            return None;
        }
        self.gatehouse = (number < vdm.total).then_some((said, number + 1));
        Some(said)
    }
}

/// What came of one receiver's lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Complete AIS messages.
    pub messages: u64,
    /// Lines, sentences and messages refused.
    pub refused: u64,
}
