//! Values as gpsd prints them, and back to what is sent.

use super::sheet::Sheet;
use crate::sentence::Payload;
use serde_json::Value;
use std::fmt::Write as _;

/// A rate of turn as sent, in degrees a minute: (value / 4.733) squared, to port negative (table 48). gpsd 3.22
/// prints turns to port without their sign.
pub(super) fn degrees_a_minute(turn: i64) -> i64 {
    let root = turn as f64 / 4.733;
    (root * root).round_ties_even() as i64 * turn.signum()
}

/// The rate of turn that is printed as `value`, or is nearest to it.
pub(super) fn turn_as_sent(value: f64) -> i64 {
    let turn = ((value.abs().sqrt() * 4.733).round() as i64).min(126);
    if value < 0.0 { -turn } else { turn }
}

/// A scaled value as sent. Minus zero is what a value just below zero is rounded to in print.
pub(super) fn as_sent(value: f64, per: f64) -> Option<i64> {
    let sent = (value * per).round();
    match sent {
        _ if !sent.is_finite() || sent.abs() > 1e12 => None,
        _ if sent == 0.0 && value.is_sign_negative() => Some(-1),
        _ => Some(sent as i64),
    }
}

/// A whole number, also one written with decimals that are zero.
pub(super) fn whole(number: &Value) -> Option<i64> {
    let exact = |n: f64| (n.fract() == 0.0 && n.abs() < 1e12).then_some(n as i64);
    match number {
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => number.as_i64().or_else(|| number.as_f64().and_then(exact)),
    }
}

pub(super) fn split<const N: usize>(raw: u64, widths: [usize; N]) -> [u64; N] {
    let mut left = widths.iter().sum::<usize>();
    widths.map(|width| {
        left -= width;
        raw >> left & ((1 << width) - 1)
    })
}

/// The numbers in `text`, each into its bits.
pub(super) fn join<const N: usize>(text: &str, widths: [usize; N]) -> Option<i64> {
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
pub(super) fn read_data(text: &str, at: usize, sheet: &mut Sheet) -> Option<()> {
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
