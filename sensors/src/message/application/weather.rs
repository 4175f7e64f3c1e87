//! Weather and water at a station: 1/11 of 2004 and 1/31, which has another order and other sentinels.

use super::field::{Field, day, flag, hour, latitude, longitude, minute, signed, spare, unsigned};
use super::layout::{Layout, Stamp};

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new("weather", "IMO SN.1/Circ.289", &[(1, 31)], WEATHER).stamps(TIMESTAMP),
    Layout::new("weather_2004", "IMO SN/Circ.236", &[(1, 11)], WEATHER_2004).stamps(TIMESTAMP),
];

const TIMESTAMP: &[Stamp] =
    &[Stamp { name: "timestamp", parts: ["", "", "day", "hour", "minute"], padded: true, zulu: true }];

/// Both circulars; gpsd 3.22 has 1 and 2 the other way round.
pub(super) const TREND: &[(u16, &str)] = &[(0, "steady"), (1, "decreasing"), (2, "increasing"), (3, "N/A")];

/// WMO 306 code.
const PRECIPITATION: &[(u16, &str)] = &[
    (0, "reserved"),
    (1, "rain"),
    (2, "thunderstorm"),
    (3, "freezing rain"),
    (4, "mixed/ice"),
    (5, "snow"),
    (6, "reserved"),
    (7, "N/A"),
];

const ICE: &[(u16, &str)] = &[(0, "no"), (1, "yes"), (2, "reserved"), (3, "N/A")];

const fn degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).within(0, 359, 360)
}

/// 126 is "126 knots or more".
const fn knots(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 7, meaning).absent(127)
}

/// 251 is "25.1 or more".
const fn tenths(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 8, meaning).per(10, 1).within(0, 251, 255)
}

const fn seconds(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 6, meaning).within(0, 60, 63)
}

const fn depth(name: &'static str) -> Field {
    unsigned(name, 5, "depth of the measurement, metres").absent(31)
}

const WEATHER: &[Field] = &[
    longitude("lon"),
    latitude("lat"),
    flag("accuracy", "position better than 10 m"),
    day("day"),
    hour("hour"),
    minute("minute"),
    knots("wspeed", "wind speed over the last ten minutes, knots"),
    knots("wgust", "highest wind speed in the last ten minutes, knots"),
    degrees("wdir", "wind direction, degrees true"),
    degrees("wgustdir", "direction of the highest wind speed, degrees true"),
    signed("airtemp", 11, "air temperature, degrees Celsius").per(10, 1).within(-600, 600, -1024),
    unsigned("humidity", 7, "relative humidity, percent").within(0, 100, 101),
    signed("dewpoint", 10, "dew point, degrees Celsius").per(10, 1).within(-200, 500, 501),
    // 0 is "799 hPa or less", 402 "1201 hPa or more".
    unsigned("pressure", 9, "air pressure, hectopascal").linear(1, 799, 1, 0).within(0, 402, 511),
    unsigned("pressuretend", 2, "tendency of the air pressure").absent(3).instead(TREND),
    flag("visgreater", "the visibility is more than given: the equipment's limit"),
    unsigned("visibility", 7, "horizontal visibility, nautical miles").per(10, 1).within(0, 126, 127),
    unsigned("waterlevel", 12, "water level above chart datum, tide included, metres")
        .linear(1, -1000, 100, 1)
        .within(0, 4000, 4001),
    unsigned("leveltrend", 2, "trend of the water level").absent(3).instead(TREND),
    tenths("cspeed", "speed of the surface current, knots"),
    degrees("cdir", "direction of the surface current, degrees true"),
    tenths("cspeed2", "speed of the second current, knots"),
    degrees("cdir2", "direction of the second current, degrees true"),
    depth("cdepth2"),
    tenths("cspeed3", "speed of the third current, knots"),
    degrees("cdir3", "direction of the third current, degrees true"),
    depth("cdepth3"),
    tenths("waveheight", "significant wave height, metres"),
    seconds("waveperiod", "wave period, seconds"),
    degrees("wavedir", "direction the waves come from, degrees true"),
    tenths("swellheight", "swell height, metres"),
    seconds("swellperiod", "swell period, seconds"),
    degrees("swelldir", "direction the swell comes from, degrees true"),
    unsigned("seastate", 4, "sea state, Beaufort").within(0, 12, 13),
    signed("watertemp", 10, "water temperature, degrees Celsius").per(10, 1).within(-100, 500, 501),
    unsigned("preciptype", 3, "precipitation").absent(7).instead(PRECIPITATION),
    // 501 is "50.1 or more", 511 "no sensor".
    unsigned("salinity", 9, "salinity, per mille").per(10, 1).within(0, 501, 510),
    unsigned("ice", 2, "ice").absent(3).instead(ICE),
    spare(10),
];

/// "Not available" is the highest value throughout.
const WEATHER_2004: &[Field] = &[
    signed("lat", 24, "latitude, degrees north").per(60_000, 4).within(-5_400_000, 5_400_000, 0x7f_ffff),
    signed("lon", 25, "longitude, degrees east").per(60_000, 4).within(-10_800_000, 10_800_000, 0xff_ffff),
    unsigned("day", 5, "day, UTC").within(1, 31, 0),
    unsigned("hour", 5, "hour, UTC").within(0, 23, 31),
    unsigned("minute", 6, "minute, UTC").within(0, 59, 63),
    knots("wspeed", "wind speed over the last ten minutes, knots"),
    knots("wgust", "highest wind speed in the last ten minutes, knots"),
    degrees_2004("wdir", "wind direction, degrees true"),
    degrees_2004("wgustdir", "direction of the highest wind speed, degrees true"),
    unsigned("airtemp", 11, "air temperature, degrees Celsius").linear(1, -600, 10, 1).within(0, 1200, 2047),
    unsigned("humidity", 7, "relative humidity, percent").within(0, 100, 127),
    unsigned("dewpoint", 10, "dew point, degrees Celsius").linear(1, -200, 10, 1).within(0, 700, 1023),
    unsigned("pressure", 9, "air pressure, hectopascal").linear(1, 800, 1, 0).within(0, 400, 511),
    unsigned("pressuretend", 2, "tendency of the air pressure").absent(3).instead(TREND),
    unsigned("visibility", 8, "horizontal visibility, nautical miles").per(10, 1).within(0, 250, 255),
    unsigned("waterlevel", 9, "water level above chart datum, tide included, metres")
        .linear(1, -100, 10, 1)
        .within(0, 400, 511),
    unsigned("leveltrend", 2, "trend of the water level").absent(3).instead(TREND),
    tenths_2004("cspeed", "speed of the surface current, knots"),
    degrees_2004("cdir", "direction of the surface current, degrees true"),
    tenths_2004("cspeed2", "speed of the second current, knots"),
    degrees_2004("cdir2", "direction of the second current, degrees true"),
    depth("cdepth2"),
    tenths_2004("cspeed3", "speed of the third current, knots"),
    degrees_2004("cdir3", "direction of the third current, degrees true"),
    depth("cdepth3"),
    tenths_2004("waveheight", "significant wave height, metres"),
    seconds("waveperiod", "wave period, seconds"),
    degrees_2004("wavedir", "direction the waves come from, degrees true"),
    tenths_2004("swellheight", "swell height, metres"),
    seconds("swellperiod", "swell period, seconds"),
    degrees_2004("swelldir", "direction the swell comes from, degrees true"),
    unsigned("seastate", 4, "sea state, Beaufort").within(0, 12, 15),
    unsigned("watertemp", 10, "water temperature, degrees Celsius")
        .linear(1, -100, 10, 1)
        .within(0, 600, 1023),
    unsigned("preciptype", 3, "precipitation").absent(7).beside(PRECIPITATION),
    unsigned("salinity", 9, "salinity, per mille").per(10, 1).within(0, 500, 511),
    unsigned("ice", 2, "ice").absent(3).beside(ICE),
    spare(6),
];

const fn degrees_2004(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).within(0, 359, 511)
}

const fn tenths_2004(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 8, meaning).per(10, 1).within(0, 250, 255)
}
