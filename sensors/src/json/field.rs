//! One field of a message under gpsd's name: where its bits are, and how gpsd prints them.

use super::legend::{Legend, NAV_STATUS};
use super::sheet::Sheet;
use super::value::{
    as_sent, degrees_a_minute, join, quote, read_data, split, turn_as_sent, whole, write_data,
};
use crate::message::text;
use crate::sentence::Payload;
use serde_json::Value;
use std::fmt::Write as _;

/// One named value of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// gpsd's name for it.
    pub(super) name: &'static str,
    pub(super) at: usize,
    pub(super) width: usize,
    /// The bits that say "not available", or 0.
    pub(super) absent: i64,
    form: Form,
}

/// How gpsd prints a value.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As sent, scaled or not.
    Number,
    /// `true` or `false`.
    Flag,
    /// As sent, and in words under the same name with `_text`.
    Worded(Legend),
    /// Two's complement or not, divided by `per` when scaled, with so many decimals.
    Scaled { signed: bool, per: f64, decimals: usize, quoted: bool },
    /// As sent but for the two highest, which are words when scaled.
    Capped { per: f64, decimals: usize, highest: &'static str },
    /// Rate of turn: degrees a minute when scaled.
    Turn,
    /// Type 27's status: in words when scaled.
    Status,
    /// Six-bit text.
    Text,
    /// Six-bit text to the end of the message.
    TextToEnd,
    /// Type 21's name, which goes on after the fixed fields where 20 characters are too few.
    LongName,
    /// Type 24's part.
    Part,
    /// Year to second of types 4 and 11.
    Stamp,
    /// Month to minute of type 5.
    Eta,
    /// Bits as they are, to so many bits before the message's end.
    Data { before_end: usize },
    /// So many bits at the message's end (type 26's radio state).
    AtEnd,
}

impl Field {
    const fn new(name: &'static str, at: usize, width: usize, form: Form) -> Field {
        Field { name, at, width, absent: 0, form }
    }

    pub(super) const fn number(name: &'static str, at: usize, width: usize) -> Field {
        Field::new(name, at, width, Form::Number)
    }

    pub(super) const fn flag(name: &'static str, at: usize) -> Field {
        Field::new(name, at, 1, Form::Flag)
    }

    pub(super) const fn worded(name: &'static str, at: usize, width: usize, legend: Legend) -> Field {
        Field::new(name, at, width, Form::Worded(legend))
    }

    /// In tenths when sent.
    pub(super) const fn tenths(name: &'static str, at: usize, width: usize) -> Field {
        Field::new(name, at, width, Form::Scaled { signed: false, per: 10.0, decimals: 1, quoted: false })
    }

    /// Degrees in 1/10000 minute when sent.
    pub(super) const fn degrees(name: &'static str, at: usize, width: usize) -> Field {
        Field::new(name, at, width, Form::Scaled { signed: true, per: 600_000.0, decimals: 6, quoted: false })
    }

    /// Degrees in 1/10 minute when sent.
    pub(super) const fn coarse(name: &'static str, at: usize, width: usize) -> Field {
        Field::new(name, at, width, Form::Scaled { signed: true, per: 600.0, decimals: 1, quoted: false })
    }

    /// The same where gpsd prints a string.
    pub(super) const fn quoted(name: &'static str, at: usize, width: usize) -> Field {
        Field::new(name, at, width, Form::Scaled { signed: true, per: 600.0, decimals: 6, quoted: true })
    }

    /// The highest value is "not available" (`nan`), the one before is `highest`: that or more.
    pub(super) const fn capped(
        name: &'static str,
        at: usize,
        width: usize,
        tenths: bool,
        highest: &'static str,
    ) -> Field {
        let (per, decimals) = if tenths { (10.0, 1) } else { (1.0, 0) };
        Field::new(name, at, width, Form::Capped { per, decimals, highest }).or((1 << width) - 1)
    }

    pub(super) const fn turn(at: usize) -> Field {
        Field::new("turn", at, 8, Form::Turn).or(-128)
    }

    pub(super) const fn status(at: usize) -> Field {
        Field::new("status", at, 4, Form::Status).or(15)
    }

    pub(super) const fn text(name: &'static str, at: usize, characters: usize) -> Field {
        Field::new(name, at, characters * 6, Form::Text)
    }

    pub(super) const fn text_to_end(at: usize) -> Field {
        Field::new("text", at, 0, Form::TextToEnd)
    }

    pub(super) const fn long_name() -> Field {
        Field::new("name", 43, 120, Form::LongName)
    }

    pub(super) const fn part() -> Field {
        Field::new("part", 38, 2, Form::Part)
    }

    pub(super) const fn stamp() -> Field {
        Field::new("timestamp", 38, 40, Form::Stamp).or(24 << 12 | 60 << 6 | 60)
    }

    pub(super) const fn eta() -> Field {
        Field::new("eta", 274, 20, Form::Eta).or(24 << 6 | 60)
    }

    pub(super) const fn data(at: usize, before_end: usize) -> Field {
        Field::new("data", at, 0, Form::Data { before_end })
    }

    pub(super) const fn at_end(name: &'static str, width: usize) -> Field {
        Field::new(name, 0, width, Form::AtEnd)
    }

    /// With the bits that say "not available".
    pub(super) const fn or(self, absent: i64) -> Field {
        Field { absent, ..self }
    }
}

/// Type 21's name goes on here.
const NAME_EXTENSION: usize = 272;
/// In at most so many characters.
const NAME_EXTENSION_MAX: usize = 14;

impl Field {
    fn raw(&self, bits: &Payload) -> u64 {
        // Texts are wider than a number.
        if (1..=64).contains(&self.width) { bits.unsigned(self.at, self.width) } else { 0 }
    }

    /// Adds `,"name":value`.
    pub(super) fn write(&self, bits: &Payload, scaled: bool, out: &mut String) {
        // Writing to a string can't fail.
        let _ = write!(out, ",\"{}\":", self.name);
        let raw = self.raw(bits);
        let _ = match self.form {
            Form::Number => write!(out, "{raw}"),
            Form::Flag => write!(out, "{}", raw != 0),
            Form::Worded(legend) => {
                let _ = write!(out, "{raw},\"{}_text\":", self.name);
                quote(legend.of(raw), out);
                Ok(())
            }
            Form::Scaled { signed, per, decimals, quoted } => {
                let value = if signed { bits.signed(self.at, self.width) } else { raw as i64 };
                match (scaled, quoted) {
                    (true, true) => write!(out, "\"{:.decimals$}\"", value as f64 / per),
                    (true, false) => write!(out, "{:.decimals$}", value as f64 / per),
                    (false, _) => write!(out, "{value}"),
                }
            }
            Form::Capped { highest, .. } if scaled && raw as i64 == self.absent - 1 => {
                write!(out, "\"{highest}\"")
            }
            Form::Capped { .. } if scaled && raw as i64 == self.absent => write!(out, "\"nan\""),
            Form::Capped { per, decimals, .. } if scaled => {
                write!(out, "{:.decimals$}", raw as f64 / per)
            }
            Form::Capped { .. } => write!(out, "{raw}"),
            Form::Turn => match bits.signed(self.at, self.width) {
                turn if !scaled => write!(out, "{turn}"),
                -128 => write!(out, "\"nan\""),
                -127 => write!(out, "\"fastleft\""),
                127 => write!(out, "\"fastright\""),
                turn => write!(out, "{}", degrees_a_minute(turn)),
            },
            Form::Status if scaled => write!(out, "\"{}\"", NAV_STATUS.of(raw)),
            Form::Status => write!(out, "{raw}"),
            Form::Text => {
                quote(&text::read(bits, self.at, self.width / 6).unwrap_or_default(), out);
                Ok(())
            }
            Form::TextToEnd => {
                let characters = bits.len().saturating_sub(self.at) / 6;
                quote(&text::read(bits, self.at, characters).unwrap_or_default(), out);
                Ok(())
            }
            Form::LongName => {
                let pieces = [(self.at, 20), (NAME_EXTENSION, NAME_EXTENSION_MAX)];
                quote(&text::join(bits, &pieces).unwrap_or_default(), out);
                Ok(())
            }
            Form::Part => write!(out, "\"{}\"", if raw == 0 { "A" } else { "B" }),
            Form::Stamp => {
                let [year, month, day, hour, minute, second] = split(raw, [14, 4, 5, 5, 6, 6]);
                write!(out, "\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z\"")
            }
            Form::Eta => {
                let [month, day, hour, minute] = split(raw, [4, 5, 5, 6]);
                write!(out, "\"{month:02}-{day:02}T{hour:02}:{minute:02}Z\"")
            }
            Form::Data { before_end } => {
                write_data(bits, self.at, bits.len().saturating_sub(before_end), out);
                Ok(())
            }
            Form::AtEnd => {
                let start = bits.len().saturating_sub(self.width);
                write!(out, "{}", bits.unsigned(start, self.width))
            }
        };
    }

    /// Puts what `value` says into `sheet`; `None` where it says nothing that this field can hold.
    pub(super) fn read(&self, value: &Value, scaled: bool, sheet: &mut Sheet) -> Option<()> {
        match self.form {
            Form::Text | Form::TextToEnd | Form::LongName | Form::Data { .. } => {
                return self.read_long(value.as_str()?, sheet);
            }
            Form::AtEnd => {
                let raw = value.as_u64().filter(|raw| raw >> self.width == 0)?;
                sheet.push(self.width, raw);
                return Some(());
            }
            _ if self.width == 0 => return Some(()),
            _ => {}
        }
        let raw = match (self.form, value) {
            (Form::Flag, Value::Bool(flag)) => i64::from(*flag),
            (Form::Part, Value::String(part)) => ["A", "B"].iter().position(|p| p == part)? as i64,
            (Form::Status, Value::String(words)) => NAV_STATUS.code(words)? as i64,
            (Form::Stamp, Value::String(stamp)) => join(stamp, [14, 4, 5, 5, 6, 6])?,
            (Form::Eta, Value::String(eta)) => join(eta, [4, 5, 5, 6])?,
            (Form::Turn | Form::Capped { .. } | Form::Scaled { .. }, Value::String(word))
                if word == "nan" =>
            {
                self.absent
            }
            (Form::Turn, Value::String(word)) if word == "fastleft" => -127,
            (Form::Turn, Value::String(word)) if word == "fastright" => 127,
            (Form::Capped { highest, .. }, Value::String(word)) if word == highest => self.absent - 1,
            (Form::Turn, Value::Number(turn)) if scaled => turn_as_sent(turn.as_f64()?),
            (Form::Scaled { per, .. } | Form::Capped { per, .. }, Value::Number(number)) if scaled => {
                as_sent(number.as_f64()?, per)?
            }
            (Form::Scaled { quoted: true, per, .. }, Value::String(number)) if scaled => {
                as_sent(number.parse().ok()?, per)?
            }
            (Form::Flag | Form::Number | Form::Worded(_) | Form::Capped { .. } | Form::Turn, number)
            | (Form::Scaled { .. } | Form::Status | Form::Part, number) => whole(number)?,
            (Form::Stamp | Form::Eta, _) => return None,
            (Form::Text | Form::TextToEnd | Form::LongName | Form::Data { .. } | Form::AtEnd, _) => {
                return None;
            }
        };
        self.set(raw, sheet)
    }

    /// Puts the number as sent into `sheet`; `None` where it has too many bits.
    pub(super) fn set(&self, raw: i64, sheet: &mut Sheet) -> Option<()> {
        // Texts are wider than a number.
        if !(1..=62).contains(&self.width) {
            return None;
        }
        let signed = matches!(self.form, Form::Turn | Form::Scaled { signed: true, .. });
        let (low, high) = if signed {
            (-(1_i64 << (self.width - 1)), (1_i64 << (self.width - 1)) - 1)
        } else {
            (0, (1_i64 << self.width) - 1)
        };
        (low..=high).contains(&raw).then(|| sheet.set(self.at, self.width, raw as u64))
    }

    /// Puts a measure in gpsd's scaled unit into `sheet`; what the field can't hold is "not available".
    pub(super) fn measure(&self, value: f64, sheet: &mut Sheet) {
        let raw = match self.form {
            Form::Turn => Some(turn_as_sent(value)),
            Form::Scaled { per, .. } | Form::Capped { per, .. } => as_sent(value, per),
            _ => as_sent(value, 1.0),
        };
        if raw.and_then(|raw| self.set(raw, sheet)).is_none() {
            self.clear(sheet);
        }
    }

    /// Puts "not available" into `sheet`.
    pub(super) fn clear(&self, sheet: &mut Sheet) {
        match self.form {
            Form::AtEnd => sheet.push(self.width, 0),
            Form::Text | Form::LongName => sheet.text(self.at, self.width / 6, ""),
            _ if self.width == 0 => sheet.grow(self.at),
            _ => sheet.set(self.at, self.width, self.absent as u64),
        }
    }

    pub(super) fn read_long(&self, value: &str, sheet: &mut Sheet) -> Option<()> {
        match self.form {
            Form::Text => sheet.text(self.at, self.width / 6, value),
            Form::LongName => {
                let rest = value.char_indices().nth(20).map_or("", |(at, _)| &value[at..]);
                sheet.text(self.at, 20, value);
                let characters = rest.chars().count().min(NAME_EXTENSION_MAX);
                sheet.text(NAME_EXTENSION, characters, rest);
            }
            Form::TextToEnd => {
                sheet.grow(self.at);
                sheet.text(self.at, value.chars().count(), value);
            }
            Form::Data { .. } => return read_data(value, self.at, sheet),
            _ => return None,
        }
        Some(())
    }
}
