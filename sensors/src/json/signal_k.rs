//! Signal K deltas: values of one vessel in SI units, each under its path.
//!
//! Source: Signal K specification 1.7, "Delta format" and "Keys reference". Positions, speeds and states become a
//! position report, names and sizes static data; what says nothing of either is passed over. Without a class the
//! vessel is taken for class B where it tells no navigational state. Ours, unproven.

use super::gpsd::Draft;
use super::{Heard, Said, number, whole};
use crate::Time;
use crate::sentence::Reject;
use serde_json::{Map, Value};

/// Knots in one metre a second.
const KNOTS: f64 = 3600.0 / 1852.0;

pub(super) fn read(object: &Map<String, Value>, out: &mut Vec<Heard>) -> Result<(), Reject> {
    let Some(updates) = object.get("updates") else {
        // The server's greeting.
        out.push(Heard::new(Said::Unused("SignalK".to_owned())));
        return Ok(());
    };
    let updates = updates.as_array().ok_or(Reject::MalformedJson)?;
    let context = object.get("context").and_then(Value::as_str).unwrap_or_default();
    let before = out.len();
    for update in updates {
        let Some(values) = update.get("values").and_then(Value::as_array) else { continue };
        let time = update.get("timestamp").and_then(Value::as_str).and_then(Time::parse);
        let delta = Delta { values };
        let Some(mmsi) = delta.mmsi(context)? else { continue };
        let class_b = delta.is_class_b();
        let position = delta.position(mmsi, class_b);
        let statics = delta.statics(mmsi, class_b);
        for draft in position.into_iter().chain(statics) {
            out.push(Heard::derived(draft.message()?, time));
        }
    }
    if out.len() == before {
        out.push(Heard::new(Said::Unused("SignalK".to_owned())));
    }
    Ok(())
}

struct Delta<'a> {
    values: &'a [Value],
}

impl<'a> Delta<'a> {
    /// The value at `path`; a value at the empty path holds the vessel's own properties.
    fn get(&self, path: &str) -> Option<&'a Value> {
        let at = |path: &str| self.values.iter().find(|value| value.get("path").is_some_and(|p| p == path));
        at(path).and_then(|value| value.get("value")).or_else(|| at("")?.get("value")?.get(path))
    }

    fn number(&self, path: &str) -> Option<f64> {
        number(self.get(path))
    }

    fn text(&self, path: &str) -> Option<&'a str> {
        self.get(path)?.as_str()
    }

    /// A number that stands inside an object.
    fn inner(&self, path: &str, name: &str) -> Option<f64> {
        number(self.get(path)?.get(name))
    }

    /// The context's MMSI (`vessels.urn:mrn:imo:mmsi:244670316`), or the one among the values. `None` where none
    /// is told, as for `vessels.self`.
    fn mmsi(&self, context: &str) -> Result<Option<u32>, Reject> {
        match (context.rsplit_once("mmsi:"), self.get("mmsi")) {
            (Some((_, digits)), _) => super::mmsi(Some(&Value::String(digits.to_owned()))).map(Some),
            (None, Some(mmsi)) => super::mmsi(Some(mmsi)).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn is_class_b(&self) -> bool {
        match self.text("sensors.ais.class") {
            Some(class) => class == "B",
            None => self.get("navigation.state").is_none(),
        }
    }

    fn position(&self, mmsi: u32, class_b: bool) -> Option<Draft> {
        let place = self.get("navigation.position").filter(|place| place.is_object());
        let speed = self.number("navigation.speedOverGround");
        let course = self.number("navigation.courseOverGroundTrue");
        let heading = self.number("navigation.headingTrue");
        if place.is_none() && speed.is_none() && course.is_none() && heading.is_none() {
            return None;
        }
        let mut draft = Draft::blank(if class_b { 18 } else { 1 }, mmsi, false);
        draft.measure("lon", number(place.and_then(|place| place.get("longitude"))));
        draft.measure("lat", number(place.and_then(|place| place.get("latitude"))));
        draft.measure("speed", speed.map(|speed| speed * KNOTS));
        draft.measure("course", course.map(|course| turned(course, 10.0)));
        draft.measure("heading", heading.map(|heading| turned(heading, 1.0)));
        let turn = self.number("navigation.rateOfTurn");
        draft.measure("turn", turn.map(|turn| turn.to_degrees() * 60.0));
        draft.number("status", self.text("navigation.state").map(status));
        Some(draft)
    }

    fn statics(&self, mmsi: u32, class_b: bool) -> Vec<Draft> {
        let name = self.text("name");
        let callsign = self
            .text("communication.callsignVhf")
            .or_else(|| self.get("communication")?.get("callsignVhf")?.as_str());
        let imo = self.get("registrations").and_then(|all| all.get("imo")).or(self.get("registrations.imo"));
        let kind = self.get("design.aisShipType").and_then(|kind| kind.get("id"));
        let length = self.inner("design.length", "overall");
        let draught = self.inner("design.draft", "current").or(self.inner("design.draft", "maximum"));
        let destination = self.text("navigation.destination.commonName");
        let told = callsign.is_some() || kind.is_some() || length.is_some() || draught.is_some();
        let told = told || imo.is_some() || destination.is_some();
        let mut drafts = Vec::new();
        if class_b && name.is_some() {
            let mut draft = Draft::blank(24, mmsi, false);
            draft.text("shipname", name);
            drafts.push(draft);
        }
        if told || !class_b && name.is_some() {
            let mut draft = Draft::blank(if class_b { 24 } else { 5 }, mmsi, true);
            draft.text("shipname", name);
            draft.text("callsign", callsign);
            draft.text("destination", destination);
            draft.number("imo", imo.and_then(imo_number));
            draft.number("shiptype", whole(kind));
            draft.measure("draught", draught);
            self.size(&mut draft, length);
            drafts.push(draft);
        }
        drafts
    }

    /// Where the antenna is: metres from the bow, and from the centre line, to starboard positive.
    fn size(&self, draft: &mut Draft, length: Option<f64>) {
        let beam = self.number("design.beam");
        let from_bow = self.number("sensors.ais.fromBow");
        let from_center = self.number("sensors.ais.fromCenter");
        if let (Some(length), Some(from_bow)) = (length, from_bow) {
            draft.measure("to_bow", Some(from_bow));
            draft.measure("to_stern", Some((length - from_bow).max(0.0)));
        } else {
            draft.measure("to_stern", length);
        }
        if let (Some(beam), Some(from_center)) = (beam, from_center) {
            draft.measure("to_port", Some((beam / 2.0 + from_center).max(0.0)));
            draft.measure("to_starboard", Some((beam / 2.0 - from_center).max(0.0)));
        } else {
            draft.measure("to_starboard", beam);
        }
    }
}

/// An angle in radians as degrees from 0 to below 360, so that it does not round up to 360 in parts of a degree.
fn turned(radians: f64, parts: f64) -> f64 {
    let degrees = (radians.to_degrees().rem_euclid(360.0) * parts).round() / parts;
    if degrees >= 360.0 { 0.0 } else { degrees }
}

/// `IMO 9074729` or the digits alone.
fn imo_number(imo: &Value) -> Option<i64> {
    match imo {
        Value::String(text) => text.trim_start_matches("IMO").trim().parse().ok(),
        imo => whole(Some(imo)),
    }
}

/// The states of the specification by the navigational status that they stand for; another is "not defined".
fn status(state: &str) -> i64 {
    match state {
        "motoring" => 0,
        "anchored" => 1,
        "not under command" => 2,
        "restricted manouverability" | "restricted manoeuverability" => 3,
        "constrained by draft" => 4,
        "moored" => 5,
        "aground" => 6,
        "fishing" | "fishing-hampered" | "trawling" | "trawling-shooting" | "trawling-hauling" => 7,
        "sailing" => 8,
        "hazardous material high speed" => 9,
        "hazardous material wing in ground" => 10,
        "ais-sart" => 14,
        _ => 15,
    }
}
