//! What the core tells the desk: written once, never over what people did.

use super::alerts::{AlertRow, LogEntry, row};
use super::gap::reach;
use super::{Decision, Desk, Error, begin, during};
use crate::alert::{Alert, AlertId, Change, ChangeKind, Priority, State};
use sensors::{Span, Time};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// The author of log lines that no person wrote.
const CORE: &str = "watchkeeper";

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
        let mut writer = self.writer().await?;
        let applied = write_changes(&mut writer, changes, applied).await;
        self.noted(applied)
    }
}

async fn write_changes(
    writer: &mut SqliteConnection,
    changes: &[Change],
    applied: u64,
) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
    let mut tx = begin(writer).await?;
    let mut written = Vec::new();
    for change in changes {
        if write_facts(&mut tx, change).await?
            && let Some(row) = row(&mut tx, change.alert.id).await?
        {
            written.push((change.kind, row));
        }
    }
    reach(&mut tx, applied).await?;
    tx.commit().await.map_err(during("commit alert changes"))?;
    Ok(written)
}

/// Where an alert stands in the order of the queue.
pub(super) fn place(alert: &Alert) -> (i64, i64, i64) {
    (priority_order(alert.priority), -rank(alert), -alert.raised_at.as_millis())
}

/// Writes one alert's facts when they are newer than those kept; says whether it did. What the journal gives takes the
/// place of what was seen while nothing was written down.
pub(super) async fn write_facts(tx: &mut Transaction<'_, Sqlite>, change: &Change) -> Result<bool, Error> {
    let alert = &change.alert;
    let id = alert.id.to_string();
    let kept: Option<(i64, i64, Option<i64>)> =
        sqlx::query_as("SELECT priority, desk_version, decided_priority FROM alert WHERE id = ?1")
            .bind(&id)
            .fetch_optional(&mut **tx)
            .await
            .map_err(during("read an alert"))?;
    let facts = serde_json::to_string(alert).map_err(|_| Error::Damaged("write an alert's facts as JSON"))?;
    let (priority, rank_down, raised_down) = place(alert);
    let done = sqlx::query(
        "INSERT INTO alert (id, rule, grade, priority, rank_down, raised_down, version, sequence, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, grade = excluded.grade, priority = excluded.priority,
             rank_down = excluded.rank_down, raised_down = excluded.raised_down, version = excluded.version,
             sequence = excluded.sequence, facts = excluded.facts, unrecorded = 0,
             -- The pattern came back: that it was once not there says nothing of it.
             retracted = iif(?10, 0, retracted)
         WHERE (excluded.version > alert.version OR alert.unrecorded) AND excluded.sequence >= alert.sequence",
    )
    .bind(&id)
    .bind(&alert.rule)
    .bind(&alert.grade)
    .bind(priority)
    .bind(rank_down)
    .bind(raised_down)
    .bind(i64::from(alert.version))
    .bind(change.sequence as i64)
    .bind(facts)
    .bind(change.kind == ChangeKind::Raised)
    .execute(&mut **tx)
    .await
    .map_err(during("write an alert's facts"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    write_subjects(tx, alert).await?;
    if alert.priority == Priority::Distress {
        call_again(tx, alert).await?;
    }
    match kept {
        None => {
            let code = &alert.reason.code;
            log(tx, alert.id, &from_core(alert.raised_at, "raised", code, 0)).await?;
        }
        Some((before, version, Some(decided))) if priority < before && priority < decided => {
            let text = format!("{} -> {}", priority_code(before), priority_code(priority));
            log(tx, alert.id, &from_core(alert.updated_at, "facts", &text, version)).await?;
        }
        Some(_) => {}
    }
    Ok(true)
}

async fn write_subjects(tx: &mut Transaction<'_, Sqlite>, alert: &Alert) -> Result<(), Error> {
    let id = alert.id.to_string();
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
    Ok(())
}

/// Writes the facts that a re-run found, as they are; a version that the core tells later still goes over them.
pub(super) async fn write_found(
    tx: &mut Transaction<'_, Sqlite>,
    alert: &Alert,
    sequence: u64,
) -> Result<(), Error> {
    let id = alert.id.to_string();
    let facts = serde_json::to_string(alert).map_err(|_| Error::Damaged("write an alert's facts as JSON"))?;
    let (priority, rank_down, raised_down) = place(alert);
    sqlx::query(
        "INSERT INTO alert (id, rule, grade, priority, rank_down, raised_down, version, sequence, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET grade = excluded.grade, priority = excluded.priority,
             rank_down = excluded.rank_down, raised_down = excluded.raised_down, facts = excluded.facts",
    )
    .bind(&id)
    .bind(&alert.rule)
    .bind(&alert.grade)
    .bind(priority)
    .bind(rank_down)
    .bind(raised_down)
    .bind(i64::from(alert.version))
    .bind(sequence as i64)
    .bind(facts)
    .execute(&mut **tx)
    .await
    .map_err(during("write an alert's facts"))?;
    write_subjects(tx, alert).await
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
    let line = from_core(alert.updated_at, "still_heard", "", version + 1);
    log(tx, alert.id, &LogEntry { decision: Some(decision), ..line }).await
}

/// Adds a line to the log.
pub(super) async fn log(
    tx: &mut Transaction<'_, Sqlite>,
    alert: AlertId,
    line: &LogEntry,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO log (at, by, action, alert, text, decision, reason, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(line.at.as_millis())
    .bind(&line.by)
    .bind(&line.action)
    .bind(alert.to_string())
    .bind(&line.text)
    .bind(&line.decision)
    .bind(&line.reason)
    .bind(line.version)
    .execute(&mut **tx)
    .await
    .map_err(during("write the decision log"))?;
    Ok(())
}

/// A line that no person wrote.
pub(super) fn from_core(at: Time, action: &str, text: &str, version: i64) -> LogEntry {
    let (by, action, text) = (CORE.to_owned(), action.to_owned(), text.to_owned());
    LogEntry { at, by, action, text, decision: None, reason: None, version }
}
