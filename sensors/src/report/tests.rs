use super::*;
use crate::Span;
use crate::message::{Body, Message, StaticB};
use crate::sentence::Reject;
use crate::sentence::assembly::OPEN_MAX;
use proptest::prelude::*;

const HEARD: Time = Time::from_seconds(1_795_000_000);

fn tag(parameters: &str) -> String {
    let sum = parameters.bytes().fold(0, |s, b| s ^ b);
    format!("\\{parameters}*{sum:02X}\\")
}

fn sentence(body: &str) -> String {
    let sum = body.bytes().fold(0, |s, b| s ^ b);
    format!("!{body}*{sum:02X}")
}

fn read(lines: &[impl AsRef<[u8]>]) -> (Vec<Report>, Counts) {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for (sequence, line) in lines.iter().enumerate() {
        let line = Line {
            receiver: ReceiverId(1),
            sequence: sequence as u64,
            heard_at: HEARD,
            bytes: line.as_ref(),
        };
        decoder.line(line, &mut out);
    }
    (out, decoder.counts().clone())
}

fn name(report: &Report) -> Option<&str> {
    match &report.content {
        Content::Ais(Ais { message: Message { body: Body::StaticVoyage(voyage), .. }, .. }) => {
            voyage.name.as_deref()
        }
        _ => None,
    }
}

fn names(reports: &[Report]) -> Vec<&str> {
    reports.iter().filter_map(name).collect()
}

/// Two parts of one vessel's static data, and two of another's.
const FIRST: [&str; 2] = ["56K8@vh2:w;D`OG??R0dTq9UF0l59F222222221@:HE694o`0@ORT80j0`<r3PDR,0", "E0JH882,2"];
const SECOND: [&str; 2] = ["55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E50000,0", "300000000000,2"];

fn part(vessel: [&str; 2], number: usize, sequence_id: &str, channel: &str) -> String {
    sentence(&format!("AIVDM,2,{number},{sequence_id},{channel},{}", vessel[number - 1]))
}

fn both_names() -> Vec<String> {
    let (reports, _) = read(&[
        part(FIRST, 1, "1", "A"),
        part(FIRST, 2, "1", "A"),
        part(SECOND, 1, "1", "A"),
        part(SECOND, 2, "1", "A"),
    ]);
    let names: Vec<String> = names(&reports).into_iter().map(str::to_owned).collect();
    assert_eq!(names.len(), 2);
    names
}

#[test]
fn two_stations_with_the_same_sequence_id_keep_their_vessels_apart() {
    let (one, two) = (tag("s:ST1"), tag("s:ST2"));
    let tagged = [
        one.clone() + &part(FIRST, 1, "7", "A"),
        two.clone() + &part(SECOND, 1, "7", "A"),
        one + &part(FIRST, 2, "7", "A"),
        two + &part(SECOND, 2, "7", "A"),
    ];
    assert_eq!(names(&read(&tagged).0), both_names());
    let trailed = [
        part(FIRST, 1, "7", "A") + ",r003669987,1795000000",
        part(SECOND, 1, "7", "A") + ",r003669707,1795000000",
        part(FIRST, 2, "7", "A") + ",r003669987,1795000000",
        part(SECOND, 2, "7", "A") + ",r003669707,1795000000",
    ];
    assert_eq!(names(&read(&trailed).0), both_names());
}

#[test]
fn interleaved_messages_come_apart_by_sequence_id_channel_talker_and_group() {
    let other_talker = |number| part(SECOND, number, "1", "A").replacen("AIVDM", "BSVDM", 1);
    let other_talker =
        |number| sentence(other_talker(number).trim_start_matches('!').split('*').next().unwrap_or_default());
    let group = |n: usize, id: u32, rest: &str| tag(&format!("g:{n}-2-{id}{rest}"));
    for lines in [
        [
            part(FIRST, 1, "1", "A"),
            part(SECOND, 1, "2", "A"),
            part(FIRST, 2, "1", "A"),
            part(SECOND, 2, "2", "A"),
        ],
        [
            part(FIRST, 1, "1", "A"),
            part(SECOND, 1, "1", "B"),
            part(FIRST, 2, "1", "A"),
            part(SECOND, 2, "1", "B"),
        ],
        [part(FIRST, 1, "1", "A"), other_talker(1), part(FIRST, 2, "1", "A"), other_talker(2)],
        [
            group(1, 31, ",s:ST1") + &part(FIRST, 1, "", "A"),
            group(1, 32, ",s:ST2") + &part(SECOND, 1, "", "A"),
            group(2, 31, "") + &part(FIRST, 2, "", "A"),
            group(2, 32, "") + &part(SECOND, 2, "", ""),
        ],
    ] {
        assert_eq!(names(&read(&lines).0), both_names(), "{lines:#?}");
    }
}

#[test]
fn a_part_that_fits_two_messages_is_refused() {
    let (reports, counts) = read(&[
        tag("s:ST1") + &part(FIRST, 1, "7", "A"),
        tag("s:ST2") + &part(SECOND, 1, "7", "A"),
        part(FIRST, 2, "7", "A"),
    ]);
    assert_eq!((reports.len(), counts.refused_of(Reject::AmbiguousPart)), (0, 1));
}

#[test]
fn parts_join_in_any_order_with_an_empty_channel_or_sequence_id() {
    for lines in [
        [part(FIRST, 2, "1", "A"), part(FIRST, 1, "1", "A")],
        [part(FIRST, 1, "1", "A"), part(FIRST, 2, "1", "")],
        [part(FIRST, 1, "", "A"), part(FIRST, 2, "", "")],
        [tag("s:ST1") + &part(FIRST, 1, "1", "A"), part(FIRST, 2, "1", "A")],
        [part(FIRST, 1, "1", "A") + &part(FIRST, 2, "1", "A"), String::new()],
    ] {
        assert_eq!(names(&read(&lines).0), both_names()[..1], "{lines:#?}");
    }
}

#[test]
fn two_messages_that_nothing_tells_apart_are_refused_and_the_next_is_read() {
    let (first, second) = (|number| part(FIRST, number, "1", "A"), |number| part(SECOND, number, "1", "A"));
    for lines in [
        [first(1), second(1), first(2), second(2)],
        [first(1), second(1), second(2), first(2)],
        [second(1), first(1), String::new(), first(2)],
    ] {
        let (reports, counts) = read(&lines);
        assert_eq!((reports.len(), counts.refused_of(Reject::OrphanPart)), (0, 0), "{lines:#?}");
        let sent = lines.iter().filter(|line| !line.is_empty()).count() as u64;
        assert_eq!(counts.refused_of(Reject::AmbiguousPart), sent, "{lines:#?}");
    }
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for (text, after) in [(first(1), 0), (second(1), 500), (first(1), 2_600), (first(2), 2_700)] {
        let heard_at = HEARD + Span::from_millis(after);
        let line = Line { receiver: ReceiverId(1), sequence: 0, heard_at, bytes: text.as_bytes() };
        decoder.line(line, &mut out);
    }
    assert_eq!(names(&out), both_names()[..1]);
}

#[test]
fn a_feed_that_sends_every_line_twice_mixes_nobody() {
    let lines: Vec<String> = [FIRST, SECOND]
        .into_iter()
        .flat_map(|vessel| [1, 1, 2, 2].map(|number| part(vessel, number, "", "A")))
        .collect();
    let (reports, counts) = read(&lines);
    assert_eq!(names(&reports), both_names());
    assert_eq!((counts.refused, counts.refused_of(Reject::RepeatedPart)), (4, 4));
}

#[test]
fn later_lines_of_a_group_inherit_station_and_time_of_the_first() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
    let (reports, _) = read(&[
        tag("g:1-3-7,s:ST1,c:1794999990") + plain,
        tag("g:1-2-7,s:ST2,c:1794999980") + plain,
        tag("g:2-3-7") + plain,
        tag("g:2-2-8") + plain,
        tag("g:3-3-7") + plain,
    ]);
    let heard: Vec<_> = reports.iter().map(|report| (report.station, report.time)).collect();
    let first = (StationId::of(b"ST1"), HEARD - Span::from_seconds(10));
    assert_eq!([heard[0], heard[2], heard[4]], [first; 3]);
    assert_eq!(heard[3], (StationId::NONE, HEARD), "a group that nobody began");
    let (reports, _) = read(&[
        tag("g:1-2-7,s:ST1,c:1794999990") + plain,
        tag("g:1-2-7,s:ST2,c:1794999980") + plain,
        tag("g:2-2-7") + plain,
    ]);
    assert_eq!(reports[2].time, HEARD, "two stations use the number at once");
}

#[test]
fn signal_strength_comes_with_the_message_whichever_part_tells_it() {
    let (reports, _) = read(&[
        part(FIRST, 1, "7", "A") + ",s28855,d-094,T41.88047824,r003669987,1795000000",
        part(FIRST, 2, "7", "A") + ",r003669987,1795000000",
    ]);
    let Content::Ais(ais) = &reports[0].content else { panic!("an AIS message") };
    let signal = ais.signal.expect("a signal");
    assert_eq!((signal.power, signal.strength, signal.arrival), (Some(-940), Some(28_855), Some(41_880_478)));
}

#[test]
fn radar_and_transponder_sentences_are_reports_with_the_time_of_their_tag_block() {
    let (reports, counts) = read(&[
        tag("s:RA1,c:1794999990") + &crate::sentence::compose("RATTM", "120,1.5,90.0,T,5.0,0.0,T,,,N,,T,,,A"),
        crate::sentence::compose("AIVSI", ",114701.28,0057,-079,0"),
        crate::sentence::compose("AIALR", "noon,1,A,V,"),
    ]);
    assert!(
        matches!(reports[0].content, Content::Radar(_))
            && matches!(reports[1].content, Content::Transponder(_))
    );
    assert_eq!(reports[0].time, HEARD - Span::from_seconds(10));
    assert_eq!((counts.radar, counts.transponder), (1, 1));
    assert_eq!(counts.refused_of(Reject::MalformedFields), 1);
}

#[test]
fn a_vsi_tells_how_strongly_the_message_of_its_sequence_id_was_received() {
    use crate::sentence::compose;
    let vdm = |id: &str, payload: &str| compose("ABVDM", &format!("1,1,{id},A,{payload},0"));
    let vsi = |id: u8| compose("ABVSI", &format!("Kep Mast,{id},114702.50,87,-70.5,42"));
    let (one, other) = ("133sVfPP00PD>hRMDH@jNOvN20S8", "15QHQ200jL:LndOaSdmrCp:20<n@");
    // The first tells that there will be some: the message before it was not remembered.
    let lines =
        [vdm("6", one), vsi(6), vdm("7", one), vdm("8", other), vdm("", other), vsi(7), vsi(8), vsi(9)];
    let (reports, counts) = read(&lines);
    let hash = |at: usize| match &reports[at].content {
        Content::Ais(ais) => ais.payload_hash,
        other => panic!("{other:?}"),
    };
    let signal = Signal { power: Some(-705), arrival: Some(2_500_000), slot: Some(87), ..Signal::default() };
    let told = |at: usize| match reports[at].content {
        Content::Strength(strength) => Some((strength.payload_hash, strength.signal)),
        _ => None,
    };
    assert_eq!([1, 5, 6, 7].map(told), [None, Some((hash(2), signal)), Some((hash(3), signal)), None]);
    assert_eq!(counts.transponder, 4);
}

#[test]
fn each_report_of_a_line_has_its_number() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
    let (reports, _) = read(&[plain.to_owned(), plain.repeat(3), plain.to_owned()]);
    assert_eq!(reports.iter().map(|report| report.part).collect::<Vec<_>>(), [0, 0, 1, 2, 0]);
}

#[test]
fn a_missing_checksum_is_accepted_from_the_receiver_that_may_leave_it_out() {
    use crate::sentence::Checksum;
    let mut decoder = Decoder::new();
    decoder.set_checksum(ReceiverId(2), Checksum::Optional);
    let mut heard = |receiver, bytes: &[u8]| {
        let mut out = Vec::new();
        decoder.line(Line { receiver, sequence: 0, heard_at: HEARD, bytes }, &mut out);
        out.len()
    };
    let bare = b"!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0";
    assert_eq!((heard(ReceiverId(1), bare), heard(ReceiverId(2), bare)), (0, 1));
    assert_eq!(heard(ReceiverId(2), b"!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7E"), 0);
    assert_eq!(decoder.without_checksum().collect::<Vec<_>>(), [ReceiverId(2)]);
    decoder.set_checksum(ReceiverId(2), Checksum::Required);
    assert_eq!(decoder.without_checksum().count(), 0);
}

#[test]
fn parts_more_than_two_seconds_apart_do_not_join() {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for (number, after) in [(1, 0), (2, 2001)] {
        let text = part(FIRST, number, "1", "A");
        let heard_at = HEARD + Span::from_millis(after);
        decoder
            .line(Line { receiver: ReceiverId(1), sequence: 0, heard_at, bytes: text.as_bytes() }, &mut out);
    }
    assert_eq!((out.len(), decoder.counts().refused_of(Reject::OrphanPart)), (0, 1));
}

#[test]
fn unfinished_messages_are_bounded_and_the_state_serialises() {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for n in 0..2 * OPEN_MAX {
        let text = part(FIRST, 1, &n.to_string(), "A");
        let line =
            Line { receiver: ReceiverId(n as u16), sequence: 0, heard_at: HEARD, bytes: text.as_bytes() };
        decoder.line(line, &mut out);
    }
    assert_eq!(decoder.counts().refused_of(Reject::EvictedPart), OPEN_MAX as u64);
    let json = serde_json::to_string(&decoder).expect("plain data");
    let mut again: Decoder = serde_json::from_str(&json).expect("what was just written");
    assert_eq!(again, decoder);
    let last = part(FIRST, 2, &(2 * OPEN_MAX - 1).to_string(), "A");
    let receiver = ReceiverId(2 * OPEN_MAX as u16 - 1);
    again.line(Line { receiver, sequence: 0, heard_at: HEARD, bytes: last.as_bytes() }, &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_stamp_is_believed_near_its_arrival_only() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
    for (stamp, time, refused) in [
        ("c:1794999990", HEARD - Span::from_seconds(10), 0),
        ("c:1794999990500", HEARD - Span::from_millis(9_500), 0),
        ("c:1795000031", HEARD, 1),
        ("c:1334337317", HEARD, 1),
    ] {
        let (reports, counts) = read(&[tag(stamp) + plain]);
        assert_eq!((reports[0].time, counts.stamp_refused), (time, refused), "{stamp}");
    }
    let (reports, _) = read(&[format!("{plain},r003669987,1794999999")]);
    assert_eq!(reports[0].time, HEARD - Span::from_seconds(1));
}

#[test]
fn a_tag_block_alone_on_its_line_belongs_to_the_next_sentence() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F".to_owned();
    let (reports, _) = read(&[tag("c:1794999990,s:ST1"), plain.clone(), plain]);
    assert_eq!(reports[0].time, HEARD - Span::from_seconds(10));
    assert_eq!(reports[1].time, HEARD);
}

/// Gatehouse's line of a base station, ten seconds before it came.
fn gatehouse(station: &str, checksum: &str) -> String {
    crate::sentence::compose("PGHP", &format!("1,2026,11,18,11,6,30,250,219,,{station},1,{checksum}"))
}

#[test]
fn gatehouse_s_line_tells_station_and_time_of_the_message_after_it() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F".to_owned();
    let heard = (StationId::of(b"2190067"), HEARD - Span::from_millis(9_750), true);
    let nobody = (StationId::NONE, HEARD, false);
    let own = (StationId::of(b"ST1"), HEARD - Span::from_seconds(10), true);
    for (lines, expected) in [
        (vec![gatehouse("2190067", "7F"), plain.clone(), plain.clone()], vec![heard, nobody]),
        (vec![gatehouse("2190067", "7F") + &plain], vec![heard]),
        // One that is for another sentence.
        (vec![gatehouse("2190067", "7E"), plain.clone()], vec![nobody]),
        // A trailer that says otherwise, and a TAG block.
        (vec![gatehouse("2190067", "7F"), plain.clone() + ",r003669987,1795000001"], vec![heard]),
        (vec![gatehouse("2190067", "7F"), tag("s:ST1,c:1794999990") + &plain], vec![own]),
        (vec![tag("s:ST1,c:1794999990"), gatehouse("2190067", "7F"), plain.clone()], vec![own]),
        // All parts of a message, and none of the next.
        (
            vec![gatehouse("2190067", "00"), part(FIRST, 1, "1", "A"), part(FIRST, 2, "1", "A"), plain],
            vec![heard, nobody],
        ),
    ] {
        let (reports, counts) = read(&lines);
        let told: Vec<_> =
            reports.iter().map(|report| (report.station, report.time, report.stamped)).collect();
        assert_eq!(told, expected, "{lines:#?}");
        assert_eq!((counts.refused, counts.unused_by_formatter.len()), (0, 0), "{lines:#?}");
    }
}

#[test]
fn a_station_s_name_is_known_wherever_it_stands() {
    let plain = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
    let json =
        r#"{"class":"AIS","station_id":"PIER","nmea":["!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F"]}"#;
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for line in [
        tag("s:ST1") + plain,
        tag("g:1-2-7,s:ST2,c:1794999990") + plain,
        tag("g:2-2-7") + plain,
        format!("{plain},r003669987,1795000000"),
        gatehouse("2190067", "7F") + plain,
        json.to_owned(),
    ] {
        let bytes = line.as_bytes();
        decoder.line(Line { receiver: ReceiverId(1), sequence: 0, heard_at: HEARD, bytes }, &mut out);
    }
    let names: Vec<_> = out.iter().map(|report| decoder.station_name(report.station)).collect();
    let known = ["ST1", "ST2", "ST2", "r003669987", "2190067", "PIER"].map(Some);
    assert_eq!(names, known);
}

#[test]
fn what_is_not_read_is_counted_and_not_refused() {
    let (reports, counts) = read(&[
        "$PGHP,2,2013,11,12,12,0,0,11,219,,2190067,1,62*25",
        "$GPGSA,A,3,16,23,13,29,,,,,,,,,3.11,2.95,0.99*00",
    ]);
    assert!(reports.is_empty() && counts.refused_by_kind.is_empty());
    assert_eq!(counts.unused_by_formatter.keys().collect::<Vec<_>>(), ["GSA", "PGHP"]);
}

proptest! {
    #[test]
    fn any_sender_s_sentences_arrive_as_sent(name in "[A-Z][A-Z0-9]{0,18}", mmsi in 1..999_999_999_u32) {
        let body = Body::StaticB(Box::new(StaticB::A { name: Some(name) }));
        let message = Message { kind: 24, repeat: 0, mmsi: crate::Mmsi(mmsi), body };
        let (reports, _) = read(&crate::message::to_sentences(&message, "AI", 'A', 3));
        let heard = reports.into_iter().map(|r| match r.content { Content::Ais(ais) => Some(ais.message), _ => None });
        prop_assert_eq!(heard.collect::<Vec<_>>(), [Some(message)]);
    }
}
