//! AISHub's records: one object a vessel, with its latest position and static data, as sent or for people to read.
//!
//! Source: <https://www.aishub.net/api>, "Output values". A record does not say of which class the vessel is; one
//! without IMO number and navigational status is taken for class B. Ours, unproven.

use super::gpsd::Draft;
use super::{Heard, Said, date, mmsi, number, seconds, whole};
use crate::Time;
use crate::sentence::Reject;
use serde_json::{Map, Value};

pub(super) fn read(object: &Map<String, Value>, out: &mut Vec<Heard>) -> Result<(), Reject> {
    if !object.contains_key("MMSI") {
        // The head of an answer.
        out.push(Heard::new(Said::Unused("AISHub".to_owned())));
        return Ok(());
    }
    let record = Record { object, as_sent: !object.get("TIME").is_some_and(is_date) };
    let mmsi = mmsi(object.get("MMSI"))?;
    let time = record.time();
    let status = whole(object.get("NAVSTAT"));
    let class_b = status.is_none_or(|status| status == 15) && whole(object.get("IMO")).unwrap_or(0) == 0;
    out.push(Heard::derived(record.position(mmsi, class_b).message()?, time));
    if class_b {
        let mut name = Draft::blank(24, mmsi, false);
        name.text("shipname", record.text("NAME"));
        out.push(Heard::derived(name.message()?, time));
    }
    let mut statics = Draft::blank(if class_b { 24 } else { 5 }, mmsi, true);
    record.statics(&mut statics);
    out.push(Heard::derived(statics.message()?, time));
    Ok(())
}

fn is_date(time: &Value) -> bool {
    time.as_str().is_some_and(|time| time.contains('-'))
}

struct Record<'a> {
    object: &'a Map<String, Value>,
    /// Format 0: integers as sent, seconds since 1970.
    as_sent: bool,
}

impl Record<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str)
    }

    fn time(&self) -> Option<Time> {
        match self.object.get("TIME") {
            Some(Value::String(time)) if !self.as_sent => date(time),
            time => number(time).and_then(seconds),
        }
    }

    fn put(&self, draft: &mut Draft, name: &str, key: &str) {
        if self.as_sent {
            draft.number(name, whole(self.object.get(key)));
        } else {
            draft.measure(name, number(self.object.get(key)));
        }
    }

    fn position(&self, mmsi: u32, class_b: bool) -> Draft {
        let mut draft = Draft::blank(if class_b { 18 } else { 1 }, mmsi, false);
        let names = [("lon", "LONGITUDE"), ("lat", "LATITUDE"), ("course", "COG"), ("speed", "SOG")];
        for (name, key) in names {
            self.put(&mut draft, name, key);
        }
        draft.number("heading", whole(self.object.get("HEADING")));
        draft.number("status", whole(self.object.get("NAVSTAT")));
        draft.number("accuracy", whole(self.object.get("PAC")));
        if self.as_sent {
            // In which unit the other form tells it is not documented.
            draft.number("turn", whole(self.object.get("ROT")));
        }
        draft
    }

    fn statics(&self, draft: &mut Draft) {
        for (name, key) in [("shipname", "NAME"), ("callsign", "CALLSIGN"), ("destination", "DEST")] {
            draft.text(name, self.text(key));
        }
        let names = [
            ("imo", "IMO"),
            ("shiptype", "TYPE"),
            ("to_bow", "A"),
            ("to_stern", "B"),
            ("to_port", "C"),
            ("to_starboard", "D"),
        ];
        for (name, key) in names {
            draft.number(name, whole(self.object.get(key)));
        }
        self.put(draft, "draught", "DRAUGHT");
        match self.object.get("ETA") {
            Some(Value::String(eta)) if !self.as_sent => draft.words("eta", eta),
            // Month, day, hour and minute in 20 bits, as sent.
            eta => draft.number("eta", whole(eta)),
        }
    }
}
