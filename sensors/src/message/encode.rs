//! Messages back to bits and to sentences, for exercises and for tests.

use super::{Body, Message, Payload};
use crate::sentence;

/// Characters of armour in one sentence, so that no sentence is longer than the 82 that NMEA 0183 allows.
const ARMOUR_MAX: usize = 60;

impl Message {
    /// The message's bits as a transponder sends them. Fields wider than their room are cut to their low bits,
    /// texts and lists to their length. A body that does not go with `kind` is written in the layout of its own first type.
    pub fn encode(&self) -> Payload {
        let mut bits = Payload::new();
        bits.push(6, u64::from(self.kind));
        bits.push(2, u64::from(self.repeat));
        bits.push(30, u64::from(self.mmsi.0));
        match &self.body {
            Body::PositionA(body) if self.kind == 27 => body.write_long_range(&mut bits),
            Body::PositionA(body) => body.write(&mut bits),
            Body::Clock(body) => body.write(&mut bits),
            Body::StaticVoyage(body) => body.write(&mut bits),
            Body::Binary(body) if self.kind == 8 => body.write(&mut bits),
            Body::Binary(body) => body.write_addressed(&mut bits),
            Body::Acknowledgement(body) => body.write(&mut bits),
            Body::SarAircraft(body) => body.write(&mut bits),
            Body::UtcInquiry(body) => body.write(&mut bits),
            Body::SafetyText(body) if self.kind == 14 => body.write(&mut bits),
            Body::SafetyText(body) => body.write_addressed(&mut bits),
            Body::Interrogation(body) => body.write(&mut bits),
            Body::Assignment(body) => body.write(&mut bits),
            Body::Dgnss(body) => body.write(&mut bits),
            Body::PositionB(body) => body.write(&mut bits),
            Body::PositionBExtended(body) => body.write(&mut bits),
            Body::LinkManagement(body) => body.write(&mut bits),
            Body::AidToNavigation(body) => body.write(&mut bits),
            Body::ChannelManagement(body) => body.write(&mut bits),
            Body::GroupAssignment(body) => body.write(&mut bits),
            Body::StaticB(body) => body.write(&mut bits),
            Body::SlotBinary(body) => body.write(&mut bits, self.kind == 26),
        }
        bits
    }
}

/// The VDM sentences that carry `message`, without line ends: `talker` such as `AI`, `channel` `A` or `B`,
/// `sequence_id` (0-9) used when there are several.
///
/// ```
/// use sensors::message::{Body, Message, SafetyText, to_sentences};
///
/// let text = SafetyText { text: "SART ACTIVE".into(), ..SafetyText::default() };
/// let message = Message { kind: 14, repeat: 0, mmsi: sensors::Mmsi(970_010_119), body: Body::SafetyText(text) };
/// assert_eq!(to_sentences(&message, "AI", 'A', 0), ["!AIVDM,1,1,,A,>>M4f1i<59B04=@UHD,2*31"]);
/// ```
pub fn to_sentences(message: &Message, talker: &str, channel: char, sequence_id: u8) -> Vec<String> {
    compose(message, &format!("{talker}VDM"), channel, sequence_id)
}

/// As [`to_sentences`], with the whole address: `AIVDO` for what a station sends itself.
pub fn compose(message: &Message, address: &str, channel: char, sequence_id: u8) -> Vec<String> {
    let (armour, fill) = message.encode().to_armour();
    let total = armour.len().div_ceil(ARMOUR_MAX).max(1);
    let sequence_id = if total > 1 { (sequence_id % 10).to_string() } else { String::new() };
    (1..=total)
        .map(|number| {
            let end = armour.len().min(number * ARMOUR_MAX);
            let part = &armour[(number - 1) * ARMOUR_MAX..end];
            let fill = if number == total { fill } else { 0 };
            let fields = format!("{total},{number},{sequence_id},{channel},{part},{fill}");
            sentence::compose(address, &fields)
        })
        .collect()
}
