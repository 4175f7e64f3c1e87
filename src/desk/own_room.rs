//! Room that the desk holds inside its own files, so that decisions are kept on a disk that others have filled.

use super::{Desk, Error, during};
use crate::store;
use sqlx::SqliteConnection;

/// Held in the file as free pages, and in its log: as long as the log gets before SQLite copies it into the file and
/// begins it anew, which is 1,000 pages of 8 KiB, and some. A decision takes five pages of the log and few of the file.
const HELD: u64 = 9 << 20;

impl Desk {
    /// Sees to it that the desk's files hold room of their own: a quarter of what is free for
    /// each, where that is little.
    pub async fn hold_room(&self, free: u64) -> Result<(), Error> {
        let bytes = HELD.min(free / 4) as i64;
        let mut writer = self.writer().await?;
        let held = hold(&mut writer, bytes).await;
        self.noted(held)
    }
}

async fn hold(writer: &mut SqliteConnection, bytes: i64) -> Result<(), Error> {
    let what = "hold room for the desk";
    // What SQLite copies unasked may fail unheard.
    sqlx::raw_sql("PRAGMA wal_autocheckpoint = 0").execute(&mut *writer).await.map_err(during(what))?;
    let held = take_and_free(writer, bytes).await;
    sqlx::raw_sql("PRAGMA wal_autocheckpoint = 1000").execute(&mut *writer).await.map_err(during(what))?;
    held.map_err(during(what))
}

/// Written and deleted: the pages stay the file's, free, and the log keeps the length that they took in it.
async fn take_and_free(writer: &mut SqliteConnection, bytes: i64) -> sqlx::Result<()> {
    for sql in ["INSERT INTO room (held) VALUES (zeroblob(?1))", "DELETE FROM room WHERE ?1 > 0"] {
        let mut tx = store::begin(writer).await?;
        sqlx::query(sql).bind(bytes).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *writer).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_room_stays_in_the_file_and_in_its_log_and_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let (desk, _) = Desk::open(folder.path()).await.unwrap();
        let length = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
        let mut before = Vec::new();
        for _ in 0..3 {
            desk.hold_room(u64::MAX).await.unwrap();
            before.push((length("desk.sqlite"), length("desk.sqlite-wal")));
        }
        let (file, log) = before[0];
        assert!(file > HELD && log > HELD && log < 2 * HELD, "{before:?}");
        // The index of the log may cost the file some pages more.
        assert!(before.iter().all(|(again, _)| again - file < HELD / 100), "{before:?}");
        assert_eq!(before[1], before[2]);
    }
}
