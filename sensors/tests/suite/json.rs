//! Lines that are JSON, read by themselves and as one of a receiver's lines; gpsd's form beside what gpsd prints.

use proptest::prelude::*;
use sensors::json::{Heard, Said, gpsd, read};
use sensors::message::{Body, Message, to_sentences};
use sensors::report::Content;
use sensors::sentence::{LINE_MAX, Payload, Reject};
use sensors::{Decoder, Line, Mmsi, ReceiverId, Report, StationId, Time};
use serde_json::{Map, Value};

fn object(json: &[u8]) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_slice(json)
}

/// Our own messages, each as sentences and as gpsdecode 3.22 prints it, scaled and not.
const GOLDEN: &str = include_str!("golden.txt");

const HEARD: Time = Time::from_seconds(1_795_000_000);

fn heard(line: &str) -> Vec<Heard> {
    let mut out = Vec::new();
    assert_eq!(read(line.as_bytes(), &mut out), Ok(()), "{line}");
    out
}

fn refused(line: &[u8]) -> Reject {
    let mut out = Vec::new();
    let refused = read(line, &mut out).expect_err("not to be read");
    assert!(out.is_empty());
    refused
}

fn derived(line: &str) -> Vec<(Message, Option<Time>)> {
    let message = |heard: Heard| match heard.said {
        Said::Derived(message) => (*message, heard.time),
        other => panic!("{other:?}"),
    };
    heard(line).into_iter().map(message).collect()
}

fn reports(lines: &[&str]) -> (Vec<Report>, Decoder) {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for line in lines {
        decoder.line(
            Line { receiver: ReceiverId(1), sequence: 0, heard_at: HEARD, bytes: line.as_bytes() },
            &mut out,
        );
    }
    (out, decoder)
}

fn messages(lines: &[&str]) -> Vec<Message> {
    let message = |report: Report| match report.content {
        Content::Ais(ais) => ais.message,
        other => panic!("{other:?}"),
    };
    reports(lines).0.into_iter().map(message).collect()
}

fn json(message: &Message, scaled: bool) -> String {
    let mut out = String::new();
    gpsd::write(message, scaled, &mut out);
    out
}

fn is_close(ours: &Value, gpsd: &Value) -> bool {
    let both = ours.as_f64().zip(gpsd.as_f64());
    ours == gpsd || both.is_some_and(|(ours, gpsd)| (ours - gpsd).abs() < 1e-9)
}

#[test]
fn every_type_is_written_as_gpsdecode_prints_it() {
    let mut kinds = [false; 28];
    for case in GOLDEN.split("\n\n") {
        let (sentences, objects): (Vec<&str>, Vec<&str>) =
            case.lines().filter(|line| !line.starts_with('#')).partition(|line| line.starts_with('!'));
        let found = messages(&sentences);
        assert_eq!(found.len(), 1, "{case}");
        kinds[usize::from(found[0].kind)] = true;
        for (theirs, scaled) in objects.into_iter().zip([true, false]) {
            let read = gpsd::read(theirs.as_bytes()).expect("gpsd's own");
            for ours in [json(&found[0], scaled), json(&read, scaled)] {
                let parsed = object(ours.as_bytes()).expect("our own");
                for (name, value) in object(theirs.as_bytes()).expect("gpsd's") {
                    let same = parsed.get(&name).is_some_and(|ours| is_close(ours, &value));
                    assert!(same, "{name}: {value}\n{ours}\n{theirs}");
                }
            }
        }
    }
    assert!(kinds[1..].iter().all(|seen| *seen), "{kinds:?}");
}

#[test]
fn keeps_the_order_and_the_form_of_gpsd() {
    let line = r#"{"class":"AIS","type":1,"repeat":0,"mmsi":567001234,"scaled":true,"status":0,"status_text":"Under way using engine","turn":"nan","speed":"fast","accuracy":true,"lon":100.876543,"lat":-12.654322,"course":224.5,"heading":511,"second":33,"maneuver":0,"raim":false,"radio":34017}"#;
    assert_eq!(gpsd::read(line.as_bytes()).map(|message| json(&message, true)).as_deref(), Ok(line));
}

/// As many bits as a message of this type has; those of free length some.
fn length(kind: u8) -> usize {
    match kind {
        5 => 424,
        6 | 8 | 17 | 26 => 264,
        7 | 13 | 15 | 16 | 20 | 23 => 160,
        10 => 72,
        12 | 14 => 192,
        19 => 312,
        21 => 320,
        27 => 96,
        _ => 168,
    }
}

fn random() -> impl Strategy<Value = Message> {
    let bytes = proptest::collection::vec(any::<u8>(), 64);
    (1..=27_u8, bytes).prop_filter_map("a message", |(kind, bytes)| {
        let mut bits = Payload::new();
        bits.push(6, u64::from(kind));
        for byte in bytes {
            let width = length(kind).saturating_sub(bits.len()).min(8);
            if width > 0 {
                bits.push(width, u64::from(byte));
            }
        }
        Message::decode(&bits).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn written_read_and_written_again_is_the_same(message in random(), scaled in any::<bool>()) {
        let once = json(&message, scaled);
        let read = gpsd::read(once.as_bytes());
        prop_assert!(read.is_ok(), "{:?} {}", read, once);
        let again = read.map(|message| json(&message, scaled));
        prop_assert_eq!(again.as_deref(), Ok(once.as_str()));
    }

    #[test]
    fn unscaled_keeps_what_a_message_says(message in random()) {
        // Of these lists the last entry that says anything ends the message; of a maker, a `@` ends the letters.
        if matches!(message.kind, 7 | 13 | 15 | 16 | 20 | 24) {
            return Ok(());
        }
        prop_assert_eq!(gpsd::read(json(&message, false).as_bytes()), Ok(message));
    }

    #[test]
    fn json_to_sentences_to_json_is_the_same(message in random(), scaled in any::<bool>()) {
        let once = json(&message, scaled);
        let read = gpsd::read(once.as_bytes()).expect("just written");
        let sentences = to_sentences(&read, "AI", 'B', 3);
        let heard = messages(&sentences.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(heard.iter().map(|message| json(message, scaled)).collect::<Vec<_>>(), [once]);
    }

    #[test]
    fn any_text_in_braces_is_read_or_refused(text in "\\{[\"a-zA-Z_:,0-9.\\[\\]{}\\\\ -]{0,80}\\}?") {
        let _ = read(text.as_bytes(), &mut Vec::new());
    }

    #[test]
    fn any_value_under_any_name_is_read_or_refused(
        kind in 0..30_i64,
        name in "lon|lat|speed|turn|eta|timestamp|data|text|status|mmsi|repeat|part|radio|heading|shipname|dac|fid",
        value in prop_oneof![
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            "[0-9]{1,6}:[0-9a-fxé]{0,40}".prop_map(Value::from),
            Just(Value::Null),
            Just(serde_json::json!([[{}]])),
        ],
        scaled in any::<bool>(),
    ) {
        let mut object = serde_json::json!({"class": "AIS", "type": kind, "mmsi": 1, "scaled": scaled});
        object[name] = value;
        if gpsd::read(object.to_string().as_bytes()).is_ok() {
            prop_assert!((1..=27).contains(&kind));
        }
    }
}

#[test]
fn hostile_json_is_refused() {
    let deep = format!("{{\"class\":{}{}", "[".repeat(3000), "]".repeat(1000));
    assert_eq!(refused(deep.as_bytes()), Reject::MalformedJson);
    let closed = format!("{{\"class\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    assert_eq!(refused(closed.as_bytes()), Reject::MalformedJson);
    for (line, reject) in [
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1,\"speed\":NaN}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1,\"speed\":1e999}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1,\"speed\":1e300}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1,\"heading\":512}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":99999999999999999999}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1073741824}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":1}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":8,\"mmsi\":1,\"dac\":999,\"fid\":9}", Reject::UnknownJson),
        ("{\"class\":\"AIS\",\"type\":28,\"mmsi\":1}", Reject::UnknownMessageType),
        ("{\"class\":\"AIS\",\"type\":14,\"mmsi\":1,\"text\":\"\\ud800\"}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"type\":8,\"mmsi\":1,\"data\":\"9999999:00\"}", Reject::MalformedJson),
        ("{\"class\":\"AIS\",\"nmea\":[1]}", Reject::MalformedJson),
        (
            "{\"class\":\"AIS\",\"nmea\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
            Reject::TooManyParts,
        ),
        ("{\"class\":\"AIS\",\"type\":1,\"mmsi\":1} {}", Reject::MalformedJson),
        ("{}", Reject::UnknownJson),
        ("{\"a\":1}", Reject::UnknownJson),
        ("{", Reject::MalformedJson),
    ] {
        assert_eq!(refused(line.as_bytes()), reject, "{line}");
    }
    let long = format!("{{\"class\":\"AIS\",\"type\":14,\"mmsi\":1,\"text\":\"{}\"}}", "A".repeat(LINE_MAX));
    assert_eq!(refused(long.as_bytes()), Reject::LineTooLong);
    let full =
        format!("{{\"class\":\"AIS\",\"type\":14,\"mmsi\":1,\"text\":\"{:A<1$}\"}}", "", LINE_MAX - 50);
    assert_eq!(derived(&full)[0].0.kind, 14);
}

#[test]
fn gpsd_s_other_classes_are_passed_over_and_counted() {
    let (reports, decoder) =
        reports(&[r#"{"class":"VERSION","release":"3.22","proto_major":3}"#, r#"{"class":"TPV","mode":1}"#]);
    assert!(reports.is_empty());
    let unused: Vec<_> = decoder.counts().unused_by_formatter.keys().map(String::as_str).collect();
    assert_eq!((unused, decoder.counts().refused), (vec!["TPV", "VERSION"], 0));
}

#[test]
fn sentences_inside_json_are_read_with_time_station_and_signal() {
    let line = r#"{"class":"AIS","device":"AIS-catcher","rxuxtime":1794999990.25,"station_id":"PIER","scaled":true,"channel":"A","nmea":["!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F"],"signalpower":-31.94,"ppm":1.2,"type":1,"mmsi":1}"#;
    let (found, decoder) = reports(&[line]);
    let Content::Ais(ais) = &found[0].content else { panic!("an AIS message") };
    assert_eq!(ais.message.mmsi, Mmsi(205_448_890));
    assert_eq!(found[0].time, Time::from_millis(1_794_999_990_250));
    let signal = ais.signal.expect("measured");
    assert_eq!((signal.level, signal.offset), (Some(-319), Some(12)));
    assert_eq!((found[0].station, ais.derived), (StationId::of(b"PIER"), false));
    assert_eq!(decoder.station_name(found[0].station), Some("PIER"));
    assert_eq!((decoder.counts().sentences, decoder.counts().refused), (1, 0));
}

#[test]
fn a_tag_block_before_json_holds_for_it() {
    let line = r#"\s:ST1,c:1794999990*0B\{"class":"AIS","type":14,"mmsi":970012345,"text":"SART ACTIVE"}"#;
    let body = "s:ST1,c:1794999990";
    let line = line.replace("*0B", &format!("*{:02X}", body.bytes().fold(0, |sum, b| sum ^ b)));
    let (found, decoder) = reports(&[&line]);
    let Content::Ais(ais) = &found[0].content else { panic!("an AIS message") };
    assert_eq!((ais.derived, found[0].station), (true, StationId::of(b"ST1")));
    assert_eq!(decoder.station_name(found[0].station), Some("ST1"));
    assert_eq!(found[0].time, Time::from_seconds(1_794_999_990));
}

#[test]
fn ais_catcher_s_fields_stand_in_where_its_sentences_are_left_out() {
    let line = r#"{"class":"AIS","rxtime":"20261121191320","scaled":true,"channel":"B","signalpower":-20,"type":1,"repeat":0,"mmsi":567001234,"status":5,"turn_unscaled":-128,"turn":-128,"speed":0.300000,"accuracy":true,"lon":100.876541,"lat":12.654322,"second":12,"maneuver":0,"raim":false,"radio":0}"#;
    let found = heard(line);
    assert_eq!(found[0].time, Time::parse("2026-11-21T19:13:20Z"));
    let Said::Derived(message) = &found[0].said else { panic!("decoded") };
    let Body::PositionA(position) = &message.body else { panic!("a position") };
    assert_eq!((position.status, position.turn, position.speed, position.course), (5, None, Some(3), None));
    let place = position.place.expect("a place");
    assert_eq!((place.lon, place.lat, position.heading), (60_525_925, 7_592_593, None));
    let part = r#"{"class":"AIS","scaled":true,"type":24,"repeat":0,"mmsi":567009877,"partno":1,"shiptype":36,"callsign":"HS1234","to_bow":12}"#;
    let json = json(&derived(part)[0].0, false);
    assert!(json.contains(r#""part":"B","shiptype":36"#) && json.contains(r#""to_bow":12"#), "{json}");
}

#[test]
fn application_data_come_back_from_gpsd_s_fields_alone() {
    let line = r#"{"class":"AIS","type":6,"repeat":0,"mmsi":567001234,"scaled":true,"seqno":0,"dest_mmsi":5670001,"retransmit":false,"dac":200,"fid":55,"crew":12,"passengers":301,"personnel":3}"#;
    let message = gpsd::read(line.as_bytes()).expect("known fields");
    let ours = json(&message, true);
    assert!(ours.contains(r#""crew":12,"passengers":301"#), "{ours}");
}

#[test]
fn an_aishub_record_gives_position_and_static_data() {
    let human = r#"{"MMSI":567001234,"TIME":"2026-11-21 10:40:27 GMT","LONGITUDE":100.5,"LATITUDE":12.25,"COG":356.5,"SOG":0.1,"HEADING":116,"NAVSTAT":1,"IMO":9074729,"NAME":"SEA LION","CALLSIGN":"HSAB1","TYPE":70,"A":197,"B":27,"C":20,"D":12,"DRAUGHT":7.5,"DEST":"BANGKOK","ETA":"04-10 07:00"}"#;
    let sent = r#"{"MMSI":"567001234","TIME":"1795257627","LONGITUDE":"60300000","LATITUDE":"7350000","COG":"3565","SOG":"1","HEADING":"116","NAVSTAT":"1","IMO":"9074729","NAME":"SEA LION","CALLSIGN":"HSAB1","TYPE":"70","A":"197","B":"27","C":"20","D":"12","DRAUGHT":"75","DEST":"BANGKOK","ETA":"283072"}"#;
    let found = derived(human);
    assert_eq!(found, derived(sent));
    assert_eq!(found[0].1, Time::parse("2026-11-21T10:40:27Z"));
    let [position, voyage] = &found[..] else { panic!("two messages: {found:?}") };
    let position = json(&position.0, true);
    assert!(position.contains(r#""type":1,"#) && position.contains(r#""course":356.5,"heading":116"#));
    assert!(position.contains(r#""lon":100.500000,"lat":12.250000"#), "{position}");
    let voyage = json(&voyage.0, true);
    assert!(
        voyage.contains(r#""shipname":"SEA LION""#) && voyage.contains(r#""eta":"04-10T07:00Z""#),
        "{voyage}"
    );
    assert!(voyage.contains(r#""draught":7.5"#), "{voyage}");
    assert_eq!(heard(r#"{"ERROR":false,"RECORDS":2}"#)[0].said, Said::Unused("AISHub".to_owned()));
    assert_eq!(refused(br#"{"MMSI":-1}"#), Reject::MalformedJson);
}

#[test]
fn an_aishub_record_without_imo_number_and_status_is_class_b() {
    let line = r#"{"MMSI":567009876,"TIME":"2026-11-21 10:40:27 GMT","LONGITUDE":100.5,"LATITUDE":12.25,"COG":360,"SOG":102.4,"HEADING":511,"NAVSTAT":15,"IMO":0,"NAME":"CHOKE DEE 9","TYPE":30,"A":5,"B":6,"C":2,"D":2}"#;
    let kinds: Vec<u8> = derived(line).iter().map(|(message, _)| message.kind).collect();
    assert_eq!(kinds, [18, 24, 24]);
    let Body::PositionB(position) = &derived(line)[0].0.body else { panic!("a position") };
    assert_eq!((position.course, position.speed, position.heading), (None, None, None));
}

#[test]
fn aisstream_messages_are_read_by_their_type() {
    let position = r#"{"MessageType":"PositionReport","MetaData":{"MMSI":567001234,"ShipName":"SEA LION","latitude":12.25,"longitude":100.5,"time_utc":"2026-11-21 18:22:32.318353 +0000 UTC"},"Message":{"PositionReport":{"Cog":308.2,"CommunicationState":81982,"Latitude":12.25,"Longitude":100.5,"MessageID":3,"NavigationalStatus":15,"PositionAccuracy":true,"Raim":false,"RateOfTurn":-128,"RepeatIndicator":1,"Sog":0,"Spare":0,"SpecialManoeuvreIndicator":0,"Timestamp":31,"TrueHeading":235,"UserID":567001234,"Valid":true}}}"#;
    let found = derived(position);
    assert_eq!(found[0].1, Time::parse("2026-11-21T18:22:32Z"));
    assert_eq!(
        json(&found[0].0, true),
        r#"{"class":"AIS","type":3,"repeat":1,"mmsi":567001234,"scaled":true,"status":15,"status_text":"Not defined","turn":"nan","speed":0.0,"accuracy":true,"lon":100.500000,"lat":12.250000,"course":308.2,"heading":235,"second":31,"maneuver":0,"raim":false,"radio":81982}"#
    );
    let statics = r#"{"MessageType":"ShipStaticData","MetaData":{"MMSI":567001234},"Message":{"ShipStaticData":{"AisVersion":1,"CallSign":"HSAB1","Destination":"BANGKOK","Dimension":{"A":10,"B":20,"C":3,"D":4},"Dte":false,"Eta":{"Day":10,"Hour":7,"Minute":0,"Month":4},"FixType":1,"ImoNumber":9074729,"MaximumStaticDraught":7.5,"MessageID":5,"Name":"SEA LION           ","RepeatIndicator":0,"Type":70,"UserID":567001234}}}"#;
    let voyage = json(&derived(statics)[0].0, true);
    assert!(
        voyage.contains(r#""shipname":"SEA LION""#) && voyage.contains(r#""eta":"04-10T07:00Z""#),
        "{voyage}"
    );
    let report = r#"{"MessageType":"StaticDataReport","MetaData":{"MMSI":567009876},"Message":{"StaticDataReport":{"MessageID":24,"PartNumber":false,"ReportA":{"Name":"CHOKE DEE 9","Valid":true},"ReportB":{"Valid":false},"UserID":567009876}}}"#;
    let parts = derived(report);
    assert_eq!(parts.len(), 1);
    assert!(json(&parts[0].0, true).contains(r#""part":"A","shipname":"CHOKE DEE 9""#));
    let text = r#"{"MessageType":"SafetyBroadcastMessage","MetaData":{"MMSI":970012345},"Message":{"SafetyBroadcastMessage":{"MessageID":14,"Text":"SART ACTIVE","UserID":970012345}}}"#;
    assert!(json(&derived(text)[0].0, true).contains("SART ACTIVE"));
    let other = r#"{"MessageType":"UnknownMessage","MetaData":{},"Message":{}}"#;
    assert_eq!(heard(other)[0].said, Said::Unused("UnknownMessage".to_owned()));
    assert_eq!(refused(br#"{"MessageType":"PositionReport","Message":{}}"#), Reject::MalformedJson);
}

#[test]
fn signal_k_deltas_are_read_in_si_units() {
    let line = r#"{"context":"vessels.urn:mrn:imo:mmsi:567001234","updates":[{"source":{"label":"ais","type":"NMEA0183","sentence":"VDM","talker":"AI"},"timestamp":"2026-11-21T18:22:32.500Z","values":[{"path":"navigation.position","value":{"longitude":100.5,"latitude":12.25}},{"path":"navigation.speedOverGround","value":5.144444},{"path":"navigation.courseOverGroundTrue","value":3.1415927},{"path":"navigation.headingTrue","value":1.5707963},{"path":"navigation.state","value":"moored"},{"path":"","value":{"name":"SEA LION"}},{"path":"design.length","value":{"overall":30}},{"path":"sensors.ais.fromBow","value":10},{"path":"design.beam","value":7},{"path":"sensors.ais.fromCenter","value":-0.5}]}]}"#;
    let found = derived(line);
    assert_eq!(found[0].1, Time::parse("2026-11-21T18:22:32.5Z"));
    let [position, voyage] = &found[..] else { panic!("two messages: {found:?}") };
    let position = json(&position.0, true);
    assert!(position.contains(r#""status":5,"#) && position.contains(r#""speed":10.0"#), "{position}");
    assert!(position.contains(r#""course":180.0,"heading":90"#), "{position}");
    let voyage = json(&voyage.0, true);
    assert!(voyage.contains(r#""to_bow":10,"to_stern":20,"to_port":3,"to_starboard":4"#), "{voyage}");
    let own = r#"{"context":"vessels.self","updates":[{"values":[{"path":"navigation.speedOverGround","value":1}]}]}"#;
    assert_eq!(heard(own)[0].said, Said::Unused("SignalK".to_owned()));
    let hello = r#"{"name":"signalk-server","version":"2.0.0","self":"vessels.self","roles":["master"]}"#;
    assert_eq!(heard(hello)[0].said, Said::Unused("SignalK".to_owned()));
    assert_eq!(refused(br#"{"updates":{}}"#), Reject::MalformedJson);
    let sideways = r#"{"context":"vessels.urn:mrn:imo:mmsi:x","updates":[{"values":[]}]}"#;
    assert_eq!(refused(sideways.as_bytes()), Reject::MalformedJson);
}

#[test]
fn persons_on_board_are_read_by_their_name_alone() {
    // 1-16 is the identifier of a table of targets too.
    let told = br#"{"class":"AIS","type":8,"mmsi":227006760,"dac":1,"fid":16,"persons":37}"#;
    let message = gpsd::read(told).unwrap();
    let mut json = String::new();
    gpsd::write(&message, true, &mut json);
    assert!(json.contains(r#""data":"16:0128","persons":37"#), "{json}");
}
