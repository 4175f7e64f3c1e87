//! Lines that whoever reads the journal passes over.

use super::{Error, block, files};
use crate::entry::{Entry, Skip};
use crate::store::{self, failed};
use std::path::Path;

/// All skips of a day; worded so that SQLite sees which index serves it.
const SKIPS: &str = "SELECT first, body FROM entry WHERE kind >= 2 AND kind = 6 ORDER BY first";

/// What is to be passed over by whoever reads the journal in `folder` from the sequence `from` on, in order. A skip
/// stands after its lines, so no day before theirs is opened.
///
/// # Errors
/// When a file can't be read, or an entry in it is damaged.
pub async fn skips_from(folder: &Path, from: u64) -> Result<Vec<Skip>, Error> {
    let mut skips = Vec::new();
    for day in files(folder)?.iter().rev() {
        let path = folder.join(format!("{day}.sqlite"));
        let pool = store::open_readers(&path).await?;
        let what = || format!("read {}", path.display());
        let found: Vec<(i64, Vec<u8>)> =
            sqlx::query_as(SKIPS).fetch_all(&pool).await.map_err(failed(what))?;
        let (first,): (Option<i64>,) =
            sqlx::query_as("SELECT min(first) FROM entry").fetch_one(&pool).await.map_err(failed(what))?;
        pool.close().await;
        for (first, body) in found {
            let damaged = |reason| Error::Damaged { first: first as u64, path: path.clone(), reason };
            if let Entry::Skip(skip) = block::unpack(&body).map_err(damaged)? {
                skips.push(skip);
            }
        }
        if from > 1 && first.is_some_and(|first| first as u64 <= from) {
            break;
        }
    }
    skips.sort_unstable_by_key(|skip| (skip.first, skip.count));
    Ok(skips)
}
