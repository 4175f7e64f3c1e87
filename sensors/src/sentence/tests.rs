use super::*;
use crate::Time;

fn all(line: &[u8]) -> Vec<Item<'_>> {
    items(line).collect()
}

fn sentence(line: &[u8]) -> Sentence<'_> {
    let found = all(line).into_iter().find_map(|item| match item {
        Item::Sentence(sentence) => Some(sentence),
        _ => None,
    });
    found.expect("a sentence")
}

const PLAIN: &[u8] = b"!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";

#[test]
fn reads_a_sentence_with_any_line_end_or_prefix() {
    for (prefix, suffix) in
        [("", ""), ("", "\r\n"), ("2015-01-02 03:04:05.678 ", "  \r"), ("UdPbC\0", "\r\n"), ("!", "")]
    {
        let line = [prefix.as_bytes(), PLAIN, suffix.as_bytes()].concat();
        let read = sentence(&line);
        assert_eq!((read.address, read.raw), (&b"AIVDM"[..], PLAIN), "{prefix:?} {suffix:?}");
    }
}

#[test]
fn a_checksum_may_be_lower_case_but_must_be_there_and_right() {
    let lower = b"!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7f";
    assert_eq!(sentence(lower).fields, &b"1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0"[..]);
    for (end, reject) in [
        (&b"*7E"[..], Reject::BadChecksum),
        (b"*7", Reject::BadChecksum),
        (b"*", Reject::NoChecksum),
        (b"", Reject::NoChecksum),
        (b"*7Q3", Reject::BadChecksum),
    ] {
        let line = [&PLAIN[..PLAIN.len() - 3], end].concat();
        assert_eq!(all(&line), [Item::Refused(reject)]);
    }
}

#[test]
fn glued_sentences_come_apart_even_where_the_first_is_cut_short() {
    let twice = [PLAIN, PLAIN].concat();
    assert_eq!(all(&twice).len(), 2);
    let cut = [&PLAIN[..30], PLAIN].concat();
    let found = all(&cut);
    assert_eq!(found[0], Item::Refused(Reject::NoChecksum));
    assert!(matches!(found[1], Item::Sentence(s) if s.raw == PLAIN));
}

#[test]
fn reads_tag_blocks_with_seconds_or_milliseconds() {
    let Item::Tag(tag) = all(b"\\g:1-2-3985,s:rEV02,c:1334337317*2D\\")[0] else { panic!("not a TAG block") };
    assert_eq!(tag.time, Some(Time::from_seconds(1_334_337_317)));
    assert_eq!(tag.station, station_hash(b"rEV02"));
    assert_eq!(tag.group, Some(Group { number: 1, total: 2, id: 3985 }));
    assert_eq!(stamp(b"1334337317123"), Some(Time::from_millis(1_334_337_317_123)));
    assert_eq!(stamp(b"1334337317.5"), Some(Time::from_millis(1_334_337_317_500)));
    assert_eq!(stamp(b"99999999999999999999"), None);
}

#[test]
fn a_station_is_named_without_what_would_end_its_tag_block() {
    assert_eq!(tag_block::naming("a,b*c\\d!$\u{e9} e"), b"\\s:a_b_c_d____e*77\\");
    assert_eq!(tag_block::naming(&"x".repeat(300)).len(), tag_block::STATION_MAX + 7);
}

#[test]
fn a_bad_tag_block_never_costs_the_sentence() {
    for block in [&b"\\s:ST1,c:1334337317*00\\"[..], b"\\s:ST1\\", b"\\s:ST1", b"C:\\logs\\ "] {
        let line = [block, PLAIN].concat();
        let found = all(&line);
        assert!(matches!(found[0], Item::Refused(Reject::BadTagChecksum | Reject::BadTagBlock)));
        assert!(matches!(found[1], Item::Sentence(s) if s.raw == PLAIN));
    }
}

#[test]
fn reads_station_time_and_signal_after_the_checksum() {
    let coast_guard = Trailer::read(b",x367022,s28855,d-094,T41.88047824,S2241,r003669959,1152921718 ");
    assert_eq!(coast_guard.station, station_hash(b"r003669959"));
    assert_eq!(coast_guard.time, Some(Time::from_seconds(1_152_921_718)));
    let signal = Signal {
        power: Some(-940),
        strength: Some(28_855),
        arrival: Some(41_880_478),
        slot: Some(2241),
        ..Signal::default()
    };
    assert_eq!(coast_guard.signal, Some(signal));
    let exact_earth = Trailer::read(b",1327992119173");
    let time = Some(Time::from_millis(1_327_992_119_173));
    assert_eq!(exact_earth, Trailer { station: 0, time, signal: None });
    let by_clock = Trailer::read(b",d-73,S0777,t153035.00,T36.07,r07SCDS1,1297584635.5");
    assert_eq!(by_clock.signal.and_then(|signal| signal.arrival), Some(36_070_000));
    assert_eq!(by_clock.time, Some(Time::from_millis(1_297_584_635_500)));
    for nonsense in
        [&b",s,d,T,S,t,r,b"[..], b",d-12345,S2250,T61,s99999999999,t1", b",ComSock1", b",dover,Tyne"]
    {
        assert_eq!(Trailer::read(nonsense), Trailer::default());
    }
}

#[test]
fn a_sentence_without_a_checksum_is_read_only_where_its_receiver_may_leave_it_out() {
    let bare = &PLAIN[..PLAIN.len() - 3];
    assert_eq!(all(bare), [Item::Refused(Reject::NoChecksum)]);
    let read = |line: &[u8]| -> Vec<Option<usize>> {
        items_with(line, Checksum::Optional)
            .map(|item| match item {
                Item::Sentence(sentence) => Some(sentence.raw.len()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(read(&[bare, b" \r\n"].concat()), [Some(bare.len())]);
    assert_eq!(read(&[bare, PLAIN].concat()), [Some(bare.len()), Some(PLAIN.len())]);
    assert_eq!(read(&[bare, b"*7E"].concat()), [None], "a wrong one is refused");
    assert_eq!(read(&[bare, b"*"].concat()), [None], "one that is cut off is refused");
    assert_eq!(read(b"costs $12.50, or so"), [None], "what is no sentence is none");
}

#[test]
fn gives_all_that_a_tag_block_says_even_one_whose_checksum_is_wrong() {
    use tag_block::{Parameter, blocks};
    let line = b"\\g:1-2-73,n:34,s:ST1,d:VTS1*00\\\\c:1334337317,r:250,t:all well,q:u,si:AISD,n:x*3D\\$GPZDA";
    let blocks: Vec<_> = blocks(line).collect();
    assert_eq!(blocks.iter().map(|block| block.intact).collect::<Vec<_>>(), [false, true]);
    let said: Vec<_> = blocks.iter().flat_map(|block| block.parameters()).collect();
    assert_eq!(
        said,
        [
            Parameter::Group(Group { number: 1, total: 2, id: 73 }),
            Parameter::Line(34),
            Parameter::Source(b"ST1"),
            Parameter::Destination(b"VTS1"),
            Parameter::Time(Time::from_seconds(1_334_337_317)),
            Parameter::RelativeTime(250),
            Parameter::Text(b"all well"),
            Parameter::Other(b"q", b"u"),
            Parameter::Other(b"si", b"AISD"),
            Parameter::Other(b"n", b"x"),
        ]
    );
    assert_eq!(tag_block::blocks(b"C:\\logs\\ !AIVDM").count(), 1);
    assert_eq!(tag_block::blocks(b"\\s:ST1!AIVDM\\").count(), 0);
}

#[test]
fn blank_lines_and_comments_are_not_refused_and_rubbish_is() {
    assert_eq!(all(b""), []);
    assert_eq!(all(b" \r\n"), []);
    assert_eq!(all(b"# !AIVDM"), []);
    assert_eq!(all(b"hello"), [Item::Refused(Reject::NotASentence)]);
    assert_eq!(all(&[0x80, 0, 7]), [Item::Refused(Reject::NotText)]);
    assert_eq!(all(&[b'x'; LINE_MAX + 1]), [Item::Refused(Reject::LineTooLong)]);
}

#[test]
fn refuses_fields_that_cannot_be() {
    let read = |fields: &str| {
        let body = format!("AIVDM,{fields}");
        let line = format!("!{body}*{:02X}", xor(body.as_bytes()));
        Vdm::read(&sentence(line.as_bytes()))
            .expect("a VDM")
            .map(|vdm| (vdm.total, vdm.number, vdm.sequence_id, vdm.fill))
    };
    assert_eq!(read("2,2,10,,00000000000,2"), Ok((2, 2, Some(10), 2)));
    assert_eq!(read("1,1,,A,15,0,extra"), Ok((1, 1, None, 0)));
    assert_eq!(read("1,0,,A,,0"), Err(Reject::MalformedFields));
    assert_eq!(read("0,1,,A,,0"), Err(Reject::MalformedFields));
    assert_eq!(read("2,3,1,A,15,0"), Err(Reject::MalformedFields));
    assert_eq!(read("10,1,1,A,15,0"), Err(Reject::TooManyParts));
    assert_eq!(read("1,1,,A,15,6"), Err(Reject::BadFillBits));
    assert_eq!(read("1,1,,A,15,"), Err(Reject::MalformedFields));
    assert_eq!(read("1,1,,A,15"), Err(Reject::MalformedFields));
}
