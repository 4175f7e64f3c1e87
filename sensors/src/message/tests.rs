mod layout;
mod strategies;

use super::*;
use proptest::prelude::*;
use strategies::message;

fn decoded(armour: &str, fill: u8) -> Message {
    let bits = Payload::from_armour(armour.as_bytes(), fill).expect("good armour");
    Message::decode(&bits).expect("a message")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn reads_back_what_it_writes(message in message()) {
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn armour_keeps_every_bit(message in message()) {
        let bits = message.encode();
        let (armour, fill) = bits.to_armour();
        let again = Payload::from_armour(armour.as_bytes(), fill).expect("our own armour");
        prop_assert_eq!(again.hash(), bits.hash());
        prop_assert_eq!(again, bits);
    }

    #[test]
    fn sentences_keep_the_length_that_nmea_allows(message in message(), sequence_id in any::<u8>()) {
        for sentence in to_sentences(&message, "AI", 'B', sequence_id) {
            prop_assert!(sentence.len() + 2 <= 82);
        }
    }

    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same(
        kind in 1..=27_u64,
        words in proptest::collection::vec(any::<u64>(), 24),
        len in 38..1100_usize,
    ) {
        let mut bits = Payload::new();
        bits.push(6, kind);
        let mut words = words.into_iter();
        while bits.len() < len {
            bits.push((len - bits.len()).min(64), words.next().unwrap_or(0));
        }
        if let Ok(message) = Message::decode(&bits) {
            prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
        }
    }
}

#[test]
fn reads_a_vessel_at_anchor_as_gpsd_does() {
    let message = decoded("15B4FT5000JRP>PE6E68Nbkl0PS5", 0);
    let Body::PositionA(p) = message.body else { panic!("not a position") };
    assert_eq!((message.kind, message.mmsi, p.status, p.turn), (1, Mmsi(354_490_000), 5, Some(0)));
    assert_eq!(p.speed, Some(0));
}

#[test]
fn not_available_is_absent() {
    let empty = Message { kind: 1, repeat: 0, mmsi: Mmsi(0), body: Body::PositionA(PositionA::default()) };
    assert_eq!(Message::decode(&empty.encode()), Ok(empty));
}

#[test]
fn every_type_is_read_from_its_shortest_length_on() {
    for kind in 1..=27_u8 {
        let shortest = BITS_SHORTEST[usize::from(kind)];
        let mut bits = Payload::new();
        bits.push(6, u64::from(kind));
        while bits.len() < shortest - 1 {
            bits.push(1, 0);
        }
        assert_eq!(Message::decode(&bits), Err(Reject::TooShort), "type {kind}");
        // Types 24 and 26 end later, by what they hold.
        let more = match kind {
            24 => 120,
            26 => 20,
            _ => 0,
        };
        (0..=more).for_each(|_| bits.push_flag(false));
        assert!(Message::decode(&bits).is_ok(), "type {kind}");
    }
}

#[test]
fn a_message_stays_small() {
    // Ours: one cache line, so that a position is moved cheaply from stage to stage.
    assert!(size_of::<Message>() <= 64, "{}", size_of::<Message>());
}

#[test]
fn what_ends_early_is_absent_and_not_zero() {
    let cut = |armour: &str, len: usize| {
        let whole = Payload::from_armour(armour.as_bytes(), 0).expect("good armour");
        Message::decode(&Bits::between(&whole, 0, len).payload()).expect("long enough").body
    };
    let class_a = "15B4FT5000JRP>PE6E68Nbkl0PS5";
    let Body::PositionA(whole) = cut(class_a, 168) else { panic!("not a position") };
    let Body::PositionA(no_radio) = cut(class_a, 150) else { panic!("not a position") };
    assert!(whole.radio.is_some());
    assert_eq!(no_radio, PositionA { radio: None, ..whole });
    let part_b = "H42O55lt0000000D3nink000?0500";
    let Body::StaticB(part) = cut(part_b, 162) else { panic!("not static data") };
    assert!(matches!(*part, StaticB::B { epfd: None, .. }));
}

#[test]
fn a_message_cut_short_is_refused_and_one_too_long_is_read() {
    let bits = |armour: &str| Payload::from_armour(armour.as_bytes(), 0).expect("good armour");
    assert_eq!(Message::decode(&bits("15B4FT5000JR")), Err(Reject::TooShort));
    let long = decoded("15B4FT5000JRP>PE6E68Nbkl0PS5000000", 0);
    assert_eq!(long, decoded("15B4FT5000JRP>PE6E68Nbkl0PS5", 0));
}

#[test]
fn types_that_do_not_exist_are_refused() {
    for first in ["0", "L", "w"] {
        let bits = Payload::from_armour(format!("{first}5B4FT5000JRP>PE6E68Nbkl0PS5").as_bytes(), 0);
        assert_eq!(Message::decode(&bits.expect("good armour")), Err(Reject::UnknownMessageType));
    }
}

#[test]
fn the_craft_of_a_mothership_names_it_in_place_of_its_size() {
    let part = StaticB::B {
        ship_type: None,
        vendor: None,
        call_sign: None,
        dimensions: None,
        mothership: Some(Mmsi(567_001_234)),
        epfd: None,
    };
    let message =
        Message { kind: 24, repeat: 0, mmsi: Mmsi(985_671_234), body: Body::StaticB(Box::new(part)) };
    assert_eq!(Message::decode(&message.encode()), Ok(message));
}

#[test]
fn text_ends_at_the_first_at_sign() {
    let mut bits = Payload::new();
    for sextet in [8, 1, 14, 0, 2, 45] {
        bits.push(6, sextet);
    }
    assert_eq!(text::read(&bits, 0, 6).as_deref(), Some("HAN"));
}

#[test]
fn the_hash_does_not_see_fill_bits() {
    let with =
        |fill| Payload::from_armour(b"15B4FT5000JRP>PE6E68Nbkl0PS0", fill).expect("good armour").hash();
    assert_eq!(with(0), with(2));
}
