//! The alerts on the desk: facts as the core last gave them, in the order they want a person.

use super::{Amended, Decision, DecisionReason, Desk, Error, during};
use crate::alert::{Alert, AlertId};
use sensors::{Mmsi, Time};
use serde::{Deserialize, Serialize};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use std::collections::BTreeMap;

/// Most alerts in one page.
pub(crate) const PAGE_MAX: u32 = 500;

/// Earlier alerts of the same vessels that are shown with one.
const PREVIOUS_MAX: i64 = 20;

/// Log lines shown with one alert; the database keeps all.
const LOG_MAX: i64 = 1000;

/// What people did with an alert.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Standing {
    /// Who works on it.
    pub claimed_by: Option<String>,
    /// Since when, milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    pub claimed_at: Option<Time>,
    /// What it was found to be.
    pub decision: Option<Decision>,
    /// Why.
    pub decision_reason: Option<DecisionReason>,
    /// By whom.
    pub decided_by: Option<String>,
    /// When, milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    pub decided_at: Option<Time>,
    /// Counts people's actions, from 0.
    pub version: i64,
    /// How many notes it has.
    pub notes: i64,
}

/// One alert: its facts, and what people did with it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    /// From the core.
    pub alert: Alert,
    /// From people.
    pub desk: Standing,
    /// From re-runs.
    pub amended: Amended,
    /// Its facts rest on lines that were heard while nothing could be written down: the journal can't give them again.
    pub unrecorded: bool,
}

/// One line of the decision log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LogEntry {
    /// When, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Time,
    /// The account, or `watchkeeper` where the core did it.
    pub by: String,
    /// `raised`, `unrecorded`, `facts`, `amended`, `still_heard`, `claim`, `unclaim`, `note`, `decide`, `reopen`.
    pub action: String,
    /// The note, or the words to the decision.
    pub text: String,
    /// The decision's code: what was decided, or what was taken back.
    pub decision: Option<String>,
    /// The reason's code, where it is a decision.
    pub reason: Option<String>,
    /// The standing's version after it.
    pub version: i64,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Note {
    /// When, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Time,
    /// The account.
    pub by: String,
    /// What was noted.
    pub text: String,
}

/// Another alert of the same vessel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Previous {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// What it was found to be.
    pub decision: Option<Decision>,
    /// When it was raised, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub raised_at: Time,
}

/// One alert with everything kept about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// The alert.
    pub row: AlertRow,
    /// Its notes, oldest first.
    pub notes: Vec<Note>,
    /// Its log, oldest first.
    pub log: Vec<LogEntry>,
    /// Other alerts of the same MMSIs, newest first.
    pub previous: Vec<Previous>,
}

/// Which alerts a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Not decided, and wanting a person.
    #[default]
    Open,
    /// Decided.
    Decided,
    /// Everything.
    All,
    /// Not decided, kept without wanting a person.
    Record,
}

/// A question to the list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Which alerts.
    pub queue: Queue,
    /// One rule's only.
    pub rule: Option<String>,
    /// In the id, an MMSI or a name.
    pub text: Option<String>,
    /// At most so many, and at most 500.
    pub limit: u32,
    /// Go on after this.
    pub cursor: Option<Cursor>,
}

/// The place of an alert in the order, to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    priority: i64,
    rank_down: i64,
    raised_down: i64,
    id: AlertId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}_{}", self.priority, self.rank_down, self.raised_down, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Cursor, Self::Err> {
        const MEANING: &str = "a cursor is the `next` of an earlier answer";
        let mut parts = text.split('_');
        let mut number = || parts.next().and_then(|p| p.parse().ok()).ok_or(MEANING);
        let (priority, rank_down, raised_down) = (number()?, number()?, number()?);
        let id = parts.next().and_then(|p| p.parse().ok()).ok_or(MEANING)?;
        Ok(Cursor { priority, rank_down, raised_down, id })
    }
}

/// How many alerts there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Not decided, wanting a person; claimed ones included.
    pub open: i64,
    /// Of these, claimed.
    pub claimed: i64,
    /// Decided.
    pub decided: i64,
    /// Not decided, kept without wanting a person.
    pub record: i64,
}

/// One page of alerts.
#[derive(Debug, Clone)]
pub struct AlertPage {
    /// In the order they want a person.
    pub alerts: Vec<AlertRow>,
    /// Where the next page begins, when there is one.
    pub next: Option<Cursor>,
    /// Of all alerts, not of this page.
    pub counts: Counts,
}

impl Desk {
    /// One page of the list, with the counts.
    pub async fn list(&self, query: &ListQuery) -> Result<AlertPage, Error> {
        // The text is written out per queue so that SQLite sees which partial index serves it.
        macro_rules! page {
            ($queue:literal) => {
                concat!(
                    "SELECT * FROM alert WHERE ",
                    $queue,
                    " AND (?1 IS NULL OR rule = ?1)
                      AND (?2 IS NULL OR instr(id, lower(?2)) = 1 OR EXISTS (
                           SELECT 1 FROM subject WHERE subject.alert = alert.id
                           AND (instr(mmsi, ?2) > 0 OR instr(upper(name), upper(?2)) > 0)))
                      AND (?3 IS NULL OR (priority, rank_down, raised_down, id) > (?3, ?4, ?5, ?6))
                      ORDER BY priority, rank_down, raised_down, id LIMIT ?7"
                )
            };
        }
        let sql = match query.queue {
            Queue::Open => page!("decision IS NULL AND priority < 4"),
            Queue::Record => page!("decision IS NULL AND priority = 4"),
            Queue::Decided => page!("decision IS NOT NULL"),
            Queue::All => page!("1"),
        };
        let limit = query.limit.clamp(1, PAGE_MAX);
        let after = query.cursor.as_ref();
        let mut rows = sqlx::query(sql)
            .bind(query.rule.as_deref())
            .bind(query.text.as_deref().map(str::trim).filter(|t| !t.is_empty()))
            .bind(after.map(|c| c.priority))
            .bind(after.map(|c| c.rank_down))
            .bind(after.map(|c| c.raised_down))
            .bind(after.map(|c| c.id.to_string()))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.0.readers)
            .await
            .map_err(during("list alerts"))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(cursor).transpose()?;
        let alerts = rows.iter().map(read_row).collect::<Result<_, _>>()?;
        Ok(AlertPage { alerts, next, counts: self.counts().await? })
    }

    /// How many alerts there are of each kind.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let (open, claimed, record, all): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE priority < 4),
                    count(*) FILTER (WHERE priority < 4 AND claimed_by IS NOT NULL),
                    count(*) FILTER (WHERE priority = 4),
                    (SELECT count(*) FROM alert)
             FROM alert WHERE decision IS NULL",
        )
        .fetch_one(&self.0.readers)
        .await
        .map_err(during("count alerts"))?;
        Ok(Counts { open, claimed, record, decided: all - open - record })
    }

    /// How many alerts there are of each priority, decided or not.
    pub async fn counts_by_priority(&self) -> Result<BTreeMap<String, u64>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT json_extract(facts, '$.priority') AS priority, count(*) FROM alert GROUP BY priority",
        )
        .fetch_all(&self.0.readers)
        .await
        .map_err(during("count alerts by priority"))?;
        Ok(rows.into_iter().map(|(priority, count)| (priority, count as u64)).collect())
    }

    /// One alert with its notes, its log and its vessels' other alerts.
    pub async fn dossier(&self, id: AlertId) -> Result<Dossier, Error> {
        let mut tx = self.0.readers.begin().await.map_err(during("read an alert"))?;
        let row = row(&mut tx, id).await?.ok_or(Error::NoSuchAlert)?;
        let lines = sqlx::query(
            "SELECT at, by, action, text, decision, reason, version FROM
             (SELECT * FROM log WHERE alert = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id",
        )
        .bind(id.to_string())
        .bind(LOG_MAX)
        .fetch_all(&mut *tx)
        .await
        .map_err(during("read an alert's log"))?;
        let log: Vec<LogEntry> = lines
            .iter()
            .map(read_log)
            .collect::<Result<_, sqlx::Error>>()
            .map_err(during("read a log line"))?;
        let notes = log.iter().filter(|l| l.action == "note");
        let notes = notes.map(|l| Note { at: l.at, by: l.by.clone(), text: l.text.clone() }).collect();
        let others = sqlx::query(
            "SELECT DISTINCT alert.id, rule, decision, -raised_down AS raised_at FROM subject AS mine
             JOIN subject AS other ON other.mmsi = mine.mmsi AND other.alert <> mine.alert
             JOIN alert ON alert.id = other.alert
             WHERE mine.alert = ?1 ORDER BY raised_down, alert.id LIMIT ?2",
        )
        .bind(id.to_string())
        .bind(PREVIOUS_MAX)
        .fetch_all(&mut *tx)
        .await
        .map_err(during("read a vessel's other alerts"))?;
        let previous = others.iter().map(read_previous).collect::<Result<_, _>>()?;
        Ok(Dossier { row, notes, log, previous })
    }

    /// A vessel's alerts, newest first.
    pub async fn alerts_of(&self, mmsi: Mmsi) -> Result<Vec<Previous>, Error> {
        let rows = sqlx::query(
            "SELECT alert.id, rule, decision, -raised_down AS raised_at FROM subject
             JOIN alert ON alert.id = subject.alert
             WHERE mmsi = ?1 ORDER BY raised_down, alert.id LIMIT ?2",
        )
        .bind(mmsi.to_string())
        .bind(PREVIOUS_MAX)
        .fetch_all(&self.0.readers)
        .await
        .map_err(during("read a vessel's alerts"))?;
        rows.iter().map(read_previous).collect()
    }
}

/// One alert, as this transaction sees it.
pub(super) async fn row(tx: &mut Transaction<'_, Sqlite>, id: AlertId) -> Result<Option<AlertRow>, Error> {
    let row = sqlx::query("SELECT * FROM alert WHERE id = ?1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await
        .map_err(during("read an alert"))?;
    row.as_ref().map(read_row).transpose()
}

/// What people did with one alert, as this transaction sees it.
pub(super) async fn standing(
    tx: &mut Transaction<'_, Sqlite>,
    id: AlertId,
) -> Result<Option<Standing>, Error> {
    Ok(row(tx, id).await?.map(|row| row.desk))
}

pub(super) fn read_row(row: &SqliteRow) -> Result<AlertRow, Error> {
    let read = || -> Result<(String, Standing, Amended, bool), sqlx::Error> {
        let decision: Option<String> = row.try_get("decision")?;
        let reason: Option<String> = row.try_get("decision_reason")?;
        let time = |name| row.try_get(name).map(|ms: Option<i64>| ms.map(Time::from_millis));
        let standing = Standing {
            claimed_by: row.try_get("claimed_by")?,
            claimed_at: time("claimed_at")?,
            decision: decision.as_deref().and_then(Decision::from_code),
            decision_reason: reason.as_deref().and_then(DecisionReason::from_code),
            decided_by: row.try_get("decided_by")?,
            decided_at: time("decided_at")?,
            version: row.try_get("desk_version")?,
            notes: row.try_get("notes")?,
        };
        let amended = Amended {
            amendments: row.try_get("amendments")?,
            raised_late: row.try_get("raised_late")?,
            retracted: row.try_get("retracted")?,
        };
        let before: Option<String> = row.try_get("facts_before_gap")?;
        let unrecorded = before.is_some() || row.try_get::<i64, _>("unrecorded")? != 0;
        Ok((row.try_get("facts")?, standing, amended, unrecorded))
    };
    let (facts, desk, amended, unrecorded) = read().map_err(during("read an alert"))?;
    let alert =
        serde_json::from_str(&facts).map_err(|_| Error::Damaged("an alert's facts can't be read back"))?;
    Ok(AlertRow { alert, desk, amended, unrecorded })
}

fn cursor(row: &SqliteRow) -> Result<Cursor, Error> {
    let read = || -> Result<(i64, i64, i64, String), sqlx::Error> {
        Ok((
            row.try_get("priority")?,
            row.try_get("rank_down")?,
            row.try_get("raised_down")?,
            row.try_get("id")?,
        ))
    };
    let (priority, rank_down, raised_down, id) = read().map_err(during("read an alert's place"))?;
    let id = id.parse().map_err(|_| Error::Damaged("an alert's id can't be read back"))?;
    Ok(Cursor { priority, rank_down, raised_down, id })
}

fn read_log(row: &SqliteRow) -> Result<LogEntry, sqlx::Error> {
    Ok(LogEntry {
        at: Time::from_millis(row.try_get("at")?),
        by: row.try_get("by")?,
        action: row.try_get("action")?,
        text: row.try_get("text")?,
        decision: row.try_get("decision")?,
        reason: row.try_get("reason")?,
        version: row.try_get("version")?,
    })
}

fn read_previous(row: &SqliteRow) -> Result<Previous, Error> {
    let read = || -> Result<Previous, sqlx::Error> {
        let decision: Option<String> = row.try_get("decision")?;
        Ok(Previous {
            id: row.try_get("id")?,
            rule: row.try_get("rule")?,
            decision: decision.as_deref().and_then(Decision::from_code),
            raised_at: Time::from_millis(row.try_get("raised_at")?),
        })
    };
    read().map_err(during("read another alert"))
}
