//! The alerts on the desk: facts as the core last gave them, in the order they want a person.

use super::{Decision, DecisionReason, Desk, Error, begin, during};
use crate::alert::{Alert, AlertId, Change, ChangeKind, Priority, State};
use sensors::{Mmsi, Span, Time};
use serde::{Deserialize, Serialize};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use std::collections::BTreeMap;

/// Most alerts in one page.
pub(crate) const PAGE_MAX: u32 = 500;

/// Earlier alerts of the same vessels that are shown with one.
const PREVIOUS_MAX: i64 = 20;

/// Log lines shown with one alert; the database keeps all.
const LOG_MAX: i64 = 1000;

/// The author of log lines that no person wrote.
const CORE: &str = "watchkeeper";

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
}

/// One line of the decision log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LogEntry {
    /// When, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Time,
    /// The account, or `watchkeeper` where the core did it.
    pub by: String,
    /// `raised`, `facts`, `claim`, `unclaim`, `note`, `decide`, `reopen`.
    pub action: String,
    /// The note, or the words to the decision.
    pub text: String,
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

const fn priority_order(priority: Priority) -> i64 {
    match priority {
        Priority::Distress => 0,
        Priority::P1 => 1,
        Priority::P2 => 2,
        Priority::P3 => 3,
        Priority::Record => 4,
    }
}

const fn priority_code(order: i64) -> &'static str {
    match order {
        0 => "distress",
        1 => "p1",
        2 => "p2",
        3 => "p3",
        _ => "record",
    }
}

/// Severity weighed by confidence, in thousandths, so that equal ranks are equal. Distress is never ranked:
/// among distress alerts the newest comes first.
fn rank(alert: &Alert) -> i64 {
    if alert.priority == Priority::Distress {
        return 0;
    }
    (f64::from(alert.severity) * (0.5 + 0.5 * alert.confidence.clamp(0.0, 1.0)) * 1000.0).round() as i64
}

impl Desk {
    /// Writes alert changes and the journal sequence they reach, in one transaction, and gives what was new.
    /// The same change twice, or an older one, writes nothing; what people did is never touched. A decided alert
    /// stays decided when its priority rises, and its log says that it rose.
    pub async fn apply(
        &self,
        changes: &[Change],
        applied: u64,
    ) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
        let mut writer = self.writer().await;
        let mut tx = begin(&mut writer).await?;
        let mut written = Vec::new();
        for change in changes {
            if write_facts(&mut tx, change).await?
                && let Some(row) = row(&mut tx, change.alert.id).await?
            {
                written.push((change.kind, row));
            }
        }
        sqlx::query("UPDATE applied SET sequence = max(sequence, ?1)")
            .bind(applied as i64)
            .execute(&mut *tx)
            .await
            .map_err(during("write the applied sequence"))?;
        tx.commit().await.map_err(during("commit alert changes"))?;
        Ok(written)
    }

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
            "SELECT at, by, action, text, reason, version FROM
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

/// Writes one alert's facts when they are newer than those kept; says whether it did.
async fn write_facts(tx: &mut Transaction<'_, Sqlite>, change: &Change) -> Result<bool, Error> {
    let alert = &change.alert;
    let id = alert.id.to_string();
    let kept: Option<(i64, i64, Option<i64>)> =
        sqlx::query_as("SELECT priority, desk_version, decided_priority FROM alert WHERE id = ?1")
            .bind(&id)
            .fetch_optional(&mut **tx)
            .await
            .map_err(during("read an alert"))?;
    let facts = serde_json::to_string(alert).map_err(|_| Error::Damaged("write an alert's facts as JSON"))?;
    let priority = priority_order(alert.priority);
    let done = sqlx::query(
        "INSERT INTO alert (id, rule, grade, priority, rank_down, raised_down, version, sequence, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, grade = excluded.grade, priority = excluded.priority,
             rank_down = excluded.rank_down, raised_down = excluded.raised_down, version = excluded.version,
             sequence = excluded.sequence, facts = excluded.facts
         WHERE excluded.version > alert.version AND excluded.sequence >= alert.sequence",
    )
    .bind(&id)
    .bind(&alert.rule)
    .bind(&alert.grade)
    .bind(priority)
    .bind(-rank(alert))
    .bind(-alert.raised_at.as_millis())
    .bind(i64::from(alert.version))
    .bind(change.sequence as i64)
    .bind(facts)
    .execute(&mut **tx)
    .await
    .map_err(during("write an alert's facts"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for subject in &alert.subjects {
        sqlx::query(
            "INSERT INTO subject (alert, mmsi, name) VALUES (?1, ?2, ?3)
             ON CONFLICT (alert, mmsi) DO UPDATE SET name = coalesce(excluded.name, name)",
        )
        .bind(&id)
        .bind(subject.mmsi.to_string())
        .bind(&subject.name)
        .execute(&mut **tx)
        .await
        .map_err(during("write an alert's vessels"))?;
    }
    if alert.priority == Priority::Distress {
        call_again(tx, alert).await?;
    }
    match kept {
        None => {
            let code = &alert.reason.code;
            log(tx, alert.id, alert.raised_at, CORE, "raised", code, None, 0).await?;
        }
        Some((before, version, Some(decided))) if priority < before && priority < decided => {
            let text = format!("{} -> {}", priority_code(before), priority_code(priority));
            log(tx, alert.id, alert.updated_at, CORE, "facts", &text, None, version).await?;
        }
        Some(_) => {}
    }
    Ok(true)
}

/// A call for help that a person has decided on and that is still heard comes back on the queue: after ten minutes,
/// or after two hours where the decision was that nobody is in danger. Source: definition D1.
const STILL_HEARD: Span = Span::from_minutes(10);
const STILL_HEARD_THOUGH_FALSE: Span = Span::from_hours(2);

async fn call_again(tx: &mut Transaction<'_, Sqlite>, alert: &Alert) -> Result<(), Error> {
    let id = alert.id.to_string();
    let decided: Option<(String, i64, i64)> = sqlx::query_as(
        "SELECT decision, decided_on, desk_version FROM alert
         WHERE id = ?1 AND decision IS NOT NULL AND decided_on IS NOT NULL",
    )
    .bind(&id)
    .fetch_optional(&mut **tx)
    .await
    .map_err(during("read an alert's decision"))?;
    let Some((decision, decided_on, version)) = decided else { return Ok(()) };
    let is_false = [Decision::Benign, Decision::DataError].iter().any(|d| d.code() == decision);
    let patience = if is_false { STILL_HEARD_THOUGH_FALSE } else { STILL_HEARD };
    if alert.state != State::Open || alert.updated_at.since(Time::from_millis(decided_on)) < patience {
        return Ok(());
    }
    sqlx::query(
        "UPDATE alert SET decision = NULL, decision_reason = NULL, decided_by = NULL, decided_at = NULL,
             decided_on = NULL, desk_version = desk_version + 1 WHERE id = ?1",
    )
    .bind(&id)
    .execute(&mut **tx)
    .await
    .map_err(during("call again for help"))?;
    log(tx, alert.id, alert.updated_at, CORE, "still_heard", &decision, None, version + 1).await
}

/// Adds a line to the log.
#[expect(clippy::too_many_arguments, reason = "the columns of one table")]
pub(super) async fn log(
    tx: &mut Transaction<'_, Sqlite>,
    alert: AlertId,
    at: Time,
    by: &str,
    action: &str,
    text: &str,
    reason: Option<&str>,
    version: i64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO log (at, by, action, alert, text, reason, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(at.as_millis())
    .bind(by)
    .bind(action)
    .bind(alert.to_string())
    .bind(text)
    .bind(reason)
    .bind(version)
    .execute(&mut **tx)
    .await
    .map_err(during("write the decision log"))?;
    Ok(())
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

fn read_row(row: &SqliteRow) -> Result<AlertRow, Error> {
    let read = || -> Result<(String, Standing), sqlx::Error> {
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
        Ok((row.try_get("facts")?, standing))
    };
    let (facts, desk) = read().map_err(during("read an alert"))?;
    let alert =
        serde_json::from_str(&facts).map_err(|_| Error::Damaged("an alert's facts can't be read back"))?;
    Ok(AlertRow { alert, desk })
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
