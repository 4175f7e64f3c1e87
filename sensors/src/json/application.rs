//! What types 6 and 8 carry for an application, under gpsd's names: weather, persons on board, and so on.
//!
//! A name that the message itself has (`type` and `class` of an EMMA warning, which gpsd prints twice in one
//! object) has `app_` before it.

use super::value::{quote, write_data};
use crate::message::Bits;
use crate::message::application::{self, Application, Entry, Field, Kind, Layout, Record, Source, Words};
use crate::sentence::Payload;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Names of the message itself.
const TAKEN: [&str; 9] = ["class", "type", "repeat", "mmsi", "scaled", "dac", "fid", "dest_mmsi", "data"];

fn key(field: &Field) -> (&'static str, &'static str) {
    (if TAKEN.contains(&field.name) { "app_" } else { "" }, field.name)
}

/// Where type 6's and type 8's application data start; the area code stands 16 bits before.
fn start(addressed: bool) -> usize {
    if addressed { 88 } else { 56 }
}

/// Adds `,"name":value` for each field of the application that `bits`, a message of type 6 or 8, carries; nothing
/// where it is not known.
pub(super) fn write(bits: &Payload, addressed: bool, scaled: bool, out: &mut String) {
    let start = start(addressed);
    let (dac, fi) = (bits.unsigned(start - 16, 10) as u16, bits.unsigned(start - 6, 6) as u8);
    // Without data nothing is known of it either.
    let data = Bits::tail(bits, start);
    if let Ok(application) = application::read(dac, fi, addressed, &data) {
        write_record(application.record(), Some(application.layout()), scaled, out);
    }
}

fn write_record(record: &Record, layout: Option<&Layout>, scaled: bool, out: &mut String) {
    let mut written = "";
    for entry in record.entries() {
        let stamp =
            layout.and_then(|layout| layout.stamps.iter().find(|stamp| stamp.covers(entry.field.name)));
        // Writing to a string can't fail.
        let _ = match stamp {
            Some(stamp) if stamp.name == written => Ok(()),
            Some(stamp) => {
                written = stamp.name;
                write!(out, ",\"{}\":\"{}\"", stamp.name, stamp.text(record))
            }
            // Bits that nobody reads are in the message's own `data`.
            None if layout.is_some() && matches!(entry.value, application::Value::Bits(_)) => Ok(()),
            None => {
                let (before, name) = key(entry.field);
                let _ = write!(out, ",\"{before}{name}\":");
                write_value(entry, scaled, out);
                Ok(())
            }
        };
    }
}

fn write_value(entry: &Entry, scaled: bool, out: &mut String) {
    let field = entry.field;
    let scaled_here = scaled && !field.as_sent;
    match &entry.value {
        application::Value::Number(sent) => {
            let _ = match (field.kind, field.words, field.word(*sent)) {
                (Kind::Flag, ..) => write!(out, "{}", *sent != 0),
                (_, Words::Instead(_), Some(word)) if scaled_here => {
                    quote(word, out);
                    Ok(())
                }
                (_, Words::Beside(_), Some(word)) => {
                    let (before, name) = key(field);
                    let _ = write!(out, "{sent},\"{before}{name}_text\":");
                    quote(word, out);
                    Ok(())
                }
                _ if scaled_here && field.scale != application::Scale::NONE => {
                    write!(out, "{:.*}", usize::from(field.scale.decimals), field.scale.apply(*sent))
                }
                _ => write!(out, "{sent}"),
            };
        }
        application::Value::Text(text) => quote(text, out),
        application::Value::Bits(bits) => write_data(&bits.payload(), 0, bits.len(), out),
        application::Value::Records(records) => {
            for (at, record) in records.iter().enumerate() {
                out.push(if at == 0 { '[' } else { ',' });
                let from = out.len();
                write_record(record, None, scaled, out);
                // The comma before the first name opens the object instead.
                if out.len() == from {
                    out.push_str("{}");
                } else {
                    out.replace_range(from..=from, "{");
                    out.push('}');
                }
            }
            out.push_str(if records.is_empty() { "[]" } else { "]" });
        }
    }
}

/// The bits that the named values of `object` make, for an application that is known; `None` where they don't. Where
/// several tables share an identifier (1-16 once had targets, and has persons), it is the one it names most fields of.
pub(super) fn bits(object: &Map<String, Value>, addressed: bool, scaled: bool) -> Option<Bits> {
    let number = |name: &str| object.get(name).and_then(Value::as_u64);
    let (dac, fi) = (u16::try_from(number("dac")?).ok()?, u8::try_from(number("fid")?).ok()?);
    let built = application::layouts_of(dac, fi, addressed).filter_map(|layout| {
        let named = Named { object, layout: Some(layout), scaled };
        let count = layout.fields.iter().filter(|field| named.value(field).is_some()).count();
        Some((count, Application::build(layout, &named).ok()?))
    });
    let (_, application) = built.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    Some(application.write())
}

/// The values of one JSON object, by the names of a table's fields.
struct Named<'a> {
    object: &'a Map<String, Value>,
    /// Of the whole, which may have dates.
    layout: Option<&'static Layout>,
    scaled: bool,
}

impl Named<'_> {
    fn value(&self, field: &Field) -> Option<&Value> {
        let (before, name) = key(field);
        self.object.get(&format!("{before}{name}"))
    }

    fn stamped(&self, field: &Field) -> Option<i64> {
        let stamp = self.layout?.stamps.iter().find(|stamp| stamp.covers(field.name))?;
        let parts = stamp.parse(self.object.get(stamp.name)?.as_str()?)?;
        parts.into_iter().find(|(name, _)| *name == field.name).map(|(_, sent)| sent)
    }
}

impl Source for Named<'_> {
    fn number(&self, field: &Field) -> Option<i64> {
        match self.value(field) {
            None | Some(Value::Null) => self.stamped(field),
            Some(Value::Bool(flag)) => Some(i64::from(*flag)),
            Some(Value::String(word)) => match field.words {
                Words::Instead(words) | Words::Beside(words) => {
                    words.iter().find(|(_, known)| known == word).map(|(code, _)| i64::from(*code))
                }
                // gpsd writes some numbers as strings.
                Words::None => word.parse().ok(),
            },
            Some(value) if self.scaled && !field.as_sent => {
                let number = value.as_f64().filter(|number| number.abs() < 1e12)?;
                Some(field.scale.undo(number))
            }
            Some(value) => super::whole(Some(value)),
        }
    }

    fn text(&self, field: &Field) -> Option<String> {
        self.value(field).and_then(Value::as_str).map(str::to_owned)
    }

    fn bits(&self, _: &Field) -> Option<Bits> {
        None
    }

    fn records(&self, field: &Field) -> Vec<Box<dyn Source + '_>> {
        let groups = self.value(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let group =
            |object| Box::new(Named { object, layout: None, scaled: self.scaled }) as Box<dyn Source + '_>;
        groups.iter().filter_map(Value::as_object).map(group).collect()
    }
}
