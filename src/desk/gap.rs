//! Alerts of a time in which nothing was written down: kept and marked, since the journal can't give them again.

use super::alerts::{AlertRow, row};
use super::facts::{from_core, log, place, write_facts};
use super::{Desk, Error, begin, during};
use crate::alert::{Alert, AlertId, Change, ChangeKind};
use crate::entry::Gap;
use sensors::Time;
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// The steps that these tables came with.
pub(super) const STEP: &str = "
    -- Raised while nothing was written down.
    ALTER TABLE alert ADD COLUMN unrecorded INTEGER NOT NULL DEFAULT 0;
    -- The facts that the journal gives, while those shown rest on lines that are not in it.
    ALTER TABLE alert ADD COLUMN facts_before_gap TEXT;
    -- The time in which nothing is written down, while it lasts.
    CREATE TABLE gap (
        one       INTEGER PRIMARY KEY CHECK (one = 1),
        first     INTEGER NOT NULL,
        began_at  INTEGER NOT NULL,
        ended_at  INTEGER NOT NULL,
        lines     INTEGER NOT NULL,
        sequences INTEGER NOT NULL,
        why       TEXT NOT NULL
    ) STRICT;
    -- Never holds a row for long: what was deleted here is room that the file keeps.
    CREATE TABLE room (held BLOB NOT NULL) STRICT;
";

/// A gap that has not ended, or whose entry is not in the journal yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGap {
    /// The sequence of its entry.
    pub first: u64,
    /// What is missing so far.
    pub gap: Gap,
}

impl OpenGap {
    /// The first sequence that it has not used.
    pub fn next(&self) -> u64 {
        self.first + self.gap.sequences
    }
}

impl Desk {
    /// The gap that had not ended when the desk was last told of it.
    pub async fn open_gap(&self) -> Result<Option<OpenGap>, Error> {
        let sql = "SELECT first, began_at, ended_at, lines, sequences, why FROM gap";
        let found: Option<(i64, i64, i64, i64, i64, String)> =
            sqlx::query_as(sql).fetch_optional(&self.0.readers).await.map_err(during("read the gap"))?;
        Ok(found.map(|(first, from, to, lines, sequences, why)| {
            let (from, to) = (Time::from_millis(from), Time::from_millis(to));
            let gap = Gap { from, to, lines: lines as u64, sequences: sequences as u64, why };
            OpenGap { first: first as u64, gap }
        }))
    }

    /// Writes what lines gave that are in no journal, and the gap that they lie in, in one transaction.
    pub async fn apply_unrecorded(
        &self,
        changes: &[Change],
        open: &OpenGap,
    ) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
        let mut writer = self.writer().await?;
        let written = write_unrecorded(&mut writer, changes, open).await;
        self.noted(written)
    }

    /// The first sequence that nothing on the desk has.
    pub async fn reach(&self) -> Result<u64, Error> {
        let sql =
            "SELECT max((SELECT sequence + 1 FROM applied), coalesce((SELECT max(next) FROM rerun), 1))";
        let reach: i64 =
            sqlx::query_scalar(sql).fetch_one(&self.0.readers).await.map_err(during("read what was told"))?;
        Ok(reach as u64)
    }

    /// The journal no longer has what came from this sequence on: alerts that rest on it are marked, the next that the
    /// journal gives of them counts, and windows that came late in it are not run again. Done twice is done once.
    pub async fn lose_from(&self, first: u64) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let lost = lose(&mut writer, first).await;
        self.noted(lost)
    }

    /// The gap's entry is in the journal: alerts from before it are again what the journal gives, and those that were
    /// raised in it keep their mark. Gives what was changed back. Done twice is done once.
    pub async fn end_gap(&self) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
        let mut writer = self.writer().await?;
        let ended = end(&mut writer).await;
        self.noted(ended)
    }
}

async fn write_unrecorded(
    writer: &mut SqliteConnection,
    changes: &[Change],
    open: &OpenGap,
) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
    let mut tx = begin(writer).await?;
    let mut written = Vec::new();
    for change in changes {
        let id = change.alert.id;
        run(&mut tx, "UPDATE alert SET facts_before_gap = facts WHERE id = ?1 AND unrecorded = 0 AND facts_before_gap IS NULL", id).await?;
        let is_new = row(&mut tx, id).await?.is_none();
        if write_facts(&mut tx, change).await? {
            let mark = "UPDATE alert SET unrecorded = 1 WHERE id = ?1 AND facts_before_gap IS NULL";
            run(&mut tx, mark, id).await?;
            if is_new {
                let line = from_core(change.alert.raised_at, "unrecorded", "", 0);
                log(&mut tx, id, &line).await?;
            }
            written.extend(row(&mut tx, id).await?.map(|row| (change.kind, row)));
        }
    }
    let Gap { from, to, lines, sequences, why } = &open.gap;
    sqlx::query("INSERT OR REPLACE INTO gap VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)")
        .bind(open.first as i64)
        .bind(from.as_millis())
        .bind(to.as_millis())
        .bind(*lines as i64)
        .bind(*sequences as i64)
        .bind(why)
        .execute(&mut *tx)
        .await
        .map_err(during("write the gap"))?;
    reach(&mut tx, open.next() - 1).await?;
    tx.commit().await.map_err(during("commit alert changes"))?;
    Ok(written)
}

async fn lose(writer: &mut SqliteConnection, first: u64) -> Result<(), Error> {
    const REFUSE: &str =
        "UPDATE rerun SET state = 'refused', refusal = 'the journal no longer has what came late'
        WHERE state = 'wanted' AND next > ?1";
    let mut tx = begin(writer).await?;
    let sql = "SELECT facts FROM alert WHERE sequence >= ?1 AND unrecorded = 0 ORDER BY id";
    let lost: Vec<String> = sqlx::query_scalar(sql)
        .bind(first as i64)
        .fetch_all(&mut *tx)
        .await
        .map_err(during("read alerts of what is lost"))?;
    for facts in lost {
        let alert: Alert = serde_json::from_str(&facts)
            .map_err(|_| Error::Damaged("an alert's facts can't be read back"))?;
        run(&mut tx, "UPDATE alert SET unrecorded = 1 WHERE id = ?1", alert.id).await?;
        log(&mut tx, alert.id, &from_core(alert.updated_at, "unrecorded", "", 0)).await?;
    }
    sqlx::query(REFUSE)
        .bind(first as i64)
        .execute(&mut *tx)
        .await
        .map_err(during("refuse windows that are lost"))?;
    tx.commit().await.map_err(during("commit what is lost"))
}

async fn end(writer: &mut SqliteConnection) -> Result<Vec<(ChangeKind, AlertRow)>, Error> {
    let mut tx = begin(writer).await?;
    let first: Option<i64> = sqlx::query_scalar("SELECT first FROM gap")
        .fetch_optional(&mut *tx)
        .await
        .map_err(during("read the gap"))?;
    let Some(first) = first else { return Ok(Vec::new()) };
    let sql = "SELECT facts_before_gap FROM alert WHERE facts_before_gap IS NOT NULL ORDER BY id";
    let kept: Vec<String> =
        sqlx::query_scalar(sql).fetch_all(&mut *tx).await.map_err(during("read alerts of a gap"))?;
    let mut given_back = Vec::new();
    for facts in kept {
        let alert: Alert = serde_json::from_str(&facts)
            .map_err(|_| Error::Damaged("an alert's facts can't be read back"))?;
        give_back(&mut tx, &alert, facts, first).await?;
        given_back.extend(row(&mut tx, alert.id).await?.map(|row| (ChangeKind::Updated, row)));
    }
    sqlx::query("DELETE FROM gap").execute(&mut *tx).await.map_err(during("end the gap"))?;
    tx.commit().await.map_err(during("commit the end of a gap"))?;
    Ok(given_back)
}

/// The facts from before the gap, which the next change from the journal may follow.
async fn give_back(
    tx: &mut Transaction<'_, Sqlite>,
    alert: &Alert,
    facts: String,
    first: i64,
) -> Result<(), Error> {
    let (priority, rank_down, raised_down) = place(alert);
    sqlx::query(
        "UPDATE alert SET rule = ?2, grade = ?3, priority = ?4, rank_down = ?5, raised_down = ?6, version = ?7,
         sequence = min(sequence, ?8 - 1), facts = ?9, facts_before_gap = NULL WHERE id = ?1",
    )
    .bind(alert.id.to_string())
    .bind(&alert.rule)
    .bind(&alert.grade)
    .bind(priority)
    .bind(rank_down)
    .bind(raised_down)
    .bind(i64::from(alert.version))
    .bind(first)
    .bind(facts)
    .execute(&mut **tx)
    .await
    .map_err(during("give an alert its facts back"))?;
    Ok(())
}

async fn run(tx: &mut Transaction<'_, Sqlite>, sql: &'static str, id: AlertId) -> Result<(), Error> {
    let done = sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await;
    done.map(drop).map_err(during("mark an alert of a gap"))
}

/// Raises the sequence that the desk has been told of.
pub(super) async fn reach(tx: &mut Transaction<'_, Sqlite>, applied: u64) -> Result<(), Error> {
    sqlx::query("UPDATE applied SET sequence = max(sequence, ?1)")
        .bind(applied as i64)
        .execute(&mut **tx)
        .await
        .map_err(during("write the applied sequence"))?;
    Ok(())
}
