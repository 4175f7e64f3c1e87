//! Saint Lawrence Seaway: wind, weather, water level and flow at its stations.

use super::field::{Field, choice, day, hour, minute, month, records, rest, signed, spare, text, unsigned};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "seaway_station",
        "Saint Lawrence Seaway, as in AIS-catcher",
        &[(316, 1), (366, 1)],
        &[
            spare(2),
            unsigned("message_id", 6, "kind of report"),
            choice(
                "message_id",
                &[
                    (1, &[records("reports", 1, 4, WEATHER)]),
                    (2, &[records("reports", 1, 6, WIND)]),
                    (3, &[records("reports", 1, 6, WATER_LEVEL)]),
                    (6, &[records("reports", 1, 6, WATER_FLOW)]),
                ],
                &[rest("a kind of report without a table")],
            ),
        ],
    ),
    // Lock schedules and messages of the seaway itself: their kind is known, the rest is not.
    Layout::new(
        "seaway_lock",
        "Saint Lawrence Seaway, as in AIS-catcher",
        &[(316, 2), (366, 2), (316, 32), (366, 32)],
        &[spare(2), unsigned("message_id", 6, "kind of report"), rest("what the report says")],
    ),
];

const MONTH: Field = month("month");
const DAY: Field = day("day");
const HOUR: Field = hour("hour");
const MINUTE: Field = minute("minute");
const STATION: Field = text("station", 7, "station");
/// 1/1000 minute; 180 and 90 degrees are "not available".
const LONGITUDE: Field =
    signed("lon", 25, "longitude, degrees east").per(60_000, 4).within(-10_799_999, 10_799_999, 10_800_000);
const LATITUDE: Field =
    signed("lat", 24, "latitude, degrees north").per(60_000, 4).within(-5_399_999, 5_399_999, 5_400_000);
const WIND_SPEED: Field = unsigned("wspeed", 10, "wind speed, knots").per(10, 1).absent(1_023);
const WIND_GUST: Field = unsigned("wgust", 10, "highest wind speed, knots").per(10, 1).absent(1_023);
const WIND_DIRECTION: Field = unsigned("wdir", 9, "wind direction, degrees").within(0, 359, 511);

const fn celsius(name: &'static str, meaning: &'static str) -> Field {
    signed(name, 10, meaning).per(10, 1).absent(-512)
}

const WEATHER: &[Field] = &[
    MONTH,
    DAY,
    HOUR,
    MINUTE,
    STATION,
    LONGITUDE,
    LATITUDE,
    WIND_SPEED,
    WIND_GUST,
    WIND_DIRECTION,
    unsigned("pressure", 14, "air pressure, hectopascal").per(10, 1).absent(16_383),
    celsius("airtemp", "air temperature, degrees Celsius"),
    celsius("dewpoint", "dew point, degrees Celsius"),
    unsigned("visibility", 8, "visibility, kilometres").per(10, 1).absent(255),
    celsius("watertemp", "water temperature, degrees Celsius"),
];

const WIND: &[Field] = &[
    MONTH,
    DAY,
    HOUR,
    MINUTE,
    STATION,
    LONGITUDE,
    LATITUDE,
    WIND_SPEED,
    WIND_GUST,
    WIND_DIRECTION,
    spare(4),
];

const WATER_LEVEL: &[Field] = &[
    MONTH,
    DAY,
    HOUR,
    MINUTE,
    STATION,
    LONGITUDE,
    LATITUDE,
    unsigned("leveltype", 1, "what the level is relative to"),
    signed("level", 16, "water level, metres").per(100, 2).absent(-32_768),
    unsigned("datum", 2, "vertical datum"),
    unsigned("reading", 2, "kind of reading"),
    spare(12),
];

const WATER_FLOW: &[Field] = &[
    MONTH,
    DAY,
    HOUR,
    MINUTE,
    STATION,
    LONGITUDE,
    LATITUDE,
    unsigned("flow", 14, "water flow, cubic metres a second").absent(16_383),
    spare(19),
];
