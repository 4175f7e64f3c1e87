//! AIS-catcher's JSON: raw sentences with what the receiver measured, or gpsd's fields.
//!
//! Source: AIS-catcher's `JSON_NMEA` and `JSON_FULL` output, `Source/JSON`.

use super::{Heard, Said, date, gpsd, number, seconds};
use crate::message::Message;
use crate::sentence::{Reject, Signal};
use serde_json::{Map, Value};

/// Sentences of one message.
const PARTS_MAX: usize = 9;

pub(super) fn read(object: &Map<String, Value>, out: &mut Vec<Heard>) -> Result<(), Reject> {
    let said = match object.get("nmea") {
        Some(Value::Array(lines)) if !lines.is_empty() => {
            if lines.len() > PARTS_MAX {
                return Err(Reject::TooManyParts);
            }
            let text = |line: &Value| line.as_str().map(str::to_owned).ok_or(Reject::MalformedJson);
            Said::Sentences(lines.iter().map(text).collect::<Result<_, _>>()?)
        }
        Some(Value::String(line)) => Said::Sentences(vec![line.clone()]),
        None | Some(Value::Null | Value::Array(_)) => {
            Said::Derived(Box::new(Message::decode(&gpsd::bits(object)?)?))
        }
        Some(_) => return Err(Reject::MalformedJson),
    };
    let told = |name: &str| number(object.get(name)).map(|value| (value * 10.0).round());
    // AIS-catcher writes 1024 for what it hasn't measured.
    let measured =
        |name: &str| told(name).filter(|tenths| tenths.abs() < 10_000.0).map(|tenths| tenths as i16);
    let signal = Signal { level: measured("signalpower"), offset: measured("ppm"), ..Signal::default() };
    out.push(Heard {
        said,
        time: number(object.get("rxuxtime"))
            .and_then(seconds)
            .or_else(|| object.get("rxtime").and_then(Value::as_str).and_then(date)),
        station: station(object.get("station_id").or(object.get("stationid"))),
        signal: Some(signal).filter(|signal| !signal.is_empty()),
    });
    Ok(())
}

fn station(name: Option<&Value>) -> Option<String> {
    match name {
        Some(Value::String(name)) if !name.is_empty() => Some(name.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}
