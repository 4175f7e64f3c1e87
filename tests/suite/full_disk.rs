//! A real disk that fills, the real program on it: what is given up, in which order, and that it comes back.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{Daemon, PATIENCE, Site};
use crate::sea::{Heard, PLACES, batches, settings};
use sensors::message::{Body, Message, Place, PositionA, to_sentences};
use sensors::{Mmsi, ReceiverId, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use watchkeeper::desk::{ListQuery, Queue};
use watchkeeper::entry::{Entry, Gap, Numbered};
use watchkeeper::geo::Area;
use watchkeeper::history::Paging;
use watchkeeper::journal::{Reader, Trust, verify};
use watchkeeper::pipeline::{self, Listeners, Pipeline, Stores};
use watchkeeper::store::disk;
use watchkeeper::watch::{Outcome, Watch};

const MIB: u64 = 1 << 20;

/// The disk of these tests, and what is kept free on it.
const DISK: &str = "size=96m";
const LIMITS: &str = "[disk]\nfree_min_mib = 8\nreserve_mib = 8\n";

/// Where the vessels of these tests are.
const WATERS: Area = Area { west: 102.0, south: 8.0, east: 104.0, north: 10.0 };

/// Runs a test where it may mount a disk: in a process of its own, in name spaces of its own, so that the disk goes with
/// it. `true` in that process.
fn inside(test: &str) -> bool {
    const INSIDE: &str = "WATCHKEEPER_TEST_MAY_MOUNT";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let may = |flags: &[&str]| {
        let tried = Command::new("unshare").args(flags).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let ways = [&["-r", "-m"][..], &["-m"][..]];
    let Some(flags) = ways.into_iter().find(|flags| may(flags)) else {
        panic!("a full disk can't be tried here: `unshare -r -m` is refused, and so is `unshare -m`");
    };
    let this = std::env::current_exe().unwrap();
    let mut own = Command::new("unshare");
    own.args(flags).arg(this).args(["--exact", &format!("full_disk::{test}"), "--nocapture"]);
    let output = own.env(INSIDE, "1").stdin(Stdio::null()).output().unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", told(&output.stdout), told(&output.stderr));
    assert!(told(&output.stdout).contains("1 passed"), "{}", told(&output.stdout));
    false
}

fn block_on(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// A site whose data folder is a small disk of its own, with a mast that sends over TCP and a station that posts.
struct Coast {
    site: Site,
    mast: TcpListener,
    posts: String,
    said: u32,
    /// Lines that got their yes.
    acknowledged: Vec<String>,
}

impl Coast {
    async fn new() -> Coast {
        let mast = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = mast.local_addr().unwrap().port();
        let posts = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let site = Site::new(&format!(
            "{LIMITS}[[receiver]]\nname = \"MAST\"\nconnect = \"tcp://127.0.0.1:{port}\"\nrate_limit = \"off\"\n\
             [[receiver]]\nname = \"POSTS\"\nconnect = \"http-listen://{posts}\"\n\
             tokens = [{{ station = \"MAST\", token = {{ file = \"mast.token\" }} }}]\n"
        ));
        fs::write(site.folder.path().join("mast.token"), "the mast's own token\n").unwrap();
        fs::create_dir(site.data()).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(site.data()).output();
        let mount = mount.expect("there is a mount");
        assert!(mount.status.success(), "no disk: {}", String::from_utf8_lossy(&mount.stderr));
        let posts = format!("http://{posts}/");
        Coast { site, mast, posts, said: 0, acknowledged: Vec::new() }
    }

    fn ballast(&self) -> PathBuf {
        self.site.data().join("ballast")
    }

    /// Fills the disk until so many bytes are free, or empties it.
    fn leave_free(&self, bytes: u64) {
        let free = disk::free(&self.site.data()).unwrap();
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).unwrap();
        let is = ballast.metadata().unwrap().len();
        if free < bytes {
            return ballast.set_len((is + free).saturating_sub(bytes)).unwrap();
        }
        let zeros = vec![0; (free - bytes) as usize];
        // On the way to the last byte somebody else may take it.
        let _ = ballast.write_all(&zeros);
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    async fn link(&self) -> TcpStream {
        self.mast.accept().await.unwrap().0
    }

    /// A call for help of a device that none had before.
    fn call(&mut self) -> (u32, Vec<String>) {
        self.said += 1;
        let mmsi = 970_000_100 + self.said;
        let body = Body::PositionA(PositionA { status: 14, ..Default::default() });
        (mmsi, to_sentences(&Message { kind: 1, repeat: 0, mmsi: Mmsi(mmsi), body }, "AI", 'A', 0))
    }

    /// A vessel's next position.
    fn position(&mut self) -> Vec<String> {
        self.said += 1;
        let place = Place { lat: 9 * 600_000 + self.said as i32, lon: 103 * 600_000, accurate: false };
        let body = Body::PositionA(PositionA { place: Some(place), speed: Some(10), ..Default::default() });
        to_sentences(&Message { kind: 1, repeat: 0, mmsi: Mmsi(567_000_100), body }, "AI", 'A', 0)
    }

    /// Says a position and a call for help over TCP, and waits for its alert.
    async fn calls_for_help(&mut self, daemon: &Daemon, link: &mut TcpStream) -> Value {
        let position = self.position();
        let (mmsi, call) = self.call();
        for line in position.iter().chain(&call) {
            link.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        }
        let is_it = move |row: &Value| row["alert"]["subjects"][0]["mmsi"] == mmsi;
        let rows = |list: &Value| list["alerts"].as_array().unwrap().clone();
        let list = daemon.wait("/api/alerts?limit=500", |list| rows(list).iter().any(is_it)).await;
        rows(&list).into_iter().find(is_it).unwrap()
    }

    /// Posts a position; what is answered.
    async fn posted(&mut self) -> u16 {
        let line = self.position().concat();
        let client = crate::http_client().timeout(Duration::from_secs(20)).build().unwrap();
        let post = client.post(&self.posts).bearer_auth("the mast's own token").body(format!("{line}\n"));
        let status = post.send().await.unwrap().status().as_u16();
        if status == 200 {
            self.acknowledged.push(line);
        }
        status
    }
}

fn codes(status: &Value) -> BTreeSet<String> {
    let notices = status["notices"].as_array().unwrap().iter();
    let codes = notices.map(|notice| notice["code"].as_str().unwrap().to_owned());
    codes.filter(|code| code.starts_with("disk_") || code.starts_with("history_")).collect()
}

async fn notices(daemon: &Daemon, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(|&code| code.to_owned()).collect();
    daemon.wait("/api/status", |status| codes(status) == wanted).await;
}

async fn journal(folder: &Path) -> Vec<Numbered> {
    let mut reader = Reader::open(&folder.join("journal"));
    reader.seek(0).await.unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry().await.unwrap() {
        entries.push(entry);
    }
    entries
}

fn gaps(entries: &[Numbered]) -> Vec<Gap> {
    let gap = |numbered: &Numbered| match &numbered.entry {
        Entry::Gap(gap) => Some(gap.clone()),
        _ => None,
    };
    entries.iter().filter_map(gap).collect()
}

/// The stores at work, without the daemon around them.
async fn at_work(data: &Path) -> Pipeline {
    let (stores, _) = Stores::open(data).await.unwrap();
    let listeners =
        Listeners { understood: Box::new(|_| {}), changed: Box::new(|_| {}), trouble: Box::new(|_| {}) };
    pipeline::start(stores, Watch::new(PLACES.clone()), &settings(), None, listeners)
}

/// Lines of these days, heard, understood and durable.
async fn days(pipeline: &Pipeline, days: &[i64]) {
    for day in days {
        let at = Time::from_seconds(day * 86_400 + 43_200);
        let text = b"$GPZDA,120000.00,01,01,2024,,*6A".to_vec();
        for batch in batches(&[Heard { receiver: ReceiverId(0), at, text }], || 1) {
            pipeline.heard.send(batch.into()).await.unwrap();
        }
        // A commit is one day's: each day in one of its own.
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// What the desk and the history hold is what the journal gives, but for what is marked as not in it.
async fn agrees_with_a_replay(data: &Path) {
    let entries = journal(data).await;
    for pair in entries.windows(2) {
        assert_eq!(pair[0].next(), pair[1].first, "the journal has no hole");
    }
    let (mut watch, mut outcome) = (Watch::new(world()), Outcome::default());
    entries.iter().for_each(|entry| watch.take(entry, &mut outcome));
    let mut derived = BTreeMap::new();
    for change in outcome.changes {
        derived.insert(change.alert.id.to_string(), change.alert);
    }
    let (stores, _) = Stores::open(data).await.unwrap();
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    let mut kept = BTreeMap::new();
    for row in stores.desk.list(&query).await.unwrap().alerts {
        let row = stores.desk.dossier(row.alert.id).await.unwrap().row;
        if row.unrecorded {
            assert!(!derived.contains_key(&row.alert.id.to_string()), "it is in the journal: {row:?}");
        } else {
            kept.insert(row.alert.id.to_string(), row.alert);
        }
    }
    assert_eq!(kept, derived);
    let (from, to) = (Time::from_seconds(0), Time::from_seconds(4_000_000_000));
    let paging = Paging { limit: 10_000, after: None };
    let history = stores.history().await.unwrap();
    let held = history.area(&WATERS, from, to, None, &paging).await.unwrap();
    let sequences = |fixes: &[watchkeeper::track::Fix]| -> Vec<u64> {
        let mut sequences: Vec<u64> = fixes.iter().map(|fix| fix.sequence).collect();
        sequences.sort_unstable();
        sequences
    };
    assert_eq!(sequences(&held.rows), sequences(&outcome.fixes), "positions");
}

/// The places that the daemon of these tests knows.
fn world() -> std::sync::Arc<watchkeeper::place::Places> {
    std::sync::Arc::new(watchkeeper::place::Places::world())
}

#[test]
fn the_disk_fills_step_by_step_and_all_comes_back_without_a_restart() {
    if inside("the_disk_fills_step_by_step_and_all_comes_back_without_a_restart") {
        block_on(step_by_step());
    }
}

async fn step_by_step() {
    let mut coast = Coast::new().await;
    let data = coast.site.data();
    let today = watchkeeper::daemon::now().as_millis() / 86_400_000;
    let pipeline = at_work(&data).await;
    days(&pipeline, &[today - 3, today - 2, today - 1]).await;
    pipeline.finish().await.unwrap();
    let daemon = coast.site.start().await;
    let mut link = coast.link().await;
    daemon.wait("/api/status", |status| status["receivers"][1]["state"] == "listening").await;
    let held = Instant::now();
    while !fs::metadata(data.join("reserve")).is_ok_and(|reserve| reserve.len() == 8 * MIB) {
        assert!(held.elapsed() < PATIENCE, "no reserve: {}", daemon.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    notices(&daemon, &[]).await;
    let before = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(before["unrecorded"], false);
    assert_eq!(coast.posted().await, 200);

    coast.leave_free(6 * MIB);
    notices(&daemon, &["disk_history_stopped"]).await;
    coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(coast.posted().await, 200);

    coast.leave_free(3 * MIB);
    notices(&daemon, &["disk_history_stopped", "disk_days_gone"]).await;
    coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(coast.posted().await, 200);

    coast.leave_free(3 * MIB / 2);
    notices(&daemon, &["disk_history_stopped", "disk_days_gone", "disk_reserve_spent"]).await;
    assert!(!data.join("reserve").exists());
    coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(coast.posted().await, 200);

    coast.leave_free(MIB / 2);
    let all = ["disk_history_stopped", "disk_days_gone", "disk_reserve_spent", "disk_unrecorded"];
    notices(&daemon, &all).await;
    let unrecorded = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(unrecorded["unrecorded"], true);
    assert_eq!(coast.posted().await, 503, "nobody is told that a line is kept which is not");

    // To the last byte, by somebody else.
    coast.leave_free(0);
    assert_eq!(coast.calls_for_help(&daemon, &mut link).await["unrecorded"], true);
    sign_in(&coast, &daemon).await;
    let decided = decide(&daemon, &before).await;

    coast.empty();
    notices(&daemon, &[]).await;
    let after = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(after["unrecorded"], false);
    assert_eq!(coast.posted().await, 200);
    assert!(data.join("reserve").exists());
    let log = daemon.log();
    for told in ["history_stopped", "reserve_spent"] {
        assert_eq!(log.matches(told).count(), 2, "once when it began and once when it was over: {log}");
    }
    assert_eq!(log.matches("lines are understood and not written down").count(), 1, "{log}");
    assert_eq!(daemon.stop(), Some(0));
    nothing_acknowledged_is_lost(&coast, &decided).await;
}

/// Somebody who was not there yet comes to the console.
async fn sign_in(coast: &Coast, daemon: &Daemon) {
    let password = fs::read_to_string(coast.site.data().join("first-password")).unwrap();
    let client = crate::http_client().cookie_store(true).timeout(PATIENCE).build().unwrap();
    let body = json!({"account": "watch", "password": password.trim()});
    let answer = client.post(format!("{}/api/session", daemon.url)).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let seen = client.get(format!("{}/api/alerts", daemon.url)).send().await.unwrap();
    assert_eq!(seen.status(), 200);
}

/// An officer decides; gives the alert's id.
async fn decide(daemon: &Daemon, row: &Value) -> String {
    let id = row["alert"]["id"].as_str().unwrap();
    let url = format!("{}/api/alerts/{id}/decision", daemon.url);
    let body = json!({"decision": "benign", "reason": "test_transmission", "text": "", "version": 0});
    let answer = daemon.client.post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    id.to_owned()
}

async fn nothing_acknowledged_is_lost(coast: &Coast, decided: &str) {
    let data = coast.site.data();
    let entries = journal(&data).await;
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for numbered in &entries {
        if let Entry::Lines(batch) = &numbered.entry {
            for (_, line) in batch.iter() {
                // What is posted gets a TAG block with its station.
                let line = String::from_utf8_lossy(line);
                let sentence = line.rsplit('\\').next().unwrap_or_default();
                *written.entry(sentence.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(coast.acknowledged.len() >= 5);
    for line in &coast.acknowledged {
        assert_eq!(written.get(line), Some(&1), "{line}");
    }
    let gaps = gaps(&entries);
    // Two positions and two calls over TCP, one position posted.
    assert!(matches!(&gaps[..], [gap] if gap.lines == 5 && gap.why == "disk_full"), "{gaps:?}");
    agrees_with_a_replay(&data).await;
    let (stores, _) = Stores::open(&data).await.unwrap();
    let row = stores.desk.dossier(decided.parse().unwrap()).await.unwrap().row;
    assert_eq!(row.desk.decided_by.as_deref(), Some("watch"));
}

#[test]
fn a_watch_that_was_killed_on_a_full_disk_starts_on_it_and_leaves_its_gap() {
    if inside("a_watch_that_was_killed_on_a_full_disk_starts_on_it_and_leaves_its_gap") {
        block_on(killed());
    }
}

async fn killed() {
    let mut coast = Coast::new().await;
    let data = coast.site.data();
    let daemon = coast.site.start().await;
    let mut link = coast.link().await;
    daemon.wait("/api/status", |status| status["receivers"][1]["state"] == "listening").await;
    let before = coast.calls_for_help(&daemon, &mut link).await;
    coast.leave_free(MIB / 2);
    daemon.wait("/api/status", |status| codes(status).contains("disk_reserve_spent")).await;
    coast.leave_free(MIB / 2);
    daemon.wait("/api/status", |status| codes(status).contains("disk_unrecorded")).await;
    let unrecorded = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(unrecorded["unrecorded"], true);
    coast.leave_free(0);
    daemon.kill();
    drop(link);

    let daemon = coast.site.start().await;
    let mut link = coast.link().await;
    sign_in(&coast, &daemon).await;
    coast.leave_free(0);
    daemon.wait("/api/status", |status| codes(status).contains("disk_unrecorded")).await;
    let again = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(again["unrecorded"], true);
    let decided = decide(&daemon, &before).await;
    assert_eq!(daemon.stop(), Some(0), "it also stops on a full disk");
    drop(link);

    // Now there is room before it starts.
    coast.empty();
    let daemon = coast.site.start().await;
    let mut link = coast.link().await;
    notices(&daemon, &[]).await;
    assert_eq!(coast.calls_for_help(&daemon, &mut link).await["unrecorded"], false);
    let kept = daemon.get("/api/alerts?queue=all&limit=500").await;
    let marked = |row: &Value| row["unrecorded"] == true;
    assert_eq!(kept["alerts"].as_array().unwrap().iter().filter(|row| marked(row)).count(), 2, "{kept:#}");
    assert_eq!(daemon.stop(), Some(0));
    let entries = journal(&data).await;
    let gaps = gaps(&entries);
    assert_eq!(gaps.iter().map(|gap| gap.lines).collect::<Vec<_>>(), [2, 2], "{gaps:?}");
    agrees_with_a_replay(&data).await;
    let (stores, _) = Stores::open(&data).await.unwrap();
    let row = stores.desk.dossier(decided.parse().unwrap()).await.unwrap().row;
    assert!(row.desk.decided_by.is_some());
}

#[test]
fn a_watch_stops_on_a_full_disk_that_has_no_room_for_a_last_seal() {
    if inside("a_watch_stops_on_a_full_disk_that_has_no_room_for_a_last_seal") {
        block_on(stopped());
    }
}

async fn stopped() {
    let coast = Coast::new().await;
    let data = coast.site.data();
    let pipeline = at_work(&data).await;
    // The first is sealed with its day, the second waits for it.
    days(&pipeline, &[20_000, 20_000]).await;
    coast.leave_free(0);
    pipeline.finish().await.unwrap();
    coast.empty();
    assert!(unsealed(&data).await > 0, "there was room for the last seal: this shows nothing");
    at_work(&data).await.finish().await.unwrap();
    assert_eq!(unsealed(&data).await, 0);
    agrees_with_a_replay(&data).await;
}

/// Entries of an intact journal that no seal stands for.
async fn unsealed(data: &Path) -> u64 {
    verify(&data.join("journal"), &Trust::default(), |_| {}).await.unwrap().unsealed
}

#[test]
fn a_watch_starts_on_a_full_disk_with_its_reserve_and_without_one_once_there_is_room() {
    if inside("a_watch_starts_on_a_full_disk_with_its_reserve_and_without_one_once_there_is_room") {
        block_on(started_on_a_full_disk());
    }
}

async fn started_on_a_full_disk() {
    let mut coast = Coast::new().await;
    let data = coast.site.data();
    let daemon = coast.site.start().await;
    drop(coast.link().await);
    let held = Instant::now();
    while !data.join("reserve").exists() {
        assert!(held.elapsed() < PATIENCE, "no reserve: {}", daemon.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(daemon.stop(), Some(0));
    coast.leave_free(0);
    assert_eq!(disk::free(&data).unwrap(), 0);

    let daemon = coast.site.start().await;
    let mut link = coast.link().await;
    sign_in(&coast, &daemon).await;
    assert!(!data.join("reserve").exists());
    let row = coast.calls_for_help(&daemon, &mut link).await;
    assert_eq!(row["unrecorded"], false, "the reserve is for the journal too");
    drop(link);
    assert_eq!(daemon.stop(), Some(0));
    coast.leave_free(0);

    // With nothing left to give, it waits.
    let late = std::thread::spawn({
        let ballast = coast.ballast();
        move || {
            // A busy machine takes seconds to get as far as the files.
            std::thread::sleep(Duration::from_secs(10));
            fs::remove_file(ballast).unwrap();
        }
    });
    let daemon = coast.site.start().await;
    assert!(daemon.log().contains("waits for room to start"), "{}", daemon.log());
    late.join().unwrap();
    drop(coast.link().await);
    assert_eq!(daemon.stop(), Some(0));
    agrees_with_a_replay(&data).await;
}
