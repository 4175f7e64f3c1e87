//! One field of a message under gpsd's name: where its bits are, and how gpsd prints them.

use super::legend::{Legend, NAV_STATUS};
use super::sheet::Sheet;
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

/// A rate of turn as sent, in degrees a minute: (value / 4.733) squared, to port negative (table 48). gpsd 3.22
/// prints turns to port without their sign.
fn degrees_a_minute(turn: i64) -> i64 {
    let root = turn as f64 / 4.733;
    (root * root).round_ties_even() as i64 * turn.signum()
}

/// The rate of turn that is printed as `value`, or is nearest to it.
fn turn_as_sent(value: f64) -> i64 {
    let turn = ((value.abs().sqrt() * 4.733).round() as i64).min(126);
    if value < 0.0 { -turn } else { turn }
}

/// A scaled value as sent. Minus zero is what a value just below zero is rounded to in print.
fn as_sent(value: f64, per: f64) -> Option<i64> {
    let sent = (value * per).round();
    match sent {
        _ if !sent.is_finite() || sent.abs() > 1e12 => None,
        _ if sent == 0.0 && value.is_sign_negative() => Some(-1),
        _ => Some(sent as i64),
    }
}

/// A whole number, also one written with decimals that are zero.
fn whole(number: &Value) -> Option<i64> {
    let exact = |n: f64| (n.fract() == 0.0 && n.abs() < 1e12).then_some(n as i64);
    match number {
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => number.as_i64().or_else(|| number.as_f64().and_then(exact)),
    }
}

fn split<const N: usize>(raw: u64, widths: [usize; N]) -> [u64; N] {
    let mut left = widths.iter().sum::<usize>();
    widths.map(|width| {
        left -= width;
        raw >> left & ((1 << width) - 1)
    })
}

/// The numbers in `text`, each into its bits.
fn join<const N: usize>(text: &str, widths: [usize; N]) -> Option<i64> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let mut raw = 0;
    for width in widths {
        let number = numbers.next()?.parse::<i64>().ok().filter(|n| n >> width == 0)?;
        raw = raw << width | number;
    }
    numbers.next().is_none().then_some(raw)
}

/// Adds `"bits:hex"` of the bits from `start` to `end`.
pub(super) fn write_data(bits: &Payload, start: usize, end: usize, out: &mut String) {
    let len = end.saturating_sub(start);
    let _ = write!(out, "\"{len}:");
    for at in (0..len).step_by(8) {
        let width = (len - at).min(8);
        let _ = write!(out, "{:02x}", bits.unsigned(start + at, width) << (8 - width));
    }
    out.push('"');
}

/// Reads `bits:hex` into `sheet` from `at` on.
fn read_data(text: &str, at: usize, sheet: &mut Sheet) -> Option<()> {
    let (len, hex) = text.split_once(':')?;
    let len = len.parse::<usize>().ok().filter(|&len| len <= Payload::CAPACITY - at)?;
    // gpsd fills up to a byte, AIS-catcher to a digit.
    if hex.len() != len.div_ceil(8) * 2 && hex.len() != len.div_ceil(4) {
        return None;
    }
    sheet.grow(at);
    for (i, digit) in hex.chars().take(len.div_ceil(4)).enumerate() {
        let width = (len - i * 4).min(4);
        sheet.push(width, u64::from(digit.to_digit(16)?) >> (4 - width));
    }
    Some(())
}

/// Adds `text` in quotes. Six-bit text has no control characters, but what else is written here may.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_of_turn_is_printed_the_same_after_it_was_read() {
        for turn in -126..=126 {
            let printed = degrees_a_minute(turn);
            assert_eq!(degrees_a_minute(turn_as_sent(printed as f64)), printed, "{turn}");
        }
        assert_eq!((degrees_a_minute(-20), degrees_a_minute(20)), (-18, 18));
    }

    #[test]
    fn every_coarse_degree_is_printed_the_same_after_it_was_read() {
        for raw in -109_000..=109_000 {
            let printed = format!("{:.1}", f64::from(raw) / 600.0);
            let read = as_sent(printed.parse().expect("a number"), 600.0).expect("in range");
            assert_eq!(format!("{:.1}", read as f64 / 600.0), printed);
        }
    }

    #[test]
    fn numbers_that_no_field_holds_are_not_read() {
        assert_eq!(as_sent(1e300, 600.0), None);
        assert_eq!(as_sent(f64::NAN, 1.0), None);
        assert_eq!(whole(&serde_json::json!(1.5)), None);
        assert_eq!(join("05-15T14:00Z", [4, 5, 5, 6]), Some(5 << 16 | 15 << 11 | 14 << 6));
        assert_eq!(join("99-15T14:00Z", [4, 5, 5, 6]), None);
    }
}
