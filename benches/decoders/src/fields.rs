//! What each decoder makes of a message, as one JSON object a line under gpsd's names and in the integers of the air.
//!
//! A line of input holds the sentences of one message, between spaces; a line of output is `null` where the decoder
//! makes nothing of it. A field is left out where the decoder has none, and `null` where it says "not available".

use ais::messages::AisMessage;
use ais::messages::navigation::Accuracy;
use ais::messages::static_data_report::MessagePart;
use nmea_parser::ParsedMessage;
use sensors::message::Message;
use sensors::sentence::{Item, Payload, Vdm, items};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads messages from standard input and prints what the decoder called `name` makes of them.
pub fn run(name: &str) -> Result<(), Box<dyn Error>> {
    let decode: fn(&[&str]) -> Option<Value> = match name {
        "ours" => ours,
        "ais" => ais,
        "nmea-parser" => nmea_parser,
        _ => return Err(format!("no decoder is called {name}").into()),
    };
    // A panic is a result here.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let sentences: Vec<&str> = line.split_ascii_whitespace().collect();
        match catch_unwind(AssertUnwindSafe(|| decode(&sentences))) {
            Ok(value) => writeln!(out, "{}", value.unwrap_or(Value::Null))?,
            Err(_) => writeln!(out, "{}", json!({ "panic": true }))?,
        }
    }
    Ok(out.flush()?)
}

/// Ours goes through the typed message and back: what `decode` loses shows.
fn ours(sentences: &[&str]) -> Option<Value> {
    let mut payload = Payload::new();
    for text in sentences {
        let Some(Item::Sentence(sentence)) = items(text.as_bytes()).next() else { return None };
        let vdm = Vdm::read(&sentence)?.ok()?;
        payload.push_armour(vdm.payload, vdm.fill).ok()?;
    }
    let mut json = String::new();
    sensors::json::gpsd::write(&Message::decode(&payload).ok()?, false, &mut json);
    serde_json::from_str(&json).ok()
}

/// Degrees to 1/10000 minute.
fn minutes(degrees: Option<impl Into<f64>>) -> Option<i64> {
    scaled(degrees, 600_000.0)
}

fn tenths(value: Option<impl Into<f64>>) -> Option<i64> {
    scaled(value, 10.0)
}

/// Degrees a minute to 4.733 times their root, ITU-R M.1371-5 table 48.
fn turned(rate: Option<impl Into<f64>>) -> Option<i64> {
    rate.map(Into::into).map(|rate| (4.733 * rate.abs().sqrt()).copysign(rate).round() as i64)
}

fn scaled(value: Option<impl Into<f64>>, by: f64) -> Option<i64> {
    value.map(|value| (value.into() * by).round() as i64)
}

fn ais(sentences: &[&str]) -> Option<Value> {
    let mut parser = ais::AisParser::new();
    let mut last = None;
    for text in sentences {
        last = match parser.parse(text.as_bytes(), true).ok()? {
            ais::AisFragments::Complete(sentence) => sentence.message,
            ais::AisFragments::Incomplete(_) => None,
        };
    }
    let ship = |ship: Option<ais::messages::types::ShipType>| ship.map(u8::from);
    Some(match last? {
        AisMessage::PositionReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi,
            "speed": tenths(m.speed_over_ground), "lon": minutes(m.longitude), "lat": minutes(m.latitude),
            "course": tenths(m.course_over_ground), "heading": m.true_heading, "second": m.timestamp, "raim": m.raim,
            "turn": turned(m.rate_of_turn.and_then(|turn| {
                let to_port = turn.direction() == Some(ais::messages::navigation::Direction::Port);
                turn.rate().map(|rate| if to_port { -rate } else { rate })
            })),
            "accuracy": m.position_accuracy == Accuracy::Dgps,
        }),
        AisMessage::BaseStationReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi,
            "lon": minutes(m.longitude), "lat": minutes(m.latitude), "raim": m.raim,
        }),
        AisMessage::StaticAndVoyageRelatedData(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi, "ais_version": m.ais_version,
            "imo": m.imo_number, "callsign": m.callsign.to_string(), "shipname": m.vessel_name.to_string(),
            "shiptype": ship(m.ship_type), "to_bow": m.dimension_to_bow, "to_stern": m.dimension_to_stern,
            "to_port": m.dimension_to_port, "to_starboard": m.dimension_to_starboard,
            "draught": tenths(Some(m.draught)), "destination": m.destination.to_string(),
        }),
        AisMessage::SafetyRelatedBroadcastMessage(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi, "text": m.text.to_string(),
        }),
        AisMessage::StandardClassBPositionReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi,
            "speed": tenths(m.speed_over_ground), "lon": minutes(m.longitude), "lat": minutes(m.latitude),
            "course": tenths(m.course_over_ground), "heading": m.true_heading, "second": m.timestamp,
            "accuracy": m.position_accuracy == Accuracy::Dgps, "display": m.has_display, "dsc": m.has_dsc, "band": m.whole_band, "msg22": m.accepts_message_22,
            "raim": m.raim,
        }),
        AisMessage::ExtendedClassBPositionReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi,
            "speed": tenths(m.speed_over_ground), "lon": minutes(m.longitude), "lat": minutes(m.latitude),
            "course": tenths(m.course_over_ground), "heading": m.true_heading, "second": m.timestamp,
            "shipname": m.name.to_string(), "shiptype": ship(m.type_of_ship_and_cargo),
            "to_bow": m.dimension_to_bow, "to_stern": m.dimension_to_stern, "to_port": m.dimension_to_port,
            "to_starboard": m.dimension_to_starboard, "raim": m.raim,
        }),
        AisMessage::AidToNavigationReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi, "name": m.name.to_string(),
            "lon": minutes(m.longitude), "lat": minutes(m.latitude), "second": m.utc_second,
            "to_bow": m.dimension_to_bow, "to_stern": m.dimension_to_stern, "to_port": m.dimension_to_port,
            "to_starboard": m.dimension_to_starboard, "off_position": m.off_position, "raim": m.raim,
            "virtual_aid": m.virtual_aid,
        }),
        AisMessage::StaticDataReport(m) => {
            let mut all = json!({ "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi });
            let part = match m.message_part {
                MessagePart::PartA { vessel_name } => json!({ "shipname": vessel_name.to_string() }),
                MessagePart::PartB { ship_type, callsign, .. } => {
                    json!({ "shiptype": ship(ship_type), "callsign": callsign.to_string() })
                }
                MessagePart::Unknown(_) => return None,
            };
            if let (Some(all), Value::Object(part)) = (all.as_object_mut(), part) {
                all.extend(part);
            }
            all
        }
        AisMessage::StandardAircraftPositionReport(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi, "alt": m.altitude,
            "lon": minutes(m.longitude), "lat": minutes(m.latitude), "course": tenths(m.course_over_ground),
            "second": m.timestamp, "raim": m.raim,
        }),
        AisMessage::LongRangeAisBroadcastMessage(m) => json!({
            "type": m.message_type, "repeat": m.repeat_indicator, "mmsi": m.mmsi, "raim": m.raim,
            "lon": scaled(m.longitude, 600.0), "lat": scaled(m.latitude, 600.0),
            "speed": scaled(m.speed_over_ground, 1.0), "course": scaled(m.course_over_ground, 1.0),
        }),
        // The others have few fields or none of their own; that they are read is compared.
        _ => json!({}),
    })
}

fn nmea_parser(sentences: &[&str]) -> Option<Value> {
    let mut parser = nmea_parser::NmeaParser::new();
    let mut last = None;
    for text in sentences {
        last = Some(parser.parse_sentence(text).ok()?);
    }
    Some(match last? {
        ParsedMessage::Incomplete => return None,
        ParsedMessage::VesselDynamicData(m) => {
            // Type 27's place is coarser.
            let by = if m.current_gnss_position.is_some() { 600.0 } else { 600_000.0 };
            let knots = if m.current_gnss_position.is_some() { 1.0 } else { 10.0 };
            let mut all = json!({
                "mmsi": m.mmsi, "speed": scaled(m.sog_knots, knots), "course": scaled(m.cog, knots),
                "lon": scaled(m.longitude, by), "lat": scaled(m.latitude, by), "heading": scaled(m.heading_true, 1.0),
                "raim": m.raim_flag, "accuracy": m.high_position_accuracy,
            });
            // Types 18 and 27 have other seconds and states.
            if m.ais_type == nmea_parser::ais::AisClass::ClassA && m.current_gnss_position.is_none() {
                all["status"] = json!(m.nav_status.to_value());
                all["turn"] = json!(turned(m.rot));
                all["second"] = json!(m.timestamp_seconds);
            }
            all
        }
        ParsedMessage::VesselStaticData(m) => json!({
            "mmsi": m.mmsi, "imo": m.imo_number, "callsign": m.call_sign, "shipname": m.name,
            "to_bow": m.dimension_to_bow, "to_stern": m.dimension_to_stern, "to_port": m.dimension_to_port,
            "to_starboard": m.dimension_to_starboard, "draught": m.draught10, "destination": m.destination,
        }),
        ParsedMessage::BaseStationReport(m) | ParsedMessage::UtcDateResponse(m) => json!({
            "mmsi": m.mmsi, "lon": minutes(m.longitude), "lat": minutes(m.latitude), "raim": m.raim_flag,
        }),
        ParsedMessage::AidToNavigationReport(m) => json!({
            "mmsi": m.mmsi, "lon": minutes(m.longitude), "lat": minutes(m.latitude), "name": m.name,
            "off_position": m.off_position_indicator, "virtual_aid": m.virtual_aid_flag, "raim": m.raim_flag,
        }),
        ParsedMessage::BinaryAddressedMessage(m) => json!({
            "mmsi": m.mmsi, "seqno": m.sequence_number, "dest_mmsi": m.destination_mmsi, "dac": m.dac, "fid": m.fid,
        }),
        ParsedMessage::AddressedSafetyRelatedMessage(m) => json!({
            "mmsi": m.source_mmsi, "seqno": m.sequence_number, "dest_mmsi": m.destination_mmsi, "text": m.text,
        }),
        _ => json!({}),
    })
}
