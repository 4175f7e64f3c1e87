//! Opening the database files that survive a restart, and saying clearly what is wrong with one that won't open.

pub mod disk;
mod error;

pub use error::{Error, Result, failed, may_pass};

use crate::edge::slots::{folder_of, sync_folder};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous, SqliteTransactionManager,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use sqlx_core::transaction::TransactionManager;
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another process's lock. Ours, unproven: longer than any checkpoint seen.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes a page of a new file. Blocks of compressed positions and lines are 2-4 KiB and would waste
/// half of a 4 KiB page.
const PAGE_SIZE: u32 = 8192;

/// The write-ahead log of a file gives room beyond this back, once it has been copied into the file. Ours: twice as long
/// as it is when SQLite copies it, after 1,000 pages.
const LOG_BYTES_MAX: &str = "16777216";

/// Connections that read one file at the same time. Ours, unproven.
const READERS_MAX: u32 = 4;

/// The tables of one file, as the ordered steps that made them. A released step never changes; a change is
/// a new step at the end.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// What the file is called in messages, such as `history`.
    pub name: &'static str,
    /// One or more SQL statements each. The number of steps taken is kept in `PRAGMA user_version`.
    pub steps: &'static [&'static str],
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
}

/// Opens the file's only writer, making the file and bringing its tables up to date where needed.
///
/// A committed transaction survives a power cut (`synchronous=FULL`, write-ahead log).
///
/// # Errors
/// [`Error::Newer`] when a later version of the program made the file; otherwise what SQLite says.
pub async fn open_writer(path: &Path, schema: Schema) -> Result<SqliteConnection> {
    let what = || format!("open the {} file {}", schema.name, path.display());
    let mut connection = options(path)
        .create_if_missing(true)
        .page_size(PAGE_SIZE)
        .pragma("journal_size_limit", LOG_BYTES_MAX)
        .journal_mode(SqliteJournalMode::Wal)
        .connect()
        .await
        .map_err(failed(what))?;
    let (found,): (u32,) =
        sqlx::query_as("PRAGMA user_version").fetch_one(&mut connection).await.map_err(failed(what))?;
    // What the last process left in the log may be in the system's memory alone, and called clean, where its last sync
    // failed. Copied into the file and synced there, it is not what later transactions stand on. Waits for nobody.
    sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await.map_err(failed(what))?;
    let known = schema.steps.len() as u32;
    if found > known {
        return Err(Error::Newer { operation: what(), found, known });
    }
    for (done, step) in schema.steps.iter().enumerate().skip(found as usize) {
        let version = done + 1;
        let what = || format!("bring the {} file {} to version {version}", schema.name, path.display());
        let mut change = connection.begin().await.map_err(failed(what))?;
        sqlx::raw_sql(*step).execute(&mut *change).await.map_err(failed(what))?;
        // A pragma takes no bound value; this one is a number that we counted.
        let stamp = AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(stamp).execute(&mut *change).await.map_err(failed(what))?;
        change.commit().await.map_err(failed(what))?;
    }
    // SQLite syncs it too, and passes over its failure.
    sync_folder(path).map_err(|source| Error::Disk { operation: what(), source: source.into() })?;
    Ok(connection)
}

/// Makes a folder that is still there after a power cut: whoever holds its name is synced.
///
/// # Errors
/// What the system says.
pub fn make_folder(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    make_folder(folder_of(path))?;
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(path)
}

/// Starts a transaction that holds the write lock from its first statement.
///
/// A commit that fails on a full or broken disk is rolled back by SQLite itself. SQLx 0.9 then has nothing to roll back,
/// goes on counting a transaction, and would refuse every later one; so the two are brought back in step first.
///
/// # Errors
/// What SQLite says.
pub async fn begin(connection: &mut SqliteConnection) -> sqlx::Result<Transaction<'_, Sqlite>> {
    // After this, a roll-back that was still on its way has been done.
    connection.ping().await?;
    if connection.is_in_transaction() {
        // Gives the roll-back something to roll back, unless SQLite too still has a transaction.
        let _ = sqlx::raw_sql("BEGIN").execute(&mut *connection).await;
        SqliteTransactionManager::rollback(connection).await?;
    }
    connection.begin_with("BEGIN IMMEDIATE").await
}

/// Opens the file for reading only; readers never hold up the writer.
///
/// # Errors
/// What SQLite says, also when the file isn't there.
pub async fn open_readers(path: &Path) -> Result<SqlitePool> {
    SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .connect_with(options(path).read_only(true))
        .await
        .map_err(failed(|| format!("open {} for reading", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Schema = Schema { name: "test", steps: &["CREATE TABLE a (n INTEGER); CREATE TABLE b (n)"] };
    const SECOND: Schema = Schema {
        name: "test",
        steps: &["CREATE TABLE a (n INTEGER); CREATE TABLE b (n)", "ALTER TABLE a ADD m INTEGER"],
    };

    #[tokio::test]
    async fn an_older_file_is_brought_up_to_date_and_a_newer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut writer = open_writer(&path, FIRST).await.unwrap();
        sqlx::query("INSERT INTO a (n) VALUES (?)").bind(7).execute(&mut writer).await.unwrap();
        writer.close().await.unwrap();

        let mut writer = open_writer(&path, SECOND).await.unwrap();
        let row: (i64, Option<i64>) =
            sqlx::query_as("SELECT n, m FROM a").fetch_one(&mut writer).await.unwrap();
        assert_eq!(row, (7, None));
        writer.close().await.unwrap();

        let refused = open_writer(&path, FIRST).await.unwrap_err();
        assert!(matches!(refused, Error::Newer { found: 2, known: 1, .. }), "{refused}");
    }

    #[tokio::test]
    async fn commits_are_synced_and_readers_see_them_and_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut writer = open_writer(&path, FIRST).await.unwrap();
        let (full,): (u32,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut writer).await.unwrap();
        let (mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut writer).await.unwrap();
        assert_eq!((full, mode.as_str()), (2, "wal"));
        sqlx::query("INSERT INTO a VALUES (1)").execute(&mut writer).await.unwrap();
        let readers = open_readers(&path).await.unwrap();
        let (n,): (i64,) = sqlx::query_as("SELECT n FROM a").fetch_one(&readers).await.unwrap();
        assert_eq!(n, 1);
        assert!(sqlx::query("DELETE FROM a").execute(&readers).await.is_err());
    }

    #[tokio::test]
    async fn a_file_is_readable_after_its_writer_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        open_writer(&path, FIRST).await.unwrap().close().await.unwrap();
        let readers = open_readers(&path).await.unwrap();
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM a").fetch_one(&readers).await.unwrap();
        assert_eq!(n, 0);
    }

    #[tokio::test]
    async fn a_file_of_something_else_is_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, [7; 20_000]).unwrap();
        let error = open_writer(&path, FIRST).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("a.db"), "{error}");
    }

    #[tokio::test]
    async fn a_full_disk_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open_writer(&folder.path().join("a.db"), FIRST).await.unwrap();
        // SQLite's own limit on the size of a file gives the same answer as a disk without room.
        sqlx::raw_sql("PRAGMA max_page_count = 4").execute(&mut writer).await.unwrap();
        let insert = "INSERT INTO b VALUES (zeroblob(100000))";
        let error =
            sqlx::query(insert).execute(&mut writer).await.map_err(failed(|| "write".into())).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn after_a_transaction_failed_for_want_of_room_the_next_one_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open_writer(&folder.path().join("a.db"), FIRST).await.unwrap();
        sqlx::raw_sql("PRAGMA max_page_count = 4").execute(&mut writer).await.unwrap();
        for _ in 0..3 {
            let mut change = begin(&mut writer).await.unwrap();
            // SQLite rolls back by itself; ours, when the transaction is dropped, finds nothing.
            let insert = "INSERT OR ROLLBACK INTO b VALUES (zeroblob(100000))";
            assert!(sqlx::query(insert).execute(&mut *change).await.is_err());
        }
        sqlx::raw_sql("PRAGMA max_page_count = 1000").execute(&mut writer).await.unwrap();
        let mut change = begin(&mut writer).await.unwrap();
        sqlx::query("INSERT INTO b VALUES (1)").execute(&mut *change).await.unwrap();
        change.commit().await.unwrap();
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM b").fetch_one(&mut writer).await.unwrap();
        assert_eq!(n, 1);
    }
}
