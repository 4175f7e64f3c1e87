//! A crash between any two lines: what was written down survives, and gives the same alerts and positions once.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::Site;
use crate::sea::{Chance, Heard, PLACES, at, batches, exercise, settings, voyage};
use sensors::{Span, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use watchkeeper::alert::Alert;
use watchkeeper::desk::{ListQuery, Queue};
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::geo::Area;
use watchkeeper::history::{self, Paging};
use watchkeeper::journal::Reader;
use watchkeeper::pipeline::{self, Listeners, Stores};
use watchkeeper::track::Fix;
use watchkeeper::watch::{Outcome, Watch};

/// The waters of the exercise.
pub(crate) const GULF: Area = Area { west: 98.0, south: 5.0, east: 107.0, north: 15.0 };

pub(crate) fn deaf() -> Listeners {
    Listeners { understood: Box::new(|_| {}), changed: Box::new(|_| {}), trouble: Box::new(|_| {}) }
}

/// What is kept in a folder: every alert by its id, and every position.
pub(crate) async fn kept(folder: &Path) -> (BTreeMap<String, Alert>, Vec<Fix>) {
    let (stores, _) = Stores::open(folder).await.unwrap();
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    let page = stores.desk.list(&query).await.unwrap();
    assert!(page.next.is_none());
    let rows = page.alerts.len();
    let mut alerts = BTreeMap::new();
    for row in page.alerts {
        let id = row.alert.id;
        alerts.insert(id.to_string(), stores.desk.dossier(id).await.unwrap().row.alert);
    }
    assert_eq!(alerts.len(), rows, "an alert is kept twice");
    (alerts, fixes(&stores.history().await.unwrap()).await)
}

async fn fixes(reader: &history::Reader) -> Vec<Fix> {
    let mut page = Paging { limit: 10_000, after: None };
    let mut fixes = Vec::new();
    let (from, to) = (Time::from_seconds(0), Time::from_seconds(4_000_000_000));
    loop {
        let found = reader.area(&GULF, from, to, None, &page).await.unwrap();
        fixes.extend(found.rows);
        match found.next {
            Some(next) => page.after = Some(next),
            None => return fixes,
        }
    }
}

/// All that was written down in the folder.
pub(crate) async fn journal(folder: &Path) -> Vec<Numbered> {
    let mut reader = Reader::open(&folder.join("journal"));
    reader.seek(0).await.unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry().await.unwrap() {
        entries.push(entry);
    }
    entries
}

pub(crate) fn lines(entries: &[Numbered]) -> usize {
    entries
        .iter()
        .map(|numbered| if let Entry::Lines(batch) = &numbered.entry { batch.len() } else { 0 })
        .sum()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_replay_from_the_start_tells_the_desk_nothing_that_it_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let run = |folder: &Path| {
        let folder = folder.to_owned();
        runtime().block_on(async move {
            let (mut stores, _) = Stores::open(&folder).await.unwrap();
            let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
            let open = watch.next();
            let pipeline = pipeline::start(stores, watch, &settings(), None, deaf());
            if open == 1 {
                for batch in batches(&voyage("distress-flagged-active-sart"), || 500) {
                    pipeline.heard.send(batch.into()).await.unwrap();
                }
            }
            pipeline.finish().await.unwrap();
            kept(&folder).await.0.len()
        })
    };
    assert_eq!(run(folder.path()), 1);
    // As after an upgrade that finds other alerts in the past: no snapshot, and an alert the desk never had.
    fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
    runtime().block_on(async {
        let file = format!("sqlite://{}", folder.path().join("desk.sqlite").display());
        let mut desk = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file).await.unwrap();
        sqlx::query("DELETE FROM alert").execute(&mut desk).await.unwrap();
    });
    assert_eq!(run(folder.path()), 0);
}

#[tokio::test]
async fn a_second_watch_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Stores::open(folder.path()).await.unwrap();
    let Err(second) = Stores::open(folder.path()).await else { panic!("two watches write one journal") };
    assert!(second.to_string().contains("another watchkeeper"), "{second}");
    drop(first);
    assert!(Stores::open(folder.path()).await.is_ok());
}

#[test]
fn after_crashes_the_stores_hold_what_an_uninterrupted_run_gives() {
    let night = fs::read_to_string(at("fixtures/exercises/night-gulf-of-thailand.toml")).unwrap();
    let mut played = exercise(&night).peekable();
    let end = played.peek().unwrap().at + Span::from_minutes(92);
    let heard: Vec<_> = played.take_while(|line| line.at < end).collect();
    let folder = tempfile::tempdir().unwrap();
    // Where each run stops: two crashes, and an end.
    for share in [0.4, 0.95, 1.0] {
        let stop = (heard.len() as f64 * share) as usize;
        let runtime = runtime();
        runtime.block_on(async {
            let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
            let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
            let already = lines(&journal(folder.path()).await);
            assert!(already <= stop, "more lines are in the journal than were heard");
            let pipeline = pipeline::start(stores, watch, &settings(), None, deaf());
            for batch in batches(&heard[already..stop], || 500) {
                pipeline.heard.send(batch.into()).await.unwrap();
            }
            if share == 1.0 {
                pipeline.finish().await.unwrap();
            } else {
                // Some of it is written, some understood, some kept.
                tokio::time::sleep(Duration::from_millis(300)).await;
                std::mem::forget(pipeline);
                // With the process the system would let the folder go.
                fs::remove_file(folder.path().join("lock")).unwrap();
            }
        });
        runtime.shutdown_timeout(Duration::ZERO);
    }
    runtime().block_on(async {
        let entries = journal(folder.path()).await;
        assert_eq!(lines(&entries), heard.len(), "every line is in the journal once");
        let (mut watch, mut outcome) = (Watch::new(PLACES.clone()), Outcome::default());
        entries.iter().for_each(|entry| watch.take(entry, &mut outcome));
        let (alerts, positions) = kept(folder.path()).await;
        let mut expected: BTreeMap<String, Alert> = BTreeMap::new();
        for change in outcome.changes {
            expected.insert(change.alert.id.to_string(), change.alert);
        }
        assert!(expected.len() >= 3, "{expected:?}");
        assert_eq!(alerts, expected);
        let key = |fix: &Fix| (fix.time, fix.track, fix.sequence);
        let mut given = outcome.fixes;
        given.retain(|fix| GULF.contains(fix.position));
        given.sort_by_key(key);
        assert_eq!(positions.len(), given.len(), "positions are kept once each");
        assert!(positions == given, "other positions");
    });
}

/// A vessel whose every line is one that ends the core; it is heard first at the third line of the recording.
fn panics_at_one_vessel(report: &sensors::Report) {
    if let sensors::report::Content::Ais(ais) = &report.content
        && ais.message.mmsi.0 == 567_000_555
    {
        panic!("on purpose");
    }
}

#[test]
fn a_line_that_ends_the_core_twice_is_written_down_and_passed_over() {
    use sensors::message::{Body, Message, SafetyText, to_sentences};
    let folder = tempfile::tempdir().unwrap();
    let bad = Body::SafetyText(SafetyText { text: "ANY".into(), ..SafetyText::default() });
    let bad = Message { kind: 14, repeat: 0, mmsi: sensors::Mmsi(567_000_555), body: bad };
    let mut heard = voyage("distress-flagged-active-sart");
    let bad = Heard { text: to_sentences(&bad, "AI", 'A', 0).concat().into_bytes(), ..heard[60].clone() };
    heard.insert(60, bad);
    let recover = |folder: &Path| {
        let folder = folder.to_owned();
        async move {
            let (mut stores, _) = Stores::open(&folder).await.unwrap();
            let equip = |watch: Watch| watch.with_inspection(panics_at_one_vessel);
            let watch = stores.recover_with(PLACES.clone(), equip, |_, _| {}).await;
            (stores, watch)
        }
    };
    // The first time the process ends; what it was at is on disk.
    runtime().block_on(async {
        let (stores, watch) = recover(folder.path()).await;
        let mut pipeline = pipeline::start(stores, watch.unwrap(), &settings(), None, deaf());
        for batch in batches(&heard, || 500) {
            pipeline.heard.send(batch.into()).await.unwrap();
        }
        let ended = tokio::time::timeout(Duration::from_secs(20), pipeline.ended()).await.unwrap();
        assert!(ended.to_string().contains("core"), "{ended}");
        std::mem::forget(pipeline);
        fs::remove_file(folder.path().join("lock")).unwrap();
    });
    let note = fs::read_to_string(folder.path().join("panicked")).unwrap();
    assert!(note.contains("on purpose"), "{note}");
    let mut state = String::new();
    // The second time the line is passed over, by everyone who reads the journal; the rest is understood.
    runtime().block_on(async {
        let (stores, watch) = recover(folder.path()).await;
        assert_eq!(stores.skipped().len(), 1);
        assert!(!folder.path().join("panicked").exists());
        let entries = journal(folder.path()).await;
        assert_eq!(lines(&entries), heard.len());
        let skips: Vec<_> = entries.iter().filter_map(|e| as_skip(&e.entry)).collect();
        assert_eq!(skips, stores.skipped());
        let pipeline = pipeline::start(stores, watch.unwrap(), &settings(), None, deaf());
        let watch = pipeline.finish().await.unwrap();
        assert_eq!(watch.alerts_by_rule()["distress"], 1);
        let (mut other, mut outcome) = (Watch::new(PLACES.clone()).with_skips(skips), Outcome::default());
        other.take_all(&entries, &mut outcome);
        let digests = watchkeeper::replay::of_journal(folder.path(), PLACES.clone(), 2).await.unwrap();
        assert_eq!((watch.digest(), other.digest()), (digests.state.clone(), digests.state));
        state = watch.digest();
        let (alerts, positions) = kept(folder.path()).await;
        assert_eq!((alerts.len(), positions.len()), (1, outcome.fixes.len()));
    });
    // From the snapshot at the end nothing is read again, and nothing ends the core.
    runtime().block_on(async {
        let (stores, watch) = recover(folder.path()).await;
        assert_eq!(watch.unwrap().digest(), state);
        drop(stores);
    });
}

fn as_skip(entry: &Entry) -> Option<watchkeeper::entry::Skip> {
    if let Entry::Skip(skip) = entry { Some(*skip) } else { None }
}

#[test]
fn snapshots_damaged_anywhere_do_not_change_what_a_start_comes_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let heard = voyage("distress-flagged-active-sart");
    let mut digest = String::new();
    for share in [0.5, 1.0] {
        runtime().block_on(async {
            let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
            let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
            let stop = (heard.len() as f64 * share) as usize;
            let from = lines(&journal(folder.path()).await);
            let pipeline = pipeline::start(stores, watch, &settings(), None, deaf());
            for batch in batches(&heard[from..stop], || 500) {
                pipeline.heard.send(batch.into()).await.unwrap();
            }
            digest = pipeline.finish().await.unwrap().digest();
        });
    }
    let mut snapshots: Vec<_> =
        fs::read_dir(folder.path().join("snapshots")).unwrap().map(|file| file.unwrap().path()).collect();
    snapshots.sort();
    assert_eq!(snapshots.len(), 2, "{snapshots:?}");
    let whole: Vec<Vec<u8>> = snapshots.iter().map(|path| fs::read(path).unwrap()).collect();
    let mut chance = Chance::new(1);
    for round in 0..12 {
        // None, the newest, or both are damaged, by a flipped bit or a missing end.
        for (path, whole) in snapshots.iter().rev().zip(whole.iter().rev()).take(round % 3) {
            let mut bytes = whole.clone();
            let at = chance.below(bytes.len());
            if round % 2 == 0 {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 1 << chance.below(8);
            }
            fs::write(path, bytes).unwrap();
        }
        runtime().block_on(async {
            let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
            let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
            assert_eq!(watch.digest(), digest, "round {round}");
        });
        snapshots.iter().zip(&whole).for_each(|(path, whole)| fs::write(path, whole).unwrap());
    }
}

/// A box on a mast, as far as the daemon can tell.
struct Mast {
    listener: TcpListener,
}

impl Mast {
    async fn new() -> Mast {
        Mast { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn stanza(&self) -> String {
        let port = self.listener.local_addr().unwrap().port();
        format!("[[receiver]]\nname = \"MAST\"\nconnect = \"tcp://127.0.0.1:{port}\"\n")
    }

    async fn dialled(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// The sentences of a recording without their TAG blocks: heard now.
fn sentences(name: &str) -> Vec<String> {
    let text = |line: Vec<u8>| String::from_utf8(line).unwrap();
    let lines = voyage(name).into_iter().map(|line| text(line.text)).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit('\\').next().unwrap_or_default().to_owned()).collect()
}

fn ids_and_versions(list: &Value) -> Vec<(String, u64)> {
    let rows = list["alerts"].as_array().unwrap().iter();
    rows.map(|row| (row["alert"]["id"].to_string(), row["alert"]["version"].as_u64().unwrap())).collect()
}

/// The vessels as the console finds them; every MMSI here has a 5.
const VESSELS: &str = "/api/vessels?q=5&limit=100";

#[tokio::test]
async fn a_killed_daemon_comes_back_with_the_same_alerts_and_the_same_picture() {
    let mast = Mast::new().await;
    let site = Site::new(&mast.stanza());
    let daemon = site.start().await;
    let mut link = mast.dialled().await;
    let said = sentences("distress-flagged-active-sart");
    let sent = &said[..120];
    for line in sent {
        link.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    }
    let before = daemon.wait("/api/alerts", |list| !ids_and_versions(list).is_empty()).await;
    let two = |found: &Value| found["vessels"].as_array().is_some_and(|vessels| vessels.len() == 2);
    daemon.wait(VESSELS, two).await;
    // The picture is drawn anew every second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let seen = daemon.get(VESSELS).await;
    for n in 0..50 {
        link.write_all(format!("not a sentence {n}\r\n").as_bytes()).await.unwrap();
    }
    // Written down within 250 ms; twice that, since other tests keep the disk busy.
    tokio::time::sleep(Duration::from_millis(500)).await;
    daemon.kill();
    drop(link);

    let written = journal(&site.data()).await;
    assert_eq!(
        lines(&written),
        sent.len() + 50,
        "what was heard half a second before the end is written down"
    );

    let daemon = site.start().await;
    let after = daemon.get("/api/alerts").await;
    assert_eq!(ids_and_versions(&before), ids_and_versions(&after));
    assert_eq!(daemon.get(VESSELS).await, seen);
    assert_eq!(before["counts"], after["counts"]);
    // It dials again and goes on.
    let mut link = mast.dialled().await;
    link.write_all(format!("{}\r\n", said[121]).as_bytes()).await.unwrap();
    let more = written.last().unwrap().next();
    daemon.wait("/api/status", |status| status["receivers"][0]["lines"] == 1).await;
    daemon.wait("/api/status", |status| status["journal"]["sequence"].as_u64() > Some(more)).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test]
async fn a_posted_line_that_got_its_yes_survives_a_kill() {
    let at = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let token = "{ file = \"mast.token\" }";
    let site = Site::new(&format!(
        "[[receiver]]\nname = \"POSTS\"\nconnect = \"http-listen://{at}\"\n\
         tokens = [{{ station = \"MAST\", token = {token} }}]\n"
    ));
    fs::write(site.folder.path().join("mast.token"), "the mast's own token\n").unwrap();
    let daemon = site.start().await;
    daemon.wait("/api/status", |status| status["receivers"][0]["state"] == "listening").await;
    let client = crate::http_client().timeout(Duration::from_secs(20)).build().unwrap();
    let post =
        |token: &str| client.post(format!("http://{at}/")).bearer_auth(token).body("!AIVDM,1\n!AIVDM,2\n");
    for _ in 0..3 {
        assert_eq!(post("the mast's own token").send().await.unwrap().status(), 200);
    }
    assert_eq!(post("some other's token").send().await.unwrap().status(), 401);
    daemon.kill();
    assert_eq!(lines(&journal(&site.data()).await), 6);
}
