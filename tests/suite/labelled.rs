//! Positions of one MMSI that say whose they are, held against the tracks that they become.
//!
//! *Purity* is the share of the messages on tracks whose track holds most of all messages with their label: 1 when no
//! track mixes two vessels. *Completeness* is the share of all messages that are on the track that holds most of their
//! label's: 1 when every vessel is one track and nothing was refused.

use sensors::message::{Body, Message, Place, PositionA};
use sensors::report::{Ais, Content};
use sensors::{Mmsi, ReceiverId, Report, StationId, Time};
use serde::Deserialize;
use std::collections::BTreeMap;
use watchkeeper::admit::{Admitted, Standing};
use watchkeeper::geo::Position;
use watchkeeper::place::Places;
use watchkeeper::track::{self, Gained, Settings, Tracks};

/// One labelled position, as Global Fishing Watch publishes them.
#[derive(Deserialize)]
struct Row {
    timestamp: String,
    lat: Option<f64>,
    lon: Option<f64>,
    speed: Option<f64>,
    course: Option<f64>,
    #[serde(alias = "expected")]
    segment: String,
}

/// How well tracks follow the labels.
#[derive(Debug)]
pub(crate) struct Score {
    /// Messages with a position.
    pub(crate) messages: usize,
    /// Different labels among them.
    pub(crate) labels: usize,
    /// Tracks that they became.
    pub(crate) tracks: usize,
    /// Tracks of three messages and more.
    pub(crate) credible: usize,
    /// See above.
    pub(crate) purity: f64,
    /// See above.
    pub(crate) completeness: f64,
    /// Messages that moved no track, by why.
    pub(crate) refused: BTreeMap<track::Standing, u64>,
    /// Messages that ended several tracks.
    pub(crate) ambiguous: u64,
}

/// Reads a JSON array or one object a line, and follows the positions in the order of their times.
pub(crate) fn score(text: &str, settings: &Settings) -> anyhow::Result<Score> {
    let mut rows: Vec<Row> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text)?,
        false => {
            text.lines().filter(|l| !l.is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?
        }
    };
    rows.retain(|row| row.lat.is_some() && row.lon.is_some());
    rows.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
    let (places, mut tracks, mut gained) = (Places::world(), Tracks::default(), Gained::default());
    for (sequence, row) in (1..).zip(&rows) {
        let admitted = Admitted { report: report(row, sequence)?, standing: Standing::Good, doubted: None };
        tracks.tick(admitted.report.time, settings, &mut gained.events);
        tracks.follow(&admitted, None, settings, &places, &mut gained);
    }
    let on = |fix: &&track::Fix| {
        matches!(fix.standing, track::Standing::Used | track::Standing::Late | track::Standing::Jump)
    };
    let mut by_track: BTreeMap<_, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut by_label: BTreeMap<&str, BTreeMap<_, usize>> = BTreeMap::new();
    for fix in gained.fixes.iter().filter(on) {
        let label = rows[fix.sequence as usize - 1].segment.as_str();
        *by_track.entry(fix.track).or_default().entry(label).or_default() += 1;
        *by_label.entry(label).or_default().entry(fix.track).or_default() += 1;
    }
    let placed: usize = by_track.values().flat_map(BTreeMap::values).sum();
    let most = |counts: &BTreeMap<_, usize>| counts.values().max().copied().unwrap_or(0);
    let pure: usize = by_track.values().map(|counts| counts.values().max().copied().unwrap_or(0)).sum();
    let complete: usize = by_label.values().map(most).sum();
    Ok(Score {
        messages: rows.len(),
        labels: rows.iter().map(|row| &row.segment).collect::<std::collections::BTreeSet<_>>().len(),
        tracks: by_track.len(),
        credible: by_track.values().filter(|counts| counts.values().sum::<usize>() >= 3).count(),
        purity: pure as f64 / placed.max(1) as f64,
        completeness: complete as f64 / rows.len().max(1) as f64,
        refused: tracks.refused().by_standing(),
        ambiguous: tracks.ambiguous(),
    })
}

fn report(row: &Row, sequence: u64) -> anyhow::Result<Report> {
    let at = Position::from_degrees(row.lat.unwrap_or(91.0), row.lon.unwrap_or(181.0));
    let time = chrono::DateTime::parse_from_rfc3339(&row.timestamp)?.timestamp_millis();
    let tenths = |value: f64| (value * 10.0).round() as u16;
    let body = Body::PositionA(PositionA {
        place: at.map(|at| Place { lat: at.lat, lon: at.lon, accurate: true }),
        speed: row.speed.map(tenths).filter(|speed| *speed < 1023),
        course: row.course.map(tenths).filter(|course| *course < 3600),
        ..PositionA::default()
    });
    let message = Message { kind: 1, repeat: 0, mmsi: Mmsi(416_000_000), body };
    let content =
        Content::Ais(Ais { message, own_ship: false, payload_hash: sequence, signal: None, derived: false });
    let time = Time::from_millis(time);
    Ok(Report {
        receiver: ReceiverId(0),
        station: StationId::NONE,
        sequence,
        part: 0,
        time,
        stamped: false,
        heard_at: time,
        content,
    })
}
