//! The history file's rows: every statement that writes or reads them.

use super::codec::Decoder;
use super::live::Block;
use super::page::ClaimKey;
use super::scope::{Named, Scope, Whose};
use super::{Claimed, Error, Result};
use crate::geo::Area;
use crate::store::{self, failed};
use crate::track::{Attribute, Fix, TrackId};
use rustc_hash::FxHashMap;
use sensors::{Mmsi, Time};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection, SqlitePool};
use std::collections::BTreeMap;

/// The one row of `applied`.
pub(super) struct State {
    pub(super) applied: u64,
    pub(super) heard_at: Time,
    pub(super) flushes: i64,
}

/// A block as it is in the file.
pub(super) struct BlockRow {
    pub(super) track: TrackId,
    first_sequence: u64,
    bytes: Vec<u8>,
}

impl BlockRow {
    pub(super) fn decode(&self, decoder: &mut Decoder) -> Result<Vec<Fix>> {
        let damaged =
            |source| Error::Corrupt { track: self.track, first_sequence: self.first_sequence, source };
        let fixes = decoder.decode(&self.bytes).map_err(damaged)?;
        match fixes.first() {
            Some(fix) if fix.track == self.track => Ok(fixes),
            _ => Err(damaged(super::Corrupt::Value("track"))),
        }
    }
}

fn reading() -> impl FnOnce(sqlx::Error) -> store::Error {
    failed(|| "read the history".to_owned())
}

fn writing() -> impl FnOnce(sqlx::Error) -> store::Error {
    failed(|| "write the history".to_owned())
}

pub(super) async fn state(file: &mut SqliteConnection) -> Result<State> {
    let row: (i64, i64, i64) = sqlx::query_as("SELECT sequence, heard_at, flushes FROM applied")
        .fetch_one(file)
        .await
        .map_err(reading())?;
    Ok(State { applied: row.0 as u64, heard_at: Time::from_millis(row.1), flushes: row.2 })
}

/// The file's version.
pub(super) async fn version(file: &SqlitePool) -> Result<u32> {
    let (version,): (u32,) = sqlx::query_as("PRAGMA user_version").fetch_one(file).await.map_err(reading())?;
    Ok(version)
}

pub(super) async fn write_state(file: &mut SqliteConnection, state: &State) -> Result<()> {
    sqlx::query("UPDATE applied SET sequence = ?, heard_at = ?, flushes = ?")
        .bind(state.applied as i64)
        .bind(state.heard_at.as_millis())
        .bind(state.flushes)
        .execute(file)
        .await
        .map_err(writing())?;
    Ok(())
}

pub(super) async fn tracks_beyond(
    file: &mut SqliteConnection,
    applied: u64,
) -> Result<FxHashMap<TrackId, u64>> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT track, last_sequence FROM tracks WHERE last_sequence > ?")
            .bind(applied as i64)
            .fetch_all(file)
            .await
            .map_err(reading())?;
    Ok(rows.into_iter().map(|(track, last)| (TrackId::from_u64(track as u64), last as u64)).collect())
}

/// The last block of each track where that isn't full and was heard since; those heard last, as many as weigh no more than
/// that, where each weighs its fixes and `track`.
pub(super) async fn unfinished(
    file: &mut SqliteConnection,
    since: Time,
    (weight_max, track): (usize, usize),
) -> Result<Vec<BlockRow>> {
    let rows = sqlx::query(
        "SELECT track, first_sequence, fixes FROM blocks WHERE id IN (
             SELECT id FROM (
                 SELECT id, sum(count + ?) OVER (ORDER BY last_time DESC, id) AS weight FROM blocks AS b
                 WHERE count < 512 AND last_time >= ?
                 AND first_sequence = (SELECT max(first_sequence) FROM blocks WHERE track = b.track))
             WHERE weight <= ?)",
    )
    .bind(track as i64)
    .bind(since.as_millis())
    .bind(weight_max as i64)
    .fetch_all(file)
    .await
    .map_err(reading())?;
    rows.iter().map(block_row).collect()
}

fn block_row(row: &SqliteRow) -> Result<BlockRow> {
    let read = || -> sqlx::Result<BlockRow> {
        Ok(BlockRow {
            track: TrackId::from_u64(row.try_get::<i64, _>("track")? as u64),
            first_sequence: row.try_get::<i64, _>("first_sequence")? as u64,
            bytes: row.try_get("fixes")?,
        })
    };
    Ok(read().map_err(reading())?)
}

/// Thousandths of a degree, rounded down.
fn thousandths(units: i32) -> i32 {
    units.div_euclid(600)
}

/// Half minutes since 1970, rounded down; the years beyond 2,000 fall together.
fn half_minutes(time: Time) -> i32 {
    let n = time.as_millis().div_euclid(30_000);
    n.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Rows in one statement. sqlx takes some 20 microseconds a statement, most of them on the way to its worker
/// thread and back; beyond this many rows there is nothing left to save.
pub(super) const ROWS: usize = 128;

/// Writes blocks in the place of the shorter ones that they grew from, their boxes, and their tracks' rows.
pub(super) async fn write_blocks(file: &mut SqliteConnection, blocks: &[&Block]) -> Result<()> {
    for some in blocks.chunks(ROWS) {
        let ids = write_fixes(file, some).await?;
        write_boxes(file, some, &ids).await?;
        write_tracks(file, some).await?;
    }
    Ok(())
}

/// The rows' ids by track and first sequence.
type Ids = BTreeMap<(i64, i64), i64>;

fn key(block: &Block) -> (i64, i64) {
    (block.last.track.as_u64() as i64, block.first_sequence as i64)
}

async fn write_fixes(file: &mut SqliteConnection, blocks: &[&Block]) -> Result<Ids> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO blocks (track, first_sequence, mmsi, first_time, last_time, count, fixes) ",
    );
    insert.push_values(blocks.iter().copied(), |mut row, block| {
        let last = &block.last;
        let (track, first_sequence) = key(block);
        row.push_bind(track).push_bind(first_sequence).push_bind(last.mmsi.0);
        row.push_bind(block.first_time.as_millis()).push_bind(last.time.as_millis());
        row.push_bind(block.count as i64).push_bind(&block.bytes[..]);
    });
    insert.push(
        " ON CONFLICT (track, first_sequence) DO UPDATE SET first_time = excluded.first_time,
              last_time = excluded.last_time, count = excluded.count, fixes = excluded.fixes
          RETURNING track, first_sequence, id",
    );
    let rows: Vec<(i64, i64, i64)> = insert.build_query_as().fetch_all(file).await.map_err(writing())?;
    Ok(rows.into_iter().map(|(track, first_sequence, id)| ((track, first_sequence), id)).collect())
}

async fn write_boxes(file: &mut SqliteConnection, blocks: &[&Block], ids: &Ids) -> Result<()> {
    let mut insert = QueryBuilder::new("INSERT OR REPLACE INTO block_boxes ");
    insert.push_values(blocks.iter().copied(), |mut row, block| {
        let (low, high) = (block.extent.south_west, block.extent.north_east);
        row.push_bind(ids[&key(block)]);
        row.push_bind(thousandths(low.lon)).push_bind(thousandths(high.lon));
        row.push_bind(thousandths(low.lat)).push_bind(thousandths(high.lat));
        row.push_bind(half_minutes(block.first_time)).push_bind(half_minutes(block.last.time));
        row.push_bind(block.first_time.as_millis()).push_bind(block.last.time.as_millis());
    });
    insert.build().execute(file).await.map_err(writing())?;
    Ok(())
}

async fn write_tracks(file: &mut SqliteConnection, blocks: &[&Block]) -> Result<()> {
    let mut insert = QueryBuilder::new("INSERT INTO tracks ");
    insert.push_values(blocks.iter().copied(), |mut row, block| {
        let last = &block.last;
        row.push_bind(last.track.as_u64() as i64).push_bind(last.mmsi.0).push_bind(last.class as u8);
        row.push_bind(block.first_time.as_millis()).push_bind(last.time.as_millis());
        row.push_bind(last.position.lat).push_bind(last.position.lon);
        row.push_bind(block.last_sequence as i64).push_bind(block.fresh as i64);
    });
    // The last condition lets a repeated write count nothing twice.
    insert.push(
        " ON CONFLICT (track) DO UPDATE SET
              mmsi = iif(excluded.last_time >= last_time, excluded.mmsi, mmsi),
              class = iif(excluded.last_time >= last_time, excluded.class, class),
              first_time = min(first_time, excluded.first_time), last_time = max(last_time, excluded.last_time),
              last_lat = iif(excluded.last_time >= last_time, excluded.last_lat, last_lat),
              last_lon = iif(excluded.last_time >= last_time, excluded.last_lon, last_lon),
              last_sequence = excluded.last_sequence, fixes = fixes + excluded.fixes
          WHERE last_sequence < excluded.last_sequence",
    );
    insert.build().execute(file).await.map_err(writing())?;
    Ok(())
}

pub(super) async fn write_claims(file: &mut SqliteConnection, claims: &[Claimed]) -> Result<()> {
    for some in claims.chunks(ROWS) {
        let mut insert = QueryBuilder::new("INSERT INTO claims ");
        insert.push_values(some, |mut row, claim| {
            row.push_bind(claim.track.as_u64() as i64)
                .push_bind(claim.attribute as u8)
                .push_bind(&claim.value);
            row.push_bind(claim.mmsi.0).push_bind(claim.first_at.as_millis());
            row.push_bind(claim.last_at.as_millis()).push_bind(claim.count as i64);
        });
        insert.push(
            " ON CONFLICT (track, attribute, value, mmsi) DO UPDATE SET count = count + excluded.count,
                  first_time = min(first_time, excluded.first_time),
                  last_time = max(last_time, excluded.last_time)",
        );
        insert.build().execute(&mut *file).await.map_err(writing())?;
    }
    Ok(())
}

/// A block that may hold an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) first_time: Time,
    pub(super) id: i64,
}

/// The blocks that may hold fixes of `scope` from `from` to before `to`; at most `limit` of them, a box that
/// crosses 180 degrees counting twice.
pub(super) async fn candidates(
    file: &SqlitePool,
    scope: &Scope,
    from: Time,
    to: Time,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let whose = match scope {
        Scope::Whose(whose) => *whose,
        Scope::Area(_, Some(mmsi)) => Whose::Mmsi(*mmsi),
        Scope::Area(area, None) => {
            let (one, other) = area.halves();
            let mut found = in_box(file, &one, from, to, limit).await?;
            if let Some(other) = other {
                found.extend(in_box(file, &other, from, to, limit).await?);
                found.sort_unstable();
                found.dedup();
            }
            return Ok(found);
        }
    };
    let query = match whose {
        Whose::Track(track) => sqlx::query(
            "SELECT first_time, id FROM blocks
             WHERE track = ? AND last_time >= ? AND first_time < ? LIMIT ?",
        )
        .bind(track.as_u64() as i64),
        Whose::Mmsi(mmsi) => sqlx::query(
            "SELECT first_time, id FROM blocks
             WHERE mmsi = ? AND last_time >= ? AND first_time < ? LIMIT ?",
        )
        .bind(mmsi.0),
    };
    let query = query.bind(from.as_millis()).bind(to.as_millis()).bind(limit as i64);
    read_candidates(&query.fetch_all(file).await.map_err(reading())?)
}

async fn in_box(
    file: &SqlitePool,
    area: &Area,
    from: Time,
    to: Time,
    limit: usize,
) -> Result<Vec<Candidate>> {
    // One thousandth more on each side makes up for the rounding of degrees.
    let rows = sqlx::query(
        "SELECT first_time, id FROM block_boxes
         WHERE east >= ? AND west <= ? AND north >= ? AND south <= ? AND ended >= ? AND began <= ?
         AND last_time >= ? AND first_time < ? LIMIT ?",
    )
    .bind((area.west * 1000.0).floor() as i32 - 1)
    .bind((area.east * 1000.0).floor() as i32 + 1)
    .bind((area.south * 1000.0).floor() as i32 - 1)
    .bind((area.north * 1000.0).floor() as i32 + 1)
    .bind(half_minutes(from))
    .bind(half_minutes(to))
    .bind(from.as_millis())
    .bind(to.as_millis())
    .bind(limit as i64)
    .fetch_all(file)
    .await
    .map_err(reading())?;
    read_candidates(&rows)
}

fn read_candidates(rows: &[SqliteRow]) -> Result<Vec<Candidate>> {
    let read = |row: &SqliteRow| -> sqlx::Result<Candidate> {
        Ok(Candidate { first_time: Time::from_millis(row.try_get(0)?), id: row.try_get(1)? })
    };
    Ok(rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(reading())?)
}

/// The blocks with these ids, in any order.
pub(super) async fn blocks(file: &SqlitePool, wanted: &[Candidate]) -> Result<Vec<BlockRow>> {
    let ids: Vec<String> = wanted.iter().map(|c| c.id.to_string()).collect();
    let rows = sqlx::query(
        "SELECT track, first_sequence, fixes FROM blocks WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(format!("[{}]", ids.join(",")))
    .fetch_all(file)
    .await
    .map_err(reading())?;
    rows.iter().map(block_row).collect()
}

/// The block with a track's latest fix.
pub(super) async fn last_block(file: &SqlitePool, track: TrackId) -> Result<Option<BlockRow>> {
    let row = sqlx::query(
        "SELECT track, first_sequence, fixes FROM blocks WHERE track = ? ORDER BY last_time DESC LIMIT 1",
    )
    .bind(track.as_u64() as i64)
    .fetch_optional(file)
    .await
    .map_err(reading())?;
    row.as_ref().map(block_row).transpose()
}

/// A track's row.
pub(super) async fn track(file: &SqlitePool, track: TrackId) -> Result<Option<super::Head>> {
    let row = sqlx::query("SELECT * FROM tracks WHERE track = ?")
        .bind(track.as_u64() as i64)
        .fetch_optional(file)
        .await
        .map_err(reading())?;
    let read = |row: SqliteRow| -> sqlx::Result<super::Head> {
        let class = super::codec::class(row.try_get("class")?);
        Ok(super::Head {
            track,
            mmsi: Mmsi(row.try_get("mmsi")?),
            class: class.ok_or_else(|| sqlx::Error::Protocol("unknown class".to_owned()))?,
            first_at: Time::from_millis(row.try_get("first_time")?),
            last_at: Time::from_millis(row.try_get("last_time")?),
            position: crate::geo::Position { lat: row.try_get("last_lat")?, lon: row.try_get("last_lon")? },
            fixes: row.try_get::<i64, _>("fixes")? as u64,
        })
    };
    Ok(row.map(read).transpose().map_err(reading())?)
}

/// Claims in key order after a place, and the number of flushes that they include.
pub(super) async fn claims(
    file: &SqlitePool,
    by: &Named,
    after: Option<&ClaimKey>,
    rows: usize,
) -> Result<(i64, Vec<Claimed>)> {
    let mut read = file.begin().await.map_err(reading())?;
    let (flushes,): (i64,) =
        sqlx::query_as("SELECT flushes FROM applied").fetch_one(&mut *read).await.map_err(reading())?;
    let mut query = QueryBuilder::<sqlx::Sqlite>::new(
        "SELECT track, attribute, value, mmsi, first_time, last_time, count FROM claims WHERE ",
    );
    match by {
        // SQLite's upper() is ASCII only, as AIS text is; a pattern would need its wild cards escaped.
        Named::Name(part) => {
            query.push("attribute = ").push_bind(Attribute::Name as u8);
            query.push(" AND instr(upper(value), ").push_bind(part.to_ascii_uppercase()).push(") > 0");
        }
        Named::CallSign(sign) => {
            query.push("attribute = ").push_bind(Attribute::CallSign as u8);
            query.push(" AND value = ").push_bind(sign).push(" COLLATE NOCASE");
        }
        Named::Imo(number) => {
            query.push("attribute = ").push_bind(Attribute::Imo as u8);
            query.push(" AND value = ").push_bind(number.to_string()).push(" COLLATE NOCASE");
        }
        Named::Mmsi(mmsi) => {
            query.push("mmsi = ").push_bind(mmsi.0);
        }
        Named::Track(track) => {
            query.push("track = ").push_bind(track.as_u64() as i64);
        }
    }
    if let Some(key) = after {
        query.push(" AND (track, attribute, value, mmsi) > (").push_bind(key.track);
        query.push(", ").push_bind(key.attribute);
        query.push(", ").push_bind(&key.value);
        query.push(", ").push_bind(key.mmsi).push(")");
    }
    query.push(" ORDER BY track, attribute, value, mmsi LIMIT ").push_bind(rows as i64);
    let found = query.build().fetch_all(&mut *read).await.map_err(reading())?;
    let claims = found.iter().map(claim).collect::<sqlx::Result<_>>().map_err(reading())?;
    Ok((flushes, claims))
}

fn claim(row: &SqliteRow) -> sqlx::Result<Claimed> {
    let attribute = attribute(row.try_get("attribute")?);
    Ok(Claimed {
        track: TrackId::from_u64(row.try_get::<i64, _>("track")? as u64),
        mmsi: Mmsi(row.try_get("mmsi")?),
        attribute: attribute.ok_or_else(|| sqlx::Error::Protocol("unknown attribute".to_owned()))?,
        value: row.try_get("value")?,
        first_at: Time::from_millis(row.try_get("first_time")?),
        last_at: Time::from_millis(row.try_get("last_time")?),
        count: row.try_get::<i64, _>("count")? as u64,
    })
}

fn attribute(number: u8) -> Option<Attribute> {
    const ALL: [Attribute; 9] = [
        Attribute::Name,
        Attribute::CallSign,
        Attribute::Imo,
        Attribute::ShipType,
        Attribute::Dimensions,
        Attribute::Destination,
        Attribute::Draught,
        Attribute::PersonsOnBoard,
        Attribute::RadarTarget,
    ];
    ALL.get(usize::from(number)).copied()
}
