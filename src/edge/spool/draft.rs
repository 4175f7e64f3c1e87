//! What of a queue goes into the next consignment.

use super::super::consignment::{self, Lost, Why, unpack};
use super::super::segment::{Parcel, Step, Walk};
use super::Queue;
use super::files::path;
use sensors::Time;
use std::io::Result;

/// Lines in one consignment at most, but for a single parcel of more.
const TOGETHER_LINES: u32 = 4096;

/// Bytes of lines in one consignment at most, but for a single parcel of more. Ours: it bounds the memory of the edge.
const TOGETHER_BYTES: usize = 512 << 10;

/// What is to be sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The last place it holds.
    pub place: u64,
    /// How many numbers it takes.
    pub numbers: u64,
    /// The stamped lines.
    pub text: Vec<u8>,
    /// How many.
    pub lines: u32,
    /// When the first was heard.
    pub heard_first: Time,
    /// When the last was heard.
    pub heard_last: Time,
    /// What is missing here.
    pub lost: Option<Lost>,
}

impl Queue {
    /// What is to be sent next: what was not acknowledged, up to what goes into one consignment and not beyond the end
    /// of a file. With `upto`, exactly to that place, or nothing where that can't be.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn draft(&mut self, upto: Option<u64>) -> Result<Option<Draft>> {
        if self.acked.forgotten > 0 {
            let lost = Lost { why: Why::Forgotten, lines: None, from: Time::default(), to: Time::default() };
            let draft = Draft::of_lost(self.acked.place, self.acked.forgotten, lost);
            return Ok(Some(draft).filter(|_| upto.is_none()));
        }
        if self.segments.is_empty() || self.next == self.acked.place + 1 {
            self.place_lost()?;
        }
        let place = self.acked.place + 1;
        let Some(head) = self.segments.iter().find(|segment| segment.last >= place) else { return Ok(None) };
        let damaged = Lost { why: Why::Damaged, lines: None, from: Time::default(), to: Time::default() };
        if head.first > place {
            // Files that were here are gone.
            return Ok(Some(Draft::of_lost(head.first - 1, head.first - place, damaged)));
        }
        let (at, begin) = match self.mark {
            Some((segment, begin, at)) if segment == head.first && begin == place => (at, begin),
            _ => (0, head.first),
        };
        let mut walk = Walk::open(&path(&self.folder, head), at, head.bytes, begin)?;
        while walk.place() < place {
            if let Step::End = walk.step()? {
                break;
            }
        }
        self.mark = Some((head.first, walk.place(), walk.at()));
        let mut draft: Option<Draft> = None;
        while draft.as_ref().is_none_or(|draft| upto.map_or(draft.has_room(), |upto| draft.place < upto)) {
            let here = walk.place();
            let (last, found) = match walk.step()? {
                Step::Parcel(Parcel { last, lost: Some(lost), .. }) => (last, Err(lost)),
                Step::Parcel(parcel) => match unpack(&parcel.packed, consignment::TEXT_MAX) {
                    Ok(text) => (parcel.last, Ok((parcel, text))),
                    Err(_) => (parcel.last, Err(damaged)),
                },
                Step::Damaged => (here, Err(damaged)),
                Step::End if here > head.last => break,
                Step::End => (head.last, Err(damaged)),
            };
            match (found, &mut draft) {
                (Err(lost), None) => {
                    draft = Some(Draft::of_lost(last, last + 1 - place, lost));
                    break;
                }
                (Err(_), Some(_)) => break,
                (Ok((parcel, text)), None) => {
                    draft = Some(Draft {
                        place: last,
                        numbers: 1,
                        text,
                        lines: parcel.lines,
                        heard_first: parcel.heard_first,
                        heard_last: parcel.heard_last,
                        lost: None,
                    });
                }
                (Ok((parcel, text)), Some(draft)) => {
                    if upto.is_none() && draft.text.len() + text.len() > TOGETHER_BYTES
                        || draft.text.len() + text.len() > consignment::TEXT_MAX
                        || draft.lines + parcel.lines > consignment::LINES_MAX
                    {
                        break;
                    }
                    (draft.place, draft.numbers) = (last, draft.numbers + 1);
                    draft.text.extend_from_slice(&text);
                    draft.lines += parcel.lines;
                    draft.heard_last = parcel.heard_last;
                }
            }
        }
        Ok(draft.filter(|draft| upto.is_none_or(|upto| draft.place == upto)))
    }
}

impl Draft {
    fn of_lost(place: u64, numbers: u64, lost: Lost) -> Draft {
        let (heard_first, heard_last) = (lost.from, lost.to);
        Draft { place, numbers, text: Vec::new(), lines: 0, heard_first, heard_last, lost: Some(lost) }
    }

    fn has_room(&self) -> bool {
        self.lost.is_none() && self.lines < TOGETHER_LINES && self.text.len() < TOGETHER_BYTES
    }
}
