//! What a table says about an application: fields in the order they are sent, and how each is read.

use super::field::Field;
use std::ops::Range;

/// Which kind of message carries an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Addressed and broadcast messages alike: stations send many applications either way.
    Any,
    /// Broadcast only (type 8, and 25 and 26 without a destination).
    Broadcast,
}

/// One application's table.
#[derive(Debug, PartialEq)]
pub struct Layout {
    /// What it is, in lower case with `_`: `persons_on_board`.
    pub name: &'static str,
    /// The document that defines it, with its table or the decoder that knows it.
    pub source: &'static str,
    /// Designated area code and function identifier, each pair that means this table.
    pub ids: &'static [(u16, u8)],
    /// In which messages.
    pub carrier: Carrier,
    /// How many bits of application data there are when this table is meant; tells tables of one id apart.
    pub lengths: Range<usize>,
    /// A number that a field has when this table is meant.
    pub only: Option<(&'static str, i64)>,
    /// The fields.
    pub fields: &'static [Field],
    /// Fields that gpsd prints joined to one date.
    pub stamps: &'static [Stamp],
}

impl Layout {
    pub(super) const fn new(
        name: &'static str,
        source: &'static str,
        ids: &'static [(u16, u8)],
        fields: &'static [Field],
    ) -> Layout {
        Layout {
            name,
            source,
            ids,
            carrier: Carrier::Any,
            lengths: 0..usize::MAX,
            only: None,
            fields,
            stamps: &[],
        }
    }

    pub(super) const fn stamps(mut self, stamps: &'static [Stamp]) -> Layout {
        self.stamps = stamps;
        self
    }

    pub(super) const fn broadcast_from(mut self, bits: usize) -> Layout {
        self.carrier = Carrier::Broadcast;
        self.lengths.start = bits;
        self
    }

    pub(super) const fn below(mut self, bits: usize) -> Layout {
        self.lengths.end = bits;
        self
    }

    pub(super) const fn only(mut self, name: &'static str, number: i64) -> Layout {
        self.only = Some((name, number));
        self
    }
}

/// How a field is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// An unsigned number of so many bits.
    Unsigned(u8),
    /// A number in two's complement.
    Signed(u8),
    /// A sign bit, which is `negative` for numbers below zero, and the rest the magnitude.
    SignMagnitude {
        /// Bits, the sign included.
        width: u8,
        /// The sign bit of negative numbers.
        negative: bool,
    },
    /// One bit, printed as true or false.
    Flag,
    /// So many six-bit characters.
    Text(u8),
    /// Six-bit characters to the end, at most so many.
    TextToEnd(u8),
    /// Bits without meaning; written as 0 and not needed at the end.
    Spare(u16),
    /// So many bits, kept as they are.
    Raw(u16),
    /// All bits that are left, kept as they are.
    Rest,
    /// A group that repeats.
    Records {
        /// The fields of one.
        fields: &'static [Field],
        /// How many there are at least.
        least: u8,
        /// How many there are at most; fewer where the bits end.
        most: u8,
        /// The field before that says how many there are; 0 and more than `most` say nothing.
        counted_by: &'static str,
        /// Bits that are kept for the fields behind the group.
        after: u16,
    },
    /// Fields that depend on a number before them in the same record.
    Choice {
        /// That number's name.
        by: &'static str,
        /// The fields for each of its values.
        cases: &'static [(i64, &'static [Field])],
        /// The fields for any other value.
        otherwise: &'static [Field],
    },
}

/// The scaled value is (sent * `times` + `offset`) / `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Factor before the offset.
    pub times: i32,
    /// Added, in units of `per`.
    pub offset: i32,
    /// Divisor.
    pub per: i32,
    /// Digits after the point that gpsd prints.
    pub decimals: u8,
}

impl Scale {
    /// The number as sent.
    pub const NONE: Scale = Scale { times: 1, offset: 0, per: 1, decimals: 0 };

    /// The number in its unit.
    pub fn apply(&self, sent: i64) -> f64 {
        (sent * i64::from(self.times) + i64::from(self.offset)) as f64 / f64::from(self.per)
    }

    /// The integer to send for a number in its unit.
    pub fn undo(&self, scaled: f64) -> i64 {
        ((scaled * f64::from(self.per) - f64::from(self.offset)) / f64::from(self.times)).round() as i64
    }
}

/// Which integers mean "not available".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// None.
    Never,
    /// This one.
    Is(i64),
    /// All but those from `low` to `high`: the sentinel and what is reserved or out of range.
    Outside {
        /// The lowest integer with a meaning.
        low: i64,
        /// The highest integer with a meaning.
        high: i64,
        /// The sentinel, which is sent.
        default: i64,
    },
}

/// What integers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Numbers only.
    None,
    /// gpsd prints the number, and the word beside it under the name with `_text`.
    Beside(&'static [(u16, &'static str)]),
    /// gpsd prints the word instead of a scaled number.
    Instead(&'static [(u16, &'static str)]),
}

/// Fields that gpsd prints joined to one date, partial where the year or month isn't sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// gpsd's JSON key.
    pub name: &'static str,
    /// Names of year (since 2000), month, day, hour and minute; empty for those that aren't sent.
    pub parts: [&'static str; 5],
    /// Whether numbers have two digits always.
    pub padded: bool,
    /// Whether a `Z` for UTC follows.
    pub zulu: bool,
}
