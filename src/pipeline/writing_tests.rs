//! The journal's worker beside a disk that is full, or that fails.

use super::*;
use crate::entry::Rerun;
use crate::journal::Reader;
use crate::pipeline::PROGRAM;
use crate::pipeline::room::Signs;
use crate::store::disk;
use sensors::{ReceiverId, Time, receiver::Batch};
use std::path::Path;
use std::sync::Mutex;

/// A worker on a journal of so many days, with what it hands on.
async fn worker(folder: &Path, days: i64) -> (Writing, mpsc::Receiver<Group>) {
    let mut journal = Journal::open(&folder.join("journal")).await.unwrap();
    for day in 0..days {
        journal.append(&[Entry::Tick(Time::from_seconds(day * 86_400))]).await.unwrap();
    }
    let (written, handed_on) = mpsc::channel(16);
    let writing = Writing {
        journal,
        ticker: Ticker::default(),
        clock: None,
        written,
        others: mpsc::channel(1).1,
        trouble: Arc::new(Trouble { tell: Box::new(|_| {}), open: Mutex::default() }),
        room: Room::new(folder, &disk::Settings::WAIT, Signs::new(u64::MAX)),
        versions: vec![Entry::Program("a".to_owned())],
        gap: None,
        postponed: Vec::new(),
        snapshots: Snapshots::new(&folder.join("snapshots"), PROGRAM),
    };
    (writing, handed_on)
}

fn line(seconds: i64) -> Entry {
    let mut batch = Batch::new(ReceiverId(0));
    batch.push(Time::from_seconds(seconds), b"one");
    Entry::Lines(batch)
}

async fn written(folder: &Path) -> Vec<Entry> {
    let mut reader = Reader::open(&folder.join("journal"));
    reader.seek(0).await.unwrap();
    let mut entries = Vec::new();
    while let Some(numbered) = reader.entry().await.unwrap() {
        entries.push(numbered.entry);
    }
    entries
}

#[tokio::test]
async fn what_a_re_run_has_to_say_in_a_gap_is_said_once_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writing, mut handed_on) = worker(folder.path(), 1).await;
    let rerun = Entry::Rerun(Rerun { from: Time::default(), to: Time::default(), next: 2 });
    writing.gap = Some(unrecorded::gap_from(writing.journal.next()));
    assert!(!writing.pass(vec![line(1), rerun.clone(), line(2)]).await.unwrap());
    let Some(Group { entries, record: Record::Missing(gap), .. }) = handed_on.recv().await else {
        panic!("it is not written down")
    };
    assert_eq!((entries.len(), gap.gap.lines, gap.gap.sequences), (2, 2, 2));
    writing.record_again().await.unwrap();
    let written = written(folder.path()).await;
    assert!(
        matches!(&written[1..], [Entry::Gap(_), Entry::Program(_), given] if *given == rerun),
        "{written:?}"
    );
    let Some(Group { entries, record, .. }) = handed_on.recv().await else { panic!("the core is told") };
    assert!(record == Record::KeptAgain && entries.last().is_some_and(|numbered| numbered.entry == rerun));
    // A gap in which nothing was heard keeps it as well, and says it once.
    writing.gap = Some(unrecorded::gap_from(writing.journal.next()));
    writing.pass(vec![rerun.clone()]).await.unwrap();
    writing.record_again().await.unwrap();
    assert_eq!(writing.journal.next(), gap.next() + 3);
}

#[tokio::test]
async fn a_hold_that_can_t_be_read_stops_the_pruning_and_not_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writing, _handed_on) = worker(folder.path(), 3).await;
    std::fs::write(folder.path().join("journal/holds.toml"), "rubbish").unwrap();
    writing.journal.want_room(u64::MAX);
    writing.prune(Wait::Yes).await.unwrap();
    assert!(writing.room.looks_elsewhere(), "the next step of the order is taken");
    let said = |writing: &Writing| writing.room.signs.shown.borrow().unpruned.clone();
    assert!(said(&writing).is_some_and(|why| why.contains("holds")));
    assert_eq!(written(folder.path()).await.len(), 3);
    std::fs::remove_file(folder.path().join("journal/holds.toml")).unwrap();
    writing.journal.want_room(u64::MAX);
    writing.prune(Wait::Yes).await.unwrap();
    assert!(matches!(written(folder.path()).await.last(), Some(Entry::Pruned(_))));
    assert_eq!(said(&writing), None);
}

#[tokio::test]
async fn a_prune_that_can_t_be_made_durable_ends_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writing, _handed_on) = worker(folder.path(), 4).await;
    writing.journal.want_room(u64::MAX);
    // The look is done before the disk fails.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let day = folder.path().join("journal/1970-01-04.sqlite");
    let file = format!("sqlite://{}", day.display());
    let mut file = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file).await.unwrap();
    sqlx::raw_sql("DROP TABLE seal").execute(&mut file).await.unwrap();
    let error = writing.prune(Wait::Yes).await.unwrap_err();
    assert!(error.to_string().contains("can't be made durable"), "{error:#}");
    assert!(folder.path().join("journal/1970-01-01.sqlite").exists());
}

#[tokio::test]
async fn the_disk_is_not_looked_at_while_the_reserve_is_made_or_given_back_and_lines_do_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writing, _handed_on) = worker(folder.path(), 1).await;
    let settings = disk::Settings { free_min_mib: 1, reserve_mib: 1 };
    writing.room = Room::new(folder.path(), &settings, Signs::new(1));
    assert!(writing.room.is_due());
    writing.room.work(|_| std::thread::sleep(Duration::from_millis(800)));
    assert!(!writing.room.is_due());
    let began = Instant::now();
    assert!(writing.pass(vec![line(1)]).await.unwrap());
    assert!(writing.room.is_at_work() && began.elapsed() < Duration::from_millis(800));
    assert!(writing.room_is_on_its_way().await.unwrap() && !writing.room.is_at_work());
    assert!(writing.room.is_due() && !writing.room_is_on_its_way().await.unwrap());
}

#[tokio::test]
async fn all_that_came_during_a_slow_commit_goes_into_the_next_and_a_flood_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writing, _handed_on) = worker(folder.path(), 1).await;
    let mut gathered = async |lines_each: usize| {
        let (heard, mut waiting) = mpsc::channel(100);
        for _ in 0..100 {
            let mut batch = Batch::new(ReceiverId(0));
            (0..lines_each).for_each(|_| batch.push(Time::from_seconds(1), b"one"));
            heard.send(batch.into()).await.unwrap();
        }
        let (mut entries, mut receipts) = (Vec::new(), Vec::new());
        assert!(writing.gather(&mut waiting, &mut entries, &mut receipts).await);
        entries.iter().map(|entry| if let Entry::Lines(batch) = entry { batch.len() } else { 0 }).sum()
    };
    let all: usize = gathered(1).await;
    let flood: usize = gathered(4096).await;
    assert_eq!((all, flood), (100, 32_768));
}
