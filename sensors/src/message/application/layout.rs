//! What a table says about an application: fields in the order they are sent, and how each is read.

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
    /// The fewest bits of application data for this table to be meant; tells tables of one id apart.
    pub from: usize,
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
        Layout { name, source, ids, carrier: Carrier::Any, from: 0, fields, stamps: &[] }
    }

    pub(super) const fn stamps(mut self, stamps: &'static [Stamp]) -> Layout {
        self.stamps = stamps;
        self
    }

    pub(super) const fn broadcast_from(mut self, bits: usize) -> Layout {
        self.carrier = Carrier::Broadcast;
        self.from = bits;
        self
    }
}

/// One field of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// gpsd's JSON key, or one in its style. Empty for spare bits and choices.
    pub name: &'static str,
    /// What it says, with the unit of the scaled value.
    pub meaning: &'static str,
    /// How it is sent.
    pub kind: Kind,
    /// From the integer sent to the unit.
    pub scale: Scale,
    /// Which integers mean "not available".
    pub absent: Absent,
    /// What integers mean.
    pub words: Words,
    /// gpsd prints the integer as sent even where it scales other numbers.
    pub as_sent: bool,
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

impl Field {
    const fn new(name: &'static str, kind: Kind, meaning: &'static str) -> Field {
        Field {
            name,
            meaning,
            kind,
            scale: Scale::NONE,
            absent: Absent::Never,
            words: Words::None,
            as_sent: false,
        }
    }

    pub(super) const fn absent(mut self, sentinel: i64) -> Field {
        self.absent = Absent::Is(sentinel);
        self
    }

    pub(super) const fn within(mut self, low: i64, high: i64, default: i64) -> Field {
        self.absent = Absent::Outside { low, high, default };
        self
    }

    /// In steps of `1 / per`.
    pub(super) const fn per(self, per: i32, decimals: u8) -> Field {
        self.linear(1, 0, per, decimals)
    }

    pub(super) const fn linear(mut self, times: i32, offset: i32, per: i32, decimals: u8) -> Field {
        self.scale = Scale { times, offset, per, decimals };
        self
    }

    pub(super) const fn beside(mut self, words: &'static [(u16, &'static str)]) -> Field {
        self.words = Words::Beside(words);
        self
    }

    pub(super) const fn instead(mut self, words: &'static [(u16, &'static str)]) -> Field {
        self.words = Words::Instead(words);
        self
    }

    pub(super) const fn as_sent(mut self) -> Field {
        self.as_sent = true;
        self
    }

    /// Whether `sent` means "not available".
    pub fn is_absent(&self, sent: i64) -> bool {
        match self.absent {
            Absent::Never => false,
            Absent::Is(sentinel) => sent == sentinel,
            Absent::Outside { low, high, .. } => sent < low || sent > high,
        }
    }

    /// What is sent for want of a value.
    pub fn default(&self) -> i64 {
        match self.absent {
            Absent::Never => 0,
            Absent::Is(default) | Absent::Outside { default, .. } => default,
        }
    }

    /// Whether `sent` fits into the field's bits.
    pub fn fits(&self, sent: i64) -> bool {
        match self.kind {
            Kind::Unsigned(width) => (0..1 << width).contains(&sent),
            Kind::Signed(width) => (-(1 << (width - 1))..1 << (width - 1)).contains(&sent),
            Kind::SignMagnitude { width, .. } => sent.abs() < 1 << (width - 1),
            Kind::Flag => (0..2).contains(&sent),
            _ => false,
        }
    }

    /// The word for `sent`.
    pub fn word(&self, sent: i64) -> Option<&'static str> {
        let (Words::Beside(words) | Words::Instead(words)) = self.words else { return None };
        words.iter().find(|(code, _)| i64::from(*code) == sent).map(|(_, word)| *word)
    }
}

pub(super) const fn unsigned(name: &'static str, width: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::Unsigned(width), meaning)
}

pub(super) const fn signed(name: &'static str, width: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::Signed(width), meaning)
}

pub(super) const fn sign_magnitude(name: &'static str, width: u8, negative: bool, meaning: &'static str) -> Field {
    Field::new(name, Kind::SignMagnitude { width, negative }, meaning)
}

pub(super) const fn flag(name: &'static str, meaning: &'static str) -> Field {
    Field::new(name, Kind::Flag, meaning)
}

pub(super) const fn text(name: &'static str, characters: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::Text(characters), meaning)
}

pub(super) const fn text_to_end(name: &'static str, most: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::TextToEnd(most), meaning)
}

pub(super) const fn spare(width: u16) -> Field {
    Field::new("", Kind::Spare(width), "")
}

pub(super) const fn raw(width: u16, meaning: &'static str) -> Field {
    Field::new("data", Kind::Raw(width), meaning)
}

pub(super) const fn rest(meaning: &'static str) -> Field {
    Field::new("data", Kind::Rest, meaning)
}

pub(super) const fn records(name: &'static str, least: u8, most: u8, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Records { fields, least, most, counted_by: "", after: 0 }, "")
}

/// As many groups as the field `counted_by` says.
pub(super) const fn counted(
    name: &'static str,
    counted_by: &'static str,
    most: u8,
    fields: &'static [Field],
) -> Field {
    Field::new(name, Kind::Records { fields, least: 0, most, counted_by, after: 0 }, "")
}

/// As many groups as there is room for before the last `after` bits.
pub(super) const fn records_before(name: &'static str, after: u16, most: u8, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Records { fields, least: 0, most, counted_by: "", after }, "")
}

pub(super) const fn choice(
    by: &'static str,
    cases: &'static [(i64, &'static [Field])],
    otherwise: &'static [Field],
) -> Field {
    Field::new("", Kind::Choice { by, cases, otherwise }, "")
}

/// Longitude and latitude in 1/1000 minute (25 and 24 bits); 181 and 91 degrees are "not available".
pub(super) const fn longitude(name: &'static str) -> Field {
    signed(name, 25, "longitude, degrees east").per(60_000, 4).within(-10_800_000, 10_800_000, 10_860_000)
}

/// See [`longitude`].
pub(super) const fn latitude(name: &'static str) -> Field {
    signed(name, 24, "latitude, degrees north").per(60_000, 4).within(-5_400_000, 5_400_000, 5_460_000)
}

/// Longitude and latitude in 1/10000 minute (28 and 27 bits), as in position reports.
pub(super) const fn fine_longitude(name: &'static str) -> Field {
    signed(name, 28, "longitude, degrees east").per(600_000, 6).within(-108_000_000, 108_000_000, 108_600_000)
}

/// See [`fine_longitude`].
pub(super) const fn fine_latitude(name: &'static str) -> Field {
    signed(name, 27, "latitude, degrees north").per(600_000, 6).within(-54_000_000, 54_000_000, 54_600_000)
}

pub(super) const fn month(name: &'static str) -> Field {
    unsigned(name, 4, "month, UTC").within(1, 12, 0)
}

pub(super) const fn day(name: &'static str) -> Field {
    unsigned(name, 5, "day, UTC").within(1, 31, 0)
}

pub(super) const fn hour(name: &'static str) -> Field {
    unsigned(name, 5, "hour, UTC").within(0, 23, 24)
}

pub(super) const fn minute(name: &'static str) -> Field {
    unsigned(name, 6, "minute, UTC").within(0, 59, 60)
}

/// The number that a Text Description (1/29, 1/30) refers to.
pub(super) const fn linkage() -> Field {
    unsigned("linkage", 10, "message linkage id").absent(0)
}
