//! Reports of environmental sensors: site, wind, water, weather, air gap.

use super::field::{Field, choice, day, fine_latitude, fine_longitude, flag, hour, minute, raw, records};
use super::field::{signed, spare, text, unsigned};
use super::layout::Layout;
use super::weather::TREND;

pub(super) const LAYOUTS: &[Layout] =
    &[Layout::new("environment", "IMO SN.1/Circ.289", &[(1, 26)], &[records("reports", 1, 8, REPORT)])];

pub(super) const SENSOR_REPORT: Field = unsigned("sensor", 4, "kind of report").beside(SENSORS);
pub(super) const SITE: Field = unsigned("site", 7, "number of the site");

const SENSORS: &[(u16, &str)] = &[
    (0, "site location"),
    (1, "station name"),
    (2, "wind"),
    (3, "water level"),
    (4, "current flow, two dimensions"),
    (5, "current flow, three dimensions"),
    (6, "horizontal current flow"),
    (7, "sea state"),
    (8, "salinity"),
    (9, "weather"),
    (10, "air gap"),
    (11, "wind, second version"),
];

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
        ],
        &[raw(85, "a report reserved for future use")],
    ),
];

const LOCATION: &[Field] = &[
    fine_longitude("lon"),
    fine_latitude("lat"),
    unsigned("alt", 11, "height of the sensor above mean sea level, metres").per(10, 1).within(0, 2001, 2002),
    OWNER,
    TIMEOUT,
    spare(12),
];

pub(super) const OWNER: Field = unsigned("owner", 4, "owner of the sensor").absent(0).beside(&[
    (0, "unknown"),
    (1, "hydrographic office"),
    (2, "inland waterway authority"),
    (3, "coastal directorate"),
    (4, "meteorological service"),
    (5, "port authority"),
    (6, "coast guard"),
]);

pub(super) const TIMEOUT: Field = unsigned("timeout", 3, "how long the data hold").absent(0).beside(&[
    (0, "no time given"),
    (1, "10 minutes"),
    (2, "1 hour"),
    (3, "6 hours"),
    (4, "12 hours"),
    (5, "24 hours"),
]);

pub(super) const STATION: &[Field] = &[text("name", 14, "name of the station"), spare(1)];

pub(super) const fn quality(name: &'static str) -> Field {
    unsigned(name, 3, "how the values came about").absent(0).beside(&[
        (0, "no data"),
        (1, "raw real time"),
        (2, "real time with quality control"),
        (3, "predicted"),
        (4, "forecast"),
        (5, "nowcast"),
        (7, "sensor not available"),
    ])
}

/// 121 is "121 knots or more".
pub(super) const fn knots(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 7, meaning).within(0, 121, 122)
}

pub(super) const fn degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).within(0, 359, 360)
}

/// 246 is "24.6 or more".
pub(super) const fn tenths(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 8, meaning).per(10, 1).within(0, 246, 247)
}

pub(super) const fn duration(meaning: &'static str) -> Field {
    unsigned("duration", 8, meaning).absent(255)
}

/// 361 is "361 m or more".
pub(super) const fn depth(name: &'static str) -> Field {
    unsigned(name, 9, "depth of the measurement, metres").within(0, 361, 362)
}

pub(super) const FORECAST_DAY: Field = day("fday");
pub(super) const FORECAST_HOUR: Field = hour("fhour");
pub(super) const FORECAST_MINUTE: Field = minute("fminute");

pub(super) const WIND: &[Field] = &[
    knots("wspeed", "wind speed over the last ten minutes, knots"),
    knots("wgust", "highest wind speed in the last ten minutes, knots"),
    degrees("wdir", "wind direction, degrees true"),
    degrees("wgustdir", "direction of the highest wind speed, degrees true"),
    quality("sensortype"),
    knots("fwspeed", "wind speed forecast, knots"),
    knots("fwgust", "highest wind speed forecast, knots"),
    degrees("fwdir", "wind direction forecast, degrees true"),
    FORECAST_DAY,
    FORECAST_HOUR,
    FORECAST_MINUTE,
    duration("how long the forecast holds, minutes; 0 cancels it"),
    spare(3),
];

/// Ends of the range are "or more" and "or less". The circular says steps of 0.1 m, and gives a range that only
/// steps of 0.01 m have.
const fn level(name: &'static str, meaning: &'static str) -> Field {
    signed(name, 16, meaning).per(100, 2).absent(-32_768)
}

/// The other order than that of air pressure.
const LEVEL_TREND: &[(u16, &str)] = &[(0, "increasing"), (1, "decreasing"), (2, "steady"), (3, "N/A")];

const DATUMS: &[(u16, &str)] = &[
    (0, "MLLW"),
    (1, "IGLD-85"),
    (2, "local river datum"),
    (3, "STND"),
    (4, "MHHW"),
    (5, "MHW"),
    (6, "MSL"),
    (7, "MLW"),
    (8, "NGVD-29"),
    (9, "NAVD-88"),
    (10, "WGS-84"),
    (11, "LAT"),
    (12, "pool"),
    (13, "gauge"),
    (14, "unknown"),
];

pub(super) const WATER_LEVEL: &[Field] = &[
    flag("absolute", "the level is not relative to the datum"),
    level("level", "water level, metres"),
    unsigned("leveltrend", 2, "trend of the water level").absent(3).beside(LEVEL_TREND),
    unsigned("datum", 5, "vertical datum").absent(14).beside(DATUMS),
    quality("sensortype"),
    flag("fabsolute", "the level forecast is not relative to the datum"),
    level("flevel", "water level forecast, metres"),
    FORECAST_DAY,
    FORECAST_HOUR,
    FORECAST_MINUTE,
    duration("how long the forecast holds, minutes; 0 cancels it"),
    spare(17),
];

const fn speed(name: &'static str) -> Field {
    tenths(name, "speed of the current, knots")
}

const fn direction(name: &'static str) -> Field {
    degrees(name, "direction of the current, degrees true")
}

pub(super) const CURRENT_2D: &[Field] = &[
    speed("cspeed1"),
    direction("cdir1"),
    depth("cdepth1"),
    speed("cspeed2"),
    direction("cdir2"),
    depth("cdepth2"),
    speed("cspeed3"),
    direction("cdir3"),
    depth("cdepth3"),
    quality("sensortype"),
    spare(4),
];

const CURRENT_3D: &[Field] = &[
    tenths("cnorth1", "current to the north, knots"),
    tenths("ceast1", "current to the east, knots"),
    tenths("cup1", "current upwards, knots"),
    depth("cdepth1"),
    tenths("cnorth2", "current to the north, knots"),
    tenths("ceast2", "current to the east, knots"),
    tenths("cup2", "current upwards, knots"),
    depth("cdepth2"),
    quality("sensortype"),
    spare(16),
];

/// 121 is "121 m or more".
const fn distance(name: &'static str) -> Field {
    unsigned(name, 7, "distance of the measurement, metres").within(0, 121, 122)
}

const CURRENT_HORIZONTAL: &[Field] = &[
    degrees("bearing1", "bearing of the measurement, degrees true"),
    distance("distance1"),
    speed("speed1"),
    direction("direction1"),
    depth("depth1"),
    degrees("bearing2", "bearing of the measurement, degrees true"),
    distance("distance2"),
    speed("speed2"),
    direction("direction2"),
    depth("depth2"),
    spare(1),
];

pub(super) const fn seconds(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 6, meaning).within(0, 60, 61)
}

pub(super) const WATER_TEMPERATURE: Field = unsigned("watertemp", 10, "water temperature, degrees Celsius")
    .linear(1, -100, 10, 1)
    .within(0, 600, 601);

/// 501 is "50.1 or more", 503 "no sensor".
pub(super) const SALT: Field = unsigned("salinity", 9, "salinity, per mille").per(10, 1).within(0, 501, 502);

pub(super) const SEA_STATE: &[Field] = &[
    tenths("swheight", "swell height, metres"),
    seconds("swperiod", "swell period, seconds"),
    degrees("swelldir", "direction the swell comes from, degrees true"),
    unsigned("seastate", 4, "sea state, Beaufort").within(0, 12, 13),
    quality("swelltype"),
    WATER_TEMPERATURE,
    unsigned("tempdepth", 7, "depth of the water temperature, metres").per(10, 1).within(0, 121, 122),
    quality("depthtype"),
    tenths("waveheight", "significant wave height, metres"),
    seconds("waveperiod", "wave period, seconds"),
    degrees("wavedir", "direction the waves come from, degrees true"),
    quality("wavetype"),
    SALT,
];

pub(super) const SALINITY: &[Field] = &[
    WATER_TEMPERATURE,
    // 701 is "7.01 or more", 703 "no sensor".
    unsigned("conductivity", 10, "conductivity, siemens per metre").per(100, 2).within(0, 701, 702),
    // 60001 is "6000.1 or more", 60003 "no sensor".
    unsigned("pressure", 16, "water pressure, decibar").per(10, 1).within(0, 60_001, 60_002),
    SALT,
    unsigned("salinitytype", 2, "how salinity was found").beside(&[
        (0, "measured"),
        (1, "calculated using PSS-78"),
        (2, "calculated otherwise"),
    ]),
    quality("sensortype"),
    spare(35),
];

pub(super) const AIR_TEMPERATURE: Field =
    signed("airtemp", 11, "air temperature, degrees Celsius").per(10, 1).within(-600, 600, -1024);
pub(super) const PRECIPITATION: Field = unsigned("preciptype", 2, "precipitation").beside(&[
    (0, "rain"),
    (1, "snow"),
    (2, "rain and snow"),
    (3, "other"),
]);
/// 241 is "24.1 or more", 243 "no sensor".
pub(super) const VISIBILITY: Field =
    unsigned("visibility", 8, "horizontal visibility, nautical miles").per(10, 1).within(0, 241, 242);
/// 0 is "799 hPa or less", 402 "1201 hPa or more".
pub(super) const PRESSURE: Field =
    unsigned("pressure", 9, "air pressure, hectopascal").linear(1, 799, 1, 0).within(0, 402, 403);
pub(super) const PRESSURE_TREND: Field =
    unsigned("pressuretend", 2, "tendency of the air pressure").absent(3).beside(TREND);

const WEATHER: &[Field] = &[
    AIR_TEMPERATURE,
    quality("sensortype"),
    PRECIPITATION,
    VISIBILITY,
    signed("dewpoint", 10, "dew point, degrees Celsius").per(10, 1).within(-200, 500, 501),
    quality("dewtype"),
    PRESSURE,
    PRESSURE_TREND,
    quality("pressuretype"),
    SALT,
    spare(25),
];

/// 8191 is "81.91 m or more", in steps of a tenth.
pub(super) const fn gap(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 13, meaning).per(10, 1).absent(0)
}

pub(super) const GAP_TREND: Field = unsigned("gaptrend", 2, "trend of the air gap").absent(3).beside(&[
    (0, "steady"),
    (1, "rising"),
    (2, "falling"),
    (3, "N/A"),
]);

const AIR_GAP: &[Field] = &[
    gap("airdraught", "height of ships that pass, metres"),
    gap("airgap", "water to sensor, metres"),
    GAP_TREND,
    gap("fairgap", "water to sensor, forecast, metres"),
    FORECAST_DAY,
    FORECAST_HOUR,
    FORECAST_MINUTE,
    spare(28),
];
