//! An application put together from named values: a JSON object, an exercise.

use super::field::Field;
use super::layout::{Kind, Layout, Stamp};
use super::record::{Entry, Record, Value};
use super::{Application, Bits};

/// Where values come from, by the field's name.
pub trait Source {
    /// The integer to send; `None` sends "not available".
    fn number(&self, field: &Field) -> Option<i64>;
    /// The text to send; `None` sends none.
    fn text(&self, field: &Field) -> Option<String>;
    /// The bits that nobody reads.
    fn bits(&self, field: &Field) -> Option<Bits>;
    /// The groups of a repetition.
    fn records(&self, field: &Field) -> Vec<Box<dyn Source + '_>>;
}

/// A value that can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A number that needs more bits than its field has, or a text too long for it.
    #[error("{0} doesn't fit its field")]
    Value(&'static str),
    /// Too few or too many groups.
    #[error("the number of {0} isn't one that can be sent")]
    Count(&'static str),
}

impl Application {
    /// Puts together an application of `layout`, sent under the first of its ids.
    ///
    /// # Errors
    /// [`Unfit`] with the field's name.
    pub fn build(layout: &'static Layout, source: &dyn Source) -> Result<Application, Unfit> {
        let mut record = Record::default();
        fill(&mut record, layout.fields, source)?;
        Ok(Application { layout, record })
    }
}

fn fill(record: &mut Record, fields: &'static [Field], source: &dyn Source) -> Result<(), Unfit> {
    for field in fields {
        let value = match field.kind {
            Kind::Spare(_) => continue,
            Kind::Choice { .. } => {
                fill(record, record.chosen(&field.kind), source)?;
                continue;
            }
            Kind::Text(most) | Kind::TextToEnd(most) => {
                let text = source.text(field).unwrap_or_default();
                if text.chars().count() > usize::from(most) {
                    return Err(Unfit::Value(field.name));
                }
                Value::Text(text)
            }
            Kind::Rest => Value::Bits(source.bits(field).unwrap_or_default()),
            Kind::Raw(width) => match source.bits(field) {
                Some(kept) if kept.len() == usize::from(width) => Value::Bits(kept),
                _ => return Err(Unfit::Value(field.name)),
            },
            Kind::Records { fields, least, most, .. } => {
                let mut records = Vec::new();
                for group in source.records(field) {
                    let mut record = Record::default();
                    fill(&mut record, fields, group.as_ref())?;
                    records.push(record);
                }
                if !(usize::from(least)..=usize::from(most)).contains(&records.len()) {
                    return Err(Unfit::Count(field.name));
                }
                Value::Records(records)
            }
            _ => {
                let sent = source.number(field).or_else(|| counted(fields, field, source));
                let sent = sent.unwrap_or_else(|| field.default());
                if !field.fits(sent) {
                    return Err(Unfit::Value(field.name));
                }
                Value::Number(sent)
            }
        };
        record.0.push(Entry { field, value });
    }
    Ok(())
}

/// How many groups there are, where `count` is the field that says so.
fn counted(fields: &[Field], count: &Field, source: &dyn Source) -> Option<i64> {
    let group = fields
        .iter()
        .find(|f| matches!(f.kind, Kind::Records { counted_by, .. } if counted_by == count.name))?;
    Some(source.records(group).len() as i64)
}

impl Stamp {
    /// Whether the field called `name` is part of the date.
    pub fn covers(&self, name: &str) -> bool {
        !name.is_empty() && self.parts.contains(&name)
    }

    /// The date as gpsd prints it: `05-14T20:10Z`, `14T20:10Z`.
    pub fn text(&self, record: &Record) -> String {
        let mut text = String::new();
        for (part, (name, before)) in self.parts.iter().zip(["", "-", "-", "T", ":"]).enumerate() {
            let Some(sent) = record.sent(name) else { continue };
            if !text.is_empty() {
                text.push_str(before);
            }
            text += &match part {
                0 => format!("{:04}", sent + 2000),
                _ if self.padded => format!("{sent:02}"),
                _ => sent.to_string(),
            };
        }
        if self.zulu {
            text.push('Z');
        }
        text
    }

    /// The integers of a date as gpsd prints it, each with its field's name.
    pub fn parse(&self, text: &str) -> Option<Vec<(&'static str, i64)>> {
        let mut numbers = text.strip_suffix('Z').unwrap_or(text).split(['-', 'T', ':']);
        let mut parts = Vec::new();
        for (part, name) in self.parts.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let number: i64 = numbers.next()?.parse().ok()?;
            parts.push((*name, if part == 0 { number - 2000 } else { number }));
        }
        numbers.next().is_none().then_some(parts)
    }
}
