use super::*;

#[test]
fn takes_a_station_with_nothing_to_say_for_nothing() {
    // A Kanaton 3 with all data marked as not available, published with gpsd.
    let weather = published("8>jR06@0Gwli:QQUP3en?wvlFR06EuOwgwl?wnSwe7wvlOwwsAwwnSGmwvh0", 0).unwrap();
    let record = weather.record();
    assert_eq!((record.number("lon"), record.number("lat")), (Some(-368_044), Some(3_197_696)));
    let said = record.entries().iter().filter(|e| e.number().is_some()).map(|e| e.field.name);
    assert_eq!(said.collect::<Vec<_>>(), ["lon", "lat", "accuracy", "day", "hour", "minute", "visgreater"]);
    assert_eq!(weather.layout().stamps[0].text(record), "29T23:24Z");
    assert_eq!(record.sent("waterlevel"), Some(4001));
}

#[test]
fn reads_weather_with_longitude_first() {
    let place = [(25, 718_050), (24, 3_462_864), (1, 1), (5, 28), (5, 16), (6, 12)];
    let wind = [(7, 15), (7, 21), (9, 177), (9, 180), (11, -124), (7, 66), (10, -35), (9, 214), (2, 2)];
    let water = [(1, 0), (7, 99), (12, 990), (2, 1), (8, 12), (9, 90), (8, 255), (9, 360), (5, 31), (8, 255)];
    let waves =
        [(9, 360), (5, 31), (8, 15), (6, 7), (9, 200), (8, 251), (6, 9), (9, 210), (4, 5), (10, -12), (3, 5)];
    // Twelve bits of salinity, ice and one spare bit: nine spare bits aren't needed.
    let fields = [&place[..], &wind, &water, &waves, &[(9, 325), (2, 1), (1, 0)]].concat();
    let weather = broadcast(1, 31, &fields).unwrap();
    let scaled = |name| weather.record().scaled(name);
    assert_eq!((scaled("lon"), scaled("lat")), (Some(11.9675), Some(57.7144)));
    assert_eq!(
        (scaled("wspeed"), scaled("airtemp"), scaled("dewpoint")),
        (Some(15.0), Some(-12.4), Some(-3.5))
    );
    assert_eq!((scaled("pressure"), scaled("visibility")), (Some(1013.0), Some(9.9)));
    assert_eq!((scaled("waterlevel"), scaled("cspeed"), scaled("cspeed2")), (Some(-0.1), Some(1.2), None));
    assert_eq!(
        (scaled("swellheight"), scaled("watertemp"), scaled("salinity")),
        (Some(25.1), Some(-1.2), Some(32.5))
    );
    let word = |name| weather.record().entry(name).and_then(|e| e.field.word(e.number()?));
    assert_eq!((word("pressuretend"), word("leveltrend")), (Some("increasing"), Some("decreasing")));
    assert_eq!((word("preciptype"), word("ice")), (Some("snow"), Some("yes")));
    assert_eq!(broadcast(1, 31, &fields[..fields.len() - 2]), Err(Unread::TooShort));
}

#[test]
fn reads_the_older_weather_with_latitude_first_and_its_own_sentinels() {
    // From AISHub; libais has 37.43837 N 126.58677 E, wind 12 and 16 kn from 113, humidity 66, 1007 hPa.
    let weather = published("804<o3@0Bj96WSWjHlPa321i=a58GwdtwwwwwwwwwwwwwwwwwwwwwCwwwt0", 2).unwrap();
    let record = weather.record();
    assert_eq!(weather.layout().name, "weather_2004");
    assert_eq!((record.number("lat"), record.number("lon")), (Some(2_246_302), Some(7_595_206)));
    assert_eq!(
        ["wspeed", "wgust", "wdir", "humidity"].map(|n| record.number(n)),
        [12, 16, 113, 66].map(Some)
    );
    assert_eq!((record.scaled("pressure"), record.number("seastate")), (Some(1007.0), Some(4)));
    for name in
        ["dewpoint", "waterlevel", "cspeed", "cdir2", "cdepth3", "waveheight", "watertemp", "salinity"]
    {
        assert_eq!(record.number(name), None, "{name}");
    }
}

#[test]
fn reads_a_notice_about_a_circle_with_its_text() {
    // A right whale alert off Boston, published with libais.
    let notice = published("803Ovrh0EPM0WB0h2l0MwJUi=6B4G9000aip8<2Bt2Hq2Qhp", 0).unwrap();
    let record = notice.record();
    assert_eq!(["linkage", "notice", "month", "day"].map(|n| record.number(n)), [29, 1, 3, 20].map(Some));
    assert_eq!(["hour", "minute", "duration"].map(|n| record.number(n)), [16, 6, 1440].map(Some));
    let [circle, text] = record.records("subareas") else { panic!("two sub-areas") };
    assert_eq!(
        ["shape", "scale", "precision", "radius"].map(|n| circle.number(n)),
        [0, 1, 4, 1481].map(Some)
    );
    // libais gives -70.22429657 and 42.10586548, in 32-bit floating point.
    assert_eq!((circle.number("lon"), circle.number("lat")), (Some(-4_213_458), Some(2_526_352)));
    assert_eq!(text.text("text"), Some("NOAA RW SGHTNG"));
}

#[test]
fn reads_a_notice_about_a_polygon_that_goes_on_from_a_point() {
    let armour = "803Ovrh0EPJ0Vvch00@=w52I9BK<00000VFHkP0>D>3;J005>?11PBGP4=1PPP";
    let notice = published(armour, 0).unwrap();
    let [point, polygon, text] = notice.record().records("subareas") else { panic!("three sub-areas") };
    assert_eq!((point.scaled("lat"), point.number("radius")), (Some(40.02495), Some(0)));
    let vertices: Vec<_> =
        polygon.records("vertices").iter().map(|v| (v.scaled("bearing"), v.number("distance"))).collect();
    assert_eq!(polygon.number("scale"), Some(3));
    assert_eq!(vertices[..2], [(Some(89.5), Some(103)), (Some(0.0), Some(114))]);
    assert_eq!(vertices[2], (Some(270.0), Some(101)));
    assert_eq!(vertices[3].1, None);
    assert_eq!(text.text("text"), Some("NOAA RW DMA"));
}

#[test]
fn keeps_the_bits_of_a_reserved_shape() {
    let head = [(10, 5), (7, 74), (4, 1), (5, 2), (5, 3), (6, 4), (18, 60)];
    let shape = [(3, 6), (40, 0x12_3456_789a), (44, 0x0ab_cdef_0123)];
    let data = bits(&[&head[..], &shape[..]].concat());
    let notice = read(1, 22, false, &data).unwrap();
    let [area] = notice.record().records("subareas") else { panic!("a sub-area") };
    assert!(matches!(&area.entry("data").unwrap().value, Value::Bits(kept) if kept.len() == 84));
    let notice_word = notice.record().entry("notice").unwrap().field.word(74);
    assert_eq!(notice_word, Some("distress: person overboard"));
    assert_eq!(notice.write(), data);
}

#[test]
fn reads_an_inland_ship() {
    // Published with gpsd: 02103547, 390, 50, 8010, no cones, 204, unloaded.
    let ship = published("83aDChPj2d<dL<uM=hhhI?a@6HP0", 0).unwrap();
    let record = ship.record();
    assert_eq!(record.text("vin"), Some("02103547"));
    assert_eq!(
        ["length", "beam", "shiptype", "hazard"].map(|n| record.number(n)),
        [390, 50, 8010, 0].map(Some)
    );
    assert_eq!((record.scaled("length"), record.scaled("draught")), (Some(39.0), Some(2.04)));
    assert_eq!((record.number("loaded"), record.number("speed_q")), (Some(1), Some(0)));
}

#[test]
fn reads_water_levels_by_their_sign_bit() {
    // From the Sava; libais has 185, 347, 171 and 196 cm. As two's complement they would be below -80 m.
    let levels = published("802ATu0j624P2@G80pEd0D5F0634", 0).unwrap();
    assert_eq!(levels.record().text("country"), Some("HR"));
    let gauges: Vec<_> = levels
        .record()
        .records("gauges")
        .iter()
        .map(|g| (g.number("id").unwrap(), g.number("level").unwrap()))
        .collect();
    assert_eq!(gauges, [(4, 185), (3, 347), (2, 171), (1, 196)]);
    let below = broadcast(200, 24, &[(12, 0), (11, 9), (1, 0), (13, 50)]).unwrap();
    assert_eq!(below.record().records("gauges")[0].scaled("level"), Some(-0.5));
}

#[test]
fn reads_an_aid_that_reports_its_state() {
    // From a Kanaton in Ireland, published with gpsd: 13.7 V, racon operational, light off.
    let aid = published("6>jR0600V:C0>da4P106P00", 2).unwrap();
    let record = aid.record();
    assert_eq!(["ana_int", "ana_ext1", "ana_ext2"].map(|n| record.scaled(n)), [13.7, 0.05, 0.05].map(Some));
    assert_eq!(
        ["racon", "light", "alarm", "stat_ext", "off_pos"].map(|n| record.number(n)),
        [2, 2, 0, 0, 0].map(Some)
    );
    let irish =
        addressed(250, 10, &[(10, 568), (10, 0), (10, 0), (2, 0), (2, 1), (1, 1), (8, 0x81), (1, 1), (4, 0)]);
    let irish = irish.unwrap();
    assert_eq!((irish.record().number("ana_ext1"), irish.record().number("stat_ext")), (None, Some(0x81)));
    assert_eq!((irish.record().number("alarm"), irish.record().number("off_pos")), (Some(1), Some(1)));
    let longer = [(10, 568), (32, 0), (32, 0), (32, 0), (32, 0)];
    assert_eq!(addressed(235, 10, &longer), Err(Unread::OtherStructure));
}

#[test]
fn reads_sensor_reports_of_both_kinds() {
    let head = |sensor| [(4, sensor), (5, 28), (5, 15), (6, 48), (7, 103)];
    let wind = [
        (7, 9),
        (7, 14),
        (9, 43),
        (9, 48),
        (3, 1),
        (7, 122),
        (7, 122),
        (9, 360),
        (5, 0),
        (5, 24),
        (6, 60),
        (8, 0),
    ];
    let place = [(28, -74_427_720), (27, 27_768_600)];
    let international =
        [&head(2)[..], &wind, &[(3, 0)], &head(0), &place, &[(11, 65), (4, 5), (3, 2), (12, 0)]].concat();
    let us =
        [&head(2)[..], &wind, &[(3, 0)], &head(0), &[(6, 2)], &place, &[(3, 2), (12, 65), (4, 5), (3, 2)]]
            .concat();
    for (dac, fi, fields) in [(1, 26, international), (367, 33, us)] {
        let reports = broadcast(dac, fi, &fields).unwrap();
        let [wind, site] = reports.record().records("reports") else { panic!("two reports in {dac}/{fi}") };
        assert_eq!(
            ["wspeed", "wgust", "wdir", "wgustdir"].map(|n| wind.number(n)),
            [9, 14, 43, 48].map(Some)
        );
        assert_eq!(["fwspeed", "fwdir", "fday", "fhour"].map(|n| wind.number(n)), [None; 4]);
        assert_eq!(["lon", "lat", "alt"].map(|n| site.scaled(n)), [-124.0462, 46.281, 6.5].map(Some));
        assert_eq!(
            (site.number("owner"), site.number("timeout"), site.number("site")),
            (Some(5), Some(2), Some(103))
        );
    }
}

#[test]
fn reads_as_many_waypoints_as_are_said_and_sent() {
    let head = |count| [(10, 3), (3, 1), (5, 2), (4, 7), (5, 14), (5, 9), (6, 30), (18, 120), (5, count)];
    let waypoint = [(28, 14_142_000), (27, 22_812_000)];
    let route = |count, sent| {
        let fields = [&head(count)[..], &waypoint.repeat(sent)].concat();
        broadcast(1, 27, &fields).unwrap().record().records("waypoints").len()
    };
    assert_eq!((route(3, 3), route(2, 3), route(5, 3), route(0, 3), route(31, 3)), (3, 2, 3, 3, 3));
    let route = addressed(1, 28, &[&head(1)[..], &waypoint].concat()).unwrap();
    assert_eq!(route.layout().stamps[0].text(route.record()), "07-14T09:30Z");
    assert_eq!(route.record().records("waypoints")[0].scaled("lat"), Some(38.02));
}

#[test]
fn reads_both_tidal_windows_in_their_own_order() {
    let times = [(5, 10), (6, 0), (5, 12), (6, 30), (9, 180)];
    let fine = [&[(4, 1), (5, 2), (27, 30_000_000), (28, 2_400_000)][..], &times, &[(7, 15)]].concat();
    let coarse = [&[(4, 1), (5, 2), (25, 240_000), (24, 3_000_000)][..], &times, &[(8, 15)]].concat();
    for (fi, fields) in [(14, fine), (32, coarse)] {
        let window = addressed(1, fi, &fields).unwrap();
        let [tide] = window.record().records("tidals") else { panic!("one window") };
        assert_eq!(
            (tide.scaled("lat"), tide.scaled("lon"), tide.scaled("cspeed")),
            (Some(50.0), Some(4.0), Some(1.5))
        );
    }
}

#[test]
fn reads_a_route_with_legs_before_its_last() {
    let head = [(1, 1), (28, 6_000_000), (27, 34_200_000)];
    let leg = [(1, 0), (10, 125), (9, 50), (22, -60_000), (22, 30_000)];
    let last = [(1, 1), (10, 100), (28, 6_600_000), (27, 34_800_000), (2, 1), (4, 0)];
    for legs in [0, 2, 6] {
        let fields = [&head[..], &leg.repeat(legs), &last].concat();
        let route = broadcast(265, 1, &fields).unwrap();
        assert_eq!(route.record().records("legs").len(), legs);
        assert_eq!(
            (route.record().scaled("last_lon"), route.record().scaled("last_speed")),
            (Some(11.0), Some(10.0))
        );
    }
}

#[test]
fn reads_text_to_the_end() {
    // From Osaka, published with libais.
    let armour = "60475rJ0BVfb04003hu<4d60P588uE:1;C;pTpHu8l5@Ttsb1LTpB1N3\
                  @nu>05B0u<4d60P588uE:184@5:S?Bo?Vo78r37?Fo;FoG0FV373c;Da=Bp";
    let text = published(armour, 2).unwrap();
    let expected = "<OSAKA HARBOUR R42>INFORMATION: WIND W 4M/S AT OSAKA HARBOUR \
                    RADAR(34-39-12N 135-25-50E) 10:25JST.";
    assert_eq!(text.record().text("text"), Some(expected));
}

#[test]
fn reads_what_stations_ask_of_each_other() {
    // Published with libais: about persons on board, and a reply that has functions 0, 2, 3, 4 and 16.
    let question = published("65@<;:1inW@h0480J0", 4).unwrap();
    assert_eq!(["req_dac", "req_fid"].map(|n| question.record().number(n)), [1, 40].map(Some));
    let reply = published("633krv00OEGl04@0Hb00020000000000000000000000000000000000000", 2).unwrap();
    let functions = reply.record().records("functions");
    let available: Vec<_> = (0..64).filter(|&f| functions[f].number("available") == Some(1)).collect();
    assert_eq!(available, [0, 2, 3, 4, 16]);
}

#[test]
fn counts_apart_what_it_does_not_know_and_what_is_too_short() {
    assert_eq!(broadcast(366, 56, &[(32, 1)]), Err(Unread::Unknown));
    assert_eq!(broadcast(1, 31, &[(32, 1)]), Err(Unread::TooShort));
    assert_eq!(addressed(0, 0, &[(16, 0), (32, 1)]), Err(Unread::OtherStructure));
    let kinds = [Unread::Unknown, Unread::TooShort, Unread::OtherStructure].map(Unread::kind);
    assert_eq!(kinds, ["application_unknown", "application_too_short", "application_other_structure"]);
}
