//! Reports of environmental sensors as the United States Coast Guard changed them.

use super::environment::*;
use super::field::unsigned;
use super::field::{Field, choice, day, fine_latitude, fine_longitude, hour, minute, raw, records, spare};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[Layout::new(
    "environment_us",
    "United States Coast Guard, Environmental Message 3 of 23 March 2015, as in libais",
    &[(367, 33)],
    &[records("reports", 1, 8, REPORT)],
)];

/// 112 bits each: 27 of head and 85 that depend on the kind.
const REPORT: &[Field] = &[
    SENSOR_REPORT,
    day("day"),
    hour("hour"),
    minute("minute"),
    SITE,
    choice(
        "sensor",
        &[
            (0, LOCATION),
            (1, STATION),
            (2, WIND),
            (3, WATER_LEVEL),
            (4, CURRENT_2D),
            (5, CURRENT_3D),
            (6, CURRENT_HORIZONTAL),
            (7, SEA_STATE),
            (8, SALINITY),
            (9, WEATHER),
            (10, AIR_GAP),
            (11, WIND_SECOND),
        ],
        &[raw(85, "a report reserved for future use")],
    ),
];

const LOCATION: &[Field] = &[
    unsigned("version", 6, "version of the message"),
    fine_longitude("lon"),
    fine_latitude("lat"),
    unsigned("precision", 3, "decimal places of the position"),
    unsigned("alt", 12, "height of the sensor above mean sea level, metres").per(10, 1).within(0, 2001, 2002),
    OWNER,
    TIMEOUT,
    spare(2),
];

const fn component(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).per(10, 1)
}

const CURRENT_3D: &[Field] = &[
    component("cnorth1", "current to the north, knots"),
    component("ceast1", "current to the east, knots"),
    component("cup1", "current upwards, knots"),
    depth("cdepth1"),
    component("cnorth2", "current to the north, knots"),
    component("ceast2", "current to the east, knots"),
    component("cup2", "current upwards, knots"),
    depth("cdepth2"),
    quality("sensortype"),
    spare(10),
];

const CURRENT_HORIZONTAL: &[Field] = &[
    degrees("bearing", "bearing of the measurements, degrees true"),
    unsigned("distance1", 9, "distance of the measurement, metres"),
    tenths("speed1", "speed of the current, knots"),
    degrees("direction1", "direction of the current, degrees true"),
    depth("depth1"),
    unsigned("distance2", 9, "distance of the measurement, metres"),
    tenths("speed2", "speed of the current, knots"),
    degrees("direction2", "direction of the current, degrees true"),
    depth("depth2"),
    quality("sensortype"),
    spare(3),
];

const WEATHER: &[Field] = &[
    AIR_TEMPERATURE,
    quality("sensortype"),
    PRECIPITATION,
    VISIBILITY,
    unsigned("dewpoint", 10, "dew point, degrees Celsius").linear(1, -200, 10, 1).within(0, 700, 701),
    quality("dewtype"),
    PRESSURE,
    PRESSURE_TREND,
    quality("pressuretype"),
    SALT,
    spare(25),
];

const AIR_GAP: &[Field] = &[
    gap("airdraught", "height of ships that pass, metres"),
    gap("airgap", "water to sensor, metres"),
    GAP_TREND,
    gap("fairgap", "water to sensor, forecast, metres"),
    FORECAST_DAY,
    FORECAST_HOUR,
    FORECAST_MINUTE,
    quality("sensortype"),
    spare(25),
];

const WIND_SECOND: &[Field] = &[
    knots("wspeed", "wind speed, knots"),
    knots("wgust", "highest wind speed, knots"),
    degrees("wdir", "wind direction, degrees true"),
    unsigned("averaging", 6, "time the wind was averaged over, minutes"),
    quality("sensortype"),
    knots("fwspeed", "wind speed forecast, knots"),
    knots("fwgust", "highest wind speed forecast, knots"),
    degrees("fwdir", "wind direction forecast, degrees true"),
    FORECAST_HOUR,
    FORECAST_MINUTE,
    duration("how long the forecast holds, minutes; 0 cancels it"),
    spare(11),
];
