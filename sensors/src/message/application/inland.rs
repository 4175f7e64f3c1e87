//! Inland navigation in Europe: ships, locks, warnings, gauges, signals, bridges.
//!
//! Source: Vessel Tracking and Tracing Standard for Inland Navigation 1.2 (CCNR), which is ECE/TRANS/SC.3/176.

use super::field::{Field, day, fine_latitude, fine_longitude, flag, hour, minute, month, records};
use super::field::{sign_magnitude, spare, text, unsigned};
use super::layout::{Layout, Stamp};

const SOURCE: &str = "Vessel Tracking and Tracing Standard for Inland Navigation 1.2";

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new("inland_ship", SOURCE, &[(200, 10)], SHIP),
    Layout::new("inland_arrival_expected", SOURCE, &[(200, 21)], ARRIVAL_EXPECTED).stamps(ETA),
    Layout::new("inland_arrival_recommended", SOURCE, &[(200, 22)], ARRIVAL_RECOMMENDED).stamps(ETA),
    Layout::new("inland_warning", SOURCE, &[(200, 23)], WARNING).stamps(&[
        Stamp {
            name: "start",
            parts: ["start_year", "start_month", "start_day", "start_hour", "start_minute"],
            padded: true,
            zulu: false,
        },
        Stamp {
            name: "end",
            parts: ["end_year", "end_month", "end_day", "end_hour", "end_minute"],
            padded: true,
            zulu: false,
        },
    ]),
    Layout::new("inland_water_levels", SOURCE, &[(200, 24)], WATER_LEVELS),
    Layout::new("inland_bridge_clearance", "CESNI, as in AIS-catcher", &[(200, 25)], BRIDGE_CLEARANCE),
    Layout::new("inland_signal", SOURCE, &[(200, 40)], SIGNAL),
];

/// gpsd calls a recommended time an ETA too.
const ETA: &[Stamp] =
    &[Stamp { name: "eta", parts: ["", "month", "day", "hour", "minute"], padded: false, zulu: false }];

const SHIP: &[Field] = &[
    text("vin", 8, "European vessel identification number"),
    unsigned("length", 13, "length, metres").per(10, 1).absent(0).as_sent(),
    unsigned("beam", 10, "breadth, metres").per(10, 1).absent(0).as_sent(),
    unsigned("shiptype", 14, "kind of ship or convoy, ERI").absent(0).beside(SHIP_TYPES),
    unsigned("hazard", 3, "hazardous cargo").within(0, 4, 5).beside(&[
        (0, "0 blue cones/lights"),
        (1, "1 blue cone/light"),
        (2, "2 blue cones/lights"),
        (3, "3 blue cones/lights"),
        (4, "4 B-Flag"),
        (5, "Unknown"),
    ]),
    unsigned("draught", 11, "draught, metres").per(100, 2).absent(0).as_sent(),
    unsigned("loaded", 2, "loaded or not").within(1, 2, 0).beside(&[
        (0, "N/A (default)"),
        (1, "Unloaded"),
        (2, "Loaded"),
    ]),
    flag("speed_q", "speed is of high quality"),
    flag("course_q", "course is of high quality"),
    flag("heading_q", "heading is of high quality"),
    spare(8),
];

/// ERI codes; the first are types of type 5, which some ships send here, in gpsd's words.
const SHIP_TYPES: &[(u16, &str)] = &[
    (31, "Tug freighter, coupled"),
    (79, "Motor freighter"),
    (80, "Motor tanker, liquid cargo, type N"),
    (89, "Motor tanker"),
    (90, "Tankbarge, liquid cargo, type N"),
    (99, "Vessel, type unknown"),
    (8000, "Vessel, type unknown"),
    (8010, "Motor freighter"),
    (8020, "Motor tanker"),
    (8021, "Motor tanker, liquid cargo, type N"),
    (8022, "Motor tanker, liquid cargo, type C"),
    (8023, "Motor tanker, dry cargo as if liquid (e.g. cement)"),
    (8030, "Container vessel"),
    (8040, "Gas tanker"),
    (8050, "Motor freighter, tug"),
    (8060, "Motor tanker, tug"),
    (8070, "Motor freighter with one or more ships alongside"),
    (8080, "Motor freighter with tanker"),
    (8090, "Motor freighter pushing one or more freighters"),
    (8100, "Motor freighter pushing at least one tank-ship"),
    (8110, "Tug, freighter"),
    (8120, "Tug, tanker"),
    (8130, "Tug freighter, coupled"),
    (8140, "Tug, freighter/tanker, coupled"),
    (8150, "Freightbarge"),
    (8160, "Tankbarge"),
    (8161, "Tankbarge, liquid cargo, type N"),
    (8162, "Tankbarge, liquid cargo, type C"),
    (8163, "Tankbarge, dry cargo as if liquid (e.g. cement)"),
    (8170, "Freightbarge with containers"),
    (8180, "Tankbarge, gas"),
    (8210, "Pushtow, one cargo barge"),
    (8220, "Pushtow, two cargo barges"),
    (8230, "Pushtow, three cargo barges"),
    (8240, "Pushtow, four cargo barges"),
    (8250, "Pushtow, five cargo barges"),
    (8260, "Pushtow, six cargo barges"),
    (8270, "Pushtow, seven cargo barges"),
    (8280, "Pushtow, eigth cargo barges"),
    (8290, "Pushtow, nine or more barges"),
    (8310, "Pushtow, one tank/gas barge"),
    (8320, "Pushtow, two barges at least one tanker or gas barge"),
    (8330, "Pushtow, three barges at least one tanker or gas barge"),
    (8340, "Pushtow, four barges at least one tanker or gas barge"),
    (8350, "Pushtow, five barges at least one tanker or gas barge"),
    (8360, "Pushtow, six barges at least one tanker or gas barge"),
    (8370, "Pushtow, seven barges at least one tanker or gas barg"),
    (8380, "Pushtow, eight barges at least one tanker or gas barge"),
    (8390, "Pushtow, nine or more barges at least one tanker or gas barge"),
    (8400, "Tug, single"),
    (8410, "Tug, one or more tows"),
    (8420, "Tug, assisting a vessel or linked combination"),
    (8430, "Pushboat, single"),
    (8440, "Passenger ship, ferry, red cross ship, cruise ship"),
    (8441, "Ferry"),
    (8442, "Red cross ship"),
    (8443, "Cruise ship"),
    (8444, "Passenger ship without accommodation"),
    (8450, "Service vessel, police patrol, port service"),
    (8460, "Vessel, work maintenance craft, floating derrick, cable-ship, buoy-ship, dredge"),
    (8470, "Object, towed, not otherwise specified"),
    (8480, "Fishing boat"),
    (8490, "Bunkership"),
    (8500, "Barge, tanker, chemical"),
    (8510, "Object, not otherwise specified"),
];

const COUNTRY: Field = text("country", 2, "country, UN");
const LOCODE: Field = text("locode", 3, "place, UN/LOCODE");
const SECTION: Field = text("section", 5, "fairway section");
const TERMINAL: Field = text("terminal", 5, "terminal");
const HECTOMETRE: Field = text("hectometre", 5, "fairway hectometre");

const ARRIVAL_EXPECTED: &[Field] = &[
    COUNTRY,
    LOCODE,
    SECTION,
    TERMINAL,
    HECTOMETRE,
    month("month"),
    day("day"),
    hour("hour"),
    minute("minute"),
    unsigned("tugs", 3, "assisting tugs").absent(7),
    unsigned("airdraught", 12, "height above the waterline, metres")
        .per(100, 2)
        .within(1, 4_000, 0)
        .as_sent(),
    spare(5),
];

const ARRIVAL_RECOMMENDED: &[Field] = &[
    COUNTRY,
    LOCODE,
    SECTION,
    TERMINAL,
    HECTOMETRE,
    month("month"),
    day("day"),
    hour("hour"),
    minute("minute"),
    unsigned("status", 2, "state of the lock, bridge or terminal").absent(3).beside(&[
        (0, "Operational"),
        (1, "Limited operation"),
        (2, "Out of order"),
        (3, "N/A"),
    ]),
    spare(2),
];

const fn year(name: &'static str) -> Field {
    unsigned(name, 8, "year since 2000").within(1, 255, 0)
}

/// The sign is a bit of its own, 1 below zero; 254 is "more than 253", and 255 "unknown" with either sign.
const fn extreme(name: &'static str, meaning: &'static str) -> Field {
    sign_magnitude(name, 9, true, meaning).within(-254, 254, 255)
}

const WARNING: &[Field] = &[
    year("start_year"),
    month("start_month"),
    day("start_day"),
    year("end_year"),
    month("end_month"),
    day("end_day"),
    hour("start_hour"),
    minute("start_minute"),
    hour("end_hour"),
    minute("end_minute"),
    fine_longitude("start_lon"),
    fine_latitude("start_lat"),
    fine_longitude("end_lon"),
    fine_latitude("end_lat"),
    unsigned("type", 4, "what is warned of").absent(0).beside(&[
        (0, "Not Available"),
        (1, "Wind"),
        (2, "Rain"),
        (3, "Snow and ice"),
        (4, "Thunderstorm"),
        (5, "Fog"),
        (6, "Low temperature"),
        (7, "High temperature"),
        (8, "Flood"),
        (9, "Forest Fire"),
    ]),
    extreme("min", "lowest value"),
    extreme("max", "highest value"),
    // gpsd 3.22 takes the words from 0 on.
    unsigned("class", 2, "how severe").absent(0).beside(&[(1, "Slight"), (2, "Medium"), (3, "Strong")]),
    unsigned("wind", 4, "wind direction").within(1, 8, 0).beside(&[
        (0, "N/A"),
        (1, "North"),
        (2, "North East"),
        (3, "East"),
        (4, "South East"),
        (5, "South"),
        (6, "South West"),
        (7, "West"),
        (8, "North West"),
    ]),
    spare(6),
];

const WATER_LEVELS: &[Field] = &[
    COUNTRY,
    records(
        "gauges",
        1,
        4,
        &[
            unsigned("id", 11, "number of the gauge").absent(0),
            // The sign is a bit of its own, 0 below zero.
            sign_magnitude("level", 14, false, "water level, metres").per(100, 2).absent(0).as_sent(),
        ],
    ),
];

const SIGNAL: &[Field] = &[
    fine_longitude("lon"),
    fine_latitude("lat"),
    unsigned("form", 4, "form of the signal station").within(1, 14, 0),
    unsigned("facing", 9, "where the signal faces, degrees").within(0, 359, 511),
    unsigned("direction", 3, "for traffic in which direction").within(1, 4, 0).beside(&[
        (0, "Unknown"),
        (1, "Upstream"),
        (2, "Downstream"),
        (3, "To left bank"),
        (4, "To right bank"),
    ]),
    // Nine decimal digits, one for each light: 1 dark, 2 white, 3 yellow, 4 green, 5 red, 6 white flashing, 7 yellow
    // flashing.
    unsigned("status", 30, "lights").absent(0),
    spare(11),
];

const BRIDGE_CLEARANCE: &[Field] = &[
    unsigned("version", 3, "version of the message"),
    COUNTRY,
    unsigned("section", 17, "fairway section").absent(0),
    text("object", 5, "object code"),
    unsigned("hectometre", 17, "fairway hectometre").absent(0),
    unsigned("clearance", 14, "clearance under the bridge, metres").per(100, 2).absent(0),
    unsigned("age", 10, "age of the measurement, minutes").absent(722),
    unsigned("accuracy", 5, "accuracy of the clearance, centimetres").absent(0),
];
