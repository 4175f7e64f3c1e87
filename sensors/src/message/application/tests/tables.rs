use super::*;
use std::collections::HashSet;

/// Ids that AIS-catcher, libais or gpsd read, by the kind of message (bits of application data).
const KNOWN: [(bool, u16, &[u8]); 16] = [
    (true, 0, &[0]),
    (true, 1, &[0, 1, 2, 3, 4, 5, 12, 14, 15, 16, 18, 20, 23, 25, 28, 30, 32, 40]),
    (true, 200, &[21, 22, 55]),
    (true, 235, &[10, 20]),
    (true, 250, &[10]),
    (true, 366, &[1, 2, 10, 32]),
    (true, 316, &[1, 2, 32]),
    (false, 1, &[0, 11, 13, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 31, 40]),
    (false, 200, &[10, 21, 22, 23, 24, 25, 40, 55]),
    (false, 235, &[10]),
    (false, 250, &[10]),
    (false, 265, &[1]),
    (false, 316, &[1, 2, 32]),
    (false, 366, &[1, 2, 10, 22, 32]),
    (false, 367, &[22, 23, 24, 25, 33]),
    (false, 248, &[0]),
];

#[test]
fn has_a_table_for_every_application_that_others_read() {
    for (addressed, dac, functions) in KNOWN {
        for &fi in functions {
            assert!(layouts_of(dac, fi, addressed).next().is_some(), "{dac}/{fi}, addressed: {addressed}");
        }
    }
}

/// All lists of fields in a table, groups and choices included.
fn lists(fields: &'static [Field], seen: &mut Vec<&'static [Field]>) {
    seen.push(fields);
    for field in fields {
        match field.kind {
            Kind::Records { fields, .. } => lists(fields, seen),
            Kind::Choice { cases, otherwise, .. } => {
                cases.iter().for_each(|(_, fields)| lists(fields, seen));
                lists(otherwise, seen);
            }
            _ => {}
        }
    }
}

#[test]
fn names_every_table_and_every_field_once() {
    let mut names = HashSet::new();
    for layout in layouts() {
        assert!(names.insert(layout.name), "{} twice", layout.name);
        let mut all = Vec::new();
        lists(layout.fields, &mut all);
        for fields in all {
            let mut names = HashSet::new();
            for field in fields.iter().filter(|f| !matches!(f.kind, Kind::Spare(_) | Kind::Choice { .. })) {
                assert!(names.insert(field.name), "{}: {} twice", layout.name, field.name);
                assert!(!field.name.is_empty(), "{}", layout.name);
            }
        }
        for part in layout.stamps.iter().flat_map(|s| s.parts).filter(|p| !p.is_empty()) {
            assert!(layout.fields.iter().any(|f| f.name == part), "{}: no {part}", layout.name);
        }
    }
}

#[test]
fn chooses_and_counts_by_numbers_that_stand_before() {
    for layout in layouts() {
        let mut all = Vec::new();
        lists(layout.fields, &mut all);
        for fields in all {
            for (at, field) in fields.iter().enumerate() {
                let by = match field.kind {
                    Kind::Choice { by, .. } => by,
                    Kind::Records { counted_by, .. } if !counted_by.is_empty() => counted_by,
                    _ => continue,
                };
                assert!(fields[..at].iter().any(|f| f.name == by), "{}: no {by} before", layout.name);
            }
        }
    }
}

#[test]
fn lets_nothing_stand_behind_a_group_that_may_take_its_bits() {
    for layout in layouts() {
        let mut all = Vec::new();
        lists(layout.fields, &mut all);
        for fields in all {
            let open = |f: &Field| match f.kind {
                Kind::Records { least, most, after, .. } => least != most && after == 0,
                kind => matches!(kind, Kind::TextToEnd(_) | Kind::Rest),
            };
            let at = fields.iter().position(open);
            assert!(at.is_none_or(|at| at + 1 == fields.len()), "{}", layout.name);
        }
    }
}

#[test]
fn has_sentinels_that_fit_their_fields() {
    for layout in layouts() {
        let mut all = Vec::new();
        lists(layout.fields, &mut all);
        for field in all.into_iter().flatten().filter(|f| f.absent != Absent::Never) {
            assert!(field.fits(field.default()), "{}: {}", layout.name, field.name);
            // Angles of areas have 0 for want of a better one.
            let plain_zero = field.default() == 0;
            assert!(field.is_absent(field.default()) || plain_zero, "{}: {}", layout.name, field.name);
        }
    }
}

#[test]
fn reads_every_table_from_enough_bits() {
    for layout in layouts() {
        let zeros = bits(&vec![(1, 0); (layout.lengths.end - 1).min(1_100)]);
        let (dac, fi) = layout.ids[0];
        let addressed = layout.carrier == Carrier::Any;
        let readable = |data: &Bits| read(dac, fi, addressed, data).is_ok_and(|a| a.layout() == layout);
        assert!(with_choices(layout, &zeros).iter().any(readable), "{}", layout.name);
    }
}

/// A source that knows nothing but some numbers.
struct Numbers(&'static [(&'static str, i64)]);

impl Source for Numbers {
    fn number(&self, field: &Field) -> Option<i64> {
        self.0.iter().find(|(name, _)| *name == field.name).map(|(_, number)| *number)
    }
    fn text(&self, _: &Field) -> Option<String> {
        None
    }
    fn bits(&self, _: &Field) -> Option<Bits> {
        None
    }
    fn records(&self, field: &Field) -> Vec<Box<dyn Source + '_>> {
        match field.name {
            "waypoints" => {
                vec![Box::new(Numbers(&[("lon", 600_000), ("lat", 1_200_000)])), Box::new(Numbers(&[]))]
            }
            _ => Vec::new(),
        }
    }
}

#[test]
fn builds_an_application_from_names_with_the_rest_not_available() {
    let layout = layouts_of(1, 16, true).next().unwrap();
    let persons = Application::build(layout, &Numbers(&[("persons", 37)])).unwrap();
    assert_eq!(persons.write(), bits(&[(13, 37), (3, 0)]));
    assert_eq!(Application::build(layout, &Numbers(&[("persons", 8192)])), Err(Unfit::Value("persons")));

    let layout = layouts_of(1, 31, false).next().unwrap();
    let weather = Application::build(layout, &Numbers(&[("wspeed", 12)])).unwrap();
    assert_eq!(weather.write().len(), 304);
    let weather = read(1, 31, false, &weather.write()).unwrap();
    let said: Vec<_> =
        weather.record().entries().iter().filter(|e| e.number().is_some()).map(|e| e.field.name).collect();
    assert_eq!(said, ["accuracy", "wspeed", "visgreater"]);

    let layout = layouts_of(1, 27, false).next().unwrap();
    let route = Application::build(layout, &Numbers(&[])).unwrap();
    assert_eq!(route.record().number("waycount"), Some(2));
    let route = read(1, 27, false, &route.write()).unwrap();
    assert_eq!(route.record().records("waypoints")[0].scaled("lat"), Some(2.0));
    assert_eq!(route.record().records("waypoints")[1].number("lat"), None);
}

#[test]
fn joins_dates_as_gpsd_does_and_takes_them_apart_again() {
    for layout in layouts() {
        for stamp in layout.stamps {
            let one_of_all =
                Numbers(&[("month", 5), ("day", 14), ("hour", 20), ("minute", 7), ("start_year", 26)]);
            let application = Application::build(layout, &one_of_all);
            // Tables whose groups may not be missing have no stamps.
            let record = application.unwrap().record().clone();
            let parts = stamp.parse(&stamp.text(&record)).unwrap();
            assert!(parts.iter().all(|(name, number)| record.sent(name) == Some(*number)), "{}", layout.name);
            assert_eq!(parts.len(), stamp.parts.iter().filter(|p| !p.is_empty()).count());
        }
    }
    let warning = layouts_of(200, 23, false).next().unwrap();
    let start = Application::build(warning, &Numbers(&[("start_year", 26), ("start_month", 5)])).unwrap();
    assert_eq!(warning.stamps[0].text(start.record()), "2026-05-00T24:60");
    assert_eq!(warning.stamps[0].parse("2026-05"), None);
}

fn field(dac: u16, fi: u8, name: &str) -> &'static Field {
    let layout = layouts_of(dac, fi, false).next().unwrap();
    layout.fields.iter().find(|f| f.name == name).unwrap()
}

#[test]
fn scales_there_and_back() {
    let level = field(1, 31, "waterlevel");
    assert_eq!((level.scale.apply(990), level.scale.undo(-0.1)), (-0.1, 990));
    for layout in layouts() {
        for field in layout.fields.iter().filter(|f| f.scale != Scale::NONE) {
            assert_eq!(
                field.scale.undo(field.scale.apply(field.default())),
                field.default(),
                "{}",
                field.name
            );
        }
    }
}

#[test]
fn finds_words_and_their_numbers() {
    let trend = field(1, 31, "pressuretend");
    assert_eq!(
        (trend.word(1), trend.code("decreasing"), trend.code("?")),
        (Some("decreasing"), Some(1), None)
    );
    let precipitation = field(1, 11, "preciptype");
    assert_eq!((precipitation.word(6), precipitation.code("reserved")), (Some("reserved"), Some(0)));
    assert_eq!((field(1, 31, "wspeed").word(1), field(1, 31, "wspeed").code("N/A")), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reads_back_what_it_writes_for_every_table(words in prop::collection::vec(any::<u64>(), 24), len in 0..1200_usize) {
        let mut payload = Payload::new();
        words.iter().for_each(|word| payload.push(64, *word));
        let noise = Bits::tail(&payload, Payload::CAPACITY - len);
        for layout in layouts() {
            let addressed = layout.carrier == Carrier::Any;
            // Numbers that choose a table's fields are set right in turn, so that every choice is met.
            for data in with_choices(layout, &noise) {
                let (dac, fi) = layout.ids[0];
                let Ok(read_once) = read(dac, fi, addressed, &data) else { continue };
                let written = read_once.write();
                let read_again = read(dac, fi, addressed, &written);
                prop_assert_eq!(read_again.as_ref(), Ok(&read_once), "{}", layout.name);
                prop_assert_eq!(read_again.unwrap().write(), written);
            }
        }
    }

    #[test]
    fn writes_the_bits_it_read_where_nothing_is_spare_or_text(words in prop::collection::vec(any::<u64>(), 2)) {
        // 1/25 has numbers only: 12 bits and 17 for each cargo.
        let mut payload = Payload::new();
        words.iter().for_each(|word| payload.push(64, *word));
        let data = Bits::tail(&payload, 128 - 12 - 17 * 6);
        prop_assert_eq!(read(1, 25, true, &data).unwrap().write(), data);
    }
}

/// `noise`, once for each value of the first fields that a choice or a check asks for.
fn with_choices(layout: &Layout, noise: &Bits) -> Vec<Bits> {
    let mut all = vec![noise.clone()];
    let mut at = 0;
    for field in layout.fields {
        let width = match field.kind {
            Kind::Unsigned(width) => usize::from(width),
            Kind::Flag => 1,
            Kind::Spare(width) => usize::from(width),
            _ => break,
        };
        let mut values: Vec<i64> =
            layout.only.iter().filter(|(name, _)| *name == field.name).map(|(_, n)| *n).collect();
        for other in layout.fields {
            if let Kind::Choice { by, cases, .. } = other.kind
                && by == field.name
            {
                values.extend(cases.iter().map(|(value, _)| *value));
            }
        }
        for value in values.into_iter().filter(|_| noise.len() > at + width) {
            let (from, mut to) = (noise.payload(), Payload::new());
            (0..at).for_each(|bit| to.push(1, u64::from(from.flag(bit))));
            to.push(width, value as u64);
            (at + width..noise.len()).for_each(|bit| to.push(1, u64::from(from.flag(bit))));
            all.push(Bits::tail(&to, 0));
        }
        at += width;
    }
    all
}
