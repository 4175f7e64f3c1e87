//! Where the fields of types 1-27 are, in the order in which gpsd prints them.
//!
//! Source of the places: ITU-R M.1371-5, annex 8; of names and order: gpsd 3.22, `json_aivdm_dump`. What gpsd
//! reads and does not print comes last: `seqno1`-`seqno4` (7, 13), `assigned` (9, 18, 21), `long_range` (4, 11),
//! `txrx` (23), `epfd` (24).

use super::field::Field;
use super::legend::{AID_TYPE, EPFD, NAV_STATUS, SHIP_TYPE, STATION_TYPE};

/// "Not available" in 1/10000 minute.
const LON_ABSENT: i64 = 181 * 600_000;
const LAT_ABSENT: i64 = 91 * 600_000;
/// "Not available" in 1/10 minute.
const COARSE_LON_ABSENT: i64 = 181 * 600;
const COARSE_LAT_ABSENT: i64 = 91 * 600;

pub(super) static POSITION_A: &[Field] = &[
    Field::worded("status", 38, 4, NAV_STATUS).or(15),
    Field::turn(42),
    Field::capped("speed", 50, 10, true, "fast"),
    Field::flag("accuracy", 60),
    Field::degrees("lon", 61, 28).or(LON_ABSENT),
    Field::degrees("lat", 89, 27).or(LAT_ABSENT),
    Field::tenths("course", 116, 12).or(3600),
    Field::number("heading", 128, 9).or(511),
    Field::number("second", 137, 6).or(60),
    Field::number("maneuver", 143, 2),
    Field::flag("raim", 148),
    Field::number("radio", 149, 19),
];

pub(super) static CLOCK: &[Field] = &[
    Field::stamp(),
    Field::flag("accuracy", 78),
    Field::degrees("lon", 79, 28).or(LON_ABSENT),
    Field::degrees("lat", 107, 27).or(LAT_ABSENT),
    Field::worded("epfd", 134, 4, EPFD),
    Field::flag("raim", 148),
    Field::number("radio", 149, 19),
    Field::flag("long_range", 138),
];

pub(super) static STATIC_VOYAGE: &[Field] = &[
    Field::number("imo", 40, 30),
    Field::number("ais_version", 38, 2),
    Field::text("callsign", 70, 7),
    Field::text("shipname", 112, 20),
    Field::worded("shiptype", 232, 8, SHIP_TYPE),
    Field::number("to_bow", 240, 9),
    Field::number("to_stern", 249, 9),
    Field::number("to_port", 258, 6),
    Field::number("to_starboard", 264, 6),
    Field::worded("epfd", 270, 4, EPFD),
    Field::eta(),
    Field::tenths("draught", 294, 8),
    Field::text("destination", 302, 20),
    Field::number("dte", 422, 1),
];

pub(super) static ADDRESSED_BINARY: &[Field] = &[
    Field::number("seqno", 38, 2),
    Field::number("dest_mmsi", 40, 30),
    Field::flag("retransmit", 70),
    Field::number("dac", 72, 10),
    Field::number("fid", 82, 6),
];

pub(super) static ADDRESSED_BINARY_DATA: &[Field] = &[Field::data(88, 0)];

pub(super) static ACKNOWLEDGE: &[Field] = &[
    Field::number("mmsi1", 40, 30),
    Field::number("mmsi2", 72, 30),
    Field::number("mmsi3", 104, 30),
    Field::number("mmsi4", 136, 30),
    Field::number("seqno1", 70, 2),
    Field::number("seqno2", 102, 2),
    Field::number("seqno3", 134, 2),
    Field::number("seqno4", 166, 2),
];

pub(super) static BROADCAST_BINARY: &[Field] = &[Field::number("dac", 40, 10), Field::number("fid", 50, 6)];

pub(super) static BROADCAST_BINARY_DATA: &[Field] = &[Field::data(56, 0)];

pub(super) static SAR_AIRCRAFT: &[Field] = &[
    Field::capped("alt", 38, 12, false, "high"),
    Field::capped("speed", 50, 10, false, "fast"),
    Field::flag("accuracy", 60),
    Field::degrees("lon", 61, 28).or(LON_ABSENT),
    Field::degrees("lat", 89, 27).or(LAT_ABSENT),
    Field::tenths("course", 116, 12).or(3600),
    Field::number("second", 128, 6).or(60),
    Field::number("regional", 134, 8),
    Field::number("dte", 142, 1),
    Field::flag("raim", 147),
    Field::number("radio", 148, 20),
    Field::flag("assigned", 146),
];

pub(super) static INQUIRY: &[Field] = &[Field::number("dest_mmsi", 40, 30)];

pub(super) static ADDRESSED_TEXT: &[Field] = &[
    Field::number("seqno", 38, 2),
    Field::number("dest_mmsi", 40, 30),
    Field::flag("retransmit", 70),
    Field::text_to_end(72),
];

pub(super) static BROADCAST_TEXT: &[Field] = &[Field::text_to_end(40)];

pub(super) static INTERROGATION: &[Field] = &[
    Field::number("mmsi1", 40, 30),
    Field::number("type1_1", 70, 6),
    Field::number("offset1_1", 76, 12),
    Field::number("type1_2", 90, 6),
    Field::number("offset1_2", 96, 12),
    Field::number("mmsi2", 110, 30),
    Field::number("type2_1", 140, 6),
    Field::number("offset2_1", 146, 12),
];

pub(super) static ASSIGNMENT: &[Field] = &[
    Field::number("mmsi1", 40, 30),
    Field::number("offset1", 70, 12),
    Field::number("increment1", 82, 10),
    Field::number("mmsi2", 92, 30),
    Field::number("offset2", 122, 12),
    Field::number("increment2", 134, 10),
];

pub(super) static GNSS_CORRECTIONS: &[Field] = &[
    Field::coarse("lon", 40, 18).or(COARSE_LON_ABSENT),
    Field::coarse("lat", 58, 17).or(COARSE_LAT_ABSENT),
    Field::data(80, 0),
];

pub(super) static POSITION_B: &[Field] = &[
    Field::number("reserved", 38, 8),
    Field::tenths("speed", 46, 10).or(1023),
    Field::flag("accuracy", 56),
    Field::degrees("lon", 57, 28).or(LON_ABSENT),
    Field::degrees("lat", 85, 27).or(LAT_ABSENT),
    Field::tenths("course", 112, 12).or(3600),
    Field::number("heading", 124, 9).or(511),
    Field::number("second", 133, 6).or(60),
];

pub(super) static POSITION_B_STATE: &[Field] = &[
    Field::number("regional", 139, 2),
    Field::flag("cs", 141),
    Field::flag("display", 142),
    Field::flag("dsc", 143),
    Field::flag("band", 144),
    Field::flag("msg22", 145),
    Field::flag("raim", 147),
    Field::number("radio", 148, 20),
    Field::flag("assigned", 146),
];

pub(super) static POSITION_B_EXTENDED: &[Field] = &[
    Field::number("regional", 139, 4),
    Field::text("shipname", 143, 20),
    Field::worded("shiptype", 263, 8, SHIP_TYPE),
    Field::number("to_bow", 271, 9),
    Field::number("to_stern", 280, 9),
    Field::number("to_port", 289, 6),
    Field::number("to_starboard", 295, 6),
    Field::worded("epfd", 301, 4, EPFD),
    Field::flag("raim", 305),
    Field::number("dte", 306, 1),
    Field::flag("assigned", 307),
];

pub(super) static LINK_MANAGEMENT: &[Field] = &[
    Field::number("offset1", 40, 12),
    Field::number("number1", 52, 4),
    Field::number("timeout1", 56, 3),
    Field::number("increment1", 59, 11),
    Field::number("offset2", 70, 12),
    Field::number("number2", 82, 4),
    Field::number("timeout2", 86, 3),
    Field::number("increment2", 89, 11),
    Field::number("offset3", 100, 12),
    Field::number("number3", 112, 4),
    Field::number("timeout3", 116, 3),
    Field::number("increment3", 119, 11),
    Field::number("offset4", 130, 12),
    Field::number("number4", 142, 4),
    Field::number("timeout4", 146, 3),
    Field::number("increment4", 149, 11),
];

pub(super) static AID_TO_NAVIGATION: &[Field] = &[
    Field::worded("aid_type", 38, 5, AID_TYPE),
    Field::long_name(),
    Field::degrees("lon", 164, 28).or(LON_ABSENT),
    Field::degrees("lat", 192, 27).or(LAT_ABSENT),
    Field::flag("accuracy", 163),
    Field::number("to_bow", 219, 9),
    Field::number("to_stern", 228, 9),
    Field::number("to_port", 237, 6),
    Field::number("to_starboard", 243, 6),
    Field::worded("epfd", 249, 4, EPFD),
    Field::number("second", 253, 6).or(60),
    Field::number("regional", 260, 8),
    Field::flag("off_position", 259),
    Field::flag("raim", 268),
    Field::flag("virtual_aid", 269),
    Field::flag("assigned", 270),
];

pub(super) static CHANNELS: &[Field] = &[
    Field::number("channel_a", 40, 12),
    Field::number("channel_b", 52, 12),
    Field::number("txrx", 64, 4),
    Field::flag("power", 68),
];

pub(super) static CHANNELS_TO: &[Field] = &[Field::number("dest1", 69, 30), Field::number("dest2", 104, 30)];

pub(super) static CHANNELS_IN: &[Field] = &[
    Field::quoted("ne_lon", 69, 18).or(COARSE_LON_ABSENT),
    Field::quoted("ne_lat", 87, 17).or(COARSE_LAT_ABSENT),
    Field::quoted("sw_lon", 104, 18).or(COARSE_LON_ABSENT),
    Field::quoted("sw_lat", 122, 17).or(COARSE_LAT_ABSENT),
];

pub(super) static CHANNELS_END: &[Field] = &[
    Field::flag("addressed", 139),
    Field::flag("band_a", 140),
    Field::flag("band_b", 141),
    Field::number("zonesize", 142, 3),
];

pub(super) static GROUP_ASSIGNMENT: &[Field] = &[
    Field::quoted("ne_lon", 40, 18).or(COARSE_LON_ABSENT),
    Field::quoted("ne_lat", 58, 17).or(COARSE_LAT_ABSENT),
    Field::quoted("sw_lon", 75, 18).or(COARSE_LON_ABSENT),
    Field::quoted("sw_lat", 93, 17).or(COARSE_LAT_ABSENT),
    Field::worded("stationtype", 110, 4, STATION_TYPE),
    Field::worded("shiptype", 114, 8, SHIP_TYPE),
    Field::number("interval", 146, 4),
    Field::number("quiet", 150, 4),
    Field::number("txrx", 144, 2),
];

pub(super) static PART: &[Field] = &[Field::part()];

pub(super) static STATIC_B_A: &[Field] = &[Field::text("shipname", 40, 20)];

pub(super) static STATIC_B_B: &[Field] = &[
    Field::worded("shiptype", 40, 8, SHIP_TYPE),
    Field::text("vendorid", 48, 3),
    Field::number("model", 66, 4),
    Field::number("serial", 70, 20),
    Field::text("callsign", 90, 7),
];

pub(super) static STATIC_B_MOTHERSHIP: &[Field] = &[Field::number("mothership_mmsi", 132, 30), STATIC_B_EPFD];

pub(super) static STATIC_B_SIZE: &[Field] = &[
    Field::number("to_bow", 132, 9),
    Field::number("to_stern", 141, 9),
    Field::number("to_port", 150, 6),
    Field::number("to_starboard", 156, 6),
    STATIC_B_EPFD,
];

const STATIC_B_EPFD: Field = Field::worded("epfd", 162, 4, EPFD);

pub(super) static BINARY: &[Field] = &[Field::flag("addressed", 38), Field::flag("structured", 39)];

/// What follows in types 25 and 26, by whether it is addressed and whether it is structured; type 26 ends with
/// its radio state. Two spare bits follow the addressee (table 78), which gpsd takes for the first of what follows.
pub(super) static BINARY_REST: [[&[Field]; 4]; 2] = [
    [
        &[Field::number("dest_mmsi", 0, 0), Field::number("app_id", 0, 0), Field::data(40, 0)],
        &[Field::number("dest_mmsi", 0, 0), Field::number("app_id", 40, 16), Field::data(56, 0)],
        &[Field::number("dest_mmsi", 40, 30), Field::number("app_id", 0, 0), Field::data(72, 0)],
        &[Field::number("dest_mmsi", 40, 30), Field::number("app_id", 72, 16), Field::data(88, 0)],
    ],
    [
        &[
            Field::number("dest_mmsi", 0, 0),
            Field::number("app_id", 0, 0),
            Field::data(40, 20),
            Field::at_end("radio", 20),
        ],
        &[
            Field::number("dest_mmsi", 0, 0),
            Field::number("app_id", 40, 16),
            Field::data(56, 20),
            Field::at_end("radio", 20),
        ],
        &[
            Field::number("dest_mmsi", 40, 30),
            Field::number("app_id", 0, 0),
            Field::data(72, 20),
            Field::at_end("radio", 20),
        ],
        &[
            Field::number("dest_mmsi", 40, 30),
            Field::number("app_id", 72, 16),
            Field::data(88, 20),
            Field::at_end("radio", 20),
        ],
    ],
];

pub(super) static LONG_RANGE: &[Field] = &[
    Field::status(40),
    Field::flag("accuracy", 38),
    Field::coarse("lon", 44, 18).or(COARSE_LON_ABSENT),
    Field::coarse("lat", 62, 17).or(COARSE_LAT_ABSENT),
    Field::number("speed", 79, 6).or(63),
    Field::number("course", 85, 9).or(511),
    Field::flag("raim", 39),
    Field::flag("gnss", 94),
];
