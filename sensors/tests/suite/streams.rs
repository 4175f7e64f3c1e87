//! What the other tests share: lines made up on the spot, and a decoder that hears them.

use sensors::report::Content;
use sensors::sentence::{Payload, Reject, compose};
use sensors::{Counts, Decoder, Line, ReceiverId, Report, Span, Time};

/// When the first line arrives, in tests that name no time.
pub(crate) const HEARD: Time = Time::from_seconds(1_795_000_000);

/// A TAG block of these parameters.
pub(crate) fn tag(parameters: &str) -> String {
    let sum = parameters.bytes().fold(0, |s, b| s ^ b);
    format!("\\{parameters}*{sum:02X}\\")
}

/// A type 14 text of `length` characters that no other sender and `number` have: 68 fill two sentences.
pub(crate) fn message(mmsi: u32, number: u32, length: usize) -> Payload {
    let mut payload = Payload::new();
    for (width, value) in [(6, 14), (2, 0), (30, mmsi), (2, 0)] {
        payload.push(width, u64::from(value));
    }
    let text = format!("{mmsi} {number} ").repeat(length);
    for c in text.bytes().take(length) {
        payload.push(6, u64::from(c % 64));
    }
    payload
}

/// The sentences of a message, `width` characters of armour in each.
pub(crate) fn sentences(
    payload: &Payload,
    address: &str,
    sequence_id: &str,
    channel: &str,
    width: usize,
) -> Vec<String> {
    let (armour, fill) = payload.to_armour();
    let total = armour.len().div_ceil(width);
    (0..total)
        .map(|at| {
            let part = &armour[at * width..armour.len().min((at + 1) * width)];
            let fill = if at + 1 == total { fill } else { 0 };
            compose(address, &format!("{total},{},{sequence_id},{channel},{part},{fill}", at + 1))
        })
        .collect()
}

/// A decoder and what came of what it heard.
#[derive(Default)]
pub(crate) struct Ear {
    pub(crate) decoder: Decoder,
    pub(crate) reports: Vec<Report>,
}

impl Ear {
    pub(crate) fn hear(&mut self, receiver: u16, after: Span, bytes: impl AsRef<[u8]>) {
        let line = Line {
            receiver: ReceiverId(receiver),
            sequence: 0,
            heard_at: HEARD + after,
            bytes: bytes.as_ref(),
        };
        self.decoder.line(line, &mut self.reports);
    }

    /// Hears all lines at once, by one receiver.
    pub(crate) fn of(lines: &[impl AsRef<[u8]>]) -> Ear {
        let mut ear = Ear::default();
        for line in lines {
            ear.hear(1, Span::ZERO, line);
        }
        ear
    }

    pub(crate) fn counts(&self) -> &Counts {
        self.decoder.counts()
    }

    pub(crate) fn refused(&self, reject: Reject) -> u64 {
        self.counts().refused_of(reject)
    }

    /// The hashes of all AIS messages' bits, in order.
    pub(crate) fn hashes(&self) -> Vec<u64> {
        let hash = |report: &Report| match &report.content {
            Content::Ais(ais) => Some(ais.payload_hash),
            _ => None,
        };
        self.reports.iter().filter_map(hash).collect()
    }
}
