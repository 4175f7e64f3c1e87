//! Ports: berths, clearance to enter, traffic signals, closed fairways.

use super::field::{Field, day, hour, latitude, linkage, longitude, minute, month, spare, text, unsigned};
use super::layout::{Layout, Stamp};
use super::targets::VTS_TARGETS;

pub(super) const LAYOUTS: &[Layout] = &[
    VTS_TARGETS,
    Layout::new("berth", "IMO SN.1/Circ.289", &[(1, 20)], BERTH).stamps(&[Stamp {
        name: "arrival",
        parts: ["", "month", "day", "hour", "minute"],
        padded: false,
        zulu: false,
    }]),
    Layout::new("clearance", "IMO SN.1/Circ.289", &[(1, 18)], CLEARANCE).stamps(&[Stamp {
        name: "arrival",
        parts: ["", "month", "day", "hour", "minute"],
        padded: true,
        zulu: true,
    }]),
    Layout::new("traffic_signal", "IMO SN.1/Circ.289", &[(1, 19)], TRAFFIC_SIGNAL),
    Layout::new("fairway_closed", "IMO SN/Circ.236", &[(1, 13)], FAIRWAY_CLOSED).stamps(&[
        Stamp { name: "from", parts: ["", "fmonth", "fday", "fhour", "fminute"], padded: true, zulu: false },
        Stamp { name: "to", parts: ["", "tmonth", "tday", "thour", "tminute"], padded: true, zulu: false },
    ]),
];

/// 0 not available or requested, 1 available, 2 no data.
const fn service(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 2, meaning).absent(0)
}

const POSITIONS: &[(u16, &str)] = &[
    (0, "Not available"),
    (1, "Port-side to"),
    (2, "Starboard-side to"),
    (3, "Mediterranean (end-on) mooring"),
    (4, "Mooring buoy"),
    (5, "Anchorage"),
    (6, "Reserved for future use"),
    (7, "Reserved for future use"),
];

const BERTH: &[Field] = &[
    linkage(),
    // 511 is "511 m or more".
    unsigned("berth_length", 9, "length of the berth, metres").absent(0),
    // 255 is "25.5 m or more".
    unsigned("berth_depth", 8, "depth of water at the berth, metres").per(10, 1).absent(0),
    unsigned("position", 3, "how to moor").within(1, 5, 0).beside(POSITIONS),
    month("month"),
    day("day"),
    hour("hour"),
    minute("minute"),
    unsigned("availability", 1, "whether the services are known"),
    service("agent", "agent"),
    service("fuel", "bunker fuel"),
    service("chandler", "chandler"),
    service("stevedore", "stevedore"),
    service("electrical", "electricity"),
    service("water", "potable water"),
    service("customs", "customs house"),
    service("cartage", "cartage"),
    service("crane", "cranes"),
    service("lift", "lifts"),
    service("medical", "medical facilities"),
    service("navrepair", "navigation repair"),
    service("provisions", "provisions"),
    service("shiprepair", "ship repair"),
    service("surveyor", "surveyor"),
    service("steam", "steam"),
    service("tugs", "tugs"),
    service("solidwaste", "disposal of solid waste"),
    service("liquidwaste", "disposal of liquid waste"),
    service("hazardouswaste", "disposal of hazardous waste"),
    service("ballast", "exchange of ballast water"),
    service("additional", "further services"),
    service("regional1", "regional"),
    service("regional2", "regional"),
    service("future1", "reserved"),
    service("future2", "reserved"),
    text("berth_name", 20, "name of the berth"),
    longitude("berth_lon"),
    latitude("berth_lat"),
];

const CLEARANCE: &[Field] = &[
    linkage(),
    month("month"),
    day("day"),
    hour("hour"),
    minute("minute"),
    text("portname", 20, "port and berth"),
    text("destination", 5, "destination, UN/LOCODE"),
    longitude("lon"),
    latitude("lat"),
    spare(43),
];

/// IALA port traffic signals, then those of Japan. gpsd 3.22 has one line twice, and so all from 9 on shifted.
const SIGNALS: &[(u16, &str)] = &[
    (0, "N/A"),
    (1, "Serious emergency – stop or divert according to instructions."),
    (2, "Vessels shall not proceed."),
    (3, "Vessels may proceed. One way traffic."),
    (4, "Vessels may proceed. Two way traffic."),
    (5, "Vessels shall proceed on specific orders only."),
    (6, "Vessels in main channel shall not proceed."),
    (7, "Vessels in main channel shall proceed on specific orders only."),
    (8, "I = \"in-bound\" only acceptable."),
    (9, "O = \"out-bound\" only acceptable."),
    (10, "F = both \"in- and out-bound\" acceptable."),
    (11, "XI = Code will shift to \"I\" in due time."),
    (12, "XO = Code will shift to \"O\" in due time."),
    (13, "X = Vessels shall proceed only on direction."),
];

const TRAFFIC_SIGNAL: &[Field] = &[
    linkage(),
    text("station", 20, "signal station"),
    longitude("lon"),
    latitude("lat"),
    // 1 regular, 2 irregular.
    unsigned("status", 2, "service of the signal").within(1, 2, 0),
    unsigned("signal", 5, "signal shown").within(1, 13, 0).beside(SIGNALS),
    hour("hour"),
    minute("minute"),
    unsigned("nextsignal", 5, "signal expected next").within(1, 13, 0).beside(SIGNALS),
    spare(102),
];

/// Days stand before months.
const FAIRWAY_CLOSED: &[Field] = &[
    text("reason", 20, "reason for closing"),
    text("closefrom", 20, "from where"),
    text("closeto", 20, "to where"),
    unsigned("radius", 10, "extension of the radius").within(0, 1_000, 1_001),
    // 0 metres, 1 kilometres, 2 nautical miles, 3 cables.
    unsigned("extunit", 2, "unit of the extension"),
    day("fday"),
    month("fmonth"),
    hour("fhour"),
    minute("fminute"),
    day("tday"),
    month("tmonth"),
    hour("thour"),
    minute("tminute"),
    spare(4),
];
