use super::*;
use crate::sentence::{Checksum, Item, items_with};
use proptest::prelude::*;

fn read(line: &str) -> Option<Result<Transponder, Reject>> {
    let sentence = items_with(line.as_bytes(), Checksum::Optional).find_map(|item| match item {
        Item::Sentence(sentence) => Some(sentence),
        _ => None,
    });
    Transponder::read(&sentence.expect("a sentence"))
}

#[test]
fn reads_signal_strength_with_and_without_a_sequence_id() {
    let Some(Ok(Transponder::Signal(signal))) = read("$ABVSI,Kep Mast,7,114702,87,-70,42") else {
        panic!("a VSI")
    };
    assert_eq!((signal.station.as_deref(), signal.sequence_id), (Some("Kep Mast"), Some(7)));
    assert_eq!((signal.slot, signal.power_dbm, signal.snr_db), (Some(87), Some(-70.0), Some(42.0)));
    assert_eq!(signal.utc, Some(Span::from_millis(42_422_000)));
    let Some(Ok(Transponder::Signal(short))) = read("$AIVSI,,114701.28,0057,-079,0") else { panic!("a VSI") };
    assert_eq!((short.station, short.sequence_id, short.slot), (None, None, Some(57)));
    assert_eq!((short.power_dbm, short.snr_db), (Some(-79.0), Some(0.0)));
}

#[test]
fn reads_a_frame_summary_in_both_clocks() {
    for clock in ["014500.00", "20260101014500"] {
        let line = format!("$ARFSR,r003669930,{clock},A,0412,0012,0003,0100,0006,-121,0377");
        let Some(Ok(Transponder::Frame(frame))) = read(&line) else { panic!("an FSR") };
        assert_eq!(frame.utc, Some(Span::from_millis(6_300_000)));
        assert_eq!((frame.channel, frame.slots_received, frame.slots_sent), (Some('A'), Some(412), Some(12)));
        assert_eq!((frame.crc_errors, frame.noise_dbm), (Some(3), Some(-121.0)));
        assert_eq!((frame.slots_reserved, frame.slots_reserved_own), (Some(100), Some(6)));
        assert_eq!(frame.slots_above_noise, Some(377));
    }
}

#[test]
fn reads_alarms_and_what_became_of_a_message() {
    let Some(Ok(Transponder::Alarm(alarm))) = read("$BSALR,081130.00,026,A,V,no sensor position, none")
    else {
        panic!("an ALR")
    };
    assert_eq!((alarm.number, alarm.active, alarm.acknowledged), (Some(26), Some(true), Some(false)));
    assert_eq!(alarm.text.as_deref(), Some("no sensor position, none"));
    let Some(Ok(Transponder::Acknowledgement(answer))) = read("$AIABK,515590000,B,12,2,1") else {
        panic!("an ABK")
    };
    assert_eq!((answer.to, answer.outcome), (Some(Mmsi(515_590_000)), Some(Outcome::NotAcknowledged)));
    let Some(Ok(Transponder::Acknowledgement(none))) = read("$AIABK,,,,,3") else { panic!("an ABK") };
    assert_eq!((none.to, none.outcome), (None, Some(Outcome::Broadcast)));
}

#[test]
fn a_text_of_a_gnss_receiver_is_not_a_transponders() {
    let Some(Ok(Transponder::Text(text))) = read("$AITXT,01,01,07,AIS: UTC clock lost") else {
        panic!("a TXT")
    };
    assert_eq!((text.id, text.text.as_deref()), (Some(7), Some("AIS: UTC clock lost")));
    assert_eq!(read("$GPTXT,01,01,02,ANTENNA OK"), None);
}

#[test]
fn a_field_that_is_not_what_its_place_demands_is_refused() {
    for line in [
        "$ABVSI,a,x,114702,87,-70,42",
        "$ABVSI,a,7,994702,87,-70,42",
        "$ARFSR,a,114702,A,-1,0,0,0,0,0,0",
        "$AIALR,,1,X,V,",
        "$AIABK,515590000,A,12,2,7",
        "$AITXT,one,01,07,text",
    ] {
        assert_eq!(read(line), Some(Err(Reject::MalformedFields)), "{line}");
    }
}

fn said() -> impl Strategy<Value = Transponder> {
    let text = || proptest::option::of("[!-~]([ -~]{0,20}[!-~])?");
    let clock =
        || proptest::option::of((0..8_640_000_i64).prop_map(|hundredths| Span::from_millis(hundredths * 10)));
    let number = || proptest::option::of(0..2250_u16);
    let power = || proptest::option::of((-1300..0).prop_map(|tenths| f64::from(tenths) / 10.0));
    let yes = || proptest::option::of(any::<bool>());
    let signal = (text(), number(), clock(), number(), power(), power()).prop_map(
        |(station, sequence_id, utc, slot, power_dbm, snr_db)| {
            Transponder::Signal(SignalReport { station, sequence_id, utc, slot, power_dbm, snr_db })
        },
    );
    let channel = || proptest::option::of(prop::sample::select(vec!['A', 'B']));
    let frame = (text(), clock(), channel(), proptest::collection::vec(number(), 6), power()).prop_map(
        |(station, utc, channel, n, noise_dbm)| {
            Transponder::Frame(FrameSummary {
                station,
                utc,
                channel,
                slots_received: n[0],
                slots_sent: n[1],
                crc_errors: n[2],
                slots_reserved: n[3],
                slots_reserved_own: n[4],
                noise_dbm,
                slots_above_noise: n[5],
            })
        },
    );
    let alarm = (clock(), proptest::option::of(0..1000_u32), yes(), yes(), text()).prop_map(
        |(utc, number, active, acknowledged, text)| {
            Transponder::Alarm(Alarm { utc, number, active, acknowledged, text })
        },
    );
    let outcomes = OUTCOMES.map(|(_, outcome)| outcome).to_vec();
    let outcome = proptest::option::of(prop::sample::select(outcomes));
    let to = proptest::option::of((1..999_999_999_u32).prop_map(Mmsi));
    let answer = (to, channel(), proptest::option::of(1..28_u8), number(), outcome).prop_map(
        |(to, channel, kind, sequence_id, outcome)| {
            Transponder::Acknowledgement(Acknowledgement { to, channel, kind, sequence_id, outcome })
        },
    );
    let lines = || proptest::option::of(1..100_u8);
    let text = (lines(), lines(), number(), text())
        .prop_map(|(total, number, id, text)| Transponder::Text(Text { total, number, id, text }));
    prop_oneof![signal, frame, alarm, answer, text]
}

proptest! {
    #[test]
    fn reads_back_what_it_writes(said in said()) {
        let line = said.to_sentence("AB");
        prop_assert_eq!(read(&line), Some(Ok(said)), "{}", line);
    }
}
