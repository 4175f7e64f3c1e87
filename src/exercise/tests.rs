use super::*;
use std::path::{Path, PathBuf};

const SMALL: &str = r#"
seed = 1
start = "2026-11-20T11:00:00Z"
duration_hours = 0.5
story = "two boats"
[noise]
gnss_every_seconds = 60
[[receiver]]
name = "MAST"
latitude = 10.6
longitude = 103.5
range_nm = 40
[[vessel]]
name = "FIRST"
mmsi = 514000001
class = "a"
type = 70
at = [10.4, 103.3]
legs = [{ go = { to = [10.3, 103.2], speed = 9 } }, { wait = {} }]
[[vessel]]
name = "SECOND"
mmsi = 9004417
class = "b"
at = [10.36, 103.3]
legs = [{ meet = { vessel = "FIRST", minutes = 5, distance_m = 30, speed = 14 } }]
"#;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn scenario(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("it can be read");
    Scenario::read(&text).unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display()))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let scenario = Scenario::read(SMALL).expect("good");
    let record = |seed| {
        let mut out = Vec::new();
        scenario.write_recording(seed, &mut out).expect("written to memory");
        out
    };
    assert!(record(None).len() > 10_000);
    assert_eq!(record(None), record(Some(1)));
    assert_ne!(record(None), record(Some(2)));
}

#[test]
fn lines_come_in_the_order_of_time() {
    let scenario = Scenario::read(SMALL).expect("good");
    let times: Vec<_> = scenario.play(None).map(|line| line.time).collect();
    assert!(times.is_sorted());
}

#[test]
fn every_problem_is_told_at_once_with_its_key() {
    let bad = SMALL
        .replace("range_nm = 40", "range_nm = 40\ncolour = 3")
        .replace("vessel = \"FIRST\"", "vessel = \"NOBODY\"")
        .replace("to = [10.3, 103.2]", "to = [97.3, 103.2]")
        .replace("duration_hours = 0.5", "duration_hours = 0");
    let problems = Scenario::read(&bad).expect_err("bad");
    let keys: Vec<&str> = problems.iter().map(|p| p.key.as_str()).collect();
    for key in ["receiver[0]", "vessel[0].legs[0]", "vessel[1].legs[0]", "duration_hours"] {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
}

#[test]
fn committed_recordings_are_what_their_scenarios_give() {
    let bless = std::env::var_os("BLESS").is_some();
    let files = fixtures("voyages");
    assert!(files.len() > 20);
    for path in files {
        let mut recording = Vec::new();
        scenario(&path).write_recording(None, &mut recording).expect("written to memory");
        assert!(recording.len() < 300_000, "{} is too long for a fixture", path.display());
        let committed = path.with_extension("nmea");
        if bless {
            std::fs::write(&committed, &recording).expect("it can be written");
        }
        let held = std::fs::read(&committed).unwrap_or_default();
        assert!(held == recording, "{} differs from its scenario; BLESS=1 rewrites it", committed.display());
    }
}

#[test]
fn the_exercises_can_be_read() {
    for path in fixtures("exercises") {
        scenario(&path);
    }
}

#[test]
fn no_vessel_of_the_night_crosses_land() {
    let path = fixtures("exercises").into_iter().find(|p| p.ends_with("night-gulf-of-thailand.toml"));
    let night = scenario(&path.expect("it is there"));
    let places = crate::place::Places::world();
    let names: Vec<String> = night.all_vessels(night.head.seed).into_iter().map(|v| v.name).collect();
    let mut recording = night.play(None);
    // Every six minutes or so of a night of 450,000 lines.
    while recording.nth(4000).is_some() {
        for (name, spot) in names.iter().zip(recording.spots()) {
            let position = crate::geo::Position::from_degrees(spot.lat, spot.lon).expect("on earth");
            assert!(!places.surroundings(position).on_land, "{name} is on land at {spot:?}");
        }
    }
}
