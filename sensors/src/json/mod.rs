//! Lines that are JSON: what gpsd, AIS-catcher, AISHub, aisstream.io and Signal K make of AIS, and gpsd's form written.
//!
//! Raw sentences inside JSON are given to be read as sentences. Decoded values are turned into the bits that a
//! transponder would have sent and read like these, so that the same ranges and the same "not available" hold;
//! such a message is derived: its bits are not those that were on the air.

mod ais_catcher;
mod aishub;
mod aisstream;
mod application;
mod field;
pub mod gpsd;
mod layout;
mod legend;
mod shape;
mod sheet;
mod signal_k;
mod value;

use crate::Time;
use crate::message::Message;
use crate::sentence::{LINE_MAX, Reject, Signal};
use serde_json::{Map, Value};

/// One thing that a line of JSON tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What was said.
    pub said: Said,
    /// The sender's clock at reception, where it tells.
    pub time: Option<Time>,
    /// The station that heard it, where one is named.
    pub station: Option<String>,
    /// What the receiver measured.
    pub signal: Option<Signal>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The sentences as received, to be read on.
    Sentences(Vec<String>),
    /// A message that came decoded.
    Derived(Box<Message>),
    /// Good JSON that is no AIS message: its class or kind.
    Unused(String),
}

impl Heard {
    fn new(said: Said) -> Heard {
        Heard { said, time: None, station: None, signal: None }
    }

    fn derived(message: Message, time: Option<Time>) -> Heard {
        Heard { time, ..Heard::new(Said::Derived(Box::new(message))) }
    }
}

/// Reads one line that is a JSON object, and adds what it tells to `out`.
///
/// # Errors
/// `LineTooLong`, `MalformedJson`, `UnknownJson`, and as [`Message::decode`].
pub fn read(line: &[u8], out: &mut Vec<Heard>) -> Result<(), Reject> {
    let object = object(line)?;
    let has = |name: &str| object.contains_key(name);
    if let Some(class) = object.get("class").and_then(Value::as_str) {
        return match class {
            "AIS" => ais_catcher::read(&object, out),
            other => {
                out.push(Heard::new(Said::Unused(other.to_owned())));
                Ok(())
            }
        };
    }
    match () {
        () if has("nmea") => ais_catcher::read(&object, out),
        () if has("MessageType") && has("Message") => aisstream::read(&object, out),
        () if has("MMSI") || has("ERROR") => aishub::read(&object, out),
        () if has("updates") || has("self") && has("roles") => signal_k::read(&object, out),
        () => Err(Reject::UnknownJson),
    }
}

/// The JSON object that `line` is. Depth is bounded by `serde_json` (128), size by [`LINE_MAX`].
fn object(line: &[u8]) -> Result<Map<String, Value>, Reject> {
    if line.len() > LINE_MAX {
        return Err(Reject::LineTooLong);
    }
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Reject::UnknownJson),
        Err(_) => Err(Reject::MalformedJson),
    }
}

/// Seconds since 1970 with a fraction, as a time of the years 1970 to 9999.
fn seconds(seconds: f64) -> Option<Time> {
    (0.0..253_402_300_800.0).contains(&seconds).then(|| Time::from_millis((seconds * 1000.0).round() as i64))
}

/// A date and time whose digits stand in the usual order, whatever stands between them; UTC.
/// `2022-12-29 18:22:32.318353 +0000 UTC`, `2021-07-22 12:20:11 GMT`, `20220729191340`.
fn date(text: &str) -> Option<Time> {
    let mut digits = text.bytes().filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0'));
    let mut number =
        |count: usize| (0..count).try_fold(0, |number, _| digits.next().map(|digit| number * 10 + digit));
    let date = chrono::NaiveDate::from_ymd_opt(number(4)? as i32, number(2)?, number(2)?)?;
    let time = date.and_hms_opt(number(2)?, number(2)?, number(2)?)?;
    Some(Time::from_seconds(time.and_utc().timestamp()))
}

/// A finite number, also one in a string.
fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::String(text) => text.parse().ok()?,
        value => value.as_f64()?,
    };
    Some(number).filter(|number: &f64| number.is_finite())
}

/// A whole number, also one in a string.
fn whole(value: Option<&Value>) -> Option<i64> {
    number(value).filter(|number| number.fract() == 0.0 && number.abs() < 1e12).map(|number| number as i64)
}

/// An MMSI: at most ten digits that fit 30 bits.
fn mmsi(value: Option<&Value>) -> Result<u32, Reject> {
    let mmsi = whole(value).and_then(|mmsi| u32::try_from(mmsi).ok());
    mmsi.filter(|mmsi| mmsi >> 30 == 0).ok_or(Reject::MalformedJson)
}
