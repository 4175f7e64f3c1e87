use super::*;
use std::sync::LazyLock;

const REGION: &[u8] = include_bytes!("../../deploy/places/southeast-asia.places");

static PLACES: LazyLock<Places> =
    LazyLock::new(|| Places::load(&[REGION]).expect("the committed files load"));

fn at(lat: f64, lon: f64) -> Position {
    Position::from_degrees(lat, lon).unwrap()
}

fn here(lat: f64, lon: f64) -> Surroundings {
    PLACES.surroundings(at(lat, lon))
}

fn hex(digest: [u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_committed_files_are_the_ones_documented() {
    let [region, world] = PLACES.sources() else { panic!("two files") };
    assert_eq!(region.name, "South-East Asia");
    assert!(
        region.provenance.contains("GSHHG 2.3.6 high") && region.provenance.contains("LGPL-3.0-or-later")
    );
    assert_eq!(world.name, "the world");
    assert!(world.provenance.contains("Natural Earth") && world.provenance.contains("searoute 1.6.0"));
    let readme = include_str!("../../deploy/places/README.md");
    for source in [region, world] {
        assert!(
            readme.contains(&hex(source.digest)),
            "README lacks {} of {}",
            hex(source.digest),
            source.name
        );
    }
}

#[test]
fn the_digest_tells_sets_of_files_apart() {
    let world = Places::world();
    assert_ne!(world.digest(), PLACES.digest());
    assert_eq!(world.digest(), Places::world().digest());
}

#[test]
fn refuses_what_is_no_place_file() {
    assert!(matches!(Places::load(&[b"Kampot"]), Err(PlacesError::NotPlaces)));
    assert!(Places::load(&[&REGION[..REGION.len() / 2]]).is_err());
}

#[test]
fn a_berth_at_sihanoukville_is_in_port() {
    let s = here(10.64, 103.50);
    let (id, distance) = s.port.unwrap();
    let port = PLACES.port(id).unwrap();
    assert!(distance.0 < 3000.0 && port.name.contains("Sihanoukville") && port.code == "KHSIH");
    assert!(s.river && !s.on_land && s.detail == Detail::High);
    assert!(
        PLACES.ports().all(|(_, port)| port.code != "KHKOS"),
        "the same port under its old name is merged"
    );
}

#[test]
fn the_middle_of_the_gulf_is_at_sea() {
    let s = here(10.0, 102.0);
    assert!(s.coast.0 > 40.0 * NAUTICAL_MILE && !s.on_land && !s.river);
}

#[test]
fn river_ports_are_inland_and_not_on_land() {
    for (lat, lon) in [(11.57, 104.92), (13.70, 100.57), (10.77, 106.71)] {
        let s = here(lat, lon);
        assert!(s.coast.0 < 0.0 && s.river && !s.on_land, "{lat} {lon}: {s:?}");
    }
}

#[test]
fn a_lake_is_inland_water() {
    let s = here(12.90, 104.10);
    assert!(s.coast.0 < -50.0 * NAUTICAL_MILE && s.river && !s.on_land, "{s:?}");
}

#[test]
fn dry_land_is_on_land() {
    for (lat, lon) in [(12.0, 104.5), (15.5, 101.5), (-3.0, 103.0), (48.0, 16.0), (-89.0, 30.0)] {
        let s = here(lat, lon);
        assert!(s.on_land && s.coast.0 < 0.0 && !s.river, "{lat} {lon}: {s:?}");
    }
}

#[test]
fn far_from_everything_distances_are_capped() {
    let s = here(0.0, -140.0);
    assert_eq!(s.coast, COAST_MAX);
    assert_eq!((s.port, s.on_land, s.detail), (None, false, Detail::Basemap));
}

#[test]
fn answers_agree_on_both_sides_of_180_degrees() {
    assert!((here(-20.0, 180.0).coast.0 - here(-20.0, -180.0).coast.0).abs() < 0.01);
    // Taveuni, in Fiji, lies on the line; the sea east of it is as near to it as the sea to the west.
    let (west, east) = (here(-17.6, 179.99), here(-17.6, -179.99));
    assert!((west.coast.0 - east.coast.0).abs() < 2300.0 && west.coast.0 > 0.0);
    // Chukotka is land on both sides.
    assert!(here(67.5, 179.0).on_land && here(67.5, -179.0).on_land);
}

#[test]
fn the_coast_distance_has_no_step_where_two_maps_meet() {
    // The Bay of Bengal across 90 degrees east.
    for lat in [15.0, 18.0, 20.0] {
        let (outside, inside) = (here(lat, 89.9999), here(lat, 90.0001));
        assert_eq!((outside.detail, inside.detail), (Detail::Basemap, Detail::High));
        assert!((outside.coast.0 - inside.coast.0).abs() < 50.0);
    }
    // Nor is the edge itself a coast: it runs through China.
    assert!(here(25.999, 110.0).coast.0 < -200_000.0);
}

#[test]
fn dry_ports_are_left_out() {
    for code in ["THLKR", "ESMAD", "ATVIE"] {
        assert!(PLACES.ports().all(|(_, port)| port.code != code), "{code}");
    }
    assert!(PLACES.ports().is_sorted_by(|a, b| a.1.code < b.1.code));
}

#[test]
fn kept_surroundings_stay_right_while_a_vessel_moves() {
    let mut nearby = Nearby::new(&PLACES, at(10.0, 102.0));
    let (mut looked_up, steps) = (0, 4000);
    for step in 0..steps {
        // From the middle of the gulf towards Sihanoukville.
        let share = f64::from(step) / f64::from(steps);
        let p = at(10.0 + 0.62 * share, 102.0 + 1.48 * share);
        let before = nearby.at;
        nearby.refresh(&PLACES, p);
        looked_up += i32::from(nearby.at != before);
        let coast = PLACES.surroundings(p).coast.0;
        assert!((nearby.surroundings.coast.0 - coast).abs() <= (0.06 * coast.abs()).max(51.0));
    }
    assert!(looked_up < steps / 5, "{looked_up} look-ups for {steps} steps");
    let bytes = postcard::to_stdvec(&nearby).unwrap();
    assert_eq!(postcard::from_bytes::<Nearby>(&bytes).unwrap(), nearby);
}
