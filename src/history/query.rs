//! Questions as people ask them, over HTTP or on the command line: named parameters, checked all at once.

use super::format::{self, Format};
use super::page::{Cursor, LIMIT_DEFAULT, LIMIT_MAX, Paging, Place};
use super::scope::{Named, Whose};
use super::{Error, Reader};
use crate::geo::Area;
use sensors::{Mmsi, Time};
use std::collections::BTreeMap;
use std::io::Write;
use std::str::FromStr;

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One vessel's positions: `track` or `mmsi`, `from`, `to`.
    Track,
    /// Everyone's positions in a box: `west`, `south`, `east`, `north`, `from`, `to`, `mmsi`.
    Area,
    /// Who used a name: one of `name`, `call_sign`, `mmsi`, `imo`.
    Identity,
}

/// A parameter that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {accepted}")]
pub struct Problem {
    /// The parameter's name.
    pub key: String,
    /// What would be accepted.
    pub accepted: String,
}

/// A checked question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked.
    pub asked: Asked,
    /// How the answer is written.
    pub format: Format,
    /// Which part of it.
    pub page: Paging,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// One vessel's positions.
    Track {
        /// Whose.
        whose: Whose,
        /// Event time from, included.
        from: Time,
        /// Event time to, not included.
        to: Time,
    },
    /// Positions in a box.
    Area {
        /// Where; `west` greater than `east` crosses 180 degrees.
        area: Area,
        /// Event time from, included.
        from: Time,
        /// Event time to, not included.
        to: Time,
        /// Only of this MMSI.
        mmsi: Option<Mmsi>,
    },
    /// Claims of a name, call sign, MMSI or IMO number.
    Identity(Named),
}

const TIME: &str = "a time such as 2026-11-21T03:00:00Z, 2026-11-21 03:00 (UTC) or 2026-11-21, or milliseconds since 1970 UTC";

/// Smaller numbers are seconds by mistake: as milliseconds they lie in 1970 to 1973, before any AIS.
const MILLIS_MIN: i64 = 100_000_000_000;
const MMSI: &str = "an MMSI: up to ten digits";

impl Question {
    /// Checks the parameters of a question.
    ///
    /// # Errors
    /// Every parameter that is missing, unknown or unusable, with what would be accepted.
    pub fn from_params(
        subject: Subject,
        params: &BTreeMap<String, String>,
    ) -> Result<Question, Vec<Problem>> {
        let mut p = Params { left: params.clone(), problems: Vec::new() };
        let asked = match subject {
            Subject::Track => p.track(),
            Subject::Area => p.area(),
            Subject::Identity => p.identity(),
        };
        let formats = if subject == Subject::Identity { "json or csv" } else { "json, csv or geojson" };
        let format = p.optional("format", formats).unwrap_or(Format::Json);
        if format == Format::GeoJson && subject == Subject::Identity {
            p.problem("format", formats);
        }
        let page = p.page(subject);
        for key in std::mem::take(&mut p.left).into_keys() {
            p.problem(&key, "not a parameter of this question");
        }
        match asked {
            Some(asked) if p.problems.is_empty() => Ok(Question { asked, format, page }),
            _ => Err(p.problems),
        }
    }
}

/// The parameters not yet looked at, and what was wrong with the others.
struct Params {
    left: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Params {
    fn problem(&mut self, key: &str, accepted: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), accepted: accepted.into() });
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.left.remove(key)
    }

    fn optional<T: FromStr>(&mut self, key: &str, accepted: &str) -> Option<T> {
        let text = self.text(key)?;
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.problem(key, accepted);
        }
        value
    }

    fn track(&mut self) -> Option<Asked> {
        let named = (self.left.contains_key("track"), self.left.contains_key("mmsi"));
        let track = self.optional("track", "a track such as 0-18231").map(Whose::Track);
        let mmsi = self.optional("mmsi", MMSI).map(|n| Whose::Mmsi(Mmsi(n)));
        if named.0 == named.1 {
            self.problem("track", "one of track and mmsi, such as track=0-18231 or mmsi=567001234");
        }
        let (from, to) = self.times();
        Some(Asked::Track { whose: track.or(mmsi)?, from, to })
    }

    fn area(&mut self) -> Option<Asked> {
        let edges = [("west", 180.0), ("south", 90.0), ("east", 180.0), ("north", 90.0)];
        let [west, south, east, north] = edges.map(|(key, most)| self.degrees(key, most));
        let (from, to) = self.times();
        let mmsi = self.optional("mmsi", MMSI).map(Mmsi);
        let area = Area { west: west?, south: south?, east: east?, north: north? };
        if area.south > area.north {
            self.problem("south", "a latitude that is not north of `north`");
        }
        Some(Asked::Area { area, from, to, mmsi })
    }

    fn identity(&mut self) -> Option<Asked> {
        const KEYS: [&str; 4] = ["name", "call_sign", "mmsi", "imo"];
        if KEYS.iter().filter(|key| self.left.contains_key(**key)).count() != 1 {
            self.problem("name", "exactly one of name, call_sign, mmsi and imo");
        }
        let name = self.words("name").map(Named::Name);
        let call_sign = self.words("call_sign").map(Named::CallSign);
        let mmsi = self.optional("mmsi", MMSI).map(|n| Named::Mmsi(Mmsi(n)));
        let imo = self.optional("imo", "an IMO number: seven digits").map(Named::Imo);
        name.or(call_sign).or(mmsi).or(imo).map(Asked::Identity)
    }

    /// A name or call sign is never longer than 20 characters (ITU-R M.1371-5 table 48, type 5).
    fn words(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 40 {
            self.problem(key, "1 to 40 characters");
            return None;
        }
        Some(text.to_owned())
    }

    fn degrees(&mut self, key: &str, most: f64) -> Option<f64> {
        let accepted = format!("degrees from -{most} to {most}");
        if !self.left.contains_key(key) {
            self.problem(key, accepted);
            return None;
        }
        let value: f64 = self.optional(key, &accepted)?;
        if !(-most..=most).contains(&value) {
            self.problem(key, accepted);
            return None;
        }
        Some(value)
    }

    fn times(&mut self) -> (Time, Time) {
        let mut time = |key| match self.text(key).map(|text| parse_time(text.trim())) {
            Some(None) => {
                self.problem(key, TIME);
                None
            }
            found => found.flatten(),
        };
        let (from, to) = (time("from"), time("to"));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.problem("from", "a time before `to`");
        }
        let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
        (from.unwrap_or(first), to.unwrap_or(last))
    }

    fn page(&mut self, subject: Subject) -> Paging {
        let accepted = format!("a number of rows from 1 to {LIMIT_MAX}");
        let limit = self.optional("limit", &accepted).unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            self.problem("limit", accepted);
        }
        let accepted = "the `next` of an earlier answer to this question";
        let after: Option<Cursor> = self.optional("cursor", accepted);
        let fits = after
            .as_ref()
            .is_none_or(|cursor| matches!(cursor.0, Place::AfterClaim(_)) == (subject == Subject::Identity));
        if !fits {
            self.problem("cursor", accepted);
        }
        Paging { limit, after }
    }
}

/// Reads RFC 3339, with or without time of day, or milliseconds since 1970.
pub fn parse_time(text: &str) -> Option<Time> {
    if let Ok(millis) = text.parse::<i64>() {
        return (millis == 0 || millis >= MILLIS_MIN).then(|| Time::from_millis(millis));
    }
    let utc = |text: &str| Time::parse(&format!("{}Z", text.replace(' ', "T")));
    Time::parse(text)
        .or_else(|| utc(text))
        .or_else(|| utc(&format!("{text}:00")))
        .or_else(|| utc(&format!("{text}T00:00:00")))
}

/// Answers a question: writes one page and gives where the next begins.
///
/// # Errors
/// When the history can't be read or the answer not be written.
pub async fn answer(
    reader: &Reader,
    question: &Question,
    out: &mut (dyn Write + Send),
) -> Result<Option<Cursor>, Error> {
    let page = &question.page;
    match &question.asked {
        Asked::Track { whose, from, to } => {
            let found = reader.track(*whose, *from, *to, page).await?;
            format::write_positions(&found, question.format, true, out)?;
            Ok(found.next)
        }
        Asked::Area { area, from, to, mmsi } => {
            let found = reader.area(area, *from, *to, *mmsi, page).await?;
            format::write_positions(&found, question.format, false, out)?;
            Ok(found.next)
        }
        Asked::Identity(by) => {
            let found = reader.identity(by, page).await?;
            format::write_claims(&found, question.format, out)?;
            Ok(found.next)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(subject: Subject, params: &[(&str, &str)]) -> Result<Question, Vec<String>> {
        let params = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let keys = |problems: Vec<Problem>| problems.into_iter().map(|p| p.key).collect();
        Question::from_params(subject, &params).map_err(keys)
    }

    #[test]
    fn a_day_or_a_minute_is_utc_and_seconds_are_refused() {
        let day = Time::parse("2026-11-21T00:00:00Z");
        assert_eq!(parse_time("2026-11-21"), day);
        assert_eq!(parse_time("2026-11-21 00:00"), day);
        assert_eq!(parse_time("2026-11-21T00:00:00"), day);
        assert_eq!(parse_time("1795296350"), None, "seconds");
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn times_are_read_as_text_or_milliseconds() {
        let params = [("mmsi", "567001234"), ("from", "2026-11-01T03:00:00+07:00"), ("to", "1795000000000")];
        let question = ask(Subject::Track, &params).unwrap();
        let Asked::Track { whose, from, to } = question.asked else { panic!("{question:?}") };
        assert_eq!(whose, Whose::Mmsi(Mmsi(567_001_234)));
        assert_eq!(from.to_string(), "2026-10-31T20:00:00.000Z");
        assert_eq!(to, Time::from_millis(1_795_000_000_000));
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let params =
            [("west", "181"), ("south", "x"), ("north", "NaN"), ("from", "soon"), ("limit", "0"), ("a", "")];
        let problems = ask(Subject::Area, &params).unwrap_err();
        assert_eq!(problems, ["west", "south", "east", "north", "from", "limit", "a"]);
        let cursor = [("name", "SEA"), ("mmsi", "1"), ("cursor", "p.1.2.3"), ("format", "geojson")];
        assert_eq!(ask(Subject::Identity, &cursor).unwrap_err(), ["name", "format", "cursor"]);
        assert_eq!(
            ask(Subject::Track, &[("to", "1795000000000"), ("from", "1795000000000")]).unwrap_err(),
            ["track", "from"]
        );
    }

    #[test]
    fn a_box_may_cross_180_degrees() {
        let edges = [("west", "179"), ("south", "-1"), ("east", "-179"), ("north", "1")];
        assert!(ask(Subject::Area, &edges).is_ok());
    }
}
