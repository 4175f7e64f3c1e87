//! What binary messages (types 6, 8, 25, 26) carry for an application: weather, persons on board, routes, areas.
//!
//! Each application is a table of fields, found by the designated area code and function identifier. To add one
//! is to add a table to the file of its family and, for a new family, the family to [`FAMILIES`]. Integers stay
//! as sent; a field says how they scale and which of them mean "not available".
//!
//! Bits may end anywhere behind the last field that is needed: stations leave spare bits out or add fill, and
//! groups repeat as long as there are bits. What a message has behind its table is not read.

mod area_notice;
mod build;
mod cargo;
mod environment;
mod environment_us;
mod field;
mod inland;
mod interrogation;
mod layout;
mod navigation_aids;
mod observation;
mod persons;
mod port;
mod record;
mod route;
mod seaway;
mod targets;
mod text;
mod voyage;
mod weather;

pub use build::{Source, Unfit};
pub use field::Field;
pub use layout::{Absent, Carrier, Kind, Layout, Scale, Stamp, Words};
pub use persons::{Persons, PersonsOnBoard};
pub use record::{Entry, Record, Value};

use super::{Bits, Payload};
use std::fmt;

/// All tables, a family a line. Of two tables of one id the one that asks for more bits stands first.
const FAMILIES: [&[Layout]; 15] = [
    persons::LAYOUTS,
    weather::LAYOUTS,
    observation::LAYOUTS,
    environment::LAYOUTS,
    environment_us::LAYOUTS,
    seaway::LAYOUTS,
    area_notice::LAYOUTS,
    route::LAYOUTS,
    port::LAYOUTS,
    cargo::LAYOUTS,
    voyage::LAYOUTS,
    inland::LAYOUTS,
    navigation_aids::LAYOUTS,
    text::LAYOUTS,
    interrogation::LAYOUTS,
];

/// An application's data, by its table.
#[derive(Clone, PartialEq)]
pub struct Application {
    layout: &'static Layout,
    record: Record,
}

/// Why application data stay bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unread {
    /// No table for this area code and function identifier.
    #[error("no table for this application")]
    Unknown,
    /// Fewer bits than the table needs.
    #[error("too few bits for this application")]
    TooShort,
    /// What is there can't be what the table says: other applications are sent under the same id.
    #[error("another structure than this application's")]
    OtherStructure,
}

impl Unread {
    /// The counter's name.
    pub fn kind(self) -> &'static str {
        match self {
            Unread::Unknown => "application_unknown",
            Unread::TooShort => "application_too_short",
            Unread::OtherStructure => "application_other_structure",
        }
    }
}

/// All tables.
pub fn layouts() -> impl Iterator<Item = &'static Layout> {
    FAMILIES.into_iter().flatten()
}

/// The tables of an application, sent in a message that is `addressed` or else broadcast.
pub fn layouts_of(dac: u16, fi: u8, addressed: bool) -> impl Iterator<Item = &'static Layout> {
    layouts().filter(move |layout| {
        layout.ids.contains(&(dac, fi)) && (layout.carrier == Carrier::Any || !addressed)
    })
}

/// Reads what a message carries: `data` are the bits behind area code and function identifier.
///
/// # Errors
/// [`Unread`].
pub fn read(dac: u16, fi: u8, addressed: bool, data: &Bits) -> Result<Application, Unread> {
    let Some(longest) = layouts_of(dac, fi, addressed).map(|layout| layout.lengths.end).max() else {
        return Err(Unread::Unknown);
    };
    let Some(layout) = layouts_of(dac, fi, addressed).find(|layout| layout.lengths.contains(&data.len()))
    else {
        return Err(if data.len() < longest { Unread::TooShort } else { Unread::OtherStructure });
    };
    let mut record = Record::default();
    record.read(layout.fields, &data.payload(), &mut 0).ok_or(Unread::TooShort)?;
    match layout.only {
        Some((name, number)) if record.sent(name) != Some(number) => Err(Unread::OtherStructure),
        _ => Ok(Application { layout, record }),
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.layout.name, self.record)
    }
}

impl Application {
    /// Its table.
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Its fields.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The bits to send behind area code and function identifier, spare bits 0.
    pub fn write(&self) -> Bits {
        let mut payload = Payload::new();
        self.record.write(self.layout.fields, &mut payload);
        Bits::tail(&payload, 0)
    }
}

#[cfg(test)]
mod tests;
