//! The annotated settings files: they are read as they stand, and say what the program says.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use std::{collections::BTreeSet, path::Path};
use toml::{Table, Value};
use watchkeeper::config::{self, Settings};

const MANUAL: &str = include_str!("../../deploy/watchkeeper.toml");

/// The same for a mast.
const EDGE_MANUAL: &str = include_str!("../../deploy/edge.toml");

/// Where the meaning of each key is written: the table it stands in, the source, the type.
const SOURCES: &[(&str, &str, &str)] = &[
    ("", include_str!("../../src/config.rs"), "Settings"),
    ("disk", include_str!("../../src/store/disk.rs"), "Settings"),
    ("admit", include_str!("../../src/admit/mod.rs"), "Settings"),
    ("track", include_str!("../../src/track/settings.rs"), "Settings"),
    ("detector.distress", include_str!("../../src/detector/distress.rs"), "Settings"),
    ("detector.rendezvous", include_str!("../../src/detector/rendezvous.rs"), "Settings"),
    ("detector.loitering", include_str!("../../src/detector/loitering.rs"), "Settings"),
    ("detector.zone_entry", include_str!("../../src/detector/zone_entry.rs"), "Settings"),
    ("alert", include_str!("../../src/alert/case.rs"), "Settings"),
    ("journal", include_str!("../../src/journal/prune.rs"), "Retention"),
    ("edge", include_str!("../../src/edge/settings.rs"), "Door"),
    ("edge.station", include_str!("../../src/edge/settings.rs"), "Station"),
    ("receiver", include_str!("../../sensors/src/receiver/settings.rs"), "Settings"),
    ("receiver.tokens", include_str!("../../sensors/src/receiver/settings.rs"), "Token"),
    ("receiver.tokens.token", include_str!("../../sensors/src/receiver/secret.rs"), "SecretRef"),
    ("receiver.secret", include_str!("../../sensors/src/receiver/secret.rs"), "SecretRef"),
    ("receiver.password", include_str!("../../sensors/src/receiver/secret.rs"), "SecretRef"),
    ("zone", include_str!("../../src/place/zone.rs"), "Zone"),
    ("zone.rule", include_str!("../../src/place/zone.rs"), "ZoneRule"),
    ("zone.rule.window", include_str!("../../src/place/zone.rs"), "DayWindow"),
];

/// The same for `deploy/edge.toml`; what a receiver may have is in the other one.
const EDGE_SOURCES: &[(&str, &str, &str)] = &[
    ("", include_str!("../../src/edge/settings.rs"), "Settings"),
    ("centre", include_str!("../../src/edge/settings.rs"), "Centre"),
    ("spool", include_str!("../../src/edge/settings.rs"), "Spool"),
];

/// The fields of a type with what is written about them, on one line each.
fn fields(source: &str, name: &str) -> Vec<(String, String)> {
    let (_, body) = source.split_once(&format!("pub struct {name} {{")).expect("the type is there");
    let (body, _) = body.split_once("\n}").expect("the type ends");
    let mut about: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            about.push(text.trim());
        } else if let Some(rest) = line.strip_prefix("pub ") {
            let (field, _) = rest.split_once(':').expect("a field has a type");
            found.push((field.to_owned(), about.join(" ")));
            about.clear();
        }
    }
    found
}

/// All comments on one line: how lines are broken means nothing.
fn prose(manual: &str) -> String {
    let comments = manual.lines().filter_map(|line| line.strip_prefix("# "));
    comments.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The file with its examples taken out of their comments.
fn with_examples() -> String {
    let taken_out = |line: &str| match line.strip_prefix('#') {
        Some(example) if example.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => {
            example.to_owned()
        }
        _ => line.to_owned(),
    };
    MANUAL.lines().map(taken_out).collect::<Vec<_>>().join("\n")
}

fn keys(at: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                found.insert(at.clone());
                keys(&at, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(at, item, found)),
        _ => {}
    }
}

#[test]
fn the_manual_as_it_stands_is_the_defaults() {
    assert_eq!(config::check(MANUAL).unwrap(), Settings::default());
}

#[test]
fn the_manual_shows_every_key() {
    let mut known = BTreeSet::new();
    keys("", &Value::try_from(Settings::default()).unwrap(), &mut known);
    for (table, source, name) in SOURCES {
        let dot = if table.is_empty() { "" } else { "." };
        known.extend(fields(source, name).iter().map(|(field, _)| format!("{table}{dot}{field}")));
    }
    let mut shown = BTreeSet::new();
    keys("", &Value::Table(with_examples().parse::<Table>().unwrap()), &mut shown);
    assert_eq!(shown, known);
}

#[test]
fn the_examples_are_right_but_for_a_recording_among_receivers() {
    let problems = config::check(&with_examples()).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["exercise"]);
}

#[test]
fn the_manual_says_of_each_key_what_its_field_says() {
    let prose = prose(MANUAL);
    for (table, source, name) in SOURCES {
        for (field, about) in fields(source, name) {
            assert!(!about.is_empty(), "{name}.{field} says nothing");
            assert!(
                prose.contains(&about),
                "deploy/watchkeeper.toml does not say of {table}.{field}: {about}"
            );
        }
    }
}

#[test]
fn the_mast_s_manual_is_good_as_it_stands_and_says_what_its_fields_say() {
    let settings = config::check_edge(EDGE_MANUAL).unwrap();
    assert_eq!(settings.spool, watchkeeper::edge::settings::Spool::default());
    assert!(config::is_edge(EDGE_MANUAL) && !config::is_edge(MANUAL) && !config::is_edge(&with_examples()));
    let (prose, shown) = (prose(EDGE_MANUAL), EDGE_MANUAL.parse::<Table>().unwrap());
    for (table, source, name) in EDGE_SOURCES {
        let shown = if table.is_empty() { &shown } else { shown[*table].as_table().unwrap() };
        for (field, about) in fields(source, name) {
            assert!(shown.contains_key(&field), "deploy/edge.toml does not show {table}.{field}");
            assert!(prose.contains(&about), "deploy/edge.toml does not say of {table}.{field}: {about}");
        }
    }
}

/// What `make run` plays: the settings and the zones, one after the other.
#[test]
fn the_exercise_settings_and_its_zones_make_one_good_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let text = read("deploy/exercise.toml") + &read("fixtures/zones/gulf-of-thailand.toml");
    let settings = config::check(&text).unwrap();
    assert!(settings.exercise);
    assert!(settings.listen.ip().is_loopback());
    assert!(!settings.zone.is_empty());
    for place in &settings.places {
        let from_root = place.strip_prefix("..").expect("var/ is one folder down");
        assert!(root.join(from_root).exists(), "{}", place.display());
    }
}
