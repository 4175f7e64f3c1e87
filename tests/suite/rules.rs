//! The set of rules: each explains itself, can be set, is held by recordings, and has its words.

use crate::sea::{Core, at, voyage, voyages};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use watchkeeper::detector::{Card, HEADINGS, RULES, Settings};

fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn words() -> BTreeMap<String, String> {
    serde_json::from_str(&read("console/src/words/en.json")).expect("the catalogue is one flat object")
}

/// The placeholders of a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_rule_explains_itself_and_can_be_set() {
    let settings = toml::Table::try_from(Settings::default()).expect("settings are tables");
    for card in RULES {
        for heading in HEADINGS {
            assert!(card.help(heading).len() > 20, "{}: nothing under '{heading}'", card.name);
        }
        assert!(settings.contains_key(card.name), "{} has no settings", card.name);
        assert!(!card.grades.is_empty(), "{} has no grades", card.name);
    }
    assert_eq!(settings.len(), RULES.len(), "settings of a rule that is not");
}

#[test]
fn every_rule_has_a_flagged_and_an_innocent_recording() {
    let names = voyages();
    for card in RULES {
        for outcome in ["flagged", "innocent"] {
            let prefix = format!("{}-{outcome}-", card.name);
            assert!(names.iter().any(|name| name.starts_with(&prefix)), "no recording {prefix}*");
        }
    }
    for name in &names {
        let rule = name.split('-').next().unwrap_or_default();
        assert!(RULES.iter().any(|card| card.name == rule), "{name} is of no rule");
    }
}

#[test]
fn every_grade_has_a_title_and_a_reason() {
    let words = words();
    for card in RULES {
        for grade in card.grades {
            for part in ["title", "reason"] {
                let key = format!("alert.{}.{grade}.{part}", card.name);
                assert!(words.contains_key(&key), "no words for {key}");
            }
        }
    }
    for key in words.keys().filter(|key| key.starts_with("alert.")) {
        let known = RULES.iter().any(|card| {
            card.grades.iter().any(|grade| key.starts_with(&format!("alert.{}.{grade}.", card.name)))
        });
        let of_a_grade = key.ends_with(".title") || key.ends_with(".reason");
        assert!(known || !of_a_grade, "{key} is of no grade");
    }
}

#[test]
fn every_code_that_an_alert_carries_has_its_words() {
    let words = words();
    let mut missing = BTreeSet::new();
    let mut need = |key: String| {
        if !words.contains_key(&key) {
            missing.insert(key);
        }
    };
    for name in voyages() {
        for change in Core::hear_all(&voyage(&name)).outcome.changes {
            let alert = change.alert;
            alert.innocent.iter().for_each(|cause| need(format!("innocent.{}", cause.code)));
            alert.factors.iter().for_each(|factor| need(format!("factor.{}", factor.code)));
            alert.measures.iter().for_each(|measure| need(format!("measure.{}", measure.name)));
            let reason =
                words.get(&format!("alert.{}.reason", alert.reason.code)).cloned().unwrap_or_default();
            for name in placeholders(&reason) {
                let given = alert.reason.params.contains_key(name);
                assert!(
                    given,
                    "{}: the reason says {{{name}}}, which the rule does not give",
                    alert.reason.code
                );
            }
        }
    }
    // Codes that no recording brings up.
    for file in ["factors", "distress", "loitering", "rendezvous", "zone_entry"] {
        let source = read(&format!("src/detector/{file}.rs"));
        for (call, kind) in
            [("factor(\"", "factor"), ("Measure::held(\"", "measure"), ("Measure::new(\"", "measure")]
        {
            for rest in source.split(call).skip(1) {
                need(format!("{kind}.{}", rest.split('"').next().unwrap_or_default()));
            }
        }
    }
    need("factor.further_rules".to_owned());
    assert!(missing.is_empty(), "no words for {missing:?}");
}

/// A rule's row in the README: its name and the first sentence under each heading.
fn row(card: &Card) -> String {
    let first = |heading: &&str| {
        let help = card.help(heading);
        help.split_once(". ").map_or(help.clone(), |(sentence, _)| format!("{sentence}."))
    };
    let cells: Vec<String> = HEADINGS.iter().map(first).collect();
    format!("| `{}` | {} |", card.name, cells.join(" | "))
}

#[test]
fn every_rule_has_its_row_in_the_readme() {
    let readme = read("README.md");
    let missing: Vec<String> =
        RULES.iter().map(row).filter(|row| !readme.lines().any(|line| line == row)).collect();
    assert!(missing.is_empty(), "the README's table of rules lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_fixture_is_used() {
    let mut files = Vec::new();
    let mut folders = vec![at("fixtures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it can be listed") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let mut tests = read("fixtures/README.md");
    for name in ["night", "same_answer", "sea", "restart", "bad_input", "tracks"] {
        tests.push_str(&read(&format!("tests/suite/{name}.rs")));
    }
    let mut dead = Vec::new();
    for path in files {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A test of the sensors crate reads all of these.
        let used = if path.starts_with(at("fixtures/sentences")) {
            extension == "nmea"
        } else if path.starts_with(at("fixtures/voyages")) {
            let recording = path.with_extension("nmea").exists();
            ["toml", "nmea", "alerts"].contains(&extension.as_str()) && recording
        } else {
            name == "README.md" || tests.contains(&name)
        };
        if !used {
            dead.push(path.display().to_string());
        }
    }
    assert!(dead.is_empty(), "no test uses {dead:?}, and fixtures/README.md names none of them");
}
