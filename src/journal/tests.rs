//! The journal as others use it: what was written is what is read, over days, restarts and damage.

use super::*;
use crate::entry::{Entry, Numbered};
use sensors::{ReceiverId, Time, receiver::Batch};

pub(super) fn lines(start: i64, texts: &[&str]) -> Entry {
    let mut batch = Batch::new(ReceiverId(3));
    for (n, text) in texts.iter().enumerate() {
        batch.push(Time::from_seconds(start + n as i64), text.as_bytes());
    }
    Entry::Lines(batch)
}

pub(super) async fn all(folder: &Path, from: u64) -> Vec<Numbered> {
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
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(&mut *file).await.unwrap();
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

/// A journal of three days with two receivers, ticks and settings; what was heard in it.
pub(super) async fn three_days(folder: &Path) -> Vec<Numbered> {
    let mut journal = Journal::open(folder).await.unwrap();
    let mut written = journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap();
    for day in 0..3 {
        for minute in 0..3 {
            let at = day * 86_400 + minute * 61 + 10;
            let heard = [
                lines(at, &["one", "two", "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A"]),
                Entry::Tick(Time::from_seconds(at + 3)),
                lines(at + 4, &["\u{7f}\u{1}", "", "\\s:MAST*00\\$GPZDA", "five"]),
            ];
            written.extend(journal.append(&heard).await.unwrap());
        }
    }
    journal.close().await.unwrap();
    written
}

pub(super) async fn good(folder: &Path) -> Verified {
    verify(folder, &Trust::default(), |_| {}).await.unwrap()
}

pub(super) async fn fault(folder: &Path, trust: &Trust) -> Fault {
    *verify(folder, trust, |_| {}).await.unwrap_err()
}

async fn sql(path: &Path, sql: &'static str) {
    let mut file = store::open_writer(path, SCHEMA).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut file).await.unwrap();
    sqlx::Connection::close(file).await.unwrap();
}

#[tokio::test]
async fn a_journal_as_it_was_written_is_intact_over_days_and_crashes() {
    let folder = tempfile::tempdir().unwrap();
    let written = three_days(folder.path()).await;
    let found = good(folder.path()).await;
    assert_eq!((found.entries, found.lines, found.days, found.unsealed), (28, 63, 4, 0));
    assert_eq!((found.lines_before_sealing, found.pruned.len(), found.waiting), (0, 0, 0));
    // Each group came 61 s after the one before.
    assert!(found.seals >= 9, "{found:?}");
    assert_eq!(found.newest.unwrap().next, written.last().unwrap().next());

    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(3 * 86_400, &["after"])]).await.unwrap();
    journal.append(&[lines(3 * 86_400 + 1, &["a crash"])]).await.unwrap();
    drop(journal);
    let found = good(folder.path()).await;
    assert_eq!((found.lines, found.unsealed), (65, 1));
    Journal::open(folder.path()).await.unwrap().close().await.unwrap();
    assert_eq!(good(folder.path()).await.unsealed, 0);
}

#[tokio::test]
async fn a_seal_stands_for_at_most_a_minute_or_1024_entries() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    for second in 0..10 {
        journal.append(&[Entry::Tick(Time::from_seconds(second * 10))]).await.unwrap();
    }
    assert_eq!(good(folder.path()).await.seals, 2);
    let many = vec![Entry::Tick(Time::from_seconds(95)); 600];
    journal.append(&many).await.unwrap();
    assert_eq!(good(folder.path()).await.seals, 2);
    journal.append(&many).await.unwrap();
    assert_eq!(good(folder.path()).await.seals, 3);
}

#[tokio::test]
async fn only_trusted_keys_and_what_was_written_down_elsewhere_will_do() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path()).await;
    let own = Journal::open(folder.path()).await.unwrap().public_key();
    let newest = good(folder.path()).await.newest.unwrap();
    let good = Trust { keys: vec![own], witness: Some((newest.next, newest.link)) };
    verify(folder.path(), &good, |_| {}).await.unwrap();
    let other = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key();
    let found = fault(folder.path(), &Trust { keys: vec![other], witness: None }).await;
    assert!(found.what.contains("another key"), "{found}");
    // Who owns the machine can write a whole new journal; not one that meets the witness.
    std::fs::remove_file(path_of(folder.path(), "1970-01-03")).unwrap();
    verify(folder.path(), &Trust::default(), |_| {}).await.unwrap();
    let found = fault(folder.path(), &good).await;
    assert!(found.what.contains("does not reach"), "{found}");
}

#[tokio::test]
async fn the_first_thing_that_does_not_fit_is_named() {
    let damage: [(&str, &'static str, &str); 9] = [
        ("1970-01-02", "DELETE FROM entry WHERE first = 30", "entry 30: it is missing"),
        (
            "1970-01-02",
            "UPDATE entry SET body = (SELECT body FROM entry WHERE first = 26) WHERE first = 34",
            "entry 34: its receiver or its time",
        ),
        (
            "1970-01-01",
            "UPDATE entry SET link = zeroblob(32) WHERE first = 5",
            "entry 5: its link does not fit",
        ),
        ("1970-01-01", "UPDATE entry SET root = zeroblob(32) WHERE first = 5", "entry 5: its lines are not"),
        ("1970-01-01", "UPDATE entry SET root = NULL, link = NULL", "entry 2: its lines are not"),
        (
            "1970-01-01",
            "UPDATE entry SET arrived_at_last = 7 WHERE first = 6",
            "entry 6: its receiver or its time",
        ),
        ("1970-01-03", "UPDATE seal SET at = at + 1", "the seal before it is not good"),
        ("1970-01-03", "UPDATE chain SET origin = zeroblob(32)", "does not hang on"),
        ("1970-01-03", "DELETE FROM entry WHERE first > 55", "covers entries that are not there"),
    ];
    for (day, change, expected) in damage {
        let folder = tempfile::tempdir().unwrap();
        three_days(folder.path()).await;
        sql(&path_of(folder.path(), day), change).await;
        let found = fault(folder.path(), &Trust::default()).await.to_string();
        assert!(found.contains(expected) && found.contains(day), "{change}: {found}");
    }
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path()).await;
    std::fs::remove_file(path_of(folder.path(), "1970-01-02")).unwrap();
    let found = fault(folder.path(), &Trust::default()).await.to_string();
    assert!(found.contains("1970-01-03") && found.contains("missing"), "{found}");
}

/// Who has the files and not the key can write entries that fit, and take seals away; not make one.
#[tokio::test]
async fn a_word_without_a_seal_that_days_were_pruned_proves_nothing() {
    for deleted in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let written = three_days(folder.path()).await;
        let day_of = |numbered: &Numbered| match &numbered.entry {
            Entry::Lines(batch) => batch.base().as_millis() / 86_400_000,
            _ => -1,
        };
        let begins = |day| written.iter().find(|numbered| day_of(numbered) == day).unwrap().first;
        let mut before = Vec::new();
        for day in ["1970-01-02", "1970-01-03"] {
            let mut file = store::open_writer(&path_of(folder.path(), day), SCHEMA).await.unwrap();
            let (link,): (Vec<u8>,) =
                sqlx::query_as("SELECT origin FROM chain").fetch_one(&mut file).await.unwrap();
            sqlx::Connection::close(file).await.unwrap();
            before.push(link.try_into().ok());
        }
        let newest = path_of(folder.path(), "1970-01-03");
        let word = crate::entry::Pruned {
            first: begins(1),
            next: begins(2),
            days: vec!["1970-01-02".to_owned()],
            origin: before[0],
            link: before[1],
            why: "age".to_owned(),
            settings: None,
            program: None,
            consignments: Vec::new(),
        };
        let mut journal = Journal::open(folder.path()).await.unwrap();
        journal.append(&[Entry::Pruned(word)]).await.unwrap();
        journal.close().await.unwrap();
        sql(&newest, "DELETE FROM seal WHERE next = (SELECT max(next) FROM seal)").await;
        if deleted {
            std::fs::remove_file(path_of(folder.path(), "1970-01-02")).unwrap();
        }
        let found = fault(folder.path(), &Trust::default()).await;
        assert!(found.what.contains("no seal covers"), "{found}");
    }
}

#[tokio::test]
async fn an_end_that_goes_on_without_a_seal_for_longer_than_a_watch_leaves_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path()).await;
    sql(&path_of(folder.path(), "1970-01-03"), "DELETE FROM seal WHERE next > 50").await;
    let found = fault(folder.path(), &Trust::default()).await;
    assert!(found.what.contains("no seal stands for") && found.at.is_some(), "{found}");

    // Many at once, within a minute.
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(10, &["one"])]).await.unwrap();
    for _ in 0..3 {
        journal.append(&vec![Entry::Tick(Time::from_seconds(20)); 1000]).await.unwrap();
    }
    let found = good(folder.path()).await;
    assert!(found.seals > 2 && found.unsealed < 1024 && found.sparse.is_empty(), "{found:?}");
    journal.close().await.unwrap();
    let day = path_of(folder.path(), "1970-01-01");
    sql(&day, "DELETE FROM seal WHERE next BETWEEN 3 AND 3000").await;
    let found = good(folder.path()).await;
    assert_eq!((found.sparse, found.unsealed), (vec![(2, 3002)], 0), "the seal after them stands for them");
    sql(&day, "DELETE FROM seal WHERE next > 3000").await;
    fault(folder.path(), &Trust::default()).await;
}

#[tokio::test]
async fn which_key_stands_for_which_entries_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let written = three_days(folder.path()).await;
    let key = |journal: &Journal| journal.public_key().to_bytes();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    let before = key(&journal);
    journal.close().await.unwrap();
    let end = written.last().unwrap().next();
    assert_eq!(good(folder.path()).await.sealed, [Sealed { key: before, first: 1, next: end }]);
    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        if file.path().extension().is_none_or(|kind| kind != "sqlite") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(3 * 86_400, &["after"])]).await.unwrap();
    let after = Sealed { key: key(&journal), first: end, next: end + 1 };
    assert_eq!(good(folder.path()).await.sealed, [Sealed { key: before, first: 1, next: end }, after]);
}

#[tokio::test]
async fn a_day_written_before_sealing_began_is_read_and_said_to_be_unproven() {
    let folder = tempfile::tempdir().unwrap();
    let old = Schema { name: "journal", steps: &SCHEMA.steps[..2] };
    let mut next = 1;
    for (day, seconds) in [("1970-01-01", 5), ("1970-01-02", 86_405)] {
        let mut file = store::open_writer(&path_of(folder.path(), day), old).await.unwrap();
        let numbered = Numbered { first: next, entry: lines(seconds, &["old", "lines"]) };
        let row = block::Packer::new().row(&numbered);
        let insert = sqlx::query("INSERT INTO entry VALUES (?, 2, 0, 3, 5000, 6000, ?)");
        insert.bind(next as i64).bind(row.body).execute(&mut file).await.unwrap();
        sqlx::Connection::close(file).await.unwrap();
        next = numbered.next();
    }
    assert_eq!(all(folder.path(), 0).await.len(), 2);
    let mut journal = Journal::open(folder.path()).await.unwrap();
    // The newest file goes on, and a new one after it.
    journal.append(&[lines(86_500, &["new"])]).await.unwrap();
    journal.append(&[lines(2 * 86_400, &["day"])]).await.unwrap();
    journal.close().await.unwrap();
    let found = good(folder.path()).await;
    assert_eq!((found.entries, found.lines, found.lines_before_sealing, found.unsealed), (4, 6, 4, 0));
    assert_eq!(all(folder.path(), 0).await.len(), 4);
    let why = disclose(folder.path(), 1).await.unwrap_err().to_string();
    assert!(why.contains("before sealing"), "{why}");
    let proof = disclose(folder.path(), 5).await.unwrap().to_text();
    assert_eq!(Proof::check(proof.as_bytes(), None).unwrap().line, b"new");
    // Proven lines can't be passed off as older ones.
    sql(
        &path_of(folder.path(), "1970-01-02"),
        "UPDATE entry SET root = NULL, link = NULL; UPDATE chain SET first = 6",
    )
    .await;
    fault(folder.path(), &Trust::default()).await;
}

#[tokio::test]
async fn a_turn_of_the_day_that_fails_leaves_the_journal_usable() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.append(&[lines(10, &["one"])]).await.unwrap();
    journal.append(&[lines(11, &["two"])]).await.unwrap();
    // Something else stands where the next day's file is to be.
    let next_day = path_of(folder.path(), "1970-01-02");
    std::fs::create_dir(&next_day).unwrap();
    let tomorrow = [lines(86_400, &["three"])];
    journal.append(&tomorrow).await.unwrap_err();
    journal.append(&[lines(12, &["still today"])]).await.unwrap();
    std::fs::remove_dir(&next_day).unwrap();
    journal.append(&tomorrow).await.unwrap();
    // The day before was sealed to its end before the new one was used.
    let mut before = store::open_writer(&path_of(folder.path(), "1970-01-01"), SCHEMA).await.unwrap();
    let (sealed,): (i64,) =
        sqlx::query_as("SELECT max(next) FROM seal").fetch_one(&mut before).await.unwrap();
    assert_eq!(sealed, 4);
    journal.close().await.unwrap();
    assert_eq!((good(folder.path()).await.lines, good(folder.path()).await.unsealed), (4, 0));
}

#[tokio::test]
async fn what_is_exported_is_what_was_heard_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let written = three_days(folder.path()).await;
    let (from, to) = (Time::from_seconds(11), Time::from_seconds(86_400 + 12));
    let mut expected = Vec::new();
    for Numbered { entry, .. } in &written {
        if let Entry::Lines(batch) = entry {
            expected.extend(
                batch.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, line)| line.to_vec()),
            );
        }
    }
    let mut export = Export::open(folder.path(), from, to, Some(ReceiverId(3))).unwrap();
    let mut exported = Vec::new();
    while let Some(Heard { batch, .. }) = export.next().await.unwrap() {
        exported.extend(batch.iter().filter(|(at, _)| export.asked(*at)).map(|(_, line)| line.to_vec()));
    }
    assert_eq!(exported.len(), 20 + 2);
    assert_eq!(exported, expected);
    let mut none = Export::open(folder.path(), from, to, Some(ReceiverId(4))).unwrap();
    assert!(none.next().await.unwrap().is_none());
}

#[tokio::test]
async fn every_line_has_a_proof_and_no_byte_of_one_can_be_another() {
    let folder = tempfile::tempdir().unwrap();
    let written = three_days(folder.path()).await;
    let own = Journal::open(folder.path()).await.unwrap().public_key();
    let other = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key();
    for Numbered { first, entry } in &written {
        let Entry::Lines(batch) = entry else {
            assert!(disclose(folder.path(), *first).await.unwrap_err().to_string().contains("no line"));
            continue;
        };
        for (sequence, (at, line)) in (*first..).zip(batch.iter()) {
            let file = disclose(folder.path(), sequence).await.unwrap().to_text();
            let proven = Proof::check(file.as_bytes(), Some(&own)).unwrap();
            assert_eq!((proven.line.as_slice(), proven.arrived_at), (line, at));
            assert_eq!((proven.sequence, proven.receiver), (sequence, 3));
            assert!(Proof::check(file.as_bytes(), Some(&other)).unwrap_err().contains("another key"));
        }
    }
    assert!(disclose(folder.path(), 1_000).await.is_err());
    let file = disclose(folder.path(), 6).await.unwrap().to_text().into_bytes();
    for at in 0..file.len() {
        for other in [file[at] ^ 1, file[at].wrapping_add(1), b' ', b'0'] {
            let mut changed = file.clone();
            changed[at] = other;
            assert!(changed == file || Proof::check(&changed, None).is_err(), "byte {at} as {other}");
        }
    }
}

/// Who forges carefully also mends the digest that shows accidents; the seal still does not fit.
#[tokio::test]
async fn a_careful_forgery_of_a_proof_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path()).await;
    let file = disclose(folder.path(), 6).await.unwrap().to_text();
    for (of, by) in [
        ("\"bytes\": \"7f01\"", "\"bytes\": \"7f02\""),
        ("\"receiver\": 3", "\"receiver\": 4"),
        ("\"sequence\": 6", "\"sequence\": 7"),
        ("\"at_ms\": ", "\"at_ms\": 1"),
        ("\"next\": ", "\"next\": 1"),
    ] {
        let forged = disclose::with_digest(&file.replacen(of, by, 1));
        assert!(file.contains(of) && Proof::check(forged.as_bytes(), None).is_err(), "{of} as {by}");
    }
    assert_eq!(disclose::with_digest(&file), file);
}
