//! AIS messages as the JSON objects of gpsd: `{"class":"AIS","type":1,...}`, scaled or as sent.
//!
//! Names, units and words are those of `gpsdecode --split24 -j` 3.22, and with `-u` for the integers as sent. It
//! differs where gpsd loses or mistakes something:
//!
//! - a turn to port is negative;
//! - what is out of range (a heading of 400, a month 15, an MMSI cut short) is "not available", as in [`Message`];
//! - type 24 names the maker with the three letters of ITU-R M.1371-5, not with seven of -3;
//! - two spare bits follow the addressee of types 25 and 26, whose radio state and last bits are right;
//! - what gpsd reads and does not print is added, under the names that `layout.rs` tells;
//! - application data come as `data` in any case, before their fields where they are known; what has no word has no
//!   `_text`.

use super::application;
use super::field::Field;
use super::shape::Shape;
use super::sheet::Sheet;
use crate::message::Message;
use crate::sentence::{Payload, Reject};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Adds `message` to `out` as one JSON object, without line end. `scaled` as gpsd does (knots, degrees, metres,
/// words for what is not available), else the integers as sent.
///
/// ```
/// use sensors::message::{Body, Message, SafetyText};
///
/// let text = SafetyText { text: "SART ACTIVE".into(), ..SafetyText::default() };
/// let message = Message { kind: 14, repeat: 0, mmsi: sensors::Mmsi(970_010_119), body: Body::SafetyText(text) };
/// let mut json = String::new();
/// sensors::json::gpsd::write(&message, true, &mut json);
/// assert_eq!(
///     json,
///     r#"{"class":"AIS","type":14,"repeat":0,"mmsi":970010119,"scaled":true,"text":"SART ACTIVE"}"#
/// );
/// assert_eq!(sensors::json::gpsd::read(json.as_bytes()), Ok(message));
/// ```
pub fn write(message: &Message, scaled: bool, out: &mut String) {
    write_bits(&message.encode(), scaled, out);
}

/// The same for the bits of a message, which may say more than a [`Message`] keeps (a heading of 400 degrees).
pub fn write_bits(bits: &Payload, scaled: bool, out: &mut String) {
    let shape = Shape::of(|at, width| bits.unsigned(at, width));
    let (repeat, mmsi) = (bits.unsigned(6, 2), bits.unsigned(8, 30));
    // Writing to a string can't fail.
    let _ = write!(
        out,
        "{{\"class\":\"AIS\",\"type\":{},\"repeat\":{repeat},\"mmsi\":{mmsi},\"scaled\":{scaled}",
        shape.kind
    );
    for field in shape.fields().into_iter().flatten() {
        field.write(bits, scaled, out);
    }
    if matches!(shape.kind, 6 | 8) {
        application::write(bits, shape.kind == 6, scaled, out);
    }
    out.push('}');
}

/// Reads one JSON object of class AIS, scaled or not.
///
/// # Errors
/// `MalformedJson` for what is not JSON, or has a value that is not what its name demands; `UnknownJson` for
/// another class, and for application data that come without `data` in fields that are not known; and as
/// [`Message::decode`].
pub fn read(json: &[u8]) -> Result<Message, Reject> {
    let object = super::object(json)?;
    if object.get("class").and_then(Value::as_str) != Some("AIS") {
        return Err(Reject::UnknownJson);
    }
    Message::decode(&bits(&object)?)
}

/// The bits that `object` tells of. What it leaves out is "not available", or 0.
pub(super) fn bits(object: &Map<String, Value>) -> Result<Payload, Reject> {
    let scaled = object.get("scaled") != Some(&Value::Bool(false));
    let number = |name: &str| object.get(name).and_then(Value::as_u64);
    let kind = number("type").ok_or(Reject::MalformedJson)?;
    let kind = u8::try_from(kind).ok().filter(|kind| (1..=27).contains(kind));
    let mut draft = Draft::new(kind.ok_or(Reject::UnknownMessageType)?, super::mmsi(object.get("mmsi"))?);
    draft.repeat(number("repeat").map_or(0, |repeat| repeat.min(3) as i64));
    let is = |name: &str| object.get(name) == Some(&Value::Bool(true));
    // AIS-catcher numbers the parts of type 24 under a name of its own.
    let part_b = object.get("part").is_some_and(|part| part == "B") || number("partno") == Some(1);
    draft.shape = Shape { part_b, addressed: is("addressed"), structured: is("structured"), ..draft.shape };
    for field in draft.fields() {
        match object.get(field.name) {
            // gpsd's and AIS-catcher's own have no `data` where they know the application.
            None if field.name == "data" && matches!(draft.shape.kind, 6 | 8) => {
                field.clear(&mut draft.sheet);
                let data = application::bits(object, draft.shape.kind == 6, scaled);
                draft.sheet.push_bits(&data.ok_or(Reject::UnknownJson)?);
            }
            None | Some(Value::Null) if field.name == "part" => {
                draft.sheet.set(field.at, field.width, u64::from(part_b));
            }
            None | Some(Value::Null) => field.clear(&mut draft.sheet),
            // AIS-catcher's own rate of turn mixes units; it tells the integer beside it.
            Some(_) if field.name == "turn" && object.contains_key("turn_unscaled") => {
                field.read(&object["turn_unscaled"], false, &mut draft.sheet).ok_or(Reject::MalformedJson)?;
            }
            Some(value) => {
                field.read(value, scaled, &mut draft.sheet).ok_or(Reject::MalformedJson)?;
            }
        }
    }
    Ok(draft.payload())
}

/// A message that is put together field by field under gpsd's names; what is not named is "not available".
pub(super) struct Draft {
    shape: Shape,
    sheet: Sheet,
}

impl Draft {
    /// A message of one type with nothing in it yet.
    pub(super) fn new(kind: u8, mmsi: u32) -> Draft {
        let mut sheet = Sheet::new();
        sheet.set(0, 6, u64::from(kind));
        sheet.set(8, 30, u64::from(mmsi));
        Draft { shape: Shape::of(|at, width| sheet.unsigned(at, width)), sheet }
    }

    /// The same with all fields "not available", to be filled in; for types of one shape and for type 24's parts.
    pub(super) fn blank(kind: u8, mmsi: u32, part_b: bool) -> Draft {
        let mut draft = Draft::new(kind, mmsi);
        draft.shape.part_b = part_b;
        for field in draft.fields() {
            field.clear(&mut draft.sheet);
        }
        if kind == 24 {
            draft.sheet.set(38, 2, u64::from(part_b));
        }
        draft
    }

    fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.shape.fields().into_iter().flatten()
    }

    fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }

    /// An integer as sent. One too large for its field is left out.
    pub(super) fn number(&mut self, name: &str, value: Option<i64>) {
        if let (Some(field), Some(value)) = (self.field(name), value) {
            // What does not fit stays "not available".
            let _ = field.set(value, &mut self.sheet);
        }
    }

    /// A measure in gpsd's scaled unit: degrees, knots, metres, degrees a minute.
    pub(super) fn measure(&mut self, name: &str, value: Option<f64>) {
        if let (Some(field), Some(value)) = (self.field(name), value) {
            field.measure(value, &mut self.sheet);
        }
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, value: Option<&str>) {
        if let (Some(field), Some(value)) = (self.field(name), value) {
            let _ = field.read_long(value, &mut self.sheet);
        }
    }

    /// A text that stands for a number, such as a date.
    pub(super) fn words(&mut self, name: &str, value: &str) {
        if let Some(field) = self.field(name) {
            // What can't be read stays "not available".
            let _ = field.read(&Value::String(value.to_owned()), true, &mut self.sheet);
        }
    }

    /// The repeat indicator, 0-3.
    pub(super) fn repeat(&mut self, repeat: i64) {
        self.sheet.set(6, 2, repeat.clamp(0, 3) as u64);
    }

    /// The message's bits.
    pub(super) fn payload(mut self) -> Payload {
        let sheet = &self.sheet;
        let told = |from: usize, to: usize| (from..to).any(|bit| sheet.unsigned(bit, 1) == 1);
        match self.shape.length(told) {
            Some(length) => self.sheet.payload(length),
            // Type 21's name may go on; the whole is sent in bytes.
            None if self.shape.kind == 21 => {
                self.sheet.grow(272);
                let length = self.sheet.len().div_ceil(8) * 8;
                self.sheet.payload(length)
            }
            None => self.sheet.payload(self.sheet.len()),
        }
    }

    /// The message itself.
    pub(super) fn message(self) -> Result<Message, Reject> {
        Message::decode(&self.payload())
    }
}
