//! Routes, and when the tide allows one.

use super::field::{Field, counted, day, fine_latitude, fine_longitude, flag, hour, latitude, linkage};
use super::field::{longitude, minute, month, records, records_before, signed, spare, unsigned};
use super::layout::{Layout, Stamp};

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new("route", "IMO SN.1/Circ.289", &[(1, 27), (1, 28)], ROUTE).stamps(&[Stamp {
        name: "start",
        parts: ["", "month", "day", "hour", "minute"],
        padded: true,
        zulu: true,
    }]),
    Layout::new(
        "tidal_window",
        "IMO SN.1/Circ.289",
        &[(1, 32)],
        &[month("month"), day("day"), records("tidals", 1, 3, TIDAL)],
    ),
    Layout::new(
        "tidal_window_2004",
        "IMO SN/Circ.236",
        &[(1, 14)],
        &[month("month"), day("day"), records("tidals", 1, 3, TIDAL_2004)],
    ),
    Layout::new("route_exchange", "Sea Traffic Management, route message of Sweden", &[(265, 1)], EXCHANGE),
];

const ROUTE: &[Field] = &[
    linkage(),
    // 0 ship, 1 authority.
    unsigned("sender", 3, "class of the sender"),
    unsigned("rtype", 5, "kind of route").absent(0).beside(&[
        (0, "Undefined (default)"),
        (1, "Mandatory"),
        (2, "Recommended"),
        (3, "Alternative"),
        (4, "Recommended route through ice"),
        (5, "Ship route plan"),
        (31, "Cancel route identified by message linkage"),
    ]),
    month("month"),
    day("day"),
    hour("hour"),
    minute("minute"),
    // 0 cancels the route.
    unsigned("duration", 18, "how long it holds from its start, minutes").absent(262_143),
    unsigned("waycount", 5, "number of waypoints"),
    counted("waypoints", "waycount", 16, &[fine_longitude("lon"), fine_latitude("lat")]),
];

const TIDAL: &[Field] = &[
    longitude("lon"),
    latitude("lat"),
    hour("from_hour"),
    minute("from_min"),
    hour("to_hour"),
    minute("to_min"),
    CURRENT_DIRECTION,
    // 251 is "25.1 knots or more".
    unsigned("cspeed", 8, "speed of the current, knots").per(10, 1).within(0, 251, 255),
];

const CURRENT_DIRECTION: Field =
    unsigned("cdir", 9, "direction of the current, degrees true").within(0, 359, 360);

/// Latitude stands before longitude, and both are in 1/10000 minute.
const TIDAL_2004: &[Field] = &[
    fine_latitude("lat"),
    fine_longitude("lon"),
    hour("from_hour"),
    minute("from_min"),
    hour("to_hour"),
    minute("to_min"),
    CURRENT_DIRECTION,
    unsigned("cspeed", 7, "speed of the current, knots").per(10, 1).absent(127),
];

/// 1 great circle, else rhumb line.
const GREAT_CIRCLE: Field = flag("great_circle", "the leg is a great circle, else a rhumb line");
const SPEED: Field = unsigned("speed", 10, "planned speed over ground, knots").per(10, 1).absent(0);

/// The next waypoint, up to six legs from one to the next, and the last leg with a waypoint in full.
const EXCHANGE: &[Field] = &[
    flag("towards", "the ship is before the first waypoint"),
    fine_longitude("lon"),
    fine_latitude("lat"),
    records_before(
        "legs",
        68,
        6,
        &[
            GREAT_CIRCLE,
            SPEED,
            unsigned("radius", 9, "radius of the turn, nautical miles").per(100, 2).absent(0),
            signed("dlon", 22, "longitude from the waypoint before, degrees").per(600_000, 6),
            signed("dlat", 22, "latitude from the waypoint before, degrees").per(600_000, 6),
        ],
    ),
    flag("last_great_circle", "the last leg is a great circle, else a rhumb line"),
    unsigned("last_speed", 10, "planned speed over ground, knots").per(10, 1).absent(0),
    fine_longitude("last_lon"),
    fine_latitude("last_lat"),
    unsigned("steering", 2, "steering mode"),
    spare(4),
];
