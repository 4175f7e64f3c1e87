//! The journal as an expert and an administrator use it: proven, given out, held, pruned.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{complaint, run};
use crate::sea::at;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const VOYAGE: &str = "fixtures/voyages/distress-flagged-active-sart.nmea";

/// Everything that was ever heard.
const EVER: [&str; 4] = ["--from", "1970-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];

struct Recorded {
    folder: tempfile::TempDir,
}

impl Recorded {
    fn new() -> Recorded {
        let folder = tempfile::tempdir().unwrap();
        let site = Recorded { folder };
        let done = run(&["replay", at(VOYAGE).to_str().unwrap(), "--database", &site.data()]);
        assert!(done.status.success(), "{}", complaint(&done));
        site
    }

    fn data(&self) -> String {
        self.path("data")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn journal(&self, arguments: &[&str]) -> Output {
        run(&[&["journal"], arguments, &["--data", &self.data()]].concat())
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output = self.journal(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The sequence of the first line of the recording.
    fn first_line(&self) -> u64 {
        (1..20).find(|sequence| self.journal(&["disclose", &sequence.to_string()]).status.success()).unwrap()
    }
}

#[test]
fn what_was_heard_comes_out_as_it_was_and_is_proven_intact() {
    let site = Recorded::new();
    let recording = std::fs::read_to_string(at(VOYAGE)).unwrap();
    assert_eq!(site.said(&[&["export"], &EVER[..]].concat()), recording);
    let only = |receiver| site.said(&[&["export", "--receiver", receiver], &EVER[..]].concat());
    assert_eq!(only("distress-flagged-active-sart.nmea"), recording);
    assert_eq!((only("0"), only("1")), (recording, String::new()));
    assert!(!site.journal(&[&["export", "--receiver", "nobody"], &EVER[..]].concat()).status.success());

    let key = site.said(&["key"]);
    let verified = site.said(&["verify", "--key", key.trim()]);
    assert!(verified.starts_with("intact: ") && verified.contains(key.trim()), "{verified}");
    let (_, witness) = verified.split_once("--witness ").unwrap();
    let witness = witness.lines().next().unwrap();
    site.said(&["verify", "--witness", witness]);
    let other = format!("1{witness}");
    assert_eq!(site.journal(&["verify", "--witness", &other]).status.code(), Some(1));
}

#[test]
fn a_damaged_journal_is_refused_with_the_place_named() {
    let site = Recorded::new();
    let journal = Path::new(&site.data()).join("journal");
    let files = std::fs::read_dir(journal).unwrap().flatten().map(|file| file.path());
    let mut days: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "sqlite")).collect();
    days.sort();
    let last = days.last().unwrap();
    let mut bytes = std::fs::read(last).unwrap();
    // The body of the lines begins with the mark of its compression.
    let body = bytes.windows(4).rposition(|window| window == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    bytes[body + 40] ^= 4;
    std::fs::write(last, bytes).unwrap();
    let output = site.journal(&["verify"]);
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("NOT intact") && said.contains(", entry ") && said.contains("2026-"), "{said}");
}

#[test]
fn one_line_is_proven_without_the_journal_and_by_other_programs() {
    let site = Recorded::new();
    let (proof, sequence) = (site.path("proof.json"), site.first_line().to_string());
    site.said(&["disclose", &sequence, "-o", &proof]);
    let again = site.journal(&["disclose", &sequence, "-o", &proof]);
    assert!(!again.status.success(), "a proof is never written over another file");
    let key = site.said(&["key"]);
    let checked = run(&["journal", "verify-proof", &proof, "--key", key.trim()]);
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(said.starts_with("proven: the line # Rule: distress"), "{said}");
    assert!(said.contains("'distress-flagged-active-sart.nmea' (number 0)"), "{said}");

    let script = at("examples/verify-line-proof.py");
    let python = |key: &str| Command::new("python3").arg(&script).args([&proof, key]).output().unwrap();
    let found = python(key.trim());
    assert!(found.status.success(), "{}", complaint(&found));
    let text = std::fs::read_to_string(&proof).unwrap();
    std::fs::write(&proof, text.replacen("# Rule: distress", "# Rule: mistress", 1)).unwrap();
    assert!(!python(key.trim()).status.success());
    let refused = run(&["journal", "verify-proof", &proof]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("proves NOTHING"), "{}", complaint(&refused));
}

#[test]
fn a_held_day_outlives_its_retention_and_goes_once_it_is_released() {
    let site = Recorded::new();
    let settings = site.path("watchkeeper.toml");
    std::fs::write(&settings, "[journal]\nbytes_max = 1\n").unwrap();
    let prune = || site.said(&["prune", "--settings", &settings]);
    let held = site.said(&[&["hold", "--reason", "case 7"], &EVER[..]].concat());
    assert!(held.starts_with("hold 1: "), "{held}");
    let listed = site.said(&["holds"]);
    assert!(listed.contains("case 7 (stands since"), "{listed}");
    assert!(!site.journal(&[&["hold", "--reason", ""], &EVER[..]].concat()).status.success());
    assert_eq!(prune(), "nothing is to go\n");
    site.said(&["release", "1"]);
    assert!(site.said(&["holds"]).contains("(released "));
    assert!(!site.journal(&["release", "1"]).status.success());
    // The recording's day is the newest and stays, and so does what the only snapshot needs.
    prune();
    assert!(site.said(&["verify"]).starts_with("intact: "));
    let value: Value =
        serde_json::from_str(&site.said(&["disclose", &site.first_line().to_string()])).unwrap();
    assert_eq!(value["line"]["receiver"], 0);
}
