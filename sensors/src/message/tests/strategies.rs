//! Any message of each type, in the form in which it is read back.

use super::super::*;
use crate::{CallSign, Imo};
use proptest::option::of;
use proptest::prelude::*;

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

fn fix_moment() -> impl Strategy<Value = (Option<u8>, FixMode)> {
    let without = prop_oneof![
        Just(FixMode::Electronic),
        Just(FixMode::Manual),
        Just(FixMode::Estimated),
        Just(FixMode::Inoperative)
    ];
    prop_oneof![
        (0..60_u8).prop_map(|s| (Some(s), FixMode::Electronic)),
        without.prop_map(|mode| (None, mode))
    ]
}

fn epfd() -> impl Strategy<Value = Option<Epfd>> {
    of((1..=15_u8).prop_map(Epfd))
}

fn radio(itdma: impl Strategy<Value = bool>) -> impl Strategy<Value = Option<CommState>> {
    of((0..1_u32 << 19, itdma).prop_map(|(bits, itdma)| CommState { bits, itdma }))
}

fn mmsi() -> impl Strategy<Value = Mmsi> {
    (1..1_u32 << 30).prop_map(Mmsi)
}

fn bits(len_max: usize) -> impl Strategy<Value = Bits> {
    (proptest::collection::vec(any::<u8>(), len_max / 8), 0..=len_max / 8 * 8)
        .prop_map(|(bytes, len)| Bits::from_bytes(&bytes, len).expect("as many bits"))
}

fn application() -> impl Strategy<Value = ApplicationId> {
    (0..1024_u16, 0..64_u8).prop_map(|(dac, fi)| ApplicationId { dac, fi })
}

fn coarse_place() -> impl Strategy<Value = Option<CoarsePlace>> {
    of((-54_000..=54_000, -108_000..=108_000).prop_map(|(lat, lon)| CoarsePlace { lat, lon }))
}

fn area() -> impl Strategy<Value = Area> {
    (coarse_place(), coarse_place()).prop_map(|(north_east, south_west)| Area { north_east, south_west })
}

fn position_a(itdma: bool) -> impl Strategy<Value = Body> {
    let motion = (of(0..=1022_u16), of(0..3600_u16), of(0..360_u16), fix_moment());
    let rest = (of(1..=3_u8), any::<bool>(), radio(Just(itdma)));
    (0..=15_u8, of(-127..=127_i8), motion, place(), rest).prop_map(
        |(status, turn, (speed, course, heading, (second, fix_mode)), place, (manoeuvre, raim, radio))| {
            let moving = PositionA { status, turn, speed, place, course, heading, ..PositionA::default() };
            Body::PositionA(PositionA { second, fix_mode, manoeuvre, raim, radio, ..moving })
        },
    )
}

fn long_range() -> impl Strategy<Value = Body> {
    let place = of((-54_000..=54_000, -108_000..=108_000, any::<bool>())
        .prop_map(|(lat, lon, accurate)| Place { lat: lat * 1000, lon: lon * 1000, accurate }));
    (0..=15_u8, of(0..=62_u16), place, of(0..360_u16), any::<[bool; 2]>()).prop_map(
        |(status, speed, place, course, [raim, stale])| {
            let (speed, course) = (speed.map(|s| s * 10), course.map(|c| c * 10));
            let rest = PositionA { radio: None, ..PositionA::default() };
            Body::PositionA(PositionA { status, speed, place, course, raim, stale, ..rest })
        },
    )
}

fn clock() -> impl Strategy<Value = Body> {
    let date = (of(1..=9999_u16), of(1..=12_u8), of(1..=31_u8));
    let time = (of(0..24_u8), of(0..60_u8), of(0..60_u8));
    (date, time, place(), epfd(), any::<[bool; 2]>(), radio(Just(false))).prop_map(
        |((year, month, day), (hour, minute, second), place, epfd, [long_range, raim], radio)| {
            let date = Clock { year, month, day, hour, minute, second, ..Clock::default() };
            Body::Clock(Clock { place, epfd, long_range, raim, radio, ..date })
        },
    )
}

fn static_voyage() -> impl Strategy<Value = Body> {
    let eta = (of(1..=12_u8), of(1..=31_u8), of(0..24_u8), of(0..60_u8))
        .prop_map(|(month, day, hour, minute)| Eta { month, day, hour, minute });
    let words = (text(7), text(20), text(20));
    let rest = (eta, of(1..=255_u8), 0..4_u8, epfd(), any::<bool>());
    (of(1..1_u32 << 30), words, ship_types(), dimensions(), rest).prop_map(
        |(imo, (call_sign, name, destination), ship_type, dimensions, rest)| {
            let (eta, draught, ais_version, epfd, dte_ready) = rest;
            let (imo, call_sign) = (imo.map(Imo), call_sign.map(CallSign));
            let who = StaticVoyage { imo, call_sign, name, ship_type, dimensions, ..Default::default() };
            let voyage = StaticVoyage { eta, draught, destination, ais_version, epfd, dte_ready, ..who };
            Body::StaticVoyage(Box::new(voyage))
        },
    )
}

fn binary(addressed: bool) -> impl Strategy<Value = Body> {
    (mmsi(), 0..4_u8, any::<bool>(), application(), bits(952)).prop_map(
        move |(to, sequence, retransmit, application, data)| {
            let to_all = Binary { application, data, ..Binary::default() };
            let binary =
                if addressed { Binary { to: Some(to), sequence, retransmit, ..to_all } } else { to_all };
            Body::Binary(Box::new(binary))
        },
    )
}

fn acknowledgement() -> impl Strategy<Value = Body> {
    let arrived =
        (0..1_u32 << 30, 0..4_u8).prop_map(|(from, sequence)| Arrived { from: Mmsi(from), sequence });
    proptest::collection::vec(arrived, 1..=4)
        .prop_map(|arrived| Body::Acknowledgement(Acknowledgement { arrived }))
}

fn sar_aircraft() -> impl Strategy<Value = Body> {
    let motion = (of(0..=4094_u16), of(0..=1022_u16), place(), of(0..3600_u16), fix_moment());
    (motion, any::<u8>(), any::<[bool; 3]>(), radio(any::<bool>())).prop_map(
        |((altitude, speed, place, course, (second, fix_mode)), regional, flags, radio)| {
            let [dte_ready, assigned, raim] = flags;
            let moving = SarAircraft { altitude, speed, place, course, ..SarAircraft::default() };
            let timed = SarAircraft { second, fix_mode, regional, ..moving };
            Body::SarAircraft(SarAircraft { dte_ready, assigned, raim, radio, ..timed })
        },
    )
}

fn safety_text(addressed: bool) -> impl Strategy<Value = Body> {
    (0..1_u32 << 30, text(150), 0..4_u8, any::<bool>()).prop_map(move |(to, text, sequence, retransmit)| {
        let to_all = SafetyText { text: text.unwrap_or_default(), ..SafetyText::default() };
        let to_one = |to_all| SafetyText { to: Some(Mmsi(to)), sequence, retransmit, ..to_all };
        Body::SafetyText(if addressed { to_one(to_all) } else { to_all })
    })
}

fn request() -> impl Strategy<Value = Request> {
    (1..64_u8, 0..4096_u16).prop_map(|(kind, offset)| Request { kind, offset })
}

fn interrogation() -> impl Strategy<Value = Body> {
    (mmsi(), request(), of(request()), of((mmsi(), request()))).prop_map(|(to, first, second, other)| {
        Body::Interrogation(Interrogation { to, first, second, other })
    })
}

fn assignment() -> impl Strategy<Value = Body> {
    let assigned = || {
        (mmsi(), 0..4096_u16, 0..1024_u16).prop_map(|(to, offset, increment)| Assigned {
            to,
            offset,
            increment,
        })
    };
    (assigned(), of(assigned())).prop_map(|(first, second)| Body::Assignment(Assignment { first, second }))
}

fn dgnss() -> impl Strategy<Value = Body> {
    (coarse_place(), bits(736)).prop_map(|(place, data)| Body::Dgnss(Box::new(Dgnss { place, data })))
}

fn position_b() -> impl Strategy<Value = Body> {
    let motion = (of(0..=1022_u16), of(0..3600_u16), of(0..360_u16), fix_moment());
    (motion, place(), any::<u8>(), 0..4_u8, any::<[bool; 7]>(), radio(any::<bool>())).prop_map(
        |((speed, course, heading, (second, fix_mode)), place, reserved, regional, flags, radio)| {
            let [carrier_sense, display, dsc, whole_band, message_22, assigned, raim] = flags;
            let moving =
                PositionB { speed, place, course, heading, second, fix_mode, ..PositionB::default() };
            let able = PositionB { carrier_sense, display, dsc, whole_band, message_22, ..moving };
            Body::PositionB(PositionB { reserved, regional, assigned, raim, radio, ..able })
        },
    )
}

fn position_b_extended() -> impl Strategy<Value = Body> {
    let motion = (of(0..=1022_u16), of(0..3600_u16), of(0..360_u16), fix_moment());
    let statics = (text(20), ship_types(), dimensions(), epfd(), any::<[bool; 3]>());
    (motion, place(), any::<u8>(), 0..16_u8, statics).prop_map(
        |((speed, course, heading, (second, fix_mode)), place, reserved, regional, statics)| {
            let (name, ship_type, dimensions, epfd, [raim, dte_ready, assigned]) = statics;
            let moving = PositionBExtended { speed, place, course, heading, ..Default::default() };
            let timed = PositionBExtended { second, fix_mode, reserved, regional, ..moving };
            let named = PositionBExtended { name, ship_type, dimensions, epfd, ..timed };
            Body::PositionBExtended(Box::new(PositionBExtended { raim, dte_ready, assigned, ..named }))
        },
    )
}

fn link_management() -> impl Strategy<Value = Body> {
    let reservation = (0..4096_u16, 1..16_u8, 0..8_u8, 0..2048_u16)
        .prop_map(|(offset, slots, timeout, increment)| Reservation { offset, slots, timeout, increment });
    proptest::collection::vec(reservation, 0..=4)
        .prop_map(|reservations| Body::LinkManagement(LinkManagement { reservations }))
}

fn aid_to_navigation() -> impl Strategy<Value = Body> {
    let looks = (of(1..=31_u8), text(34), place(), dimensions(), epfd());
    (looks, fix_moment(), any::<u8>(), any::<[bool; 4]>()).prop_map(
        |((aid_type, name, place, dimensions, epfd), (second, fix_mode), status, flags)| {
            let [off_position, raim, is_virtual, assigned] = flags;
            let aid = AidToNavigation { aid_type, name, place, dimensions, epfd, ..Default::default() };
            let timed = AidToNavigation { second, fix_mode, status, ..aid };
            let aid = AidToNavigation { off_position, raim, is_virtual, assigned, ..timed };
            Body::AidToNavigation(Box::new(aid))
        },
    )
}

fn channel_management() -> impl Strategy<Value = Body> {
    let told = prop_oneof![
        area().prop_map(Told::Area),
        (mmsi(), of(mmsi())).prop_map(|(first, second)| Told::Stations(first, second))
    ];
    (0..4096_u16, 0..4096_u16, 0..16_u8, told, any::<[bool; 3]>(), 0..8_u8).prop_map(
        |(channel_a, channel_b, channels, told, [low_power, narrow_a, narrow_b], zone)| {
            let body = ChannelManagement { channel_a, channel_b, channels, told, ..Default::default() };
            Body::ChannelManagement(ChannelManagement { low_power, narrow_a, narrow_b, zone, ..body })
        },
    )
}

fn group_assignment() -> impl Strategy<Value = Body> {
    (area(), 0..16_u8, ship_types(), 0..4_u8, 0..16_u8, of(1..16_u8)).prop_map(
        |(area, station_type, ship_type, channels, interval, quiet_minutes)| {
            let group = GroupAssignment { area, station_type, ship_type, ..Default::default() };
            Body::GroupAssignment(GroupAssignment { channels, interval, quiet_minutes, ..group })
        },
    )
}

fn static_b() -> impl Strategy<Value = Body> {
    let vendor = of((1..1_u64 << 42).prop_map(Vendor));
    let part_b = (ship_types(), vendor, text(7), dimensions(), epfd()).prop_map(
        |(ship_type, vendor, call_sign, dimensions, epfd)| StaticB::B {
            ship_type,
            vendor,
            call_sign: call_sign.map(CallSign),
            dimensions,
            mothership: None,
            epfd,
        },
    );
    prop_oneof![text(20).prop_map(|name| StaticB::A { name }), part_b]
        .prop_map(|part| Body::StaticB(Box::new(part)))
}

fn slot_binary(several_slots: bool) -> impl Strategy<Value = Body> {
    let radio = (0..1_u32 << 19, any::<bool>()).prop_map(|(bits, itdma)| CommState { bits, itdma });
    let len_max = if several_slots { 1000 } else { 128 };
    (of(mmsi()), of(application()), bits(len_max), radio).prop_map(move |(to, application, data, radio)| {
        let radio = several_slots.then_some(radio);
        Body::SlotBinary(Box::new(SlotBinary { to, application, data, radio }))
    })
}

// Boxed: as one value the strategies would not fit on the stack of an unoptimised test.
pub(super) fn message() -> impl Strategy<Value = Message> {
    let moving = prop_oneof![
        (1..=2_u8, position_a(false).boxed()),
        (Just(3_u8), position_a(true).boxed()),
        (Just(27_u8), long_range().boxed()),
        (prop_oneof![Just(4_u8), Just(11)], clock().boxed()),
        (Just(9_u8), sar_aircraft().boxed()),
        (Just(18_u8), position_b().boxed()),
        (Just(19_u8), position_b_extended().boxed()),
        (Just(21_u8), aid_to_navigation().boxed()),
    ];
    let saying = prop_oneof![
        (Just(5_u8), static_voyage().boxed()),
        (Just(6_u8), binary(true).boxed()),
        (Just(8_u8), binary(false).boxed()),
        (Just(12_u8), safety_text(true).boxed()),
        (Just(14_u8), safety_text(false).boxed()),
        (Just(17_u8), dgnss().boxed()),
        (Just(24_u8), static_b().boxed()),
        (Just(25_u8), slot_binary(false).boxed()),
        (Just(26_u8), slot_binary(true).boxed()),
    ];
    let ordering = prop_oneof![
        (prop_oneof![Just(7_u8), Just(13)], acknowledgement().boxed()),
        (Just(10_u8), mmsi().prop_map(|to| Body::UtcInquiry(UtcInquiry { to })).boxed()),
        (Just(15_u8), interrogation().boxed()),
        (Just(16_u8), assignment().boxed()),
        (Just(20_u8), link_management().boxed()),
        (Just(22_u8), channel_management().boxed()),
        (Just(23_u8), group_assignment().boxed()),
    ];
    let body = prop_oneof![moving, saying, ordering];
    (body, 0..4_u8, 0..980_000_000_u32).prop_map(|((kind, body), repeat, mmsi)| Message {
        kind,
        repeat,
        mmsi: Mmsi(mmsi),
        body,
    })
}
