//! What an AIS transponder or base station says of itself and of the radio link (VSI, FSR, ALR, ABK, TXT),
//! in and out.
//!
//! What a station leaves empty is `None`.

use crate::sentence::{Fields, Reject, Sentence, Written, choice};
use crate::{Mmsi, Span};
use serde::{Deserialize, Serialize};

/// One sentence of a transponder about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Transponder {
    /// VSI: how the VDM just before it was received.
    Signal(SignalReport),
    /// FSR: how busy the channel was in the last minute.
    Frame(FrameSummary),
    /// ALR: an alarm.
    Alarm(Alarm),
    /// ABK: what became of a message that it was asked to send.
    Acknowledgement(Acknowledgement),
    /// TXT: a text for people.
    Text(Text),
}

/// VSI: how the VDM just before it was received. Source: IEC 62320-1, VSI; some receivers leave the second
/// field out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SignalReport {
    /// The station's name, at most 15 characters.
    pub station: Option<String>,
    /// Joins it to the VDM with this sequence id.
    pub sequence_id: Option<u16>,
    /// Time of arrival, since midnight UTC.
    pub utc: Option<Span>,
    /// First slot of the message, 0-2249.
    pub slot: Option<u16>,
    /// Received power, dBm.
    pub power_dbm: Option<f64>,
    /// Signal-to-noise ratio, dB.
    pub snr_db: Option<f64>,
}

/// FSR: how busy one channel was in the last frame of 2250 slots, which is a minute. Source: IEC 62320-1, FSR.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FrameSummary {
    /// The station's name, at most 15 characters.
    pub station: Option<String>,
    /// Start of the frame, since midnight UTC.
    pub utc: Option<Span>,
    /// `A` or `B`; the US Coast Guard has `X` and `Y` too.
    pub channel: Option<char>,
    /// Slots in which something was received.
    pub slots_received: Option<u16>,
    /// Slots in which the station itself sent.
    pub slots_sent: Option<u16>,
    /// Messages received with a wrong checksum.
    pub crc_errors: Option<u16>,
    /// Slots that other stations have reserved in the current frame.
    pub slots_reserved: Option<u16>,
    /// Slots that the station itself has reserved in the current frame.
    pub slots_reserved_own: Option<u16>,
    /// Average noise, dBm.
    pub noise_dbm: Option<f64>,
    /// Slots received 10 dB or more above the noise.
    pub slots_above_noise: Option<u16>,
}

/// ALR: an alarm, or that it is over. Source: IEC 61162-1, ALR; the numbers of AIS alarms: IEC 61993-2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alarm {
    /// When it changed, since midnight UTC.
    pub utc: Option<Span>,
    /// Which alarm, such as 1 (transmitter), 26 (no position sensor).
    pub number: Option<u32>,
    /// `A` true: the threshold is exceeded; `V` false: it is not.
    pub active: Option<bool>,
    /// `A` true: somebody acknowledged it; `V` false.
    pub acknowledged: Option<bool>,
    /// What it says.
    pub text: Option<String>,
}

/// ABK: what became of a message that the station was asked to send. Source: IEC 61162-1, ABK.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// To whom the message was addressed; `None` for a broadcast.
    pub to: Option<Mmsi>,
    /// On which channel the answer came, `A` or `B`.
    pub channel: Option<char>,
    /// Message type.
    pub kind: Option<u8>,
    /// The station's number for the message, 0-3, or 0-9 for a broadcast.
    pub sequence_id: Option<u16>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// `0`: the addressed station acknowledged it.
    Received,
    /// `1`: it was sent, and the addressed station did not acknowledge it.
    NotAcknowledged,
    /// `2`: it could not be sent.
    NotSent,
    /// `3`: the broadcast was sent.
    Broadcast,
    /// `4`: an acknowledgement came late.
    Late,
}

const OUTCOMES: [(char, Outcome); 5] = [
    ('0', Outcome::Received),
    ('1', Outcome::NotAcknowledged),
    ('2', Outcome::NotSent),
    ('3', Outcome::Broadcast),
    ('4', Outcome::Late),
];

/// TXT: a text for people, such as `AIS: UTC clock lost`. Source: IEC 61162-1, TXT.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// Sentences that the text came in.
    pub total: Option<u8>,
    /// Which of them this is, from 1.
    pub number: Option<u8>,
    /// Which text of the station's it is.
    pub id: Option<u16>,
    /// What it says.
    pub text: Option<String>,
}

const YES: [(char, bool); 2] = [('A', true), ('V', false)];

impl Transponder {
    /// Reads a transponder's sentence; `None` for every other. ALR of any talker; TXT of AIS talkers (`A.`, `BS`)
    /// alone, for GNSS receivers send it too.
    ///
    /// # Errors
    /// `MalformedFields` where a field is not what its place demands.
    pub fn read(sentence: &Sentence<'_>) -> Option<Result<Transponder, Reject>> {
        let mut fields = Fields::new(sentence.fields);
        match sentence.formatter() {
            b"VSI" => Some(SignalReport::read(&mut fields).map(Transponder::Signal)),
            b"FSR" => Some(FrameSummary::read(&mut fields).map(Transponder::Frame)),
            b"ALR" => Some(Alarm::read(&mut fields).map(Transponder::Alarm)),
            b"ABK" => Some(Acknowledgement::read(&mut fields).map(Transponder::Acknowledgement)),
            b"TXT" if matches!(sentence.address, [b'A', ..] | [b'B', b'S', ..]) => {
                Some(Text::read(&mut fields).map(Transponder::Text))
            }
            _ => None,
        }
    }

    /// The sentence that says this, without line end; `talker` is `AI` for a ship's, `AB` for a base station's.
    ///
    /// ```
    /// use sensors::transponder::{Alarm, Transponder};
    ///
    /// let text = Some("AIS: Tx malfunction".to_owned());
    /// let alarm = Alarm { number: Some(1), active: Some(true), acknowledged: Some(false), text, utc: None };
    /// assert_eq!(Transponder::Alarm(alarm).to_sentence("AI"), "$AIALR,,001,A,V,AIS: Tx malfunction*72");
    /// ```
    pub fn to_sentence(&self, talker: &str) -> String {
        match self {
            Transponder::Signal(signal) => signal.write().compose(talker, "VSI"),
            Transponder::Frame(frame) => frame.write().compose(talker, "FSR"),
            Transponder::Alarm(alarm) => alarm.write().compose(talker, "ALR"),
            Transponder::Acknowledgement(answer) => answer.write().compose(talker, "ABK"),
            Transponder::Text(text) => text.write().compose(talker, "TXT"),
        }
    }
}

impl SignalReport {
    fn read(fields: &mut Fields<'_>) -> Result<SignalReport, Reject> {
        // Name, time, slot, power and ratio: the form without a sequence id.
        let has_sequence_id = fields.left() != 5;
        Ok(SignalReport {
            station: fields.text(),
            sequence_id: if has_sequence_id { fields.whole()? } else { None },
            utc: fields.clock()?,
            slot: fields.whole()?,
            power_dbm: fields.number()?,
            snr_db: fields.number()?,
        })
    }

    fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .text(self.station.as_deref())
            .field(self.sequence_id)
            .clock(self.utc)
            .field(self.slot)
            .field(self.power_dbm)
            .field(self.snr_db);
        written
    }
}

impl FrameSummary {
    fn read(fields: &mut Fields<'_>) -> Result<FrameSummary, Reject> {
        Ok(FrameSummary {
            station: fields.text(),
            utc: fields.clock()?,
            channel: fields.letter()?,
            slots_received: fields.whole()?,
            slots_sent: fields.whole()?,
            crc_errors: fields.whole()?,
            slots_reserved: fields.whole()?,
            slots_reserved_own: fields.whole()?,
            noise_dbm: fields.number()?,
            slots_above_noise: fields.whole()?,
        })
    }

    fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .text(self.station.as_deref())
            .clock(self.utc)
            .field(self.channel)
            .field(self.slots_received)
            .field(self.slots_sent)
            .field(self.crc_errors)
            .field(self.slots_reserved)
            .field(self.slots_reserved_own)
            .field(self.noise_dbm)
            .field(self.slots_above_noise);
        written
    }
}

impl Alarm {
    fn read(fields: &mut Fields<'_>) -> Result<Alarm, Reject> {
        Ok(Alarm {
            utc: fields.clock()?,
            number: fields.whole()?,
            active: fields.choice(&YES)?,
            acknowledged: fields.choice(&YES)?,
            text: fields.rest_as_text(),
        })
    }

    fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .clock(self.utc)
            .field(self.number.map(|number| format!("{number:03}")))
            .field(choice(&YES, self.active))
            .field(choice(&YES, self.acknowledged))
            .text(self.text.as_deref());
        written
    }
}

impl Acknowledgement {
    fn read(fields: &mut Fields<'_>) -> Result<Acknowledgement, Reject> {
        Ok(Acknowledgement {
            to: fields.whole()?.map(Mmsi),
            channel: fields.letter()?,
            kind: fields.whole()?,
            sequence_id: fields.whole()?,
            outcome: fields.choice(&OUTCOMES)?,
        })
    }

    fn write(&self) -> Written {
        let mut written = Written::default();
        written
            .field(self.to.map(|to| format!("{:09}", to.0)))
            .field(self.channel)
            .field(self.kind)
            .field(self.sequence_id)
            .field(choice(&OUTCOMES, self.outcome));
        written
    }
}

impl Text {
    fn read(fields: &mut Fields<'_>) -> Result<Text, Reject> {
        Ok(Text {
            total: fields.whole()?,
            number: fields.whole()?,
            id: fields.whole()?,
            text: fields.rest_as_text(),
        })
    }

    fn write(&self) -> Written {
        let mut written = Written::default();
        let two = |n: Option<u16>| n.map(|n| format!("{n:02}"));
        written
            .field(two(self.total.map(u16::from)))
            .field(two(self.number.map(u16::from)))
            .field(two(self.id))
            .text(self.text.as_deref());
        written
    }
}

#[cfg(test)]
mod tests;
