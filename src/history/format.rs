//! Answers as files that other programs open: JSON, CSV and GeoJSON, with exact numbers and text that stays text.

use super::page::Page;
use super::{Claimed, Cursor};
use crate::geo::Position;
use crate::track::{Fix, Standing};
use serde::Serialize;
use std::io::{Error, Result, Write};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object with the rows and `next`.
    Json,
    /// RFC 4180 with a header line.
    Csv,
    /// RFC 7946: a feature for each position, and first of all the line of a track.
    GeoJson,
}

impl Format {
    /// The media type for HTTP.
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
            Format::GeoJson => "application/geo+json",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = &'static str;
    fn from_str(text: &str) -> std::result::Result<Format, Self::Err> {
        match text {
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            "geojson" => Ok(Format::GeoJson),
            _ => Err("json, csv or geojson"),
        }
    }
}

/// One position in JSON; the same fields in the same order as in CSV.
#[derive(Serialize)]
struct PositionRow {
    track: String,
    mmsi: u32,
    time: i64,
    time_utc: String,
    lat: f64,
    lon: f64,
    speed_knots: Option<f64>,
    course_deg: Option<f64>,
    heading_deg: Option<u16>,
    status: u8,
    class: crate::track::Class,
    receiver: u16,
    sequence: u64,
    standing: Standing,
}

impl PositionRow {
    fn of(fix: &Fix) -> PositionRow {
        PositionRow {
            track: fix.track.to_string(),
            mmsi: fix.mmsi.0,
            time: fix.time.as_millis(),
            time_utc: fix.time.to_string(),
            lat: degrees(fix.position.latitude()),
            lon: degrees(fix.position.longitude()),
            speed_knots: fix.speed.map(tenths),
            course_deg: fix.course.map(tenths),
            heading_deg: fix.heading,
            status: fix.status,
            class: fix.class,
            receiver: fix.receiver.0,
            sequence: fix.sequence,
            standing: fix.standing,
        }
    }
}

/// Seven decimals: a centimetre, so that 1/10000 minute comes back exactly.
fn degrees(value: f64) -> f64 {
    (value * 1e7).round() / 1e7
}

fn tenths(value: u16) -> f64 {
    f64::from(value) / 10.0
}

#[derive(Serialize)]
struct ClaimRow<'a> {
    track: String,
    mmsi: u32,
    attribute: crate::track::Attribute,
    value: &'a str,
    first_at: i64,
    last_at: i64,
    count: u64,
}

/// Writes one page of positions; `line` puts the track's line before the points in GeoJSON.
///
/// # Errors
/// When `out` takes no more.
pub fn write_positions(page: &Page<Fix>, format: Format, line: bool, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Json => {
            write_json("positions", page.rows.iter().map(PositionRow::of), page.next.as_ref(), out)
        }
        Format::Csv => write_positions_csv(&page.rows, out),
        Format::GeoJson => write_geojson(page, line, out),
    }
}

/// Writes one page of claims; there is no GeoJSON of them, JSON is written instead.
///
/// # Errors
/// When `out` takes no more.
pub fn write_claims(page: &Page<Claimed>, format: Format, out: &mut dyn Write) -> Result<()> {
    if format == Format::Csv {
        return write_claims_csv(&page.rows, out);
    }
    let rows = page.rows.iter().map(|claim| ClaimRow {
        track: claim.track.to_string(),
        mmsi: claim.mmsi.0,
        attribute: claim.attribute,
        value: &claim.value,
        first_at: claim.first_at.as_millis(),
        last_at: claim.last_at.as_millis(),
        count: claim.count,
    });
    write_json("claims", rows, page.next.as_ref(), out)
}

fn write_json<T: Serialize>(
    name: &str,
    rows: impl Iterator<Item = T>,
    next: Option<&Cursor>,
    out: &mut dyn Write,
) -> Result<()> {
    write!(out, "{{\"{name}\":[")?;
    write_list(rows, out)?;
    out.write_all(b"],\"next\":")?;
    write_value(&next.map(ToString::to_string), out)?;
    out.write_all(b"}\n")
}

fn write_list<T: Serialize>(rows: impl Iterator<Item = T>, out: &mut dyn Write) -> Result<()> {
    for (i, row) in rows.enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        write_value(&row, out)?;
    }
    Ok(())
}

fn write_value<T: Serialize>(value: &T, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer(out, value).map_err(Error::from)
}

fn write_positions_csv(rows: &[Fix], out: &mut dyn Write) -> Result<()> {
    let mut csv = rfc4180(out);
    csv.write_record([
        "track",
        "mmsi",
        "time",
        "lat",
        "lon",
        "speed_knots",
        "course_deg",
        "heading_deg",
        "status",
        "class",
        "receiver",
        "sequence",
        "standing",
    ])?;
    let number = |n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.1}"));
    for fix in rows {
        csv.write_record([
            fix.track.to_string(),
            fix.mmsi.0.to_string(),
            fix.time.to_string(),
            format!("{:.7}", fix.position.latitude()),
            format!("{:.7}", fix.position.longitude()),
            number(fix.speed.map(tenths)),
            number(fix.course.map(tenths)),
            fix.heading.map_or_else(String::new, |heading| heading.to_string()),
            fix.status.to_string(),
            word(&fix.class),
            fix.receiver.0.to_string(),
            fix.sequence.to_string(),
            word(&fix.standing),
        ])?;
    }
    csv.flush()
}

fn write_claims_csv(rows: &[Claimed], out: &mut dyn Write) -> Result<()> {
    let mut csv = rfc4180(out);
    csv.write_record(["track", "mmsi", "attribute", "value", "first_at", "last_at", "count"])?;
    for claim in rows {
        csv.write_record([
            claim.track.to_string(),
            claim.mmsi.0.to_string(),
            word(&claim.attribute),
            safe_text(&claim.value),
            claim.first_at.to_string(),
            claim.last_at.to_string(),
            claim.count.to_string(),
        ])?;
    }
    csv.flush()
}

fn rfc4180(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

/// The word that serde writes for a value without fields.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A text cell that no spreadsheet takes for a formula: one that begins as a formula gets an apostrophe before it
/// (OWASP ASVS 5.0, 1.2.10).
pub fn safe_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']) {
        return format!("'{text}");
    }
    text.to_owned()
}

fn write_geojson(page: &Page<Fix>, line: bool, out: &mut dyn Write) -> Result<()> {
    out.write_all(b"{\"type\":\"FeatureCollection\",\"next\":")?;
    write_value(&page.next.as_ref().map(ToString::to_string), out)?;
    out.write_all(b",\"features\":[")?;
    let lines = if line { lines(&page.rows) } else { Vec::new() };
    let has_line = !lines.is_empty();
    if has_line {
        out.write_all(b"\n")?;
        let time = |fix: Option<&Fix>| fix.map(|f| f.time.to_string());
        let (from, to) = (time(page.rows.first()), time(page.rows.last()));
        write_value(
            &serde_json::json!({
                "type": "Feature",
                "geometry": {"type": "MultiLineString", "coordinates": lines},
                "properties": {"kind": "track", "from": from, "to": to, "fixes": page.rows.len()},
            }),
            out,
        )?;
    }
    for (i, fix) in page.rows.iter().enumerate() {
        out.write_all(if i == 0 && !has_line { b"\n" } else { b",\n" })?;
        out.write_all(b"{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":")?;
        write_value(&coordinates(fix.position), out)?;
        out.write_all(b"},\"properties\":")?;
        write_value(&PointProperties { kind: "fix", row: PositionRow::of(fix) }, out)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"]}\n")
}

#[derive(Serialize)]
struct PointProperties {
    kind: &'static str,
    #[serde(flatten)]
    row: PositionRow,
}

fn coordinates(position: Position) -> [f64; 2] {
    [degrees(position.longitude()), degrees(position.latitude())]
}

/// The way through the fixes, one line for each track (two fixes at least), cut where it crosses 180 degrees
/// (RFC 7946, 3.1.9).
fn lines(fixes: &[Fix]) -> Vec<Vec<[f64; 2]>> {
    let mut by_track: std::collections::BTreeMap<_, Vec<Position>> = std::collections::BTreeMap::new();
    for fix in fixes {
        by_track.entry(fix.track).or_default().push(fix.position);
    }
    let mut lines = Vec::new();
    for way in by_track.into_values() {
        let mut line = Vec::new();
        let mut last: Option<Position> = None;
        for position in way {
            let [lon, lat] = coordinates(position);
            if let Some([last_lon, last_lat]) = last.map(coordinates)
                && (lon - last_lon).abs() > 180.0
            {
                let edge = 180.0f64.copysign(last_lon);
                let (before, after) = ((edge - last_lon).abs(), (lon + edge).abs());
                let share = if before + after > 0.0 { before / (before + after) } else { 0.0 };
                let crossing = degrees(last_lat + (lat - last_lat) * share);
                line.push([edge, crossing]);
                lines.push(std::mem::take(&mut line));
                line.push([-edge, crossing]);
            }
            line.push([lon, lat]);
            last = Some(position);
        }
        lines.push(line);
    }
    lines.retain(|line| line.len() > 1);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{fix, fix_at};
    use crate::track::{Attribute, TrackId};
    use sensors::{Mmsi, Time};

    fn page<T>(rows: Vec<T>) -> Page<T> {
        Page { rows, next: None }
    }

    fn claims_csv(values: &[&str]) -> Vec<u8> {
        let claim = |value: &&str| Claimed {
            track: TrackId::new(0, 1),
            mmsi: Mmsi(567_001_234),
            attribute: Attribute::Name,
            value: (*value).to_owned(),
            first_at: Time::from_millis(0),
            last_at: Time::from_millis(1000),
            count: 2,
        };
        let mut out = Vec::new();
        write_claims(&page(values.iter().map(claim).collect()), Format::Csv, &mut out).unwrap();
        out
    }

    #[test]
    fn no_name_is_a_formula_or_breaks_its_row() {
        let names = [
            "=HYPERLINK(\"//X.YZ\")",
            "+1",
            "-1",
            "@SUM(1)",
            "\tX",
            "\rX",
            "A,\"B\"\nC",
            "<SCRIPT SRC=//X.YZ>",
        ];
        let out = claims_csv(&names);
        let mut rows = csv::Reader::from_reader(&out[..]);
        let cells: Vec<String> = rows.records().map(|row| row.unwrap()[3].to_owned()).collect();
        for (cell, name) in cells.iter().zip(&names) {
            let kept = if name.starts_with(['A', '<']) { (*name).to_owned() } else { format!("'{name}") };
            assert_eq!(*cell, kept);
        }
        assert_eq!(cells.len(), names.len());
    }

    #[test]
    fn numbers_stay_numbers_and_absence_stays_empty() {
        let mut row = fix(7, 1_795_000_000_123);
        row.position = Position { lat: -600_001, lon: 61_800_001 };
        (row.speed, row.course, row.heading) = (Some(102), None, None);
        let mut out = Vec::new();
        write_positions(&page(vec![row]), Format::Csv, true, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert!(line.contains(",2026-11-18T11:06:40.123Z,-1.0000017,103.0000017,10.2,,,"), "{line}");
        let mut out = Vec::new();
        write_positions(&page(vec![row]), Format::Json, true, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let position = &json["positions"][0];
        assert_eq!(position["time"], 1_795_000_000_123i64);
        assert_eq!(position["lat"], -1.000_001_7);
        assert_eq!(position["course_deg"], serde_json::Value::Null);
        assert_eq!(json["next"], serde_json::Value::Null);
    }

    #[test]
    fn a_track_is_cut_at_180_degrees() {
        let rows = vec![fix_at(1, 0, 0.0, 179.9), fix_at(1, 1000, 0.2, -179.9), fix_at(1, 2000, 0.2, -179.8)];
        let mut out = Vec::new();
        write_positions(&page(rows), Format::GeoJson, true, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let features = json["features"].as_array().unwrap();
        let lines = &features[0]["geometry"]["coordinates"];
        assert_eq!(lines[0], serde_json::json!([[179.9, 0.0], [180.0, 0.1]]));
        assert_eq!(lines[1], serde_json::json!([[-180.0, 0.1], [-179.9, 0.2], [-179.8, 0.2]]));
        assert_eq!(features.len(), 4);
        assert_eq!(features[1]["geometry"]["type"], "Point");
        assert_eq!(features[1]["properties"]["kind"], "fix");
    }

    #[test]
    fn an_empty_answer_is_a_whole_file() {
        for format in [Format::Json, Format::GeoJson] {
            let mut out = Vec::new();
            write_positions(&page(Vec::new()), format, true, &mut out).unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
        }
    }
}
