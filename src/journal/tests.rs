//! The journal as others use it: what was written is what is read, over days, restarts and damage.

use super::*;
use crate::entry::{Entry, Numbered};
use sensors::{ReceiverId, receiver::Batch};

fn lines(start: i64, texts: &[&str]) -> Entry {
    let mut batch = Batch::new(ReceiverId(3));
    for (n, text) in texts.iter().enumerate() {
        batch.push(Time::from_seconds(start + n as i64), text.as_bytes());
    }
    Entry::Lines(batch)
}

async fn all(folder: &Path, from: u64) -> Vec<Numbered> {
    let mut entries = Vec::new();
    let mut reader = Reader::open(folder);
    reader.seek(from).await.unwrap();
    while let Some(entry) = reader.entry().await.unwrap() {
        entries.push(entry);
    }
    entries
}

#[tokio::test]
async fn gives_back_what_was_written_over_days_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let day = 86_400;
    let mut journal = Journal::open(folder.path()).await.unwrap();
    let mut written = journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap();
    written.extend(
        journal
            .append(&[lines(10, &["one", "two\u{7f}", ""]), Entry::Tick(Time::from_seconds(20))])
            .await
            .unwrap(),
    );
    written.extend(journal.append(&[lines(day + 5, &["three"])]).await.unwrap());
    assert_eq!(journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap(), []);
    drop(journal);

    let mut journal = Journal::open(folder.path()).await.unwrap();
    assert_eq!(journal.next(), written.last().unwrap().next());
    assert_eq!(journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap(), []);
    // A clock that went back a day does not reorder the journal.
    written.extend(journal.append(&[lines(30, &["four"])]).await.unwrap());
    assert_eq!(all(folder.path(), 0).await, written);
    assert_eq!(all(folder.path(), written[3].first).await, written[3..]);
    assert_eq!(all(folder.path(), journal.next()).await, []);
    assert_eq!(files(folder.path()).unwrap(), ["0000-00-00", "1970-01-01", "1970-01-02"]);
}

#[tokio::test]
async fn questions_to_a_long_day_use_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(10, &["one"])]).await.unwrap();
    let file = journal.file.as_mut().unwrap();
    for sql in [read::PAGE, read::VERSION, read::OF_KIND, read::NEWEST, export::HEARD] {
        let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(plan).fetch_all(&mut *file).await.unwrap();
        assert!(plan.iter().all(|(.., step)| !step.starts_with("SCAN entry")), "{plan:?}");
    }
}

#[tokio::test]
async fn a_damaged_entry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(10, &["one"])]).await.unwrap();
    let file = journal.file.as_mut().unwrap();
    sqlx::query("UPDATE entry SET body = CAST(substr(body, 1, length(body) - 2) || x'0000' AS BLOB)")
        .execute(&mut *file)
        .await
        .unwrap();
    let mut reader = Reader::open(folder.path());
    reader.seek(0).await.unwrap();
    let error = reader.entry().await.unwrap_err().to_string();
    assert!(error.contains("journal entry 1 ") && error.contains("1970-01-01.sqlite"), "{error}");
}
