use super::*;

#[test]
fn reads_persons_of_both_circulars_and_of_the_first_recommendation() {
    // SN/Circ.236 and M.1371-1 leave three spare bits, SN.1/Circ.289 leaves 35.
    for (fi, spare) in [(16, 3), (16, 35), (40, 3)] {
        for carried in
            [addressed(1, fi, &[(13, 409), (spare, 0)]), broadcast(1, fi, &[(13, 409), (spare, 0)])]
        {
            assert_eq!(
                total(&carried.unwrap()),
                Some(Persons::Exactly(409)),
                "1/{fi} with {spare} spare bits"
            );
        }
    }
}

#[test]
fn needs_thirteen_bits_to_count_persons() {
    assert_eq!(total(&addressed(1, 16, &[(13, 19)]).unwrap()), Some(Persons::Exactly(19)));
    assert_eq!(addressed(1, 16, &[(12, 19)]), Err(Unread::TooShort));
    assert_eq!(addressed(1, 40, &[]), Err(Unread::TooShort));
    // 24 bits more are the checksum and the end flag of the radio frame, which some receivers leave in.
    assert_eq!(
        total(&addressed(1, 40, &[(16, 3 << 3), (16, 0xbeef), (8, 0x7e)]).unwrap()),
        Some(Persons::Exactly(3))
    );
}

#[test]
fn takes_no_persons_for_unknown_and_the_most_for_or_more() {
    let cases = [
        (0, None),
        (1, Some(Persons::Exactly(1))),
        (8190, Some(Persons::Exactly(8190))),
        (8191, Some(Persons::AtLeast(8191))),
    ];
    for (sent, expected) in cases {
        for fi in [16, 40] {
            assert_eq!(total(&addressed(1, fi, &[(13, sent), (3, 0)]).unwrap()), expected, "1/{fi}: {sent}");
        }
    }
}

#[test]
fn tells_targets_from_persons_under_the_same_id() {
    let target =
        [(2, 0), (42, 240_908_000), (4, 0), (24, 2_281_254), (25, 1_414_428), (9, 212), (6, 63), (8, 12)];
    let targets = broadcast(1, 16, &[&target[..], &target[..]].concat()).unwrap();
    assert_eq!(targets.layout().name, "vts_targets_1998");
    assert_eq!(targets.persons_on_board(), None);
    let [first, second] = targets.record().records("targets") else { panic!("two targets") };
    assert_eq!(first, second);
    assert_eq!((first.number("mmsi"), first.number("speed")), (Some(240_908_000), Some(12)));
    assert_eq!((first.scaled("lat"), first.scaled("lon")), (Some(38.0209), Some(23.5738)));
    assert_eq!(first.number("second"), None);

    // To one station only persons are sent, however many bits follow.
    let mut persons = vec![(13, 12)];
    persons.extend([(32, 0); 4]);
    assert_eq!(total(&addressed(1, 16, &persons).unwrap()), Some(Persons::Exactly(12)));
}

#[test]
fn reads_crew_passengers_and_personnel_addressed_and_broadcast() {
    // 51 spare bits, or three, or none.
    for spare in [&[(51, 0)][..], &[(3, 0)], &[]] {
        let fields = [&[(8, 4), (13, 120), (8, 7)][..], spare].concat();
        for carried in [addressed(200, 55, &fields), broadcast(200, 55, &fields)] {
            let expected = PersonsOnBoard {
                total: Persons::Exactly(131),
                crew: Some(4),
                passengers: Some(120),
                personnel: Some(7),
            };
            assert_eq!(carried.unwrap().persons_on_board(), Some(expected));
        }
    }
    assert_eq!(broadcast(200, 55, &[(8, 4), (13, 120), (7, 0)]), Err(Unread::TooShort));
}

#[test]
fn counts_what_is_known_of_an_inland_ship_and_says_that_there_may_be_more() {
    let persons = |crew, passengers, personnel| {
        broadcast(200, 55, &[(8, crew), (13, passengers), (8, personnel)]).unwrap().persons_on_board()
    };
    let known = persons(2, 8191, 255).unwrap();
    assert_eq!(known.total, Persons::AtLeast(2));
    assert_eq!((known.crew, known.passengers, known.personnel), (Some(2), None, None));
    assert_eq!(persons(255, 8190, 254).unwrap().total, Persons::AtLeast(8444));
    assert_eq!(persons(254, 8190, 254).unwrap().total, Persons::Exactly(8698));
    assert_eq!(persons(0, 0, 0).unwrap().total, Persons::Exactly(0), "nobody on board is said, not unknown");
    assert_eq!(persons(255, 8191, 255), None);
    assert_eq!(persons(2, 4, 0).unwrap().total.least(), 6);
}

#[test]
fn reads_persons_of_the_extended_voyage_data() {
    let mut fields = vec![(10, 0), (13, 0), (30, 0), (30, 0), (30, 0)];
    // Equipment, ice class, horsepower, VHF channel, Lloyd's type, tonnage, lading, oils, bunker.
    fields.extend([
        (52, 0),
        (4, 15),
        (18, 262_143),
        (12, 0),
        (42, 0),
        (18, 262_143),
        (2, 0),
        (6, 0),
        (14, 16_383),
    ]);
    for (sent, expected) in
        [(0, None), (23, Some(Persons::Exactly(23))), (8191, Some(Persons::AtLeast(8191)))]
    {
        let all = [&fields[..], &[(13, sent), (10, 0)]].concat();
        assert_eq!(total(&broadcast(1, 24, &all).unwrap()), expected);
    }
}

#[test]
fn says_nothing_of_persons_where_they_are_not_sent() {
    assert_eq!(broadcast(1, 15, &[(11, 40), (5, 0)]).unwrap().persons_on_board(), None);
}

proptest! {
    #[test]
    fn never_loses_or_makes_persons(crew in 0..=255_i64, passengers in 0..=8191_i64, personnel in 0..=255_i64) {
        let read = broadcast(200, 55, &[(8, crew), (13, passengers), (8, personnel), (51, 0)]).unwrap();
        let known = [(crew, 255), (passengers, 8191), (personnel, 255)].map(|(n, unknown)| (n != unknown).then_some(n));
        let sum: i64 = known.iter().flatten().sum();
        let expected = match known.iter().flatten().count() {
            0 => None,
            3 => Some(Persons::Exactly(sum as u16)),
            _ => Some(Persons::AtLeast(sum as u16)),
        };
        prop_assert_eq!(total(&read), expected);
    }
}
