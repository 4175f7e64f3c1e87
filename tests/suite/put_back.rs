//! A journal that is behind what the stores were told: put back from a backup, or lost. And one whose days are gone.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::Site;
use crate::restart::{deaf, journal, kept};
use crate::sea::{Heard, PLACES, batches, settings, voyage};
use sensors::receiver::Batch;
use sensors::{ReceiverId, Time};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use watchkeeper::alert::Alert;
use watchkeeper::desk::{AlertRow, ListQuery, OpenGap, Queue};
use watchkeeper::entry::{Entry, Gap, Numbered};
use watchkeeper::journal::{Journal, Retention, Trust, holds, verify};
use watchkeeper::pipeline::{self, Stores};
use watchkeeper::watch::{Outcome, Watch};

async fn watch_over(folder: &Path, heard: &[Heard]) {
    let (mut stores, _) = Stores::open(folder).await.unwrap();
    let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
    let pipeline = pipeline::start(stores, watch, &settings(), None, deaf());
    for batch in batches(heard, || 50) {
        pipeline.heard.send(batch.into()).await.unwrap();
    }
    pipeline.finish().await.unwrap();
    // It lets go of its files a moment after it has ended.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (file.path(), to.join(file.file_name()));
        if path.is_dir() { copy(&path, &to) } else { assert!(fs::copy(path, to).is_ok()) }
    }
}

fn put_back(from: &Path, folder: &Path, name: &str) {
    if folder.join(name).is_dir() {
        fs::remove_dir_all(folder.join(name)).unwrap();
        return copy(&from.join(name), &folder.join(name));
    }
    for end in ["", "-wal", "-shm"] {
        let file = format!("{name}{end}");
        let _ = fs::remove_file(folder.join(&file));
        if from.join(&file).exists() {
            fs::copy(from.join(&file), folder.join(&file)).unwrap();
        }
    }
}

/// A call for help in three parts: before the backup, between it and the loss, and afterwards, when another begins.
fn three_parts() -> [Vec<Heard>; 3] {
    let lines = |name| voyage(name).into_iter().filter(|line: &Heard| !line.text.starts_with(b"#"));
    let all: Vec<Heard> = lines("distress-flagged-man-overboard").collect();
    let (third, last) = (all.len() / 3, all[all.len() - 1].at);
    let mut after = all[2 * third..].to_vec();
    let other: Vec<Heard> = lines("distress-flagged-active-sart").collect();
    let began = other[0].at;
    after.extend(other.into_iter().map(|line| Heard { at: last + line.at.since(began), ..line }));
    [all[..third].to_vec(), all[third..2 * third].to_vec(), after]
}

fn gaps(entries: &[Numbered]) -> Vec<(u64, Gap)> {
    let gap = |numbered: &Numbered| match &numbered.entry {
        Entry::Gap(gap) => Some((numbered.first, gap.clone())),
        _ => None,
    };
    entries.iter().filter_map(gap).collect()
}

async fn rows(folder: &Path) -> Vec<AlertRow> {
    let (stores, _) = Stores::open(folder).await.unwrap();
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    stores.desk.list(&query).await.unwrap().alerts
}

/// What the desk and the history hold from this sequence on is what the journal gives.
async fn agrees_from(folder: &Path, from: u64) {
    let entries = journal(folder).await;
    let (mut watch, mut outcome) = (Watch::new(PLACES.clone()), Outcome::default());
    entries.iter().for_each(|entry| watch.take(entry, &mut outcome));
    let told: BTreeMap<String, Alert> = outcome
        .changes
        .into_iter()
        .filter(|change| change.sequence >= from)
        .map(|change| (change.alert.id.to_string(), change.alert))
        .collect();
    let (alerts, positions) = kept(folder).await;
    for (id, alert) in &told {
        assert_eq!(alerts.get(id), Some(alert), "an alert of what came afterwards");
    }
    assert!(told.len() >= 2, "{told:?}");
    let of_then = |fixes: Vec<watchkeeper::track::Fix>| {
        let mut sequences: Vec<u64> = fixes.iter().map(|fix| fix.sequence).filter(|n| *n >= from).collect();
        sequences.sort_unstable();
        sequences
    };
    let given = of_then(outcome.fixes);
    assert!(given.len() > 100);
    assert_eq!(of_then(positions), given, "positions of what came afterwards");
    let (mut stores, _) = Stores::open(folder).await.unwrap();
    let recovered = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
    assert_eq!(recovered.digest(), watch.digest(), "a start comes back to what the journal gives");
    verify(&folder.join("journal"), &Trust::default(), |_| {}).await.unwrap();
}

/// Lines that are durable when the process ends, and not understood.
async fn write_down(folder: &Path, heard: &[Heard]) {
    let mut written = Journal::open(&folder.join("journal")).await.unwrap();
    let entries: Vec<Entry> = batches(heard, || 50).into_iter().map(Entry::Lines).collect();
    written.append(&entries).await.unwrap();
    written.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_put_back_from_a_backup_loses_no_alert_and_uses_no_number_twice() {
    let [before, lost, after] = three_parts();
    // What was put back besides the journal; snapshots alone may be ahead, too.
    for with in [&[][..], &["desk.sqlite", "history.sqlite"], &["history.sqlite", "snapshots"]] {
        let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        watch_over(folder.path(), &before).await;
        copy(folder.path(), backup.path());
        let backed_up = journal(folder.path()).await.last().unwrap().next();
        watch_over(folder.path(), &lost).await;
        let reached = journal(folder.path()).await.last().unwrap().next();
        ["journal"].iter().chain(with).for_each(|name| put_back(backup.path(), folder.path(), name));

        {
            let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
            stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
            assert_eq!(stores.lost(), reached - backed_up, "{with:?}");
        }
        let [(first, gap)] = &gaps(&journal(folder.path()).await)[..] else { panic!("one gap: {with:?}") };
        assert_eq!((*first, gap.why.as_str(), gap.lines), (backed_up, "journal_behind", 0));
        let next = first + gap.sequences;
        assert!(next > reached);
        // Some of it is understood as it comes, and some only at the next start.
        let (live, crashed) = after.split_at(after.len() / 2);
        watch_over(folder.path(), live).await;
        write_down(folder.path(), crashed).await;
        watch_over(folder.path(), &[]).await;
        agrees_from(folder.path(), next).await;
        assert_eq!(gaps(&journal(folder.path()).await).len(), 1, "it is said once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_on_lines_that_the_journal_no_longer_has_is_marked() {
    let [before, lost, after] = three_parts();
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    watch_over(folder.path(), &before).await;
    copy(folder.path(), backup.path());
    watch_over(folder.path(), &lost).await;
    put_back(backup.path(), folder.path(), "journal");
    watch_over(folder.path(), &[]).await;
    let marked = rows(folder.path()).await;
    assert!(marked.iter().all(|row| row.unrecorded) && marked.len() == 1, "{marked:?}");
    // The next that the journal gives of it counts, though the desk knew a later version.
    watch_over(folder.path(), &after).await;
    let marked = rows(folder.path()).await;
    assert!(marked.len() == 2 && marked.iter().all(|row| !row.unrecorded), "{marked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_journal_beside_a_full_desk_begins_behind_all_that_the_desk_knows() {
    let [before, lost, after] = three_parts();
    let folder = tempfile::tempdir().unwrap();
    watch_over(folder.path(), &[before, lost].concat()).await;
    let reached = journal(folder.path()).await.last().unwrap().next();
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert!(!Stores::open(folder.path()).await.unwrap().0.is_new().await.unwrap());
    watch_over(folder.path(), &after).await;
    let [(1, gap)] = &gaps(&journal(folder.path()).await)[..] else { panic!("it begins with a gap") };
    assert!(gap.sequences >= reached && gap.why == "journal_behind", "{gap:?}");
    agrees_from(folder.path(), gap.sequences + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_says_that_the_journal_was_behind_and_that_no_day_can_go() {
    let [before, ..] = three_parts();
    let site = Site::new("[journal]\nbytes_max = 1\n");
    let path = site.data().join("journal");
    watch_over(&site.data(), &before).await;
    fs::remove_dir_all(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("holds.toml"), "rubbish").unwrap();
    let daemon = site.start().await;
    let has = |status: &serde_json::Value, code: &str| {
        status["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == code)
    };
    daemon
        .wait("/api/status", |status| has(status, "journal_behind") && has(status, "journal_unpruned"))
        .await;
    assert!(daemon.log().contains("put back from a backup"), "{}", daemon.log());
    fs::remove_file(path.join("holds.toml")).unwrap();
    assert_eq!(daemon.stop(), Some(0));
    // It was said, and the journal says it from now on.
    let daemon = site.start().await;
    let status = daemon.get("/api/status").await;
    assert!(!has(&status, "journal_behind"), "{status}");
    assert_eq!(daemon.stop(), Some(0));
}

/// Noon of a day, and what was heard then.
fn noon(day: i64) -> Time {
    Time::from_seconds(day * 86_400 + 43_200)
}

fn heard_on(day: i64) -> [Entry; 2] {
    let mut batch = Batch::new(ReceiverId(0));
    batch.push(noon(day), b"$GPZDA,120000.00,01,01,2024,,*6A");
    [Entry::Tick(noon(day)), Entry::Lines(batch)]
}

#[tokio::test]
async fn a_replay_of_a_pruned_journal_runs_under_the_settings_of_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let named = |name: &str| {
        let mut settings = settings();
        settings.zone[0].name = name.to_owned();
        settings
    };
    let name = |watch: &Watch| watch.settings().zone[0].name.clone();
    let mut written = Journal::open(&path).await.unwrap();
    written.append(&[Entry::Settings(named("of the first day").to_text())]).await.unwrap();
    let recovered = async || {
        let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
        stores.recover(PLACES.clone(), |_, _| {}).await.unwrap()
    };
    let files = || {
        let files = fs::read_dir(&path).unwrap().flatten();
        files.filter(|file| file.path().extension().is_some_and(|end| end == "sqlite")).count()
    };
    // At first the settings' own file and two days go; then a day is held, and behind it the one with new settings goes.
    for (days, days_max, left, expected) in
        [(20_000..20_006, 3, 4, "of the first day"), (20_006..20_010, 1, 3, "of the seventh")]
    {
        for day in days.clone() {
            written.append(&heard_on(day)).await.unwrap();
            if day == 20_007 {
                written.append(&[Entry::Settings(named("of the seventh").to_text())]).await.unwrap();
                holds::place(&path, noon(20_006), noon(20_006), "case 7", noon(day)).unwrap();
            }
        }
        assert_eq!(name(&recovered().await), expected);
        let rules = Retention { days_max, bytes_max: 0 };
        written.prune(&rules, u64::MAX, noon(days.end - 1)).await.unwrap();
        written.close().await.unwrap();
        assert_eq!(files(), left);
        let recovered = recovered().await;
        assert_eq!(name(&recovered), expected, "with {days_max} days");
        let digests = watchkeeper::replay::of_journal(&path, PLACES.clone(), 1).await.unwrap();
        assert_eq!(digests.state, recovered.digest());
    }
}

#[tokio::test]
async fn days_are_not_pruned_over_a_gap_that_is_not_in_the_journal_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut written = Journal::open(&path).await.unwrap();
    for day in 20_000..20_006 {
        written.append(&heard_on(day)).await.unwrap();
    }
    let (first, time) = (written.next(), noon(20_006));
    written.close().await.unwrap();
    let open = async || Stores::open(folder.path()).await.unwrap().0;
    let stores = open().await;
    let gap = Gap { from: time, to: time, lines: 3, sequences: 3, why: "disk_full".to_owned() };
    stores.desk.apply_unrecorded(&[], &OpenGap { first, gap: gap.clone() }).await.unwrap();
    // Somebody else holds the file, as a full disk would: the gap's entry can't be written.
    let file = format!("sqlite://{}", path.join("2024-10-09.sqlite").display());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let rules = Retention { days_max: 0, bytes_max: 1 };
    let refused = stores.prune(&rules, time).await.unwrap_err();
    assert!(refused.to_string().contains("a gap in the journal is not closed yet"), "{refused:#}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    open().await.prune(&rules, time).await.unwrap();
    assert_eq!(gaps(&journal(folder.path()).await), [(first, gap)]);
}
