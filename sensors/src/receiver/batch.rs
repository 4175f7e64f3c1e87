//! Lines heard from one receiver, with the time each arrived, laid out to go into a journal block as they are.

use crate::{ReceiverId, Time};
use serde::{Deserialize, Serialize};

/// Lines in a full batch. Ours, unproven: at 75 messages a second a batch is never full; in a replay it keeps
/// a block near 200 kB.
pub const LINES_MAX: usize = 4096;

/// Bytes in a full batch; a batch may exceed it by one line of at most 4.2 kB.
pub const BYTES_MAX: usize = 1 << 20;

/// Lines of one receiver in the order they arrived: one buffer of text and one arrival time per line.
///
/// The text holds each line's raw bytes without its line ending, followed by one LF; so the text alone is a
/// readable file, and text, [`base`](Batch::base) and [`delays`](Batch::delays) are all there is to keep.
/// Serialises as `receiver`, `base`, `text`, `delays`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Batch {
    receiver: ReceiverId,
    base: Time,
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
    delays: Vec<i64>,
    /// Where each line ends in `text`, its LF not included.
    #[serde(skip)]
    ends: Vec<u32>,
}

/// Why parts do not make a batch: lines and arrival times differ in number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{lines} lines but {times} arrival times, or a last line without its end")]
pub struct Mismatch {
    /// Lines in the text.
    pub lines: usize,
    /// Arrival times given.
    pub times: usize,
}

#[derive(Deserialize)]
struct Parts {
    receiver: ReceiverId,
    base: Time,
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
    delays: Vec<i64>,
}

impl TryFrom<Parts> for Batch {
    type Error = Mismatch;
    fn try_from(p: Parts) -> Result<Batch, Mismatch> {
        Batch::from_parts(p.receiver, p.base, p.text, p.delays)
    }
}

impl Batch {
    /// An empty batch.
    pub fn new(receiver: ReceiverId) -> Batch {
        Batch { receiver, base: Time::default(), text: Vec::new(), delays: Vec::new(), ends: Vec::new() }
    }

    /// A batch from what a journal kept. Refused when the text does not hold as many lines, each ended by
    /// LF, as there are arrival times, or when it exceeds 4 GiB.
    pub fn from_parts(
        receiver: ReceiverId,
        base: Time,
        text: Vec<u8>,
        delays: Vec<i64>,
    ) -> Result<Batch, Mismatch> {
        let mut ends = Vec::with_capacity(delays.len());
        ends.extend(memchr::memchr_iter(b'\n', &text).map_while(|end| u32::try_from(end).ok()));
        let whole = ends.last().map_or(0, |&end| end as usize + 1) == text.len();
        if !whole || ends.len() != delays.len() {
            return Err(Mismatch { lines: ends.len(), times: delays.len() });
        }
        Ok(Batch { receiver, base, text, delays, ends })
    }

    /// Adds a line without its line ending; it must hold no LF, which the line splitter sees to.
    pub fn push(&mut self, arrived_at: Time, line: &[u8]) {
        debug_assert!(!line.contains(&b'\n'));
        if self.ends.is_empty() {
            self.base = arrived_at;
        }
        self.text.extend_from_slice(line);
        self.ends.push(self.text.len() as u32);
        self.text.push(b'\n');
        self.delays.push(arrived_at.since(self.base).as_millis());
    }

    /// Who heard the lines.
    pub fn receiver(&self) -> ReceiverId {
        self.receiver
    }

    /// When the first line arrived; delays count from it.
    pub fn base(&self) -> Time {
        self.base
    }

    /// All lines, each followed by LF.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// For each line, milliseconds from [`base`](Batch::base) to its arrival; negative where a recording's
    /// clock went back.
    pub fn delays(&self) -> &[i64] {
        &self.delays
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds no line.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether it is time to pass it on.
    pub fn is_full(&self) -> bool {
        self.ends.len() >= LINES_MAX || self.text.len() >= BYTES_MAX
    }

    /// The line at `index` and when it arrived.
    pub fn get(&self, index: usize) -> Option<(Time, &[u8])> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize + 1 };
        Some((self.base + crate::Span::from_millis(self.delays[index]), &self.text[start..end]))
    }

    /// Every line with its arrival time, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Time, &[u8])> + '_ {
        let mut start = 0;
        self.ends.iter().zip(&self.delays).map(move |(&end, &delay)| {
            let line = &self.text[start..end as usize];
            start = end as usize + 1;
            (self.base + crate::Span::from_millis(delay), line)
        })
    }

    /// When the last line arrived.
    pub fn last_arrived_at(&self) -> Option<Time> {
        self.delays.last().map(|&delay| self.base + crate::Span::from_millis(delay))
    }

    /// Takes the lines out and leaves it empty for the same receiver.
    pub fn take(&mut self) -> Batch {
        let empty = Batch {
            receiver: self.receiver,
            base: Time::default(),
            text: Vec::with_capacity(self.text.len()),
            delays: Vec::with_capacity(self.delays.len()),
            ends: Vec::with_capacity(self.ends.len()),
        };
        std::mem::replace(self, empty)
    }

    /// Forgets all lines.
    pub fn clear(&mut self) {
        self.text.clear();
        self.delays.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Batch {
        let mut batch = Batch::new(ReceiverId(3));
        batch.push(Time::from_millis(5_000), b"!AIVDM,1");
        batch.push(Time::from_millis(5_020), b"");
        batch.push(Time::from_millis(4_000), b"\xff\x00 rubbish");
        batch
    }

    #[test]
    fn gives_back_lines_and_times() {
        let batch = sample();
        let lines: Vec<_> = batch.iter().map(|(t, l)| (t.as_millis(), l.to_vec())).collect();
        assert_eq!(lines[0], (5_000, b"!AIVDM,1".to_vec()));
        assert_eq!(lines[1], (5_020, Vec::new()));
        assert_eq!(lines[2], (4_000, b"\xff\x00 rubbish".to_vec()));
        assert_eq!(batch.get(2), batch.iter().nth(2));
        assert_eq!(batch.get(3), None);
    }

    #[test]
    fn survives_serialising() {
        let batch = sample();
        let json = serde_json::to_string(&batch).unwrap();
        assert_eq!(serde_json::from_str::<Batch>(&json).unwrap(), batch);
    }

    #[test]
    fn refuses_parts_that_do_not_match() {
        let parts =
            |text: &[u8], delays| Batch::from_parts(ReceiverId(0), Time::default(), text.to_vec(), delays);
        assert!(parts(b"a\nb\n", vec![0]).is_err());
        assert!(parts(b"a\nb", vec![0]).is_err());
        assert!(parts(b"a\nb\n", vec![0, 1]).is_ok());
        assert!(parts(b"", vec![]).is_ok());
    }

    #[test]
    fn taking_leaves_an_empty_batch() {
        let mut batch = sample();
        assert_eq!(batch.take().len(), 3);
        assert!(batch.is_empty() && batch.text().is_empty());
        batch.push(Time::from_millis(9), b"x");
        assert_eq!(batch.get(0), Some((Time::from_millis(9), &b"x"[..])));
    }
}
