//! Days go by age, size and need, never under hold; what stays is still one proven chain.

use super::tests::{all, fault, good, lines};
use super::*;
use crate::entry::{Entry, Numbered, Pruned};
use sensors::receiver::Consignment;
use sensors::{Span, Time};

const DAY: i64 = 86_400;

/// Far beyond any entry: nothing is needed any more.
const ALL: u64 = u64::MAX;

fn consignment(chain: &str, number: u64) -> Entry {
    let chain = chain.to_owned();
    Entry::Consignment(Consignment { chain, number, header: vec![1], signature: vec![2], key: [3; 32] })
}

/// A line a day from day `from` on; each day one entry of four.
async fn write_days(journal: &mut Journal, from: i64, to: i64) {
    for day in from..to {
        let mut entries = vec![lines(day * DAY + 10, &["one", "two"]), Entry::Tick(at(day))];
        if day == 1 {
            entries.push(consignment("mast/vhf", 7));
        }
        entries.push(consignment("hill/vhf", day as u64));
        journal.append(&entries).await.unwrap();
    }
}

/// Noon of a day.
fn at(day: i64) -> Time {
    Time::from_seconds(day * DAY + DAY / 2)
}

fn days(days_max: u32) -> Retention {
    Retention { days_max, bytes_max: 0 }
}

fn runs(numbered: &[Numbered]) -> Vec<&Pruned> {
    numbered.iter().filter_map(|n| if let Entry::Pruned(run) = &n.entry { Some(run) } else { None }).collect()
}

async fn begun(folder: &Path, to: i64) -> Journal {
    let mut journal = Journal::open(folder).await.unwrap();
    journal.append(&[Entry::Settings("a = 1".into()), Entry::Program("p".into())]).await.unwrap();
    write_days(&mut journal, 0, to).await;
    journal
}

/// What came of the look that is under way, or begins now.
async fn found(journal: &mut Journal) -> Found {
    journal.housekeep(|| ALL, Wait::Yes).await.unwrap().expect("it looked")
}

#[tokio::test]
async fn old_days_go_and_what_they_alone_said_is_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 6).await;
    let pruned = journal.prune(&days(3), ALL, at(5)).await.unwrap();
    assert_eq!(runs(&pruned)[0].days, ["0000-00-00", "1970-01-01", "1970-01-02"]);
    assert_eq!(files(folder.path()).unwrap()[0], "1970-01-03");
    assert!(journal.prune(&days(3), ALL, at(5)).await.unwrap().is_empty());
    // Ten days later that entry's own file goes too.
    write_days(&mut journal, 6, 12).await;
    assert_eq!(runs(&journal.prune(&days(3), ALL, at(11)).await.unwrap())[0].first, 1);
    journal.close().await.unwrap();

    let found = good(folder.path()).await;
    assert_eq!((found.pruned.len(), found.unsealed, found.days), (1, 0, 4));
    let reader = Reader::open(folder.path());
    assert_eq!(reader.versions().await.unwrap(), (Some("a = 1".into()), Some("p".into())));
    let newest = reader.consignments(&["mast/vhf".into(), "hill/vhf".into()]).await.unwrap();
    let mut numbers: Vec<u64> = newest.iter().map(|consignment| consignment.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [7, 11]);
    // After a restart it goes on: nothing is said anew, and the chain holds.
    let mut journal = Journal::open(folder.path()).await.unwrap();
    assert!(journal.append(&[Entry::Settings("a = 1".into())]).await.unwrap().is_empty());
    write_days(&mut journal, 12, 13).await;
    journal.close().await.unwrap();
    good(folder.path()).await;
    // Without the entry that says so, or with a day more gone, it does not hold.
    std::fs::remove_file(path_of(folder.path(), "1970-01-09")).unwrap();
    assert!(fault(folder.path(), &Trust::default()).await.what.contains("missing"));
}

#[tokio::test]
async fn a_held_day_stays_and_so_does_the_proof_of_what_is_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 8).await;
    let (from, to) = (Time::from_seconds(DAY + 5), Time::from_seconds(DAY + 15));
    let hold = holds::place(folder.path(), from, to, "case 7", at(8)).unwrap();
    let pruned = journal.prune(&days(4), ALL, at(7)).await.unwrap();
    let names: Vec<_> = runs(&pruned).iter().map(|run| run.days.clone()).collect();
    assert_eq!(names, [vec!["0000-00-00", "1970-01-01"], vec!["1970-01-03"]]);
    assert_eq!(good(folder.path()).await.pruned.len(), 2);
    // The file that told of both runs goes; they are told anew, the one beside it as one with it.
    write_days(&mut journal, 8, 20).await;
    journal.prune(&days(4), ALL, at(19)).await.unwrap();
    journal.close().await.unwrap();
    assert_eq!(files(folder.path()).unwrap()[0], "1970-01-02");
    assert_eq!(good(folder.path()).await.pruned.len(), 2);
    let held = Export::open(folder.path(), from, to, None).unwrap().next().await.unwrap().unwrap();
    assert_eq!(held.batch.text(), b"one\ntwo\n");
    Proof::check(disclose(folder.path(), held.first).await.unwrap().to_text().as_bytes(), None).unwrap();

    holds::release(folder.path(), hold, at(20)).unwrap();
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.prune(&days(4), ALL, at(19)).await.unwrap();
    journal.close().await.unwrap();
    assert_eq!(files(folder.path()).unwrap()[0], "1970-01-16");
    assert_eq!(good(folder.path()).await.pruned.len(), 1);
}

#[tokio::test]
async fn neither_the_newest_day_nor_what_the_stores_still_need_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 4).await;
    let needed: Vec<u64> = all(folder.path(), 0).await.iter().map(|numbered| numbered.first).collect();
    // Of the settings' file and the first day; the second day is needed.
    let pruned = journal.prune(&days(1), needed[5], at(50)).await.unwrap();
    assert_eq!(runs(&pruned)[0].days, ["0000-00-00", "1970-01-01"]);
    let one_byte = Retention { days_max: 0, bytes_max: 1 };
    let pruned = journal.prune(&one_byte, ALL, at(4)).await.unwrap();
    assert_eq!(runs(&pruned)[0].days, ["1970-01-02", "1970-01-03"]);
    assert_eq!(runs(&pruned)[0].why, "size");
    assert!(journal.prune(&one_byte, ALL, at(4)).await.unwrap().is_empty());
    assert!(journal.prune(&Retention::FOR_EVER, ALL, at(4_000)).await.unwrap().is_empty());
    journal.close().await.unwrap();
    good(folder.path()).await;
}

#[tokio::test]
async fn room_is_made_a_day_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 3).await;
    for expected in ["0000-00-00", "1970-01-01", "1970-01-02"] {
        journal.want_room(ALL);
        let Found::Days { entries: pruned, .. } = found(&mut journal).await else { panic!("a day may go") };
        assert_eq!(
            (runs(&pruned)[0].days[0].as_str(), runs(&pruned)[0].why.as_str()),
            (expected, "disk_full")
        );
        assert!(!path_of(folder.path(), expected).exists() && !journal.makes_room());
    }
    journal.want_room(ALL);
    assert!(matches!(found(&mut journal).await, Found::Nothing { for_room: true }));
    assert_eq!(good(folder.path()).await.days, 1);
}

#[tokio::test]
async fn what_a_crash_left_of_pruned_days_goes_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 6).await;
    let day = path_of(folder.path(), "1970-01-02");
    let kept = std::fs::read(&day).unwrap();
    journal.prune(&days(3), ALL, at(5)).await.unwrap();
    // As if the program had ended before it came to this file.
    std::fs::write(&day, kept).unwrap();
    assert_eq!(good(folder.path()).await.waiting, 1);
    assert!(journal.prune(&days(3), ALL, at(5)).await.unwrap().is_empty());
    assert!(!day.exists());
    assert_eq!(good(folder.path()).await.waiting, 0);
}

#[tokio::test]
async fn a_watch_prunes_by_itself_once_a_day_and_never_without_its_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 6).await;
    journal.keep_by(days(3));
    std::fs::write(folder.path().join("holds.toml"), "rubbish").unwrap();
    assert!(matches!(found(&mut journal).await, Found::Unable { for_room: false, .. }));
    assert!(path_of(folder.path(), "1970-01-01").exists());
    std::fs::remove_file(folder.path().join("holds.toml")).unwrap();
    journal.append(&[Entry::Tick(at(6) + Span::from_minutes(1))]).await.unwrap();
    let Found::Days { entries: pruned, .. } = found(&mut journal).await else { panic!("days are too old") };
    assert_eq!(runs(&pruned)[0].days.len(), 4);
}

#[tokio::test]
async fn what_can_t_be_read_keeps_all_days_and_is_said_whether_or_not_room_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 4).await;
    std::fs::write(path_of(folder.path(), "1970-01-02"), "no journal").unwrap();
    journal.want_room(ALL);
    let Found::Unable { for_room, why } = found(&mut journal).await else { panic!("a day is damaged") };
    assert!(for_room && crate::telemetry::chain(&why).contains("1970-01-02"), "{why}");
    assert!(path_of(folder.path(), "0000-00-00").exists());
    // Lines are written all the same.
    journal.append(&[Entry::Tick(at(3))]).await.unwrap();
}

#[tokio::test]
async fn lines_are_written_while_days_are_looked_for_and_a_station_s_newest_word_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 3).await;
    for _ in 0..2 {
        journal.want_room(ALL);
        assert!(matches!(found(&mut journal).await, Found::Days { .. }));
    }
    // The day that is to go has the newest word of this mast, and then it says more.
    journal.want_room(ALL);
    assert!(journal.makes_room());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    journal.append(&[consignment("mast/vhf", 8)]).await.unwrap();
    let Found::Days { entries: pruned, .. } = found(&mut journal).await else { panic!("a day may go") };
    assert_eq!(runs(&pruned)[0].days, ["1970-01-02"]);
    let newest = Reader::open(folder.path()).consignments(&["mast/vhf".into()]).await.unwrap();
    assert_eq!(newest[0].number, 8);
}

#[tokio::test]
async fn what_says_that_days_are_gone_is_sealed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 6).await;
    let pruned = journal.prune(&days(3), ALL, at(5)).await.unwrap();
    // As after a power cut: nothing came after it, and nothing was closed.
    let found = good(folder.path()).await;
    assert_eq!((found.unsealed, found.newest.unwrap().next), (0, pruned.last().unwrap().next()));
}

#[tokio::test]
async fn a_clock_that_leaps_lets_nothing_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = begun(folder.path(), 12).await;
    journal.keep_by(days(20));
    // 1,024 weeks, as a GNSS receiver's week counter.
    journal.append(&[Entry::Tick(at(11 + 7168))]).await.unwrap();
    let found = journal.housekeep(|| ALL, Wait::Yes).await.unwrap();
    assert!(matches!(found, Some(Found::Nothing { .. })), "{found:?}");
    // Days as wrong as that, and it is set right.
    for day in [12, 13] {
        journal.append(&[Entry::Tick(at(day + 7168))]).await.unwrap();
        let found = journal.housekeep(|| ALL, Wait::Yes).await.unwrap();
        assert!(matches!(found, Some(Found::Nothing { .. })), "{found:?}");
    }
    let before = all(folder.path(), 0).await;
    for day in 14..18 {
        journal.append(&[Entry::Tick(at(day)), lines(day * DAY + 10, &["one", "two"])]).await.unwrap();
    }
    journal.close().await.unwrap();
    let names = files(folder.path()).unwrap();
    assert_eq!(names[names.len() - 2..], ["1989-08-30.1970-01-17", "1989-08-30.1970-01-18"]);
    assert_eq!(all(folder.path(), 0).await[..before.len()], before[..], "the order is that of the entries");
    good(folder.path()).await;

    // A restart goes on behind it, and in time the days go as ever, those of the wrong clock too.
    let mut journal = Journal::open(folder.path()).await.unwrap();
    journal.keep_by(days(20));
    let mut pruned = Vec::new();
    for day in 18..46 {
        journal.append(&[Entry::Tick(at(day)), lines(day * DAY + 10, &["one", "two"])]).await.unwrap();
        if let Some(Found::Days { entries: gone, .. }) = journal.housekeep(|| ALL, Wait::Yes).await.unwrap() {
            pruned.extend(runs(&gone).iter().flat_map(|run| run.days.clone()));
        }
    }
    assert_eq!(pruned.first().map(String::as_str), Some("0000-00-00"));
    assert_eq!(pruned.last().map(String::as_str), Some("1989-08-30.1970-01-25"), "{pruned:?}");
    journal.close().await.unwrap();
    good(folder.path()).await;
}
