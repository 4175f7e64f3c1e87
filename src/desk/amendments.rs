//! What re-runs of the past say of alerts: each a numbered amendment, and nothing that people did is touched.

use super::alerts::{AlertRow, row};
use super::facts::{from_core, log, write_found};
use super::{Desk, Error, begin, during};
use crate::alert::{Alert, AlertId, ChangeKind};
use crate::entry::Rerun;
use crate::watch::Wanted;
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// Alerts that are held against one re-run, at most. Ours: more is a fault of the rules and not of a link.
const KEPT_MAX: i64 = 20_000;

/// Earlier re-runs that a re-run is told of, newest first.
const EARLIER_MAX: i64 = 1000;

/// An alert may have begun so long before it was raised. Ours: twice the longest that a rule looks back.
const RAISED_AFTER_MAX: Span = Span::from_hours(24);

/// What an amendment does to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentKind {
    /// It is new: only what came late shows it.
    RaisedLate,
    /// Its facts are others.
    Updated,
    /// It would not have been raised, had everything come in time.
    Retracted,
    /// It was retracted, and would have been raised after all.
    Restored,
}

impl AmendmentKind {
    fn code(self) -> &'static str {
        match self {
            AmendmentKind::RaisedLate => "raised_late",
            AmendmentKind::Updated => "updated",
            AmendmentKind::Retracted => "retracted",
            AmendmentKind::Restored => "restored",
        }
    }

    fn from_code(code: &str) -> Option<AmendmentKind> {
        use AmendmentKind::{RaisedLate, Restored, Retracted, Updated};
        [RaisedLate, Updated, Retracted, Restored].into_iter().find(|kind| kind.code() == code)
    }
}

/// One thing that is told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Changed {
    /// Which: `grade`, `priority`, `severity`, `vessels`, `began`, `raised`, `cleared`, `episodes`.
    pub aspect: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// What a re-run says of one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Amend {
    /// Which.
    pub alert: AlertId,
    /// What.
    pub kind: AmendmentKind,
    /// In what it is told otherwise.
    pub changes: Vec<Changed>,
    /// Its facts from now on; `None` leaves them as they are.
    pub facts: Option<Alert>,
}

/// An amendment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Amendment {
    /// Counts the alert's amendments, from 1.
    pub number: i64,
    /// When the re-run was wanted, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Time,
    /// What it does.
    pub kind: AmendmentKind,
    /// In what the alert is told otherwise.
    pub changes: Vec<Changed>,
    /// The re-run's name: the sequence after the last entry that it took into account.
    pub rerun: i64,
    /// Event time of the earliest report that came late, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub from: Time,
    /// Event time of the latest.
    #[schema(value_type = i64)]
    pub to: Time,
    /// How many came late.
    pub reports: i64,
}

/// What amendments made of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Amended {
    /// How many there are.
    pub amendments: i64,
    /// Only what came late shows it.
    pub raised_late: bool,
    /// It would not have been raised, had everything come in time.
    pub retracted: bool,
}

/// A window that waits for its re-run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The window.
    pub wanted: Wanted,
    /// Its amendments are kept already; only the journal does not say so yet.
    pub amended: bool,
}

type RerunRow = (i64, i64, i64, i64, i64, String);

fn wanted((next, from, to, reports, at, _): &RerunRow) -> Wanted {
    let time = |ms: &i64| Time::from_millis(*ms);
    Wanted { from: time(from), to: time(to), reports: *reports as u64, at: time(at), next: *next as u64 }
}

impl Desk {
    /// Keeps windows that are to be run again, and notes which re-runs the journal has. The same twice is once.
    pub async fn note_reruns(&self, wanted: &[Wanted], journalled: &[Rerun]) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let noted = write_reruns(&mut writer, wanted, journalled).await;
        self.noted(noted)?;
        self.0.reruns.notify_one();
        Ok(())
    }

    /// Waits until a window is wanted again, or one was noted as done.
    pub async fn reruns_noted(&self) {
        self.0.reruns.notified().await;
    }

    /// The window whose turn it is.
    pub async fn pending_rerun(&self) -> Result<Option<Pending>, Error> {
        let found: Option<RerunRow> = sqlx::query_as(
            "SELECT next, from_at, to_at, reports, at, state FROM rerun
             WHERE state IN ('wanted', 'amended') ORDER BY next LIMIT 1",
        )
        .fetch_optional(&self.0.readers)
        .await
        .map_err(during("read the windows that are wanted again"))?;
        Ok(found.map(|row| Pending { wanted: wanted(&row), amended: row.5 == "amended" }))
    }

    /// The windows that were run before this one.
    pub async fn earlier_reruns(&self, next: u64) -> Result<Vec<Wanted>, Error> {
        let found: Vec<RerunRow> = sqlx::query_as(
            "SELECT next, from_at, to_at, reports, at, state FROM rerun
             WHERE next < ? AND state <> 'refused' ORDER BY next DESC LIMIT ?",
        )
        .bind(next as i64)
        .bind(EARLIER_MAX)
        .fetch_all(&self.0.readers)
        .await
        .map_err(during("read earlier re-runs"))?;
        Ok(found.iter().map(wanted).collect())
    }

    /// A window can't be run again: it waits no longer, and why is kept.
    pub async fn refuse_rerun(&self, next: u64, why: &str) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let refused = sqlx::query(
            "UPDATE rerun SET state = 'refused', refusal = ? WHERE next = ? AND state = 'wanted'",
        )
        .bind(why)
        .bind(next as i64)
        .execute(&mut *writer)
        .await
        .map_err(during("note why a window can't be run again"));
        self.noted(refused.map(|_| ()))
    }

    /// Alerts whose pattern touches a period.
    pub async fn alerts_touching(&self, from: Time, to: Time) -> Result<Vec<AlertRow>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM alert WHERE raised_down BETWEEN ?1 AND ?2
               AND json_extract(facts, '$.began_at') <= ?4
               AND coalesce(json_extract(facts, '$.cleared_at'), ?3) >= ?3
             ORDER BY raised_down DESC, id LIMIT ?5",
        )
        .bind(-(to + RAISED_AFTER_MAX).as_millis())
        .bind(i64::MAX)
        .bind(from.as_millis())
        .bind(to.as_millis())
        .bind(KEPT_MAX)
        .fetch_all(&self.0.readers)
        .await
        .map_err(during("read the alerts of a period"))?;
        rows.iter().map(super::alerts::read_row).collect()
    }

    /// Keeps all that a re-run says, in one transaction, and gives the alerts as they now are. The same twice is once.
    pub async fn amend(
        &self,
        rerun: &Wanted,
        amends: &[Amend],
    ) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
        let mut writer = self.writer().await?;
        let amended = write_all(&mut writer, rerun, amends).await;
        self.noted(amended)
    }

    /// An alert's amendments, oldest first.
    pub async fn amendments(&self, id: AlertId) -> Result<Vec<Amendment>, Error> {
        type Row = (i64, i64, String, String, i64, i64, i64, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT number, at, kind, changes, rerun, from_at, to_at, reports FROM amendment
             JOIN rerun ON rerun.next = amendment.rerun WHERE alert = ? ORDER BY number LIMIT 1000",
        )
        .bind(id.to_string())
        .fetch_all(&self.0.readers)
        .await
        .map_err(during("read an alert's amendments"))?;
        let read = |(number, at, kind, changes, rerun, from, to, reports): &Row| {
            const WHAT: &str = "an amendment can't be read back";
            Ok(Amendment {
                number: *number,
                at: Time::from_millis(*at),
                kind: AmendmentKind::from_code(kind).ok_or(Error::Damaged(WHAT))?,
                changes: serde_json::from_str(changes).map_err(|_| Error::Damaged(WHAT))?,
                rerun: *rerun,
                from: Time::from_millis(*from),
                to: Time::from_millis(*to),
                reports: *reports,
            })
        };
        rows.iter().map(read).collect()
    }
}

async fn write_reruns(
    writer: &mut SqliteConnection,
    wanted: &[Wanted],
    journalled: &[Rerun],
) -> Result<(), Error> {
    let mut tx = begin(writer).await?;
    for wanted in wanted {
        sqlx::query("INSERT OR IGNORE INTO rerun (next, from_at, to_at, reports, at) VALUES (?, ?, ?, ?, ?)")
            .bind(wanted.next as i64)
            .bind(wanted.from.as_millis())
            .bind(wanted.to.as_millis())
            .bind(wanted.reports as i64)
            .bind(wanted.at.as_millis())
            .execute(&mut *tx)
            .await
            .map_err(during("keep a window that is wanted again"))?;
    }
    for rerun in journalled {
        // A desk that was put back from before the amendments has to make them again.
        sqlx::query("UPDATE rerun SET state = 'journalled' WHERE next = ? AND state = 'amended'")
            .bind(rerun.next as i64)
            .execute(&mut *tx)
            .await
            .map_err(during("note that a re-run is in the journal"))?;
    }
    tx.commit().await.map_err(during("commit the windows that are wanted again"))
}

async fn write_all(
    writer: &mut SqliteConnection,
    rerun: &Wanted,
    amends: &[Amend],
) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
    let mut tx = begin(writer).await?;
    let mut amended = Vec::new();
    for amend in amends {
        if let Some(kind) = write(&mut tx, rerun, amend).await?
            && let Some(row) = row(&mut tx, amend.alert).await?
        {
            amended.push((kind, row));
        }
    }
    sqlx::query("UPDATE rerun SET state = 'amended' WHERE next = ? AND state = 'wanted'")
        .bind(rerun.next as i64)
        .execute(&mut *tx)
        .await
        .map_err(during("note that a re-run is amended"))?;
    tx.commit().await.map_err(during("commit amendments"))?;
    Ok(amended)
}

/// Writes one amendment and what it makes of its alert; says how the queue hears of it, if it is new.
async fn write(
    tx: &mut Transaction<'_, Sqlite>,
    rerun: &Wanted,
    amend: &Amend,
) -> Result<Option<ChangeKind>, Error> {
    let id = amend.alert.to_string();
    let (number, known): (i64, bool) = sqlx::query_as(
        "SELECT coalesce(max(number), 0) + 1, coalesce(max(rerun = ?2), 0) FROM amendment WHERE alert = ?1",
    )
    .bind(&id)
    .bind(rerun.next as i64)
    .fetch_one(&mut **tx)
    .await
    .map_err(during("read an alert's amendments"))?;
    if known {
        return Ok(None);
    }
    let before = row(tx, amend.alert).await?;
    let json = |alert: &Alert| {
        serde_json::to_string(alert).map_err(|_| Error::Damaged("write an alert's facts as JSON"))
    };
    let changes =
        serde_json::to_string(&amend.changes).map_err(|_| Error::Damaged("write an amendment as JSON"))?;
    sqlx::query("INSERT INTO amendment (alert, number, rerun, kind, changes, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(&id)
        .bind(number)
        .bind(rerun.next as i64)
        .bind(amend.kind.code())
        .bind(&changes)
        .bind(before.as_ref().map(|row| json(&row.alert)).transpose()?)
        .bind(amend.facts.as_ref().map(&json).transpose()?)
        .execute(&mut **tx)
        .await
        .map_err(during("write an amendment"))?;
    if let Some(facts) = &amend.facts {
        write_found(tx, facts, rerun.next).await?;
    }
    let sinks = amend.kind == AmendmentKind::Retracted;
    sqlx::query(
        "UPDATE alert SET amendments = ?2,
             raised_late = max(raised_late, ?3),
             retracted = CASE ?4 WHEN 'retracted' THEN 1 WHEN 'restored' THEN 0 ELSE retracted END,
             -- Below all of its priority; a call for help keeps its place.
             rank_down = iif(?5 AND priority > 0, 0, rank_down)
         WHERE id = ?1",
    )
    .bind(&id)
    .bind(number)
    .bind(amend.kind == AmendmentKind::RaisedLate)
    .bind(amend.kind.code())
    .bind(sinks)
    .execute(&mut **tx)
    .await
    .map_err(during("write what an amendment makes of an alert"))?;
    let version = before.as_ref().map_or(0, |row| row.desk.version);
    let text = format!("{number}. {}", amend.kind.code());
    log(tx, amend.alert, &from_core(rerun.at, "amended", &text, version)).await?;
    Ok(Some(if before.is_none() { ChangeKind::Raised } else { ChangeKind::Updated }))
}
