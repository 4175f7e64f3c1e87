//! Fields with their values, read from bits and written back.

use super::super::text;
use super::field::Field;
use super::layout::Kind;
use super::{Bits, Payload};
use std::fmt;

/// The fields of an application, or of one group in it, in the order sent; spare bits left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record(pub(super) Vec<Entry>);

/// One field and its value.
#[derive(Clone, PartialEq)]
pub struct Entry {
    /// What the table says of it.
    pub field: &'static Field,
    /// What was sent.
    pub value: Value,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The integer as sent, "not available" included; flags are 0 and 1.
    Number(i64),
    /// Up to the first `@`, without trailing spaces; empty where there is none.
    Text(String),
    /// Bits nobody reads.
    Bits(Bits),
    /// The groups of a repetition.
    Records(Vec<Record>),
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.field.name, self.value)
    }
}

impl Entry {
    /// The integer as sent; `None` where it isn't available or isn't a number.
    pub fn number(&self) -> Option<i64> {
        match self.value {
            Value::Number(sent) if !self.field.is_absent(sent) => Some(sent),
            _ => None,
        }
    }

    /// The number in its unit.
    pub fn scaled(&self) -> Option<f64> {
        self.number().map(|sent| self.field.scale.apply(sent))
    }
}

impl Record {
    /// The fields, in the order sent.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The field called `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|e| e.field.name == name)
    }

    /// The integer as sent; `None` where it isn't available.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.entry(name)?.number()
    }

    /// The integer as sent, "not available" included.
    pub fn sent(&self, name: &str) -> Option<i64> {
        match self.entry(name)?.value {
            Value::Number(sent) => Some(sent),
            _ => None,
        }
    }

    /// The number in its unit.
    pub fn scaled(&self, name: &str) -> Option<f64> {
        self.entry(name)?.scaled()
    }

    /// The text, where there is any.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.entry(name)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The groups called `name`.
    pub fn records(&self, name: &str) -> &[Record] {
        match self.entry(name).map(|e| &e.value) {
            Some(Value::Records(records)) => records,
            _ => &[],
        }
    }

    /// The fields that follow a choice made by what was read before it.
    pub(super) fn chosen(&self, kind: &Kind) -> &'static [Field] {
        let Kind::Choice { by, cases, otherwise } = *kind else { return &[] };
        let number = self.sent(by);
        cases.iter().find(|(value, _)| Some(*value) == number).map_or(otherwise, |(_, fields)| fields)
    }

    /// Adds what `fields` say is at `cursor`; `None` where the bits end before the last bit that is needed.
    pub(super) fn read(
        &mut self,
        fields: &'static [Field],
        bits: &Payload,
        cursor: &mut usize,
    ) -> Option<()> {
        for field in fields {
            let start = *cursor;
            let left = bits.len().saturating_sub(start);
            let (width, value) = match field.kind {
                Kind::Unsigned(width) => {
                    (usize::from(width), number(bits.unsigned(start, width.into()) as i64))
                }
                Kind::Signed(width) => (usize::from(width), number(bits.signed(start, width.into()))),
                Kind::SignMagnitude { width, negative } => {
                    let magnitude = bits.unsigned(start + 1, usize::from(width) - 1) as i64;
                    let sent = if bits.flag(start) == negative { -magnitude } else { magnitude };
                    (usize::from(width), number(sent))
                }
                Kind::Flag => (1, number(i64::from(bits.flag(start)))),
                Kind::Text(characters) => {
                    (usize::from(characters) * 6, sixbit(bits, start, characters.into()))
                }
                Kind::TextToEnd(most) => {
                    let characters = usize::from(most).min(left / 6);
                    (characters * 6, sixbit(bits, start, characters))
                }
                Kind::Raw(width) => (width.into(), Value::Bits(slice(bits, start, width.into()))),
                Kind::Rest => (left, Value::Bits(Bits::tail(bits, start))),
                Kind::Spare(width) => {
                    *cursor += usize::from(width);
                    continue;
                }
                Kind::Choice { .. } => {
                    self.read(self.chosen(&field.kind), bits, cursor)?;
                    continue;
                }
                Kind::Records { .. } => {
                    let records = self.read_records(&field.kind, bits, cursor)?;
                    self.0.push(Entry { field, value: Value::Records(records) });
                    continue;
                }
            };
            if width > left {
                return None;
            }
            *cursor += width;
            self.0.push(Entry { field, value });
        }
        Some(())
    }

    fn read_records(&self, kind: &Kind, bits: &Payload, cursor: &mut usize) -> Option<Vec<Record>> {
        let Kind::Records { fields, least, most, counted_by, after } = *kind else { return None };
        let stated = self.sent(counted_by).filter(|n| (1..=i64::from(most)).contains(n));
        let most = stated.map_or(usize::from(most), |n| n as usize);
        let end = bits.len().saturating_sub(usize::from(after));
        let mut records = Vec::new();
        while records.len() < most {
            let (mut record, mut next) = (Record::default(), *cursor);
            // The spare bits at the end of a record may be missing, and so may those of the whole message,
            // but never where other fields follow.
            let whole = record.read(fields, bits, &mut next).is_some();
            if !whole || (after > 0 && next > end) {
                break;
            }
            *cursor = next;
            records.push(record);
        }
        (records.len() >= usize::from(least)).then_some(records)
    }

    /// Adds the bits of `fields`.
    pub(super) fn write(&self, fields: &'static [Field], bits: &mut Payload) {
        for field in fields {
            let value = self.entry(field.name).map(|e| &e.value);
            let sent = self.sent(field.name).unwrap_or_else(|| field.default());
            match (field.kind, value) {
                (Kind::Unsigned(width) | Kind::Signed(width), _) => bits.push(width.into(), sent as u64),
                (Kind::SignMagnitude { width, negative }, _) => {
                    bits.push(1, u64::from((sent < 0) == negative));
                    bits.push(usize::from(width) - 1, sent.unsigned_abs());
                }
                (Kind::Flag, _) => bits.push(1, sent as u64),
                (Kind::Text(characters), _) => {
                    text::write(bits, self.text(field.name).unwrap_or_default(), characters.into());
                }
                (Kind::TextToEnd(most), _) => {
                    text::write_all(bits, self.text(field.name).unwrap_or_default(), most.into());
                }
                (Kind::Raw(_) | Kind::Rest, Some(Value::Bits(kept))) => kept.write(bits),
                (Kind::Spare(width), _) => (0..width).for_each(|_| bits.push(1, 0)),
                (Kind::Choice { .. }, _) => self.write(self.chosen(&field.kind), bits),
                (Kind::Records { fields, .. }, Some(Value::Records(records))) => {
                    records.iter().for_each(|record| record.write(fields, bits));
                }
                (Kind::Raw(_) | Kind::Rest | Kind::Records { .. }, _) => {}
            }
        }
    }
}

fn number(sent: i64) -> Value {
    Value::Number(sent)
}

fn sixbit(bits: &Payload, start: usize, characters: usize) -> Value {
    Value::Text(text::read(bits, start, characters).unwrap_or_default())
}

fn slice(bits: &Payload, start: usize, width: usize) -> Bits {
    let mut kept = Payload::new();
    (start..start + width).for_each(|bit| kept.push(1, u64::from(bits.flag(bit))));
    Bits::tail(&kept, 0)
}
