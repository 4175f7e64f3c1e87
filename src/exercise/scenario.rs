//! The scenario file: who sails, what they do, who listens. The annotated example is in `fixtures/README.md`.

use sensors::Time;
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

/// One thing wrong with a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which entry, such as `vessel[2].legs[0]`, counted from 0; empty for the file as a whole.
    pub key: String,
    /// What is wrong and what would be accepted.
    pub text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.key.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.key, self.text) }
    }
}

/// Latitude and longitude in degrees.
pub type At = [f64; 2];

/// A scenario file as read.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is and when.
    pub head: Head,
    /// Who listens.
    pub receivers: Vec<ReceiverPlan>,
    /// Vessels described one by one.
    pub vessels: Vec<VesselPlan>,
    /// Ordinary traffic, described by the dozen.
    pub fleets: Vec<Fleet>,
    /// Bad input that a receiver on a mast really gives.
    pub noise: Noise,
}

/// What the scenario is and when it plays.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Decides everything left to chance.
    pub seed: u64,
    /// First moment of the recording, RFC 3339.
    #[serde(deserialize_with = "time")]
    pub start: Time,
    /// Length of the recording.
    pub duration_hours: f64,
    /// What happens, in a sentence or two; becomes the header's `# Story:`.
    pub story: String,
    /// The rule that the recording tests.
    pub rule: Option<String>,
    /// `flagged`, `innocent` or `missed`.
    pub outcome: Option<String>,
    /// Where the pattern is documented.
    pub source: Option<String>,
}

fn time<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Time, D::Error> {
    let text = String::deserialize(d)?;
    Time::parse(&text)
        .ok_or_else(|| serde::de::Error::custom("a time is written such as \"2026-11-20T11:00:00Z\""))
}

/// One receiver on its mast.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverPlan {
    /// Its name in the TAG block's `s:`; up to 15 letters and digits.
    pub name: String,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// How far it hears class A, nautical miles.
    pub range_nm: f64,
    /// How far it hears class B; 0.6 of `range_nm` unless given.
    pub range_b_nm: Option<f64>,
    /// Share of transmissions lost close by.
    #[serde(default)]
    pub loss: f64,
    /// Share lost at the edge of its range.
    #[serde(default)]
    pub loss_edge: f64,
    /// How far its clock is ahead, seconds.
    #[serde(default)]
    pub clock_offset_seconds: f64,
    /// Whether `c:` counts milliseconds.
    #[serde(default)]
    pub milliseconds: bool,
    /// Talker of its sentences.
    #[serde(default = "talker")]
    pub talker: String,
    /// When it hears nothing, minutes from the start: `[[from, to], ..]`.
    #[serde(default)]
    pub outages: Vec<[f64; 2]>,
}

fn talker() -> String {
    "AI".into()
}

/// What kind of station a vessel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Station {
    /// Class A: types 1, 3 and 5.
    A,
    /// Class B: types 18 and 24.
    B,
    /// Search and rescue transmitter: bursts of type 1, and type 14.
    Sart,
    /// Search and rescue aircraft: type 9.
    SarAircraft,
    /// Base station: type 4.
    Base,
    /// Aid to navigation: type 21.
    Aton,
    /// No AIS at all: others may meet it, nobody hears it.
    None,
}

/// One vessel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VesselPlan {
    /// Its name; also how `meet` and `follow` refer to it.
    pub name: String,
    /// MMSI, any number of up to nine digits; 0 only without AIS.
    #[serde(default)]
    pub mmsi: u32,
    /// Call sign.
    pub call_sign: Option<String>,
    /// IMO number.
    pub imo: Option<u32>,
    /// Ship type, or type of aid.
    #[serde(default, rename = "type")]
    pub ship_type: u8,
    /// Length overall, metres.
    #[serde(default = "length")]
    pub length: f64,
    /// Breadth, metres.
    #[serde(default = "beam")]
    pub beam: f64,
    /// Its station.
    pub class: Station,
    /// Draught, metres.
    #[serde(default)]
    pub draught: f64,
    /// Destination as typed by the crew.
    pub destination: Option<String>,
    /// Altitude of an aircraft, metres.
    #[serde(default)]
    pub altitude: u16,
    /// Whether a search and rescue transmitter is only being tested.
    #[serde(default)]
    pub test: bool,
    /// Seconds between a base station's reports.
    #[serde(default = "every")]
    pub every_seconds: f64,
    /// Where it is at first.
    pub at: At,
    /// Heading at first, for a vessel that does not start with `go`.
    #[serde(default)]
    pub heading: f64,
    /// First transmission, minutes from the start.
    #[serde(default)]
    pub start_at: f64,
    /// What it does, in order; afterwards it drifts.
    #[serde(default)]
    pub legs: Vec<Leg>,
    /// The leg to go on with after the last one.
    pub repeat_from: Option<usize>,
}

fn length() -> f64 {
    12.0
}
fn beam() -> f64 {
    4.0
}
fn every() -> f64 {
    10.0
}

/// How long a behaviour lasts.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// Minutes from its beginning.
    pub minutes: Option<f64>,
    /// Or until so many minutes from the start of the recording. With neither it lasts for ever.
    pub until: Option<f64>,
    /// Navigational status meanwhile, where the usual one is not wanted.
    pub status: Option<u8>,
}

/// One behaviour.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// Sails by way-points.
    Go(Go),
    /// Drifts with wind and stream.
    Wait(Stay),
    /// Lies at anchor.
    Anchor(Stay),
    /// Lies at a berth.
    Moor(Stay),
    /// Moves slowly to and fro about the place where it begins.
    Loiter(Loiter),
    /// Trawls about the place where it begins.
    Fish(Loiter),
    /// Comes alongside another vessel and stays.
    Meet(Beside),
    /// Keeps station on another vessel, whatever that one does.
    Follow(Beside),
    /// Switches the transmitter off, and goes on with the next leg at once.
    Silent(Minutes),
    /// Sends a safety text (type 14), and goes on at once.
    Say(Text),
}

/// Sails by way-points.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Go {
    /// The only way-point.
    pub to: Option<At>,
    /// Or several.
    #[serde(default)]
    pub via: Vec<At>,
    /// Knots.
    pub speed: f64,
    /// Navigational status; 0 unless given.
    #[serde(default)]
    pub status: u8,
}

impl Go {
    /// The way-points in order.
    pub(super) fn points(&self) -> impl Iterator<Item = At> + '_ {
        self.via.iter().copied().chain(self.to)
    }
}

/// Slow work within a circle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loiter {
    /// Minutes from its beginning; for ever without.
    pub minutes: Option<f64>,
    /// Or until so many minutes from the start of the recording.
    pub until: Option<f64>,
    /// Radius of the circle, nautical miles.
    pub radius_nm: f64,
    /// Knots.
    pub speed: f64,
    /// Navigational status, where the usual one is not wanted.
    pub status: Option<u8>,
}

/// By the side of another vessel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The other one's name.
    pub vessel: String,
    /// Minutes from when it has come alongside; for ever without.
    pub minutes: Option<f64>,
    /// Between the two antennas, metres.
    pub distance_m: f64,
    /// Where it keeps station, degrees from the other's bow; 90, its starboard side, unless given.
    #[serde(default = "abeam")]
    pub bearing: f64,
    /// Speed on the way there, knots.
    pub speed: f64,
    /// Navigational status; 0 unless given.
    #[serde(default)]
    pub status: u8,
}

fn abeam() -> f64 {
    90.0
}

/// A number of minutes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minutes {
    /// How many.
    pub minutes: f64,
}

/// A text to send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Up to 160 capitals, digits and signs.
    pub text: String,
}

/// What a fleet is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the meaning")]
pub enum Kind {
    Cargo,
    Tanker,
    Fishing,
    Ferry,
    Passenger,
    Tug,
    Pilot,
    Pleasure,
}

/// What a fleet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Sails a lane, rests at its end, comes back.
    Lane,
    /// Each trawls in a part of the area of its own.
    Fish,
    /// Each lies at anchor in a part of the area of its own.
    Anchor,
    /// Lies at a quay, side by side.
    Moor,
}

/// Ordinary traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// What it is made of.
    pub kind: Kind,
    /// How many.
    pub count: usize,
    /// `A` or `B`.
    #[serde(default = "class_a")]
    pub class: Station,
    /// What it does.
    pub work: Work,
    /// Way-points of a lane: latitude, longitude, and how far to starboard of the middle ships may keep, nautical miles.
    #[serde(default)]
    pub lane: Vec<[f64; 3]>,
    /// South-western and north-eastern corner of the area.
    pub area: Option<[At; 2]>,
    /// Where the first of the moored lies; the others follow at `raft_m` in the direction `raft_bearing`.
    pub quay: Option<At>,
    /// Metres between moored vessels.
    #[serde(default = "raft_m")]
    pub raft_m: f64,
    /// Direction of the raft, degrees.
    #[serde(default)]
    pub raft_bearing: f64,
    /// Slowest and fastest, knots.
    #[serde(default = "speeds")]
    pub speed: [f64; 2],
    /// Shortest and longest rest at the end of a lane, minutes.
    #[serde(default = "rests")]
    pub rest_minutes: [f64; 2],
    /// Whether vessels at rest are heard; otherwise they switch off there, as behind a headland or up a river.
    #[serde(default = "yes")]
    pub rests_heard: bool,
    /// Maritime identification digits to draw from; repeat one to make it more frequent.
    pub flags: Vec<u16>,
    /// Share with an MMSI that starts with 009, as many class B boats of the region have.
    #[serde(default)]
    pub invalid_mmsi_share: f64,
    /// Destinations to draw from.
    #[serde(default)]
    pub destinations: Vec<String>,
}

fn class_a() -> Station {
    Station::A
}
fn raft_m() -> f64 {
    8.0
}
fn speeds() -> [f64; 2] {
    [8.0, 14.0]
}
fn yes() -> bool {
    true
}
fn rests() -> [f64; 2] {
    [60.0, 240.0]
}

/// Bad input, as shares of the lines heard, 0 to 1.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noise {
    /// One character changed.
    pub corrupt: f64,
    /// Sent twice by the receiver.
    pub repeat: f64,
    /// A multi-part message that lacks its last part.
    pub truncate: f64,
    /// Seconds between each receiver's GNSS sentences (`$GPZDA`, `$GPRMC`); 0 for none.
    pub gnss_every_seconds: f64,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// Every problem at once, each with the entry it is in.
    pub fn read(text: &str) -> Result<Scenario, Vec<Problem>> {
        let mut table: Table = match toml::from_str(text) {
            Ok(table) => table,
            Err(e) => {
                return Err(vec![Problem { key: String::new(), text: e.to_string() }]);
            }
        };
        let mut problems = Vec::new();
        let receivers = entries(&mut table, "receiver", &mut problems);
        let vessels = entries(&mut table, "vessel", &mut problems);
        let fleets = entries(&mut table, "fleet", &mut problems);
        let noise = table.remove("noise").unwrap_or_else(|| Value::Table(Table::new()));
        let noise = entry("noise", noise, &mut problems).unwrap_or_default();
        match entry("", Value::Table(table), &mut problems) {
            Some(head) => {
                let scenario = Scenario { head, receivers, vessels, fleets, noise };
                super::check::check(&scenario, &mut problems);
                if problems.is_empty() { Ok(scenario) } else { Err(problems) }
            }
            None => Err(problems),
        }
    }

    /// The comment lines that open the recording.
    pub fn header(&self) -> String {
        let head = &self.head;
        let lines = [
            ("Rule", head.rule.as_deref()),
            ("Outcome", head.outcome.as_deref()),
            ("Source", head.source.as_deref()),
            ("Story", Some(head.story.as_str())),
        ];
        let mut header = String::new();
        for (key, value) in lines {
            if let Some(value) = value {
                header.push_str(&format!(
                    "# {key}: {}\n",
                    value.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
            }
        }
        header
    }
}

/// Reads every entry of an array of tables, so that one bad entry doesn't hide another.
fn entries<T: DeserializeOwned>(table: &mut Table, name: &str, problems: &mut Vec<Problem>) -> Vec<T> {
    let list = match table.remove(name) {
        None => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            problems.push(Problem { key: name.into(), text: format!("is written as [[{name}]]") });
            return Vec::new();
        }
    };
    list.into_iter()
        .enumerate()
        .filter_map(|(i, mut value)| {
            let key = format!("{name}[{i}]");
            check_legs(&key, &mut value, problems);
            entry(&key, value, problems)
        })
        .collect()
}

/// Names the leg that is wrong, and takes the wrong ones out so that the rest of the vessel is still read.
fn check_legs(key: &str, value: &mut Value, problems: &mut Vec<Problem>) {
    if let Some(legs) = value.get_mut("legs").and_then(Value::as_array_mut) {
        let mut i = 0;
        legs.retain(|leg| {
            let good = entry::<Leg>(&format!("{key}.legs[{i}]"), leg.clone(), problems).is_some();
            i += 1;
            good
        });
    }
}

fn entry<T: DeserializeOwned>(key: &str, value: Value, problems: &mut Vec<Problem>) -> Option<T> {
    match value.try_into() {
        Ok(entry) => Some(entry),
        Err(e) => {
            problems.push(Problem { key: key.into(), text: e.to_string().trim().replace('\n', " ") });
            None
        }
    }
}
