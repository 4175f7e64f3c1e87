//! Messages back to bits and to sentences, for exercises and for tests.

use super::{
    Body, Message, Payload, aid_to_navigation, clock, position_a, position_b, sar_aircraft, static_b,
    static_voyage,
};

/// Characters of armour in one sentence, so that no sentence is longer than the 82 that NMEA 0183 allows.
const ARMOUR_MAX: usize = 60;

impl Message {
    /// The message's bits as a transponder sends them; fields that are not kept in [`Message`] (radio state,
    /// RAIM, positioning device) take a plausible constant. A body that does not go with `kind` is written in
    /// the layout of its own first type; [`Body::Other`] gives type, repeat indicator and MMSI alone.
    pub fn encode(&self) -> Payload {
        let mut bits = Payload::new();
        bits.push(6, u64::from(self.kind));
        bits.push(2, u64::from(self.repeat));
        bits.push(30, u64::from(self.mmsi.0));
        let sent = match &self.body {
            Body::PositionA(position) if self.kind == 27 => {
                position.write_long_range(&mut bits);
                position_a::BITS_LONG_RANGE_SENT
            }
            Body::PositionA(position) => {
                position.write(&mut bits);
                position_a::BITS_SENT
            }
            Body::Clock(clock) => {
                clock.write(&mut bits);
                clock::BITS_SENT
            }
            Body::StaticVoyage(voyage) => {
                voyage.write(&mut bits);
                static_voyage::BITS_SENT
            }
            Body::SarAircraft(aircraft) => {
                aircraft.write(&mut bits);
                sar_aircraft::BITS_SENT
            }
            Body::SafetyText(safety) => {
                safety.write(&mut bits, self.kind == 12);
                0
            }
            Body::PositionB(position) if self.kind == 19 => {
                position.write_extended(&mut bits);
                position_b::BITS_EXTENDED_SENT
            }
            Body::PositionB(position) => {
                position.write(&mut bits);
                position_b::BITS_SENT
            }
            Body::AidToNavigation(aid) => {
                aid.write(&mut bits);
                aid_to_navigation::BITS + 2
            }
            Body::StaticB(part) => {
                part.write(&mut bits);
                static_b::BITS_SENT
            }
            Body::Other => 0,
        };
        if let Some(rest @ 1..) = sent.checked_sub(bits.len()) {
            bits.push(rest, 0);
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
/// let text = SafetyText { to: None, text: "SART ACTIVE".into() };
/// let message = Message { kind: 14, repeat: 0, mmsi: sensors::Mmsi(970_010_119), body: Body::SafetyText(text) };
/// assert_eq!(to_sentences(&message, "AI", 'A', 0), ["!AIVDM,1,1,,A,>>M4f1i<59B04=@UHD,2*31"]);
/// ```
pub fn to_sentences(message: &Message, talker: &str, channel: char, sequence_id: u8) -> Vec<String> {
    let (armour, fill) = message.encode().to_armour();
    let total = armour.len().div_ceil(ARMOUR_MAX).max(1);
    let sequence_id = if total > 1 { (sequence_id % 10).to_string() } else { String::new() };
    (1..=total)
        .map(|number| {
            let end = armour.len().min(number * ARMOUR_MAX);
            let part = &armour[(number - 1) * ARMOUR_MAX..end];
            let fill = if number == total { fill } else { 0 };
            let body = format!("{talker}VDM,{total},{number},{sequence_id},{channel},{part},{fill}");
            let checksum = body.bytes().fold(0, |sum, b| sum ^ b);
            format!("!{body}*{checksum:02X}")
        })
        .collect()
}
