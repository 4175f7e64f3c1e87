//! Stage 0, admit: lines become reports, and one transmission heard twice is one report.

mod repeats;

use repeats::Repeats;
use sensors::sentence::Checksum;
use sensors::{Counts, Decoder, Line, ReceiverId, Report, Tally, Time, receiver::Batch, report::Content};
use serde::{Deserialize, Serialize};

/// How clocks are learned and repeats known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A report that was let in.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// What was heard; its time is corrected by what is known of the receiver's clock.
    pub report: Report,
    /// Whether its position may move a track.
    pub standing: Standing,
}

/// Whether a report's position may move a track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Standing {
    /// It may.
    #[default]
    Good = 0,
    /// Sent on long after it was on the air.
    Stale = 1,
    /// Heard by a receiver whose clock can't be trusted.
    Unclocked = 2,
    /// It came so long after it was heard that the live picture has moved on.
    Late = 3,
}

/// Reports that came late, since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Event time of the earliest.
    pub from: Time,
    /// Event time of the latest.
    pub to: Time,
    /// How many.
    pub reports: u64,
}

/// The stage: what it must remember between two batches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Admit {
    decoder: Decoder,
    repeats: Repeats,
    repeated: u64,
    now: Time,
    newest: Time,
    late: Option<Late>,
}

impl Admit {
    /// Decodes a batch of lines whose first has the sequence `first`; appends what is new to `out`.
    pub fn lines(&mut self, first: u64, batch: &Batch, out: &mut Vec<Admitted>) {
        let mut reports = Vec::with_capacity(batch.len());
        for (index, (heard_at, bytes)) in batch.iter().enumerate() {
            self.now = self.now.max(heard_at);
            let line = Line { receiver: batch.receiver(), sequence: first + index as u64, heard_at, bytes };
            self.decoder.line(line, &mut reports);
        }
        reports.retain(|report| self.is_new(report));
        for report in reports {
            let bound = sensors::Span::from_seconds(120);
            let time = report.time;
            let distress =
                matches!(&report.content, Content::Ais(ais) if ais.message.mmsi.is_distress_device());
            let late = !distress && time < report.heard_at - bound && time < self.newest - bound;
            self.newest = self.newest.max(time);
            if late {
                let all = self.late.get_or_insert(Late { from: time, to: time, reports: 0 });
                *all = Late { from: all.from.min(time), to: all.to.max(time), reports: all.reports + 1 };
            }
            let standing = if late { Standing::Late } else { Standing::Good };
            out.push(Admitted { report, standing });
        }
    }

    /// Whether each receiver's sentences must bring their checksums, in the order of the receivers' numbers.
    pub fn expect_checksums(&mut self, checksums: impl Iterator<Item = Checksum>) {
        for receiver in self.decoder.without_checksum().collect::<Vec<_>>() {
            self.decoder.set_checksum(receiver, Checksum::Required);
        }
        for (number, checksum) in (0..=u16::MAX).zip(checksums) {
            self.decoder.set_checksum(ReceiverId(number), checksum);
        }
    }

    /// The clock of the edge passes.
    pub fn tick(&mut self, now: Time) -> Option<Late> {
        self.now = self.now.max(now);
        self.late.take()
    }

    fn is_new(&mut self, report: &Report) -> bool {
        let Content::Ais(ais) = &report.content else { return true };
        let new = self.repeats.first_time(ais.payload_hash, report.time);
        if !new {
            self.repeated += 1;
        }
        new
    }

    /// The newest moment that any entry told of.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What was heard and refused, by kind.
    pub fn counts(&self) -> &Counts {
        self.decoder.counts()
    }

    /// How many different MMSIs were heard.
    pub fn senders(&self) -> usize {
        self.decoder.senders()
    }

    /// What came of one receiver's lines.
    pub fn tally(&self, receiver: ReceiverId) -> Tally {
        self.decoder.tally(receiver)
    }

    /// How many reports were another receiver's copy, or a repeat, of one already admitted.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }
}
