//! Weather observed on ships.

use super::field::unsigned;
use super::field::{Field, choice, day, flag, hour, latitude, longitude, minute, signed, spare, text};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "observation",
        "IMO SN.1/Circ.289",
        &[(1, 21)],
        &[flag("wmo", "as the World Meteorological Organization has it"), choice("wmo", &[(0, SHIP)], WMO)],
    ),
    Layout::new(
        "ship_weather",
        "Satellite Ship Weather, one slot, as in libais",
        &[(367, 23)],
        &[
            VERSION,
            day("day"),
            hour("hour"),
            minute("minute"),
            longitude("lon"),
            latitude("lat"),
            PRESSURE,
            AIR_TEMPERATURE,
            knots("wspeed", "wind speed, knots"),
            knots("wgust", "highest wind speed, knots"),
            degrees("wdir", "wind direction, degrees true"),
            spare(1),
        ],
    ),
    Layout::new(
        "ship_weather_small",
        "Satellite Ship Weather, small, as in libais",
        &[(367, 24)],
        &[VERSION, hour("hour"), minute("minute"), longitude("lon"), latitude("lat"), PRESSURE],
    ),
    Layout::new(
        "ship_weather_tiny",
        "Satellite Ship Weather, tiny, as in libais",
        &[(367, 25)],
        &[
            VERSION,
            hour("hour"),
            minute("minute"),
            PRESSURE,
            knots("wspeed", "wind speed, knots"),
            degrees("wdir", "wind direction, degrees true"),
            spare(1),
        ],
    ),
];

const VERSION: Field = unsigned("version", 3, "version of the message");
/// 0 is "799 hPa or less", 402 "1201 hPa or more".
const PRESSURE: Field =
    unsigned("pressure", 9, "air pressure, hectopascal").linear(1, 799, 1, 0).within(0, 402, 403);
const AIR_TEMPERATURE: Field =
    signed("airtemp", 11, "air temperature, degrees Celsius").per(10, 1).within(-600, 600, -1024);

const fn knots(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 7, meaning).absent(127)
}

const fn degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).within(0, 359, 360)
}

const WEATHER: &[(u16, &str)] = &[
    (0, "clear"),
    (1, "cloudy"),
    (2, "rain"),
    (3, "fog"),
    (4, "snow"),
    (5, "typhoon or hurricane"),
    (6, "monsoon"),
    (7, "thunderstorm"),
    (8, "N/A"),
];

const SHIP: &[Field] = &[
    text("location", 20, "name of the place"),
    longitude("lon"),
    latitude("lat"),
    day("day"),
    hour("hour"),
    minute("minute"),
    unsigned("weather", 4, "present weather").within(0, 7, 8).beside(WEATHER),
    flag("vislimit", "the visibility is more than given: the equipment's limit"),
    unsigned("visibility", 7, "horizontal visibility, nautical miles").per(10, 1).absent(127),
    unsigned("humidity", 7, "relative humidity, percent").within(0, 100, 127),
    knots("wspeed", "wind speed over the last ten minutes, knots"),
    degrees("wdir", "wind direction, degrees true"),
    PRESSURE,
    unsigned("pressuretend", 4, "tendency of the air pressure, WMO FM 13").within(0, 8, 15),
    AIR_TEMPERATURE,
    unsigned("watertemp", 10, "water temperature, degrees Celsius")
        .linear(1, -100, 10, 1)
        .within(0, 600, 601),
    unsigned("waveperiod", 6, "wave period, seconds").within(0, 60, 63),
    unsigned("waveheight", 8, "wave height, metres").per(10, 1).absent(255),
    degrees("wavedir", "direction the waves come from, degrees true"),
    unsigned("swellheight", 8, "swell height, metres").per(10, 1).absent(255),
    degrees("swelldir", "direction the swell comes from, degrees true"),
    unsigned("swellperiod", 6, "swell period, seconds").within(0, 60, 63),
    spare(3),
];

const fn half_metres_per_second(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 8, meaning).per(2, 1).absent(255)
}

/// In steps of five degrees; 0 is calm.
const fn five_degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 7, meaning).linear(5, 0, 1, 0).within(0, 72, 127)
}

/// In steps of ten degrees; 0 is calm.
const fn ten_degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 6, meaning).linear(10, 0, 1, 0).within(0, 36, 63)
}

const fn code(name: &'static str, width: u8, meaning: &'static str) -> Field {
    unsigned(name, width, meaning).absent((1 << width) - 1)
}

const fn half_metres(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 6, meaning).per(2, 1).within(0, 60, 63)
}

/// The circular takes 9000 off the latitude where only 90 gives its range.
const WMO: &[Field] = &[
    unsigned("lon", 16, "longitude, degrees east").linear(1, -18_000, 100, 2).within(0, 36_000, 65_535),
    unsigned("lat", 15, "latitude, degrees north").linear(1, -9_000, 100, 2).within(0, 18_000, 32_767),
    unsigned("month", 4, "month, UTC").within(1, 12, 15),
    unsigned("day", 6, "day, UTC").within(1, 31, 63),
    unsigned("hour", 5, "hour, UTC").within(0, 23, 31),
    unsigned("minute", 3, "minute, UTC, end of ten minutes").linear(10, 0, 1, 0).within(0, 5, 7),
    five_degrees("course", "course over ground, degrees"),
    unsigned("speed", 5, "speed over ground, metres a second").per(2, 1).absent(31),
    five_degrees("heading", "heading, degrees"),
    unsigned("pressure", 11, "air pressure at sea level, hectopascal")
        .linear(1, 9_000, 10, 1)
        .within(0, 2_000, 2_047),
    unsigned("pdelta", 10, "change of the air pressure in three hours, hectopascal")
        .linear(1, -500, 10, 1)
        .within(0, 1_000, 1_023),
    code("ptend", 4, "tendency of the air pressure, WMO BUFR 010063"),
    five_degrees("twinddir", "true wind direction, degrees"),
    half_metres_per_second("twindspeed", "true wind speed, metres a second"),
    five_degrees("rwinddir", "relative wind direction, degrees"),
    half_metres_per_second("rwindspeed", "relative wind speed, metres a second"),
    half_metres_per_second("mgustspeed", "highest wind speed, metres a second"),
    five_degrees("mgustdir", "direction of the highest wind speed, degrees"),
    unsigned("airtemp", 10, "air temperature, kelvin").linear(1, 2_230, 10, 1).within(0, 1_000, 1_023),
    unsigned("humidity", 7, "relative humidity, percent").within(0, 100, 127),
    unsigned("surftemp", 9, "sea surface temperature, kelvin").linear(1, 2_680, 10, 1).within(0, 500, 511),
    code("visibility", 6, "horizontal visibility: its square times 13.073 metres"),
    code("weather", 9, "present weather, WMO BUFR 020003"),
    code("pweather1", 5, "past weather, WMO BUFR 020004"),
    code("pweather2", 5, "past weather, WMO BUFR 020005"),
    unsigned("totalcloud", 4, "cloud cover, percent").linear(10, 0, 1, 0).within(0, 10, 15),
    code("lowclouda", 4, "amount of low cloud, WMO BUFR 020011"),
    code("lowcloudt", 6, "type of low cloud, WMO BUFR 020012"),
    code("midcloudt", 6, "type of middle cloud, WMO BUFR 020012"),
    code("highcloudt", 6, "type of high cloud, WMO BUFR 020012"),
    code("cloudbase", 7, "height of the cloud base: its square times 0.16 metres"),
    code("wwperiod", 5, "period of wind waves, seconds"),
    half_metres("wwheight", "height of wind waves, metres"),
    ten_degrees("swelldir1", "direction the first swell comes from, degrees"),
    code("swperiod1", 5, "period of the first swell, seconds"),
    half_metres("swheight1", "height of the first swell, metres"),
    ten_degrees("swelldir2", "direction the second swell comes from, degrees"),
    code("swperiod2", 5, "period of the second swell, seconds"),
    half_metres("swheight2", "height of the second swell, metres"),
    code("icedeposit", 7, "thickness of ice deposit, centimetres"),
    code("icerate", 3, "rate of ice accretion, WMO BUFR 020032"),
    code("icecause", 3, "cause of ice accretion, WMO BUFR 020033"),
    code("seaice", 5, "sea ice concentration, WMO BUFR 020034"),
    code("icetype", 4, "amount and type of ice, WMO BUFR 020035"),
    code("icestate", 5, "ice situation, WMO BUFR 020036"),
    code("icedevel", 5, "ice development, WMO BUFR 020037"),
    unsigned("icebearing", 4, "bearing of the ice edge, degrees").linear(45, 0, 1, 0).within(1, 8, 15),
];
