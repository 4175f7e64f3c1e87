//! One field of a table, and the short names under which tables write fields down.

use super::layout::{Absent, Kind, Scale, Words};

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

    /// The integer for a word, the lowest where several share it.
    pub fn code(&self, word: &str) -> Option<i64> {
        let (Words::Beside(words) | Words::Instead(words)) = self.words else { return None };
        words.iter().find(|(_, known)| *known == word).map(|(code, _)| i64::from(*code))
    }
}

pub(super) const fn unsigned(name: &'static str, width: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::Unsigned(width), meaning)
}

pub(super) const fn signed(name: &'static str, width: u8, meaning: &'static str) -> Field {
    Field::new(name, Kind::Signed(width), meaning)
}

pub(super) const fn sign_magnitude(
    name: &'static str,
    width: u8,
    negative: bool,
    meaning: &'static str,
) -> Field {
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
pub(super) const fn records_before(
    name: &'static str,
    after: u16,
    most: u8,
    fields: &'static [Field],
) -> Field {
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
