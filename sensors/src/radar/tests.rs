use super::*;
use crate::Span;
use crate::sentence::{Checksum, Item, items, items_with};
use proptest::prelude::*;

fn read(line: &str) -> Result<Radar, Reject> {
    let sentence = items_with(line.as_bytes(), Checksum::Optional).find_map(|item| match item {
        Item::Sentence(sentence) => Some(sentence),
        _ => None,
    });
    Radar::read(&sentence.expect("a sentence")).expect("a radar's")
}

fn target(line: &str) -> TrackedTarget {
    match read(line) {
        Ok(Radar::Target(target)) => target,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn reads_a_tracked_target_with_bearing_course_and_a_number_above_99() {
    let seen = target("$RATTM,1023,11.4,13.6,T,7.0,20.0,R,0.5,-3.2,N,BOAT ^2C2,T,R,154125.82,A");
    assert_eq!(seen.number, Some(1023));
    assert_eq!(seen.bearing, Some(Angle { degrees: 13.6, reference: Some(Reference::True) }));
    assert_eq!(seen.course.and_then(|course| course.true_degrees(Some(350.0))), Some(10.0));
    assert_eq!(seen.course.and_then(|course| course.true_degrees(None)), None);
    assert_eq!((seen.distance_metres(), seen.speed_knots()), (Some(11.4 * 1852.0), Some(7.0)));
    assert_eq!((seen.cpa_metres(), seen.tcpa_minutes), (Some(926.0), Some(-3.2)));
    assert_eq!(seen.name.as_deref(), Some("BOAT ,2"));
    assert_eq!((seen.status, seen.is_reference), (Some(TargetStatus::Tracked), true));
    assert_eq!(seen.utc, Some(Span::from_millis(56_485_820)));
    assert_eq!(seen.acquisition, Some(Acquisition::Automatic));
}

#[test]
fn distance_and_speed_follow_the_unit_that_is_named_and_without_one_are_not_known() {
    let with = |units: &str| target(&format!("$RATTM,01,2.0,90.0,T,10.0,0.0,T,,,{units},,Q,,,"));
    let near = |value: Option<f64>, expected: f64| value.is_some_and(|v| (v - expected).abs() < 1e-9);
    for (units, metres, knots) in
        [("K", 2000.0, 10.0 / 1.852), ("N", 3704.0, 10.0), ("S", 3218.688, 16_093.44 / 1852.0)]
    {
        let seen = with(units);
        assert!(near(seen.distance_metres(), metres) && near(seen.speed_knots(), knots), "{units}: {seen:?}");
    }
    assert_eq!(
        (with("").distance, with("").distance_metres(), with("").speed_knots()),
        (Some(2.0), None, None)
    );
}

#[test]
fn what_a_radar_leaves_empty_or_off_the_circle_is_absent() {
    let empty = target("$RATTM,,,,,,,,,,,,,,,");
    assert_eq!(empty, TrackedTarget::default());
    // Older editions end with the reference target.
    assert_eq!(target("$RATTM,05,1.0,361.0,T,-1.0,,,,,N,,L,").bearing, None);
    assert_eq!(target("$RATTM,05,1.0,361.0,T,-1.0,,,,,N,,L,").speed, None);
}

#[test]
fn a_field_that_is_not_what_its_place_demands_is_refused() {
    for line in [
        "$RATTM,A1,1.0,0.0,T,1.0,0.0,T,0.0,0.0,N,,T,,,A",
        "$RATTM,01,1.0,0.0,M,1.0,0.0,T,0.0,0.0,N,,T,,,A",
        "$RATTM,01,1.0,0.0,T,1.0,0.0,T,0.0,0.0,X,,T,,,A",
        "$RATTM,01,1.0,0.0,T,1.0,0.0,T,0.0,0.0,N,,Z,,,A",
        "$RATTM,99999,1.0,0.0,T,1.0,0.0,T,0.0,0.0,N,,T,,,A",
        "$RATLL,01,1030.0,Q,10315.0,E,,,T,",
        "$RAOSD,35.1,Z,36.0,P,10.2,P,15.3,0.1,N",
        "$RARSD,,,,,,,,,,,3.0,N,Q",
    ] {
        assert_eq!(read(line), Err(Reject::MalformedFields), "{line}");
    }
}

#[test]
fn reads_place_own_ship_and_display() {
    let Ok(Radar::Position(place)) = read("$RATLL,101,3647.422,N,14432.592,E,BUOY,015200.36,T,R") else {
        panic!("a TLL")
    };
    let (lat, lon) = place.position.expect("a place");
    assert!((lat - 36.790_366_666).abs() < 1e-8 && (lon - 144.543_2).abs() < 1e-8);
    assert_eq!((place.number, place.name.as_deref(), place.is_reference), (Some(101), Some("BUOY"), true));

    let Ok(Radar::OwnShip(own)) = read("$RAOSD,35.1,A,36.0,P,18.52,B,15.3,0.1,K") else { panic!("an OSD") };
    assert_eq!((own.valid_heading(), own.course_source), (Some(35.1), Some(Source::Positioning)));
    assert!(own.speed_knots().is_some_and(|knots| (knots - 10.0).abs() < 1e-9));
    let Ok(Radar::OwnShip(gone)) = read("$RAOSD,35.1,V,,,,,,,N") else { panic!("an OSD") };
    assert_eq!((gone.heading, gone.valid_heading()), (Some(35.1), None));

    let Ok(Radar::Display(display)) = read("$RARSD,0.00,,2.50,005.0,0.00,,4.50,355.0,,,3.0,N,H") else {
        panic!("an RSD")
    };
    assert_eq!((display.first.range, display.second.bearing), (Some(2.5), Some(355.0)));
    assert_eq!((display.cursor_range, display.range_scale_metres()), (None, Some(5556.0)));
    assert_eq!(display.rotation, Some(Rotation::HeadUp));
}

/// A number as radars send it, to thousandths.
fn some(range: std::ops::Range<i32>) -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(range.prop_map(|n| f64::from(n) / 1000.0))
}

fn angle() -> impl Strategy<Value = Option<Angle>> {
    let reference = proptest::option::of(prop::sample::select(vec![Reference::True, Reference::Relative]));
    (some(0..360_000), reference)
        .prop_map(|(degrees, reference)| degrees.map(|degrees| Angle { degrees, reference }))
}

fn one_of<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = Option<T>> + use<T> {
    proptest::option::of(prop::sample::select(all.to_vec()))
}

const ALL_UNITS: [Units; 3] = [Units::Metric, Units::Nautical, Units::Statute];

fn name() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[!-~]([ -~é]{0,12}[!-~])?")
}

fn clock() -> impl Strategy<Value = Option<Span>> {
    proptest::option::of((0..8_640_000_i64).prop_map(|hundredths| Span::from_millis(hundredths * 10)))
}

fn radar() -> impl Strategy<Value = Radar> {
    let status = [TargetStatus::Lost, TargetStatus::Query, TargetStatus::Tracked];
    let acquisition = [Acquisition::Automatic, Acquisition::Manual, Acquisition::Reported];
    let number = || proptest::option::of(0..1024_u16);
    let seen = (number(), some(0..99_000), angle(), some(0..99_000), angle(), some(0..99_000));
    let rest = (some(-99_000..99_000), one_of(&ALL_UNITS), name(), one_of(&status), any::<bool>(), clock());
    let target = (seen, rest, one_of(&acquisition)).prop_map(|(seen, rest, acquisition)| {
        let (number, distance, bearing, speed, course, cpa) = seen;
        let (tcpa_minutes, units, name, status, is_reference, utc) = rest;
        Radar::Target(TrackedTarget {
            number,
            distance,
            bearing,
            speed,
            course,
            cpa,
            tcpa_minutes,
            units,
            name,
            status,
            is_reference,
            utc,
            acquisition,
        })
    });
    let sources = [Source::BottomLog, Source::Manual, Source::Water, Source::Radar, Source::Positioning];
    let valid = one_of(&[true, false]);
    let own = (
        (some(0..360_000), valid, some(0..360_000), one_of(&sources)),
        (some(0..99_000), one_of(&sources), some(0..360_000), some(0..9_000), one_of(&ALL_UNITS)),
    );
    let own_ship = own.prop_map(|(course, speed)| {
        let (heading, heading_valid, course, course_source) = course;
        let (speed, speed_source, set, drift, units) = speed;
        Radar::OwnShip(OwnShip {
            heading,
            heading_valid,
            course,
            course_source,
            speed,
            speed_source,
            set,
            drift,
            units,
        })
    });
    let marker = || {
        (some(0..99_000), some(0..360_000), some(0..99_000), some(0..360_000)).prop_map(
            |(origin_range, origin_bearing, range, bearing)| Marker {
                origin_range,
                origin_bearing,
                range,
                bearing,
            },
        )
    };
    let rotations = [Rotation::CourseUp, Rotation::HeadUp, Rotation::NorthUp];
    let shown = (marker(), marker(), some(0..99_000), some(0..360_000), some(0..99_000), one_of(&ALL_UNITS));
    let display = (shown, one_of(&rotations)).prop_map(|(shown, rotation)| {
        let (first, second, cursor_range, cursor_bearing, range_scale, units) = shown;
        Radar::Display(Display { first, second, cursor_range, cursor_bearing, range_scale, units, rotation })
    });
    prop_oneof![target, own_ship, display]
}

proptest! {
    #[test]
    fn reads_back_what_it_writes(radar in radar()) {
        let line = radar.to_sentence("RA");
        let sentence = items(line.as_bytes()).find_map(|item| match item {
            Item::Sentence(sentence) => Some(sentence),
            _ => None,
        });
        let read = sentence.and_then(|sentence| Radar::read(&sentence));
        prop_assert_eq!(read, Some(Ok(radar)), "{}", line);
    }
}
