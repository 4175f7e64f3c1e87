//! The settings file: read, checked as a whole without touching anything outside, and shown with every problem.

use crate::admit;
use crate::alert;
use crate::detector;
use crate::edge;
use crate::journal;
use crate::place::zone;
use crate::store::disk;
use crate::track;
use sensors::receiver::{self, Problem};
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Everything a site can set. `deploy/watchkeeper.toml` explains each key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the console is served.
    pub listen: SocketAddr,
    /// An exercise wears a banner and replays recordings; it uses a database of its own.
    pub exercise: bool,
    /// Place files of higher detail than the built-in map of the world, relative to the settings file.
    pub places: Vec<PathBuf>,
    /// What is given up when the disk fills.
    pub disk: disk::Settings,
    /// How clocks are learned and repeats known.
    pub admit: admit::Settings,
    /// How tracks are kept apart.
    pub track: track::Settings,
    /// The rules' figures.
    pub detector: detector::Settings,
    /// The life of alerts.
    pub alert: alert::Settings,
    /// How long what was heard is kept.
    pub journal: journal::Retention,
    /// The door that stations beyond the network send to.
    pub edge: edge::settings::Door,
    /// Who hears.
    pub receiver: Vec<receiver::Settings>,
    /// Zones that officers drew.
    pub zone: Vec<zone::Zone>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            exercise: false,
            places: Vec::new(),
            disk: Default::default(),
            admit: Default::default(),
            track: Default::default(),
            detector: Default::default(),
            alert: Default::default(),
            journal: Default::default(),
            edge: Default::default(),
            receiver: Vec::new(),
            zone: Vec::new(),
        }
    }
}

/// Problems named at most; a file with more is not a settings file.
const PROBLEMS_MAX: usize = 50;

/// Reads settings text and holds everything in it against what is accepted.
///
/// # Errors
/// Every problem, each with its key and what would be accepted.
pub fn check(text: &str) -> Result<Settings, Vec<Problem>> {
    let (settings, mut problems) = read::<Settings>(text);
    if let Some(settings) = &settings {
        problems.extend(receiver::settings::check_all(&settings.receiver));
        problems.extend(zone::check(&settings.zone).into_iter().map(|fault| {
            problem(&fault.key, fault.what, "see [[zone]] in deploy/watchkeeper.toml".to_owned())
        }));
        problems.extend(settings.edge.check(&settings.receiver));
        problems.extend(check_figures(settings));
        problems.extend(check_exercise(settings));
    }
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(problems),
    }
}

/// Reads the file at `path` and checks it; paths in it are then relative to its folder.
///
/// # Errors
/// Every problem; an unreadable file is one.
pub fn load(path: &Path) -> Result<Settings, Vec<Problem>> {
    let mut settings = check(&text_of(path)?)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let door = &mut settings.edge;
    let files = settings.places.iter_mut().chain(&mut door.certificate).chain(&mut door.private_key);
    files.for_each(|file| *file = folder.join(&*file));
    find_files(folder, &mut settings.receiver);
    Ok(settings)
}

fn text_of(path: &Path) -> Result<String, Vec<Problem>> {
    let unreadable =
        |why: String| vec![problem(&path.display().to_string(), why, "a readable TOML file".to_owned())];
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() {
        return Err(unreadable("is not a file".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

fn find_files(folder: &Path, receivers: &mut [receiver::Settings]) {
    for receiver in receivers {
        for kind in ["file://", "tail://"] {
            if let Some(path) = receiver.connect.strip_prefix(kind) {
                receiver.connect = format!("{kind}{}", folder.join(path).display());
            }
        }
        receiver.files_relative_to(folder);
    }
}

/// Whether the text is meant for the mast and not for the centre.
pub fn is_edge(text: &str) -> bool {
    let top = text.lines().take_while(|line| header(line).is_none());
    let mut named = top.filter_map(|line| line.trim_start().strip_prefix("station"));
    text.lines().filter_map(header).any(|name| name.trim() == "centre")
        || named.any(|rest| rest.trim_start().starts_with('='))
}

/// Reads the settings text of a mast and holds everything in it against what is accepted.
///
/// # Errors
/// Every problem, each with its key and what would be accepted.
pub fn check_edge(text: &str) -> Result<edge::settings::Settings, Vec<Problem>> {
    let (settings, mut problems) = read::<edge::settings::Settings>(text);
    problems.extend(settings.iter().flat_map(edge::settings::Settings::check));
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(problems),
    }
}

/// Reads the mast's file at `path` and checks it; paths in it are then relative to its folder.
///
/// # Errors
/// Every problem; an unreadable file is one.
pub fn load_edge(path: &Path) -> Result<edge::settings::Settings, Vec<Problem>> {
    let mut settings = check_edge(&text_of(path)?)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    settings.centre.ca = folder.join(&settings.centre.ca);
    find_files(folder, &mut settings.receiver);
    Ok(settings)
}

/// A good settings file, of either kind.
#[derive(Debug)]
pub enum Either {
    /// For `watchkeeper run`.
    Centre(Box<Settings>),
    /// For `watchkeeper edge run`.
    Edge(Box<edge::settings::Settings>),
}

/// Reads the file at `path`, for whichever it is meant.
///
/// # Errors
/// Every problem; an unreadable file is one.
pub fn load_either(path: &Path) -> Result<Either, Vec<Problem>> {
    if is_edge(&text_of(path)?) {
        Ok(Either::Edge(Box::new(load_edge(path)?)))
    } else {
        Ok(Either::Centre(Box::new(load(path)?)))
    }
}

fn problem(key: &str, message: String, accepted: String) -> Problem {
    Problem { key: key.to_owned(), message, accepted }
}

/// Reads as much as can be read: each time the reader stumbles, the problem is kept, the statement or table that
/// it stumbled over is blanked, and it reads again.
fn read<T: serde::de::DeserializeOwned>(text: &str) -> (Option<T>, Vec<Problem>) {
    let mut text = text.to_owned();
    let mut problems: Vec<Problem> = Vec::new();
    while problems.len() < PROBLEMS_MAX {
        let error = match toml::from_str::<T>(&text) {
            Ok(settings) => return (Some(settings), problems),
            Err(error) => error,
        };
        let Some(span) = error.span() else {
            problems.push(problem("the file", error.message().to_owned(), "a TOML file".to_owned()));
            return (None, problems);
        };
        let start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let key = key_at(&text, start);
        // What is missing because its line was blanked was complained of already.
        let missing = error.message().strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let known = |field: &str| {
            let table = key.split(' ').next().unwrap_or_default();
            problems.iter().any(|told| told.key.starts_with(&format!("{table}.{field} ")))
        };
        if !missing.is_some_and(known) {
            let (message, accepted) = worded(error.message());
            problems.push(problem(&key, message, accepted));
        }
        // Characters outside ASCII shrink to one space each: later spans are of the new text.
        let range = start..statement_end(&text, start, span.end);
        let blanked: String =
            text[range.clone()].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        if blanked == text[range.clone()] {
            break;
        }
        text.replace_range(range, &blanked);
    }
    (None, problems)
}

/// Where the statement that begins at `start` ends: a table goes with all its lines and its own tables, or they
/// would be taken for the table's before it.
fn statement_end(text: &str, start: usize, span_end: usize) -> usize {
    let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |newline| from + newline);
    let Some(name) = header(text[start..].lines().next().unwrap_or_default()) else {
        return line_end(span_end.max(start));
    };
    let mut end = line_end(start);
    while end < text.len() {
        let next = line_end(end + 1);
        let other = header(&text[end + 1..next])
            .is_some_and(|other| !other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
        if other {
            break;
        }
        end = next;
    }
    end
}

/// The name in a `[table]` or `[[table]]` line.
fn header(line: &str) -> Option<&str> {
    line.trim()
        .strip_prefix('[')
        .map(|rest| rest.trim_start_matches('[').split(']').next().unwrap_or_default())
}

/// The reader's complaint and what it would accept, in the words of the settings file.
fn worded(message: &str) -> (String, String) {
    match message.split_once(", expected ") {
        Some((_, "a sequence")) => {
            ("there may be several of these".to_owned(), "two brackets: [[receiver]], [[zone]]".to_owned())
        }
        Some((message, accepted)) => (message.to_owned(), plain(accepted)),
        None if message.contains("socket address") => {
            (message.to_owned(), "IP:PORT, such as 127.0.0.1:8080".to_owned())
        }
        None => {
            let manual = "see deploy/watchkeeper.toml, and for a mast deploy/edge.toml";
            (message.to_owned(), manual.to_owned())
        }
    }
}

/// What is accepted, where the reader names a type of the language.
fn plain(accepted: &str) -> String {
    match accepted {
        "f64" => "a number".to_owned(),
        table if table.starts_with("struct ") => "a table".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        other => other.to_owned(),
    }
}

/// The dotted key of the statement that begins at `start`, with its line.
fn key_at(text: &str, start: usize) -> String {
    let line = text[start..].lines().next().unwrap_or_default().trim();
    let number = text[..start].lines().count() + 1;
    let table = text[..start].lines().rev().find_map(header).unwrap_or_default();
    let key = match header(line) {
        Some(name) => name.to_owned(),
        None => {
            let key = line.split('=').next().unwrap_or_default().trim();
            if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
        }
    };
    format!("{key} (line {number})")
}

/// Figures of rules and tracks are lengths, times, speeds and counts: finite and not negative.
fn check_figures(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    let tables = [
        ("admit", toml::Value::try_from(settings.admit)),
        ("track", toml::Value::try_from(settings.track)),
        ("detector", toml::Value::try_from(&settings.detector)),
        ("alert", toml::Value::try_from(settings.alert)),
    ];
    for (name, table) in tables {
        let table = table.expect("settings are plain tables");
        check_table(name, &table, &mut problems);
    }
    problems
}

fn check_table(key: &str, value: &toml::Value, problems: &mut Vec<Problem>) {
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(name, value)| check_table(&format!("{key}.{name}"), value, problems));
        }
        toml::Value::Float(figure) if !figure.is_finite() || *figure < 0.0 => {
            problems.push(problem(key, format!("is {figure}"), "a number, 0 or more".to_owned()));
        }
        _ => {}
    }
}

/// A recording is not the sea: what is replayed must not stand beside what is heard.
fn check_exercise(settings: &Settings) -> Vec<Problem> {
    let replays = |receiver: &&receiver::Settings| receiver.connect.starts_with("file:");
    let recordings = settings.receiver.iter().filter(replays).count();
    if recordings == 0 || settings.exercise && recordings == settings.receiver.len() {
        return Vec::new();
    }
    let accepted = "`exercise = true` with recordings only, or receivers only".to_owned();
    vec![problem("exercise", "recordings are replayed here among receivers".to_owned(), accepted)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let problems = check(text).expect_err("has problems");
        problems.iter().map(|p| p.key.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn the_empty_file_is_the_defaults() {
        assert_eq!(check("").expect("defaults hold"), Settings::default());
    }

    #[test]
    fn names_every_problem_with_its_key() {
        let text = "
            listen = \"nowhere\"
            colour = \"blue\"
            [detector.loitering]
            speed_max = \"fast\"
            coast_min = -3.0
            [detector.distress]
            volume = 11
        ";
        let mut found = keys(text);
        found.sort_unstable();
        let expected = [
            "colour",
            "detector.distress.volume",
            "detector.loitering.coast_min",
            "detector.loitering.speed_max",
            "listen",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn one_fault_in_a_table_is_one_problem() {
        let nameless = "[[receiver]]\nconnect = \"udp://127.0.0.1:10110\"\nlatitude = 1.0\nlongitude = 2.0";
        assert_eq!(keys(nameless), ["receiver"]);
        assert_eq!(keys("[[reciever]]\nname = \"a\"\nconnect = \"tcp://h:1\""), ["reciever"]);
        assert_eq!(keys("[detector.rendevous]\nnear = 1.0\n[track]\nsite = 1"), ["detector.rendevous"]);
        let zone = "[[zone]]\nid = \"a\"\nname = \"A\"\nkind = \"wach\"\nring = [[1, 1], [2, 1], [2, 2]]\n[zone.rule]\non = [\"enter\"]";
        assert_eq!(keys(zone), ["zone.kind"]);
        let single = check("[receiver]\nname = \"a\"").expect_err("one bracket");
        assert!(single.len() == 1 && single[0].accepted.contains("[[receiver]]"), "{single:?}");
    }

    #[test]
    fn text_that_is_not_toml_is_said_to_be() {
        assert!(check("\u{0}\u{1}binary").is_err());
        assert!(check("[[receiver]\nname = 1").is_err());
    }
}
