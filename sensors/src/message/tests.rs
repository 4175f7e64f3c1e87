use super::*;
use crate::{CallSign, Imo, Time};
use proptest::option::of;
use proptest::prelude::*;

fn decoded(armour: &str, fill: u8) -> Message {
    let bits = Payload::from_armour(armour.as_bytes(), fill).expect("good armour");
    Message::decode(&bits).expect("a message")
}

fn text(characters: usize) -> impl Strategy<Value = Option<String>> {
    proptest::string::string_regex(&format!("[A-Z0-9!-?\\[\\]_][ A-Z0-9!-?]{{0,{}}}", characters - 1))
        .expect("a regular expression")
        .prop_map(|t| Some(t.trim_end().to_owned()).filter(|t| !t.is_empty()))
}

fn place() -> impl Strategy<Value = Option<Place>> {
    let on_the_globe = (-54_000_000..=54_000_000, -108_000_000..=108_000_000, any::<bool>());
    of(on_the_globe.prop_map(|(lat, lon, accurate)| Place { lat, lon, accurate }))
}

fn dimensions() -> impl Strategy<Value = Option<Dimensions>> {
    of((1..=511_u16, 0..=511_u16, 0..=63_u8, 0..=63_u8)
        .prop_map(|(bow, stern, port, starboard)| Dimensions { bow, stern, port, starboard }))
}

fn ship_types() -> impl Strategy<Value = Option<ShipType>> {
    of((1..=255_u8).prop_map(ShipType))
}

fn position_a() -> impl Strategy<Value = Body> {
    let motion = (of(0..=1022_u16), of(0..3600_u16), of(0..360_u16), of(0..60_u8));
    (0..=15_u8, of(-127..=127_i8), motion, place()).prop_map(
        |(status, turn, (speed, course, heading, second), place)| {
            Body::PositionA(PositionA { status, turn, speed, place, course, heading, second })
        },
    )
}

fn long_range() -> impl Strategy<Value = Body> {
    let place = of((-54_000..=54_000, -108_000..=108_000, any::<bool>())
        .prop_map(|(lat, lon, accurate)| Place { lat: lat * 1000, lon: lon * 1000, accurate }));
    (0..=15_u8, of(0..=62_u16), place, of(0..360_u16)).prop_map(|(status, speed, place, course)| {
        let (speed, course) = (speed.map(|s| s * 10), course.map(|c| c * 10));
        Body::PositionA(PositionA { status, speed, place, course, ..PositionA::default() })
    })
}

fn clock() -> impl Strategy<Value = Body> {
    // Years 1 to 9999.
    (of(-62_135_596_800..253_402_300_800_i64), place())
        .prop_map(|(utc, place)| Body::Clock(Clock { utc: utc.map(Time::from_seconds), place }))
}

fn static_voyage() -> impl Strategy<Value = Body> {
    let eta = (of(1..=12_u8), of(1..=31_u8), of(0..24_u8), of(0..60_u8))
        .prop_map(|(month, day, hour, minute)| Eta { month, day, hour, minute });
    let words = (text(7), text(20), text(20));
    (of(1..1_u32 << 30), words, ship_types(), dimensions(), eta, of(1..=255_u8)).prop_map(
        |(imo, (call_sign, name, destination), ship_type, dimensions, eta, draught)| {
            let (imo, call_sign) = (imo.map(Imo), call_sign.map(CallSign));
            let voyage =
                StaticVoyage { imo, call_sign, name, ship_type, dimensions, eta, draught, destination };
            Body::StaticVoyage(Box::new(voyage))
        },
    )
}

fn sar_aircraft() -> impl Strategy<Value = Body> {
    (of(0..=4094_u16), of(0..=1022_u16), place(), of(0..3600_u16), of(0..60_u8)).prop_map(
        |(altitude, speed, place, course, second)| {
            Body::SarAircraft(SarAircraft { altitude, speed, place, course, second })
        },
    )
}

fn safety_text(addressed: bool) -> impl Strategy<Value = Body> {
    (0..1_u32 << 30, text(150)).prop_map(move |(to, text)| {
        Body::SafetyText(SafetyText { to: addressed.then_some(Mmsi(to)), text: text.unwrap_or_default() })
    })
}

fn position_b(extended: bool) -> impl Strategy<Value = Body> {
    let motion = (of(0..=1022_u16), of(0..3600_u16), of(0..360_u16), of(0..60_u8));
    let statics = (text(20), ship_types(), dimensions());
    (motion, place(), statics).prop_map(
        move |((speed, course, heading, second), place, (name, ship_type, dimensions))| {
            let moving = PositionB { speed, place, course, heading, second, ..PositionB::default() };
            let full = if extended { PositionB { name, ship_type, dimensions, ..moving } } else { moving };
            Body::PositionB(Box::new(full))
        },
    )
}

fn aid_to_navigation() -> impl Strategy<Value = Body> {
    (of(1..=31_u8), text(34), place(), dimensions(), of(0..60_u8), any::<bool>(), any::<bool>()).prop_map(
        |(aid_type, name, place, dimensions, second, off_position, is_virtual)| {
            let aid = AidToNavigation { aid_type, name, place, dimensions, second, off_position, is_virtual };
            Body::AidToNavigation(Box::new(aid))
        },
    )
}

fn static_b() -> impl Strategy<Value = Body> {
    let vendor = of(("[A-Z]{1,3}", 0..16_u8, 0..1_u32 << 20)
        .prop_map(|(l, model, serial)| format!("{l}-{model}-{serial}")));
    let part_b = (ship_types(), vendor, text(7), dimensions()).prop_map(
        |(ship_type, vendor, call_sign, dimensions)| StaticB::B {
            ship_type,
            vendor,
            call_sign: call_sign.map(CallSign),
            dimensions,
            mothership: None,
        },
    );
    prop_oneof![text(20).prop_map(|name| StaticB::A { name }), part_b]
        .prop_map(|part| Body::StaticB(Box::new(part)))
}

fn message() -> impl Strategy<Value = Message> {
    let body = prop_oneof![
        (1..=3_u8, position_a()),
        (Just(27_u8), long_range()),
        (prop_oneof![Just(4_u8), Just(11)], clock()),
        (Just(5_u8), static_voyage()),
        (Just(9_u8), sar_aircraft()),
        (Just(12_u8), safety_text(true)),
        (Just(14_u8), safety_text(false)),
        (Just(18_u8), position_b(false)),
        (Just(19_u8), position_b(true)),
        (Just(21_u8), aid_to_navigation()),
        (Just(24_u8), static_b()),
    ];
    (body, 0..4_u8, 0..980_000_000_u32).prop_map(|((kind, body), repeat, mmsi)| Message {
        kind,
        repeat,
        mmsi: Mmsi(mmsi),
        body,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

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
    fn any_bits_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..160), cut in 0..6_u8) {
        let armour: Vec<u8> = bytes.iter().map(|b| match b & 63 { low @ 0..40 => low + 48, high => high + 56 }).collect();
        if let Ok(bits) = Payload::from_armour(&armour, cut) {
            let _ = Message::decode(&bits);
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
fn a_message_cut_short_is_refused_and_one_too_long_is_read() {
    let bits = |armour: &str| Payload::from_armour(armour.as_bytes(), 0).expect("good armour");
    assert_eq!(Message::decode(&bits("15B4FT5000JR")), Err(Reject::TooShort));
    let long = decoded("15B4FT5000JRP>PE6E68Nbkl0PS5000000", 0);
    assert_eq!(long, decoded("15B4FT5000JRP>PE6E68Nbkl0PS5", 0));
    // 150 bits lack the radio state only.
    assert_eq!(long, decoded("15B4FT5000JRP>PE6E68Nbkl0", 0));
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
