//! aisstream.io's messages: an envelope, and the fields of one AIS message under their long names.
//!
//! Source: <https://aisstream.io/documentation>, "API Message Models". Numbers that say "not available" stand as
//! in the AIS message; the rate of turn is as sent.

use super::gpsd::Draft;
use super::{Heard, Said, date, mmsi, number, whole};
use crate::sentence::Reject;
use serde_json::{Map, Value};

/// Kind of value, gpsd's name, aisstream.io's name; `.` goes into an object.
enum Put {
    Whole(&'static str, &'static str),
    Measure(&'static str, &'static str),
    Text(&'static str, &'static str),
}

use Put::{Measure, Text, Whole};

/// Names of all types that have them.
static NAMES: &[Put] = &[
    Whole("status", "NavigationalStatus"),
    Whole("turn", "RateOfTurn"),
    Measure("speed", "Sog"),
    Whole("accuracy", "PositionAccuracy"),
    Measure("lon", "Longitude"),
    Measure("lat", "Latitude"),
    Measure("course", "Cog"),
    Whole("heading", "TrueHeading"),
    Whole("second", "Timestamp"),
    Whole("maneuver", "SpecialManoeuvreIndicator"),
    Whole("raim", "Raim"),
    Whole("radio", "CommunicationState"),
    Whole("alt", "Altitude"),
    Whole("imo", "ImoNumber"),
    Whole("ais_version", "AisVersion"),
    Text("callsign", "CallSign"),
    Text("shipname", "Name"),
    Whole("shiptype", "Type"),
    Whole("to_bow", "Dimension.A"),
    Whole("to_stern", "Dimension.B"),
    Whole("to_port", "Dimension.C"),
    Whole("to_starboard", "Dimension.D"),
    Whole("epfd", "FixType"),
    Measure("draught", "MaximumStaticDraught"),
    Text("destination", "Destination"),
    Whole("dte", "Dte"),
    Whole("cs", "ClassBUnit"),
    Whole("display", "ClassBDisplay"),
    Whole("dsc", "ClassBDsc"),
    Whole("band", "ClassBBand"),
    Whole("msg22", "ClassBMsg22"),
    Whole("assigned", "AssignedMode"),
    Whole("seqno", "Sequencenumber"),
    Whole("dest_mmsi", "DestinationID"),
    Whole("retransmit", "Retransmission"),
    Text("text", "Text"),
    Whole("aid_type", "Type"),
    Whole("epfd", "Fixtype"),
    Whole("off_position", "OffPosition"),
    Whole("virtual_aid", "VirtualAtoN"),
    Whole("gnss", "PositionLatency"),
];

/// Names of type 24's part B.
static NAMES_PART_B: &[Put] = &[
    Whole("shiptype", "ShipType"),
    Text("vendorid", "VendorIDName"),
    Whole("model", "VenderIDModel"),
    Whole("serial", "VenderIDSerial"),
    Text("callsign", "CallSign"),
    Whole("to_bow", "Dimension.A"),
    Whole("to_stern", "Dimension.B"),
    Whole("to_port", "Dimension.C"),
    Whole("to_starboard", "Dimension.D"),
];

pub(super) fn read(object: &Map<String, Value>, out: &mut Vec<Heard>) -> Result<(), Reject> {
    let name = object.get("MessageType").and_then(Value::as_str).ok_or(Reject::MalformedJson)?;
    let kinds = match name {
        "PositionReport" => 1..=3,
        "BaseStationReport" => 4..=11,
        "ShipStaticData" => 5..=5,
        "StandardSearchAndRescueAircraftReport" => 9..=9,
        "CoordinatedUTCInquiry" => 10..=10,
        "AddressedSafetyMessage" => 12..=12,
        "SafetyBroadcastMessage" => 14..=14,
        "StandardClassBPositionReport" => 18..=18,
        "ExtendedClassBPositionReport" => 19..=19,
        "AidsToNavigationReport" => 21..=21,
        "StaticDataReport" => 24..=24,
        "LongRangeAisBroadcastMessage" => 27..=27,
        other => {
            out.push(Heard::new(Said::Unused(other.to_owned())));
            return Ok(());
        }
    };
    let message = object.get("Message").and_then(|message| message.get(name));
    let message = message.and_then(Value::as_object).ok_or(Reject::MalformedJson)?;
    let kind = whole(message.get("MessageID")).unwrap_or(*kinds.start());
    if !kinds.contains(&kind) {
        return Err(Reject::MalformedJson);
    }
    let kind = kind as u8;
    let meta = object.get("MetaData").and_then(Value::as_object);
    let mmsi = mmsi(message.get("UserID").or_else(|| meta?.get("MMSI")))?;
    let time = meta.and_then(|meta| meta.get("time_utc")).and_then(Value::as_str).and_then(date);
    let drafts = match kind {
        24 => static_data(message, mmsi),
        _ => vec![draft(message, kind, mmsi)],
    };
    for mut draft in drafts {
        draft.repeat(whole(message.get("RepeatIndicator")).unwrap_or(0));
        out.push(Heard::derived(draft.message()?, time));
    }
    Ok(())
}

fn draft(message: &Map<String, Value>, kind: u8, mmsi: u32) -> Draft {
    let mut draft = Draft::blank(kind, mmsi, false);
    fill(&mut draft, message, NAMES);
    let part =
        |name: &str, part: &str| whole(message.get(name).and_then(|parts| parts.get(part))).unwrap_or(0);
    match kind {
        5 => {
            let [month, day, hour, minute] = ["Month", "Day", "Hour", "Minute"].map(|name| part("Eta", name));
            draft.words("eta", &format!("{month:02}-{day:02}T{hour:02}:{minute:02}Z"));
        }
        4 | 11 => {
            let number = |name: &str| whole(message.get(name)).unwrap_or(0);
            let [year, month, day] = ["UtcYear", "UtcMonth", "UtcDay"].map(number);
            let [hour, minute, second] = ["UtcHour", "UtcMinute", "UtcSecond"].map(number);
            let stamp = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            draft.words("timestamp", &stamp);
        }
        21 => {
            let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
            draft.text("name", Some(&format!("{:<20}{}", text("Name"), text("NameExtension"))));
        }
        _ => {}
    }
    draft
}

/// The parts of type 24 that are there.
fn static_data(message: &Map<String, Value>, mmsi: u32) -> Vec<Draft> {
    let report = |name: &str| {
        let report = message.get(name).and_then(Value::as_object);
        report.filter(|report| report.get("Valid") != Some(&Value::Bool(false)))
    };
    let mut drafts = Vec::new();
    if let Some(report) = report("ReportA") {
        let mut draft = Draft::blank(24, mmsi, false);
        draft.text("shipname", report.get("Name").and_then(Value::as_str));
        drafts.push(draft);
    }
    if let Some(report) = report("ReportB") {
        let mut draft = Draft::blank(24, mmsi, true);
        fill(&mut draft, report, NAMES_PART_B);
        drafts.push(draft);
    }
    drafts
}

fn fill(draft: &mut Draft, message: &Map<String, Value>, names: &[Put]) {
    let value = |key: &str| match key.split_once('.') {
        Some((outer, inner)) => message.get(outer).and_then(|outer| outer.get(inner)),
        None => message.get(key),
    };
    for put in names {
        match *put {
            Whole(name, key) => draft.number(name, flag(value(key)).or_else(|| whole(value(key)))),
            Measure(name, key) => draft.measure(name, number(value(key))),
            Text(name, key) => draft.text(name, value(key).and_then(Value::as_str)),
        }
    }
}

fn flag(value: Option<&Value>) -> Option<i64> {
    value.and_then(Value::as_bool).map(i64::from)
}
