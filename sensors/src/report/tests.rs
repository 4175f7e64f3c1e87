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
fn a_new_first_part_starts_over() {
    let (reports, counts) =
        read(&[part(FIRST, 1, "1", "A"), part(SECOND, 1, "1", "A"), part(SECOND, 2, "1", "A")]);
    assert_eq!(names(&reports), both_names()[1..]);
    assert_eq!(counts.refused_of(Reject::OrphanPart), 1);
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

#[test]
fn what_is_not_read_is_counted_and_not_refused() {
    let (reports, counts) = read(&[
        "$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*26",
        "$GPGSA,A,3,16,23,13,29,,,,,,,,,3.11,2.95,0.99*00",
    ]);
    assert!(reports.is_empty() && counts.refused_by_kind.is_empty());
    assert_eq!(counts.unused_by_formatter.keys().collect::<Vec<_>>(), ["GSA", "PGHP"]);
}

/// Lines that crashed other decoders.
#[test]
fn survives_empty_fragment_counts_that_made_another_free_twice() {
    let line = "!AIVDM,,1,,A,C3mVBAP000@LEP9Wui?>vUP0V:28T:2J000000000000B0`1Q120,0*27";
    assert_eq!(read(&[line, line]).1.refused_of(Reject::MalformedFields), 2);
}

#[test]
fn survives_the_short_types_25_and_26_that_made_another_panic() {
    for body in ["AIVDM,1,1,,A,I5,0", "AIVDM,1,1,,A,J0,0", "AIVDM,1,1,,A,J02,0"] {
        assert_eq!(read(&[sentence(body)]).1.refused_of(Reject::TooShort), 1);
    }
    assert!(read(&["!AIVDM,1,1,,A,I5", "!AIVDM,1,1,,A,J02*72"]).0.is_empty());
}

#[test]
fn survives_the_type_20_that_made_another_abort() {
    let (_, counts) = read(&["!AIVDM,1,1,,A,D03D6@PM@@fpmlA6E7HiDHp@00,2*43"]);
    assert_eq!(counts.messages_by_type[20], 1);
}

#[test]
fn survives_part_0_that_made_another_subtract_below_zero() {
    assert_eq!(read(&[sentence("AIVDM,1,0,,A,15,0")]).1.refused_of(Reject::MalformedFields), 1);
}

#[test]
fn survives_the_ten_lines_that_made_another_read_wild_memory() {
    let lines = [
        "!BSVDM,1,1,,B,13@nePh0000fjR6P8EfsNV<R00RJ,0*7Q3",
        "!AIVDM,1,1,,A,404k0mAuhMci::?umqdOqs100H6N:,0*7F",
        "!AIVDM,1,1,,A,:5TE7F0ruac0,0*4C",
        "!AIVDMu1,1,,A,1815Kgm01ARe3lhIUISmvlpL089q,0*7E",
        "!AIVDM,1,1e,A,;04SGTQv<O<:E`:4e0<j2LG00000,0*63",
        "!AIVDM,2,1,6jA,A02VqM0F?`l@p7hRU5AV5?pIwMpBwWl2GPCvNh5N0ghBtupCwcOwGP?v,0*74",
        "!!IVDM,1,1,,A,40476CiuhopNj9M-^?Nh8CcRt700D4TU2qv:@,0*8D",
        "!AIVDM?1,1,,A,13niEL0O2*68",
        "!AVDM,1,1,,A,13c9Ov0f1Wwjp7HLOmJBEAtp0<0G,0*2E",
        "!AIVDM,2,2,2,A,lljFDjp888888~0,2*2A",
    ];
    assert!(read(&lines).0.len() <= 2);
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds = vec![
        tag("g:1-2-3985,s:rEV02,c:1334337317") + &part(FIRST, 1, "9", "B"),
        part(FIRST, 2, "9", "B"),
        "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F,r003669987,1152921693".to_owned(),
        "$GPRMC,085411.000,A,5222.3215,N,00454.5778,E,0.58,251.34,030414,,,A*63".to_owned(),
        "$GPGGA,085411.000,5222.3215,N,00454.5778,E,1,4,2.95,16.0,M,47.0,M,,*61".to_owned(),
        "$GPZDA,160012.71,11,03,2004,-1,00*7D".to_owned(),
        sentence("AIVDM,1,1,,A,H39k:bQ0thE0thD000000000000,2"),
        sentence("AIVDM,1,1,,A,E02E340W6@1WPab3bPa200000000:uoH?9Ur000003v010,4"),
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    let change = proptest::collection::vec(change, 0..6);
    (prop::sample::select(seeds), change, any::<bool>()).prop_map(|(seed, changes, repair)| {
        let mut line = seed.into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(line.len().max(1)).min(line.len().saturating_sub(1));
            match how {
                _ if line.is_empty() => line.push(byte),
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                2 => drop(line.remove(at)),
                _ => line[at] = b"0123456789,*!$\\-"[usize::from(byte % 16)],
            }
        }
        let start = line.iter().position(|&b| b == b'!' || b == b'$');
        let star = line.iter().rposition(|&b| b == b'*');
        if let (true, Some(start), Some(star)) = (repair, start, star)
            && start < star
        {
            let sum = line[start + 1..star].iter().fold(0, |s, b| s ^ b);
            line.splice(star.., format!("*{sum:02X}").into_bytes());
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn mutated_lines_are_read_or_refused(lines in proptest::collection::vec(mutated(), 1..12)) {
        let (reports, counts) = read(&lines);
        prop_assert!(reports.len() as u64 <= counts.sentences);
    }

    #[test]
    fn any_bytes_are_read_or_refused(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 1..4)) {
        let (reports, _) = read(&lines);
        prop_assert!(reports.is_empty());
    }

    #[test]
    fn any_sender_s_sentences_arrive_as_sent(name in "[A-Z][A-Z0-9]{0,18}", mmsi in 1..999_999_999_u32) {
        let body = Body::StaticB(Box::new(StaticB::A { name: Some(name) }));
        let message = Message { kind: 24, repeat: 0, mmsi: crate::Mmsi(mmsi), body };
        let (reports, _) = read(&crate::message::to_sentences(&message, "AI", 'A', 3));
        let heard = reports.into_iter().map(|r| match r.content { Content::Ais(ais) => Some(ais.message), Content::Gnss(_) => None });
        prop_assert_eq!(heard.collect::<Vec<_>>(), [Some(message)]);
    }
}
