//! Lines that crashed or misled other decoders, in sentences of our own, and lines mutated at random.

use crate::streams::{Ear, message, sentences, tag};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sensors::sentence::{Reject, compose};

#[test]
fn survives_the_line_that_made_another_free_twice_an_empty_fragment_count() {
    let line = compose("AIVDM", ",1,,A,C3mUo2@0004Q?p9WtFkN0wP2L1000000000000000000000000,0");
    let ear = Ear::of(&[&line, &line]);
    assert_eq!((ear.reports.len(), ear.refused(Reject::MalformedFields)), (0, 2));
}

#[test]
fn survives_the_line_that_made_another_subtract_below_zero_part_0_of_1() {
    let ear = Ear::of(&[compose("AIVDM", "1,0,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0")]);
    assert_eq!((ear.reports.len(), ear.refused(Reject::MalformedFields)), (0, 1));
    let ear = Ear::of(&[compose("AIVDM", "0,0,,A,15,0"), compose("AIVDM", "2,3,1,A,15,0")]);
    assert_eq!((ear.reports.len(), ear.refused(Reject::MalformedFields)), (0, 2));
}

#[test]
fn survives_the_line_that_made_another_slice_past_the_end_types_25_and_26_without_a_body() {
    for armour in ["I5", "J02", "I", "J", "I5RTgt0", "J5RTgt0"] {
        let ear = Ear::of(&[compose("AIVDM", &format!("1,1,,A,{armour},0"))]);
        assert_eq!(ear.reports.len() as u64 + ear.counts().refused, 1, "{armour}");
    }
    // Cut short before fill bits and checksum.
    assert!(Ear::of(&["!AIVDM,1,1,,A,I5", "!AIVDM,1,1,,A,J02*72"]).reports.is_empty());
}

#[test]
fn survives_the_line_that_made_another_abort_a_type_20_whose_blocks_do_not_fill_its_bits() {
    for length in 6..28 {
        let armour = &"D5RTgt@PM@@fpmlA6E7HiDHp@00@"[..length];
        for fill in 0..6 {
            let ear = Ear::of(&[compose("BSVDM", &format!("1,1,,A,{armour},{fill}"))]);
            assert!(ear.reports.len() <= 1, "{armour},{fill}");
        }
    }
}

#[test]
fn survives_the_lines_that_made_another_read_wild_memory_damage_in_every_field() {
    let lines = [
        "!BSVDM,1,1,,B,13@oJph0000fjR6P8EfsNV<R00RJ,0*7Q3",
        "!AIVDMu1,1,,A,1815Lgm01ARe3lhIUISmvlpL089q,0*7E",
        "!AIVDM,1,1e,A,;04SHTQv<O<:E`:4e0<j2LG00000,0*63",
        "!AIVDM,2,1,6jA,A02VrM0F?`l@p7hRU5AV5?pIwMpBwWl2GPCvNh5N0ghBtupCwcOwGP?v,0*74",
        "!!IVDM,1,1,,A,40486CiuhopNj9\u{fffd}Nh8CcRt700D4TU2qv:@,0*8D",
        "!AIVDM?1,1,,A,13oiEL0O2*68",
        "!AVDM,1,1,,A,13d9Ov0f1Wwjp7HLOmJBEAtp0<0G,0*2E",
        "!AIVDM,2,2,2,A,lmjFDjp888888~0,2*2A",
    ];
    assert!(Ear::of(&lines).reports.is_empty());
    // And with checksums that fit the damage.
    let whole = |line: &str| {
        let body = line.split('*').next().unwrap_or_default();
        format!("{body}*{:02X}", body.bytes().skip(1).fold(0, |sum, b| sum ^ b))
    };
    let ear = Ear::of(&lines.map(whole));
    assert!(ear.reports.len() as u64 <= ear.counts().sentences);
}

#[test]
fn survives_the_line_that_ends_anothers_stream_a_bad_address_and_few_fields() {
    let lines =
        ["AAVDM,0,1", "!AAVDM,0,1", "$AAVDM,0,1*5E", "!,,,,,,*2C", "!*00", "$*", "!", "\\", "\\\\", "*"];
    let good = sentences(&message(515_000_001, 1, 10), "AIVDM", "", "A", 56);
    let ear = Ear::of(&lines);
    assert!(ear.reports.is_empty());
    let all: Vec<&str> = lines.iter().copied().chain(good.iter().map(String::as_str)).collect();
    assert_eq!(Ear::of(&all).reports.len(), 1, "the next line is heard");
}

#[test]
fn survives_the_lines_that_made_another_mix_two_vessels_one_sequence_id_at_two_stations() {
    let payloads = [message(515_000_001, 1, 68), message(515_000_002, 2, 68)];
    let [first, second] = payloads.each_ref().map(|payload| sentences(payload, "AIVDM", "7", "A", 56));
    let (one, two) = (tag("s:ST1"), tag("s:ST2"));
    let lines =
        [&(one.clone() + &first[0]), &(two.clone() + &second[0]), &(one + &first[1]), &(two + &second[1])];
    assert_eq!(Ear::of(&lines).hashes(), payloads.each_ref().map(|payload| payload.hash()));
}

/// Good lines of every kind, to be spoilt.
fn seeds() -> Vec<String> {
    let parts = sentences(&message(515_000_003, 3, 68), "AIVDM", "9", "B", 56);
    vec![
        tag("g:1-2-3985,s:rEV02,c:1794999990") + &parts[0],
        tag("g:2-2-3985") + &parts[1],
        parts[0].clone(),
        parts[1].clone(),
        "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F,x100,s28855,d-094,S2241,T41.8,r003669987,1794999990"
            .to_owned(),
        compose("GPRMC", "085411.000,A,1030.3215,N,10315.5778,E,0.58,251.34,030414,,,A"),
        compose("GPGGA", "085411.000,1030.3215,N,10315.5778,E,1,4,2.95,16.0,M,47.0,M,,"),
        compose("GPZDA", "160012.71,11,03,2026,-1,00"),
        compose("GPGLL", "1030.3215,N,10315.5778,E,085411,A"),
        compose("AIVDM", "1,1,,A,H5RTgt0thE0thD000000000000,2"),
        compose("AIVDM", "1,1,,A,E5RTgt0W6@1WPab3bPa200000000:uoH?9Ur000003v010,4"),
        compose("AIVDM", "1,1,,A,85RTgt00Bk0000000000,2"),
        compose("RATTM", "11,11.4,13.6,T,7.0,20.0,T,0.0,0.0,N,BOAT,Q,,154125.82,A"),
        compose("RATLL", "101,1030.422,N,10315.592,E,BUOY,015200.36,T,R"),
        compose("RAOSD", "35.1,A,36.0,P,10.2,P,15.3,0.1,N"),
        compose("RARSD", "0.00,,2.50,005.0,0.00,,4.50,355.0,,,3.0,N,H"),
        compose("ABVSI", "KEP,7,114702,87,-70,42"),
        compose("ARFSR", "KEP,014500.00,A,0412,0012,0003,0100,0006,-121,0377"),
        compose("AIALR", "081130.00,026,A,A,no position"),
        compose("AIABK", "515590000,A,12,2,0"),
    ]
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    let change = proptest::collection::vec(change, 0..6);
    (prop::sample::select(seeds()), change, any::<bool>()).prop_map(|(seed, changes, repair)| {
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

/// 200,000 lines in 10,000 streams; the same ones at every run.
#[test]
fn two_hundred_thousand_mutated_lines_are_read_or_refused() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config { cases: 10_000, ..Config::default() }, rng);
    let streams = proptest::collection::vec(mutated(), 20);
    runner
        .run(&streams, |lines| {
            let ear = Ear::of(&lines);
            let counts = ear.counts();
            prop_assert!(ear.reports.len() as u64 <= counts.sentences);
            prop_assert_eq!(counts.lines, 20);
            prop_assert!(counts.messages <= counts.sentences);
            Ok(())
        })
        .unwrap();
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 1..4)) {
        prop_assert!(Ear::of(&lines).reports.is_empty());
    }
}
