//! Room that the desk holds inside its own files, so that decisions are kept on a disk that others have filled.

use super::{Desk, Error, begin, during};
use sqlx::SqliteConnection;

/// Held in the file as free pages, and in its log: a day of an officer's work is some hundred KiB. Ours.
const HELD: i64 = 4 << 20;

/// The log is copied into the file, and begun anew, after so many pages of 8 KiB: well before the room in it ends.
const CHECKPOINT_PAGES: &str = "PRAGMA wal_autocheckpoint = 128";

impl Desk {
    /// Sees to it that the desk's files hold room of their own, where the disk has it to give.
    pub async fn hold_room(&self) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let held = hold(&mut writer).await;
        self.noted(held)
    }
}

async fn hold(writer: &mut SqliteConnection) -> Result<(), Error> {
    let pragma = during("hold room for the desk");
    sqlx::raw_sql(CHECKPOINT_PAGES).execute(&mut *writer).await.map_err(pragma)?;
    // Written and deleted: the pages stay the file's, free, and the log keeps the length that they took in it.
    for sql in ["INSERT INTO room (held) VALUES (zeroblob(?1))", "DELETE FROM room WHERE ?1 > 0"] {
        let mut tx = begin(writer).await?;
        sqlx::query(sql).bind(HELD).execute(&mut *tx).await.map_err(during("hold room for the desk"))?;
        tx.commit().await.map_err(during("hold room for the desk"))?;
    }
    let copy = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *writer).await;
    copy.map(drop).map_err(during("hold room for the desk"))
}
