//! `fixtures/sentences/`: one oddity a file, held to what is right.

use crate::streams::Ear;
use sensors::report::{Ais, Content};
use sensors::sentence::tag_block::{self, Parameter};
use sensors::sentence::{Checksum, Signal, station_hash};
use sensors::{ReceiverId, Report, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One file: what its header says, and what is expected of it.
struct Fixture {
    path: PathBuf,
    text: Vec<u8>,
}

impl Fixture {
    fn all() -> Vec<Fixture> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sentences");
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("it can be listed").path())
            .collect();
        paths.sort();
        paths.into_iter().map(|path| Fixture { text: std::fs::read(&path).expect("a file"), path }).collect()
    }

    fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The lines of its header that begin with `# key:`.
    fn header(&self, key: &str) -> Vec<String> {
        let key = format!("# {key}: ");
        let lines = self.text.split(|&b| b == b'\n').map(String::from_utf8_lossy);
        lines.filter_map(|line| line.strip_prefix(&key).map(str::to_owned)).collect()
    }

    fn hear(&self) -> Ear {
        let mut ear = Ear::default();
        let (mut receiver, mut after) = (1, 0);
        if self.header("Setting").iter().any(|setting| setting == "checksum optional") {
            ear.decoder.set_checksum(ReceiverId(receiver), Checksum::Optional);
        }
        for line in self.text.split(|&b| b == b'\n') {
            match line.strip_prefix(b"# Then: ").map(String::from_utf8_lossy) {
                Some(then) => match then.split(' ').collect::<Vec<_>>()[..] {
                    ["receiver", number] => receiver = number.parse().expect("a number"),
                    [millis, "ms", "later"] => {
                        after += millis.parse::<i64>().expect("a number");
                    }
                    _ => panic!("{}: `{then}` is not known", self.name()),
                },
                None => ear.hear(receiver, Span::from_millis(after), line),
            }
        }
        ear
    }

    /// What came of it, a line each.
    fn outcome(&self) -> Vec<String> {
        let ear = self.hear();
        let stations = self.stations();
        let mut outcome: Vec<String> = ear.reports.iter().map(|report| describe(report, &stations)).collect();
        let counts = ear.counts();
        outcome.extend(counts.refused_by_kind.iter().map(|(kind, count)| format!("refused {kind} {count}")));
        outcome
            .extend(counts.unused_by_formatter.iter().map(|(name, count)| format!("unused {name} {count}")));
        if counts.stamp_refused > 0 {
            outcome.push(format!("stamp refused {}", counts.stamp_refused));
        }
        outcome
    }

    /// Every station that TAG blocks and trailers name, by its hash.
    fn stations(&self) -> BTreeMap<u64, String> {
        let mut names: Vec<&[u8]> = Vec::new();
        for line in self.text.split(|&b| b == b'\n') {
            for block in tag_block::blocks(line) {
                names.extend(block.parameters().filter_map(|parameter| match parameter {
                    Parameter::Source(name) => Some(name),
                    _ => None,
                }));
            }
            names.extend(line.split(|b| matches!(b, b',' | b'!')));
        }
        names
            .into_iter()
            .map(|name| (station_hash(name), String::from_utf8_lossy(name).into_owned()))
            .collect()
    }
}

/// One report in words: what it is, then receiver, station, time and signal where they are not the usual ones.
fn describe(report: &Report, stations: &BTreeMap<u64, String>) -> String {
    let mut words = match &report.content {
        Content::Ais(ais) => {
            let (message, own) = (&ais.message, if ais.own_ship { " own ship" } else { "" });
            format!("message {} mmsi {} bits {:016x}{own}", message.kind, message.mmsi, ais.payload_hash)
        }
        Content::Gnss(gnss) => {
            let at = gnss.position.map(|(lat, lon)| format!(" at {lat:.5} {lon:.5}"));
            let utc = gnss.utc.map(|utc| format!(" utc {utc}"));
            let heading = gnss.heading.map(|heading| format!(" heading {heading}"));
            ["gnss".to_owned()].into_iter().chain(utc).chain(at).chain(heading).collect()
        }
        Content::Radar(radar) => format!("radar {radar:?}"),
        Content::Transponder(said) => format!("transponder {said:?}"),
        Content::Strength(strength) => format!("strength {strength:?}"),
    };
    if report.receiver != ReceiverId(1) {
        words += &format!(" receiver {}", report.receiver.0);
    }
    if report.station.is_named() {
        words += &format!(" station {}", stations.get(&report.station.0).map_or("?", String::as_str));
    }
    if report.time != report.heard_at {
        words += &format!(" time {}", report.time);
    }
    if let Content::Ais(Ais { signal: Some(signal), .. }) = &report.content {
        words += &tell(signal);
    }
    words
}

fn tell(signal: &Signal) -> String {
    let power = signal.power.map(|tenths| format!(" power {:.1} dBm", f64::from(tenths) / 10.0));
    let strength = signal.strength.map(|count| format!(" strength {count}"));
    let arrival = signal.arrival.map(|micros| format!(" arrival {:.6} s", f64::from(micros) / 1e6));
    let slot = signal.slot.map(|slot| format!(" slot {slot}"));
    [power, strength, arrival, slot].into_iter().flatten().collect()
}

/// `BLESS=1` rewrites what is expected; read the difference.
fn bless(fixture: &Fixture, outcome: &[String]) {
    let mut lines: Vec<Vec<u8>> = fixture.text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    lines.retain(|line| !line.starts_with(b"# Expect: "));
    let is_header = |line: &Vec<u8>| {
        [&b"# Oddity: "[..], b"# Right: ", b"# Why: ", b"# Setting: "].iter().any(|key| line.starts_with(key))
    };
    let end = lines.iter().take_while(|line| is_header(line)).count();
    lines.splice(end..end, outcome.iter().map(|line| format!("# Expect: {line}").into_bytes()));
    std::fs::write(&fixture.path, lines.join(&b'\n')).expect("it can be written");
}

#[test]
fn every_oddity_is_read_as_is_right() {
    let fixtures = Fixture::all();
    assert!(fixtures.len() >= 55, "only {} oddities", fixtures.len());
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let (expected, outcome) = (fixture.header("Expect"), fixture.outcome());
        if std::env::var_os("BLESS").is_some() {
            bless(fixture, &outcome);
        } else if expected != outcome {
            wrong.push(format!("{}\n  expected {expected:#?}\n  heard {outcome:#?}", fixture.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_oddity_says_what_is_right_and_why_and_expects_something() {
    for fixture in Fixture::all() {
        for key in ["Oddity", "Right", "Why"] {
            assert_eq!(fixture.header(key).len(), 1, "{}: {key}", fixture.name());
        }
        assert!(!fixture.header("Expect").is_empty(), "{} expects nothing", fixture.name());
    }
}

#[test]
fn both_vessels_come_back_wherever_anything_tells_them_apart() {
    let told_apart = Fixture::all().into_iter().filter(|fixture| {
        let name = fixture.name();
        name.starts_with("interleaved-") && !name.ends_with("nothing-tells") && !name.ends_with("one-named")
    });
    let mut checked = 0;
    for fixture in told_apart {
        let ear = fixture.hear();
        let statics: Vec<u8> = ear
            .reports
            .iter()
            .filter_map(|report| match &report.content {
                Content::Ais(ais) if ais.message.kind == 5 => Some(ais.message.kind),
                _ => None,
            })
            .collect();
        let expected = if fixture.name() == "interleaved-other-sentences" { 1 } else { 2 };
        assert_eq!((statics.len(), ear.counts().refused), (expected, 0), "{}", fixture.name());
        checked += 1;
    }
    assert!(checked >= 8);
}
