//! Why a line, or a part of it, was refused: one word per reason, for its counter.

use serde::{Deserialize, Serialize};

/// Why something heard was refused. Bad input is data: it is counted by [`kind`](Self::kind) and stops nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// Readable text that holds no sentence.
    NotASentence,
    /// Bytes that are not text and hold no sentence.
    NotText,
    /// Longer than [`LINE_MAX`](super::LINE_MAX) bytes.
    LineTooLong,
    /// A sentence without `*` and two digits: cut short, or from a device that adds none.
    NoChecksum,
    /// The checksum does not fit the sentence.
    BadChecksum,
    /// The TAG block's own checksum is absent or wrong: its values are ignored, its sentence is read.
    BadTagChecksum,
    /// A TAG block that never ends.
    BadTagBlock,
    /// Too few fields, or one that is not what its place demands.
    MalformedFields,
    /// A character outside the six-bit armour.
    BadArmour,
    /// Fill bits beyond 0-5, or more of them than there is payload.
    BadFillBits,
    /// More bits than any AIS message has.
    PayloadTooLong,
    /// The message ends before the last field that is read.
    TooShort,
    /// Message type 0 or 28-63.
    UnknownMessageType,
    /// Type 24 that is neither part A nor part B.
    UnknownStaticPart,
    /// A message in more parts than 9.
    TooManyParts,
    /// A part whose others never came, or came too late.
    OrphanPart,
    /// A part that fits more than one unfinished message, or one of two that nothing tells apart; joining it
    /// could mix two vessels.
    AmbiguousPart,
    /// A part forgotten because too many messages were unfinished at once.
    EvictedPart,
    /// A GNSS sentence the `nmea` crate cannot read.
    MalformedGnss,
    /// A part of a message that is there already: some feeds send each line twice.
    RepeatedPart,
    /// A line that begins like JSON and is none, or has a value that is not what its name demands.
    MalformedJson,
    /// JSON of no form that is read here.
    UnknownJson,
}

impl Reject {
    /// The name of its counter.
    pub const fn kind(self) -> &'static str {
        match self {
            Reject::NotASentence => "not_a_sentence",
            Reject::NotText => "not_text",
            Reject::LineTooLong => "line_too_long",
            Reject::NoChecksum => "no_checksum",
            Reject::BadChecksum => "bad_checksum",
            Reject::BadTagChecksum => "bad_tag_checksum",
            Reject::BadTagBlock => "bad_tag_block",
            Reject::MalformedFields => "malformed_fields",
            Reject::BadArmour => "bad_armour",
            Reject::BadFillBits => "bad_fill_bits",
            Reject::PayloadTooLong => "payload_too_long",
            Reject::TooShort => "too_short",
            Reject::UnknownMessageType => "unknown_message_type",
            Reject::UnknownStaticPart => "unknown_static_part",
            Reject::TooManyParts => "too_many_parts",
            Reject::OrphanPart => "orphan_part",
            Reject::AmbiguousPart => "ambiguous_part",
            Reject::EvictedPart => "evicted_part",
            Reject::MalformedGnss => "malformed_gnss",
            Reject::RepeatedPart => "repeated_part",
            Reject::MalformedJson => "malformed_json",
            Reject::UnknownJson => "unknown_json",
        }
    }
}

impl std::fmt::Display for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialises_to_the_name_of_its_counter() {
        for reject in
            [Reject::NotASentence, Reject::BadTagChecksum, Reject::EvictedPart, Reject::MalformedGnss]
        {
            let json = serde_json::to_string(&reject).expect("a unit variant");
            assert_eq!(json, format!("\"{}\"", reject.kind()));
        }
    }
}
