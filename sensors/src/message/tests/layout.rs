//! Where each field stands, counted from the first bit as ITU-R M.1371-5 lists them: a reader and a writer that
//! agree on a wrong place would still read back what they write.

use super::super::*;
use crate::{CallSign, Imo};

/// Checks the length, and the unsigned value of each (start, width).
fn sent(kind: u8, body: Body, len: usize, fields: &[(usize, usize, u64)]) {
    let message = Message { kind, repeat: 2, mmsi: Mmsi(567_001_234), body };
    let bits = message.encode();
    assert_eq!(bits.len(), len, "type {kind}");
    for &(start, width, value) in
        [(0, 6, u64::from(kind)), (6, 2, 2), (8, 30, 567_001_234)].iter().chain(fields)
    {
        assert_eq!(bits.unsigned(start, width), value, "type {kind}, bit {start}");
    }
    assert_eq!(Message::decode(&bits), Ok(message));
}

const PLACE: Option<Place> = Some(Place { lat: 6_000_001, lon: 62_000_003, accurate: true });
const CORNER: Option<CoarsePlace> = Some(CoarsePlace { lat: 6_001, lon: 62_003 });
const SIZE: Option<Dimensions> = Some(Dimensions { bow: 300, stern: 40, port: 21, starboard: 22 });
const RADIO: Option<CommState> = Some(CommState { bits: 0x5_4321, itdma: false });

#[test]
fn class_a_positions() {
    let moving =
        PositionA { status: 5, turn: Some(-3), speed: Some(101), place: PLACE, ..Default::default() };
    let timed = PositionA { course: Some(2711), heading: Some(272), second: Some(33), ..moving };
    let body = PositionA { manoeuvre: Some(2), raim: true, radio: RADIO, ..timed };
    let whereabouts =
        [(38, 4, 5), (42, 8, 253), (50, 10, 101), (60, 1, 1), (61, 28, 62_000_003), (89, 27, 6_000_001)];
    let rest = [(116, 12, 2711), (128, 9, 272), (137, 6, 33), (143, 2, 2), (148, 1, 1), (149, 19, 0x5_4321)];
    sent(1, Body::PositionA(body), 168, &[whereabouts, rest].concat());
    let itdma = PositionA { radio: RADIO.map(|r| CommState { itdma: true, ..r }), ..body };
    sent(3, Body::PositionA(itdma), 168, &rest);
    let place = Some(Place { lat: 6_001_000, lon: 62_003_000, accurate: true });
    let far = PositionA {
        status: 5,
        speed: Some(100),
        place,
        course: Some(2710),
        raim: true,
        ..Default::default()
    };
    let far = PositionA { stale: true, radio: None, ..far };
    let whereabouts =
        [(38, 1, 1), (39, 1, 1), (40, 4, 5), (44, 18, 62_003), (62, 17, 6_001), (79, 6, 10), (85, 9, 271)];
    sent(27, Body::PositionA(far), 96, &[&whereabouts[..], &[(94, 1, 1)]].concat());
}

#[test]
fn clocks() {
    let utc = crate::Time::from_seconds(1_795_000_042);
    let clock = Clock::at(utc, PLACE);
    assert_eq!(clock.utc(), Some(utc));
    let body = Clock { epfd: Some(Epfd(7)), long_range: true, raim: true, radio: RADIO, ..clock };
    let date = [(38, 14, 2026), (52, 4, 11), (56, 5, 18), (61, 5, 11), (66, 6, 7), (72, 6, 22)];
    let rest =
        [(78, 1, 1), (79, 28, 62_000_003), (107, 27, 6_000_001), (134, 4, 7), (138, 1, 1), (148, 1, 1)];
    sent(4, Body::Clock(body), 168, &[date, rest].concat());
    sent(11, Body::Clock(body), 168, &[(149, 19, 0x5_4321)]);
}

#[test]
fn static_data_of_class_a() {
    let (imo, call_sign) = (Some(Imo(9_074_729)), Some(CallSign("XUAB1".into())));
    let who = StaticVoyage { ais_version: 2, imo, call_sign, name: Some("A".into()), ..Default::default() };
    let eta = Eta { month: Some(11), day: Some(30), hour: Some(5), minute: Some(45) };
    let what =
        StaticVoyage { ship_type: Some(ShipType(70)), dimensions: SIZE, epfd: Some(Epfd(3)), eta, ..who };
    let body = StaticVoyage { draught: Some(81), destination: Some("B".into()), dte_ready: true, ..what };
    let first = [
        (38, 2, 2),
        (40, 30, 9_074_729),
        (70, 6, 24),
        (112, 6, 1),
        (232, 8, 70),
        (240, 9, 300),
        (249, 9, 40),
    ];
    let then =
        [(258, 6, 21), (264, 6, 22), (270, 4, 3), (274, 4, 11), (278, 5, 30), (283, 5, 5), (288, 6, 45)];
    let last = [(294, 8, 81), (302, 6, 2), (422, 1, 0)];
    sent(5, Body::StaticVoyage(Box::new(body)), 424, &[&first[..], &then, &last].concat());
}

#[test]
fn data_of_applications() {
    let application = ApplicationId { dac: 200, fi: 10 };
    let data = Bits::from_bytes(&[0xab, 0xc0], 12).expect("12 bits");
    let to_all = Binary { application, data: data.clone(), ..Default::default() };
    sent(8, Body::Binary(Box::new(to_all.clone())), 68, &[(40, 10, 200), (50, 6, 10), (56, 12, 0xabc)]);
    let to_one = Binary { to: Some(Mmsi(123_456_789)), sequence: 3, retransmit: true, ..to_all };
    let fields = [(38, 2, 3), (40, 30, 123_456_789), (70, 1, 1), (72, 10, 200), (82, 6, 10), (88, 12, 0xabc)];
    sent(6, Body::Binary(Box::new(to_one)), 100, &fields);
    let plain = SlotBinary { data, ..Default::default() };
    sent(25, Body::SlotBinary(Box::new(plain.clone())), 52, &[(38, 2, 0), (40, 12, 0xabc)]);
    let full = SlotBinary { to: Some(Mmsi(123_456_789)), application: Some(application), ..plain };
    let fields = [(38, 2, 3), (40, 30, 123_456_789), (72, 10, 200), (82, 6, 10), (88, 12, 0xabc)];
    sent(25, Body::SlotBinary(Box::new(full.clone())), 100, &fields);
    let radio = Some(CommState { bits: 0x5_4321, itdma: true });
    sent(
        26,
        Body::SlotBinary(Box::new(SlotBinary { radio, ..full })),
        120,
        &[(88, 12, 0xabc), (100, 20, 0xd_4321)],
    );
}

#[test]
fn acknowledgements_and_questions() {
    let arrived = |from, sequence| Arrived { from: Mmsi(from), sequence };
    let arrived = vec![arrived(123_456_789, 1), arrived(234_567_890, 3)];
    let fields = [(40, 30, 123_456_789), (70, 2, 1), (72, 30, 234_567_890), (102, 2, 3)];
    sent(7, Body::Acknowledgement(Acknowledgement { arrived: arrived.clone() }), 104, &fields);
    sent(13, Body::Acknowledgement(Acknowledgement { arrived }), 104, &fields);
    sent(10, Body::UtcInquiry(UtcInquiry { to: Mmsi(123_456_789) }), 72, &[(40, 30, 123_456_789)]);
    let (first, second) = (Request { kind: 5, offset: 600 }, Some(Request { kind: 3, offset: 601 }));
    let one = Interrogation { to: Mmsi(123_456_789), first, ..Default::default() };
    let fields = [(40, 30, 123_456_789), (70, 6, 5), (76, 12, 600)];
    sent(15, Body::Interrogation(one), 88, &fields);
    let two = Interrogation { second, ..one };
    sent(15, Body::Interrogation(two), 110, &[(90, 6, 3), (96, 12, 601)]);
    let other = Some((Mmsi(234_567_890), Request { kind: 24, offset: 7 }));
    let fields = [(90, 18, 0), (110, 30, 234_567_890), (140, 6, 24), (146, 12, 7)];
    sent(15, Body::Interrogation(Interrogation { other, ..one }), 160, &fields);
}

#[test]
fn aircraft_and_words() {
    let aircraft = SarAircraft { altitude: Some(1503), speed: Some(120), place: PLACE, ..Default::default() };
    let timed = SarAircraft { course: Some(2711), fix_mode: FixMode::Estimated, regional: 0x81, ..aircraft };
    let radio = Some(CommState { bits: 0x5_4321, itdma: true });
    let body = SarAircraft { dte_ready: true, assigned: true, raim: true, radio, ..timed };
    assert!(body.is_barometric());
    let whereabouts = [(38, 12, 1503), (50, 10, 120), (60, 1, 1), (61, 28, 62_000_003), (89, 27, 6_000_001)];
    let rest = [(116, 12, 2711), (128, 6, 62), (134, 8, 0x81), (142, 1, 0), (146, 1, 1), (147, 1, 1)];
    sent(9, Body::SarAircraft(body), 168, &[&whereabouts[..], &rest, &[(148, 20, 0xd_4321)]].concat());
    let to_all = SafetyText { text: "AB".into(), ..Default::default() };
    sent(14, Body::SafetyText(to_all.clone()), 52, &[(40, 6, 1), (46, 6, 2)]);
    let to_one = SafetyText { to: Some(Mmsi(123_456_789)), sequence: 2, retransmit: true, ..to_all };
    let fields = [(38, 2, 2), (40, 30, 123_456_789), (70, 1, 1), (72, 6, 1), (78, 6, 2)];
    sent(12, Body::SafetyText(to_one), 84, &fields);
}

#[test]
fn orders_of_base_stations() {
    let assigned = |to, offset, increment| Assigned { to: Mmsi(to), offset, increment };
    let one = Assignment { first: assigned(123_456_789, 600, 1), second: None };
    let fields = [(40, 30, 123_456_789), (70, 12, 600), (82, 10, 1)];
    sent(16, Body::Assignment(one), 96, &fields);
    let two = Assignment { second: Some(assigned(234_567_890, 601, 1023)), ..one };
    sent(16, Body::Assignment(two), 144, &[(92, 30, 234_567_890), (122, 12, 601), (134, 10, 1023)]);
    let block = |offset| Reservation { offset, slots: 5, timeout: 7, increment: 1125 };
    let fields = [(40, 12, 100), (52, 4, 5), (56, 3, 7), (59, 11, 1125), (70, 12, 101), (89, 11, 1125)];
    let reservations = vec![block(100), block(101)];
    sent(20, Body::LinkManagement(LinkManagement { reservations }), 104, &fields);
    let area = Area { north_east: CORNER, south_west: None };
    let corners =
        |at: usize| [(at, 18, 62_003), (at + 18, 17, 6_001), (at + 35, 18, 108_600), (at + 53, 17, 54_600)];
    let told = Told::Area(area);
    let channels =
        ChannelManagement { channel_a: 2087, channel_b: 2088, channels: 1, told, ..Default::default() };
    let body = ChannelManagement { low_power: true, narrow_b: true, zone: 4, ..channels };
    let fields = [(40, 12, 2087), (52, 12, 2088), (64, 4, 1), (68, 1, 1), (139, 3, 1), (142, 3, 4)];
    sent(22, Body::ChannelManagement(body), 168, &[&fields[..], &corners(69)].concat());
    let told = Told::Stations(Mmsi(123_456_789), Some(Mmsi(234_567_890)));
    let fields = [(69, 30, 123_456_789), (104, 30, 234_567_890), (139, 3, 5)];
    sent(22, Body::ChannelManagement(ChannelManagement { told, ..body }), 168, &fields);
    let group =
        GroupAssignment { area, station_type: 2, ship_type: Some(ShipType(36)), ..Default::default() };
    let body = GroupAssignment { channels: 1, interval: 9, quiet_minutes: Some(15), ..group };
    let fields = [(110, 4, 2), (114, 8, 36), (144, 2, 1), (146, 4, 9), (150, 4, 15)];
    sent(23, Body::GroupAssignment(body), 160, &[&corners(40)[..], &fields].concat());
}

#[test]
fn corrections_for_satellite_navigation() {
    // Type 9, station 201, Z-count 1000, sequence 5, 1 word, health 6.
    let header = 9_u64 << 34 | 201 << 24 | 1000 << 11 | 5 << 8 | 1 << 3 | 6;
    let data = Bits::from_bytes(&(header << 24).to_be_bytes(), 64).expect("64 bits");
    let body = Dgnss { place: CORNER, data };
    let found = body.correction().expect("a header");
    assert_eq!((found.kind, found.station, found.z_count), (9, 201, 1000));
    assert_eq!((found.sequence, found.words, found.health), (5, 1, 6));
    let fields = [(40, 18, 62_003), (58, 17, 6_001), (80, 40, header)];
    sent(17, Body::Dgnss(Box::new(body)), 144, &fields);
    assert_eq!(Dgnss::default().correction(), None);
}

#[test]
fn class_b() {
    let moving =
        PositionB { reserved: 7, speed: Some(101), place: PLACE, course: Some(2711), ..Default::default() };
    let able = PositionB { heading: Some(272), second: Some(33), carrier_sense: true, dsc: true, ..moving };
    let radio = Some(CommState { bits: 0x5_4321, itdma: true });
    let body = PositionB { regional: 1, message_22: true, raim: true, radio, ..able };
    let whereabouts =
        [(38, 8, 7), (46, 10, 101), (56, 1, 1), (57, 28, 62_000_003), (85, 27, 6_000_001), (112, 12, 2711)];
    let then = [(124, 9, 272), (133, 6, 33)];
    let rest = [(139, 2, 1), (141, 7, 0b101_0101), (148, 20, 0xd_4321)];
    sent(18, Body::PositionB(body), 168, &[&whereabouts[..], &then, &rest].concat());
    let other = PositionB { display: true, whole_band: true, assigned: true, ..PositionB::default() };
    sent(18, Body::PositionB(other), 168, &[(141, 7, 0b010_1010)]);
    let who =
        PositionBExtended { name: Some("A".into()), ship_type: Some(ShipType(36)), ..Default::default() };
    let size = PositionBExtended { dimensions: SIZE, epfd: Some(Epfd(1)), raim: true, assigned: true, ..who };
    let body = PositionBExtended { reserved: 7, speed: Some(101), place: PLACE, second: Some(33), ..size };
    let body = PositionBExtended { course: Some(2711), heading: Some(272), regional: 9, ..body };
    let size = [(271, 9, 300), (280, 9, 40), (289, 6, 21), (295, 6, 22), (301, 4, 1), (305, 3, 0b111)];
    let rest = [(139, 4, 9), (143, 6, 1), (263, 8, 36)];
    sent(19, Body::PositionBExtended(Box::new(body)), 312, &[&whereabouts[..], &then, &rest, &size].concat());
}

#[test]
fn static_data_of_class_b() {
    let part = StaticB::A { name: Some("A".into()) };
    sent(24, Body::StaticB(Box::new(part)), 168, &[(38, 2, 0), (40, 6, 1)]);
    let vendor = Vendor::new("SRT", 5, 1_000_001);
    assert_eq!((vendor.maker().as_deref(), vendor.model(), vendor.serial()), (Some("SRT"), 5, 1_000_001));
    let (ship_type, call_sign) = (Some(ShipType(36)), Some(CallSign("X".into())));
    let (vendor, epfd) = (Some(vendor), Some(Epfd(1)));
    let part = StaticB::B { ship_type, vendor, call_sign, dimensions: SIZE, mothership: None, epfd };
    let vendor = [(48, 6, 19), (54, 6, 18), (60, 6, 20), (66, 4, 5), (70, 20, 1_000_001), (90, 6, 24)];
    let size = [(132, 9, 300), (141, 9, 40), (150, 6, 21), (156, 6, 22), (162, 4, 1)];
    sent(24, Body::StaticB(Box::new(part)), 168, &[&[(38, 2, 1), (40, 8, 36)], &vendor[..], &size].concat());
}

#[test]
fn aids_to_navigation() {
    let aid = AidToNavigation { aid_type: Some(14), place: PLACE, dimensions: SIZE, ..Default::default() };
    let name = Some("ABCDEFGHIJKLMNOPQRSTUVW".to_owned());
    let timed = AidToNavigation { name, epfd: Some(Epfd(7)), second: Some(33), off_position: true, ..aid };
    let body = AidToNavigation { status: 0xa5, raim: true, is_virtual: false, assigned: true, ..timed };
    let first =
        [(38, 5, 14), (43, 6, 1), (163, 1, 1), (164, 28, 62_000_003), (192, 27, 6_000_001), (219, 9, 300)];
    let then =
        [(228, 9, 40), (237, 6, 21), (243, 6, 22), (249, 4, 7), (253, 6, 33), (259, 1, 1), (260, 8, 0xa5)];
    let last = [(268, 3, 0b101), (272, 6, 21), (284, 6, 23), (290, 6, 0)];
    sent(21, Body::AidToNavigation(Box::new(body)), 296, &[&first[..], &then, &last].concat());
}

#[test]
fn radio_states() {
    let sotdma = |bits| CommState { bits, itdma: false };
    let heard = sotdma(1 << 17 | 3 << 14 | 77);
    assert_eq!((heard.sync_state(), heard.slot_timeout()), (SyncState::UtcIndirect, Some(3)));
    assert_eq!(heard.slot_use(), SlotUse::ReceivedStations(77));
    assert_eq!(sotdma(6 << 14 | 2249).slot_use(), SlotUse::SlotNumber(2249));
    assert_eq!(sotdma(2249).slot_use(), SlotUse::SlotOffset(2249));
    let clock = sotdma(1 << 14 | 23 << 9 | 59 << 2).slot_use();
    assert_eq!(clock, SlotUse::Utc { hour: Some(23), minute: Some(59) });
    let nonsense = sotdma(1 << 14 | 24 << 9 | 60 << 2).slot_use();
    assert_eq!(nonsense, SlotUse::Utc { hour: None, minute: None });
    let itdma = CommState { bits: 3 << 17 | 8191 << 4 | 4 << 1 | 1, itdma: true };
    assert_eq!((itdma.sync_state(), itdma.slot_timeout()), (SyncState::OtherStation, None));
    assert_eq!(itdma.slot_use(), SlotUse::Increment { slots: 8191, count: 4, keep: true });
    assert_eq!(CommState::from_selector(itdma.with_selector()), itdma);
}
