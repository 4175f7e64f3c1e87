//! The power goes at any moment: the stores open, are whole, and hold all that was acknowledged.
//!
//! A workload runs once under `strace`, which records every write, sync and name. Then one state of the disk after
//! another is made of the record, as `disk` says, and the real stores are opened on it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod disk;
mod trace;
mod workload;

use crate::feeding::newest_snapshot;
use crate::ledger::{Account, ids_and_versions, state};
use crate::sea::Chance;
use crate::strace::strace;
use disk::{Disk, LEFT, State};
use sqlx::{Connection, SqliteConnection};
use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tempfile::TempDir;
use trace::{Event, Recorder};
use watchkeeper::desk::{Desk, ListQuery, Queue};
use watchkeeper::history;
use watchkeeper::journal::Journal;
use watchkeeper::pipeline::Stores;
use watchkeeper::place::Places;
use watchkeeper::store;

/// One state in so many is also taken up by a whole watch, which reads the journal back.
const WHOLE_EVERY: usize = 25;

/// A recorded workload.
struct Record {
    folder: PathBuf,
    events: Vec<Event>,
    _room: TempDir,
}

/// In memory: the disk is ours to make.
fn room() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

/// Runs one of the workloads below in a process of its own and reads the record.
fn record(workload: &str) -> Record {
    let room = room();
    let [folder, told, log] = ["data", "told", "record"].map(|name| room.path().join(name));
    fs::create_dir(&folder).unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", &format!("powercut::{workload}"), "--ignored", "--test-threads", "1"]);
    let options = ["-xx", "-s", "10000000", "-e", trace::CALLS];
    let mut traced = strace(&log, &options, &program);
    traced.env("POWERCUT_FOLDER", &folder).env("POWERCUT_TOLD", &told);
    let done = traced.stdin(Stdio::null()).output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    let events = Recorder::new(&folder, &told).read(&fs::read_to_string(&log).unwrap());
    assert!(
        events.iter().any(|event| matches!(event.act, trace::Act::Told { .. })),
        "nothing was acknowledged"
    );
    Record { folder, events, _room: room }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn folders() -> (PathBuf, PathBuf) {
    let folder = |name| PathBuf::from(std::env::var(name).expect("the tests below run it, under strace"));
    (folder("POWERCUT_FOLDER"), folder("POWERCUT_TOLD"))
}

#[test]
#[ignore = "a workload: the tests below run it, under strace"]
fn the_watch() {
    let (folder, told) = folders();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(workload::watch(&folder, &told));
}

#[test]
#[ignore = "a workload: the tests below run it, under strace"]
fn the_ledger() {
    let (folder, told) = folders();
    runtime().block_on(workload::ledger(&folder, &told, "PRAGMA synchronous = FULL"));
}

#[test]
#[ignore = "a workload: the tests below run it, under strace"]
fn the_careless_ledger() {
    let (folder, told) = folders();
    runtime().block_on(workload::ledger(&folder, &told, "PRAGMA synchronous = NORMAL"));
}

/// What came of many states.
#[derive(Default)]
struct Tally {
    states: AtomicUsize,
    damaged: AtomicUsize,
    lost: AtomicUsize,
}

impl Tally {
    /// Counts a state, and tells how far a long campaign is.
    fn state_seen(&self) {
        let seen = self.states.fetch_add(1, SeqCst) + 1;
        if seen.is_multiple_of(5000) {
            let (damaged, lost) = (self.damaged.load(SeqCst), self.lost.load(SeqCst));
            println!("{seen} states: {damaged} damaged, {lost} lost");
        }
    }
}

/// Makes `states` disks from moments all over the record and lets `check` look at each; it says what is wrong.
fn survey(
    record: &Record,
    states: usize,
    seed: u64,
    tally: &Tally,
    check: impl Fn(&Bench, &State, &[&str], usize) -> Result<(), Fault> + Sync,
) -> Vec<String> {
    let end = record.events.iter().map(|event| event.done).max().unwrap() + 1;
    let mut chance = Chance::new(seed);
    let mut moments: Vec<(usize, usize)> = (0..states).map(|n| (chance.below(end + 1), n)).collect();
    moments.sort_unstable();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (moments, faults, check) = (&moments, &faults, &check);
            scope.spawn(move || {
                let bench = Bench { runtime: runtime(), room: room(), looks: Cell::new(0) };
                let mut disk = Disk::new(&record.events, &record.folder);
                for (at, n) in moments.iter().skip(worker).step_by(workers) {
                    disk.go_to(*at);
                    let left = LEFT[n % LEFT.len()];
                    let state = disk.state(left, &mut Chance::new(seed ^ (*n as u64) << 20));
                    tally.state_seen();
                    if let Err(fault) = check(&bench, &state, &disk.told, *n) {
                        let counted =
                            if matches!(fault, Fault::Damaged(_)) { &tally.damaged } else { &tally.lost };
                        counted.fetch_add(1, SeqCst);
                        let (Fault::Damaged(what) | Fault::Lost(what)) = fault;
                        let told = format!("seed {seed}, state {n} ({left:?} at line {at}): {what}");
                        println!("{told}");
                        faults.lock().unwrap().push(told);
                    }
                }
            });
        }
    });
    faults.into_inner().unwrap()
}

/// Where a worker looks at states.
struct Bench {
    runtime: tokio::runtime::Runtime,
    room: TempDir,
    looks: Cell<usize>,
}

impl Bench {
    /// What `look` finds in a state, which it is given in a folder of its own.
    fn look<T>(&self, state: &State, look: impl AsyncFnOnce(&Path) -> Result<T, Fault>) -> Result<T, Fault> {
        self.looks.set(self.looks.get() + 1);
        let folder = self.room.path().join(self.looks.get().to_string());
        state.write(&folder);
        let found = self.runtime.block_on(look(&folder));
        fs::remove_dir_all(&folder).unwrap();
        found
    }
}

/// What was found in bytes that were looked at before: the same bytes give the same answer.
struct Known<T>(Mutex<HashMap<u64, Result<Arc<T>, Fault>>>);

impl<T> Known<T> {
    fn new() -> Known<T> {
        Known(Mutex::new(HashMap::new()))
    }

    fn or(
        &self,
        bench: &Bench,
        state: &State,
        look: impl AsyncFnOnce(&Path) -> Result<T, Fault>,
    ) -> Result<Arc<T>, Fault> {
        let mut hash = DefaultHasher::new();
        state.hash(&mut hash);
        let hash = hash.finish();
        if let Some(known) = self.0.lock().unwrap().get(&hash) {
            return known.clone();
        }
        let found = bench.look(state, look).map(Arc::new);
        self.0.lock().unwrap().insert(hash, found.clone());
        found
    }

    fn different(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// What is wrong with a state.
#[derive(Debug, Clone)]
enum Fault {
    Damaged(String),
    Lost(String),
}

fn damaged(what: impl std::fmt::Debug) -> Fault {
    Fault::Damaged(format!("{what:?}"))
}

async fn integrity(path: &Path) -> Result<(), Fault> {
    let mut file =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.map_err(damaged)?;
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut file).await.map_err(damaged)?;
    file.close().await.map_err(damaged)?;
    if found == ["ok"] { Ok(()) } else { Err(damaged(found)) }
}

/// What the watch's workload had acknowledged.
#[derive(Default)]
struct Promised {
    lines: u32,
    alerts: BTreeMap<String, u32>,
    notes: Vec<String>,
    decided: BTreeSet<String>,
}

impl Promised {
    fn of(told: &[&str]) -> Promised {
        let mut promised = Promised::default();
        for line in told {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["lines", n] => promised.lines = n.parse().unwrap(),
                ["alert", id, version] => {
                    promised.alerts.insert(id.to_owned(), version.parse().unwrap());
                }
                ["note", _] => promised.notes.push((*line).to_owned()),
                ["decided", id] => {
                    promised.decided.insert(id.to_owned());
                }
                _ => panic!("{line}"),
            }
        }
        promised
    }
}

/// What each store holds, found by opening it as the watch does; its files are whole.
struct Stored {
    journal: Known<InJournal>,
    desk: Known<OnDesk>,
    history: Known<u64>,
}

struct InJournal {
    next: u64,
    /// So many of the first lines, once each and no others.
    lines: u32,
}

struct OnDesk {
    has_account: bool,
    applied: u64,
    alerts: BTreeMap<String, u32>,
    decided: BTreeSet<String>,
    notes: Vec<String>,
}

async fn in_journal(folder: &Path) -> Result<InJournal, Fault> {
    let journal = Journal::open(&folder.join("journal")).await.map_err(damaged)?;
    let mut account = Account::new(folder);
    account.read_lines().await.map_err(damaged)?;
    let lines = account.lines.len() as u32;
    if !account.lost(&(0..lines).collect::<Vec<_>>()).is_empty() || !account.doubled.is_empty() {
        return Err(damaged(format!("{lines} lines, with a hole, or {:?} doubled", account.doubled)));
    }
    let next = journal.next();
    drop(journal);
    whole(&folder.join("journal")).await?;
    Ok(InJournal { next, lines })
}

async fn on_desk(folder: &Path) -> Result<OnDesk, Fault> {
    let (desk, first) = Desk::open(folder).await.map_err(damaged)?;
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    let rows = desk.list(&query).await.map_err(damaged)?.alerts;
    let decided = rows.iter().filter(|row| row.desk.decision.is_some()).map(|row| row.alert.id.to_string());
    let (alerts, decided) = (ids_and_versions(&rows).into_iter().collect(), decided.collect());
    let (notes, applied) = (notes(folder).await?, desk.applied().await.map_err(damaged)?);
    drop(desk);
    whole(folder).await?;
    Ok(OnDesk { has_account: first.is_none(), applied, alerts, decided, notes })
}

async fn in_history(folder: &Path) -> Result<u64, Fault> {
    let applied = history::Writer::open(&folder.join("history.sqlite")).await.map_err(damaged)?.applied();
    whole(folder).await?;
    Ok(applied)
}

/// Holds a state against what was promised. No store may be ahead of the journal, nor a snapshot of a store.
fn hold(stored: &Stored, bench: &Bench, state: &State, promised: &Promised) -> Result<(), Fault> {
    let journal = stored.journal.or(bench, &state.part("journal"), in_journal)?;
    let desk = stored.desk.or(bench, &state.part("desk.sqlite"), on_desk)?;
    let history = stored.history.or(bench, &state.part("history.sqlite"), in_history)?;
    let lost = |what: String| Err(Fault::Lost(what));
    if desk.has_account && state.length("first-password") < 10 {
        return lost("the first password, and the account is there".to_owned());
    }
    if journal.lines < promised.lines {
        return lost(format!("lines from {} to {}", journal.lines, promised.lines));
    }
    for (id, version) in &promised.alerts {
        if desk.alerts.get(id).is_none_or(|kept| kept < version) {
            return lost(format!("alert {id} version {version}: {:?}", desk.alerts.get(id)));
        }
    }
    if let Some(id) = promised.decided.difference(&desk.decided).next() {
        return lost(format!("decision of {id}"));
    }
    let once = |note: &&String| desk.notes.iter().filter(|kept| kept == note).count() == 1;
    if let Some(note) = promised.notes.iter().find(|note| !once(note)) {
        return lost(format!("{note} among {:?}", desk.notes));
    }
    let behind = desk.applied.min(*history);
    if desk.applied.max(*history) >= journal.next {
        return Err(damaged(format!(
            "desk {}, history {history}, journal only {}",
            desk.applied, journal.next
        )));
    }
    let snapshots = state.part("snapshots");
    let newest = bench.look(&snapshots, async |folder| Ok(newest_snapshot(folder).map(|kept| kept.next)))?;
    if newest.is_some_and(|next| next > behind + 1) {
        return Err(damaged(format!("a snapshot of {newest:?}, and a store is at {behind}")));
    }
    Ok(())
}

async fn notes(folder: &Path) -> Result<Vec<String>, Fault> {
    let file = store::open_readers(&folder.join("desk.sqlite")).await.map_err(damaged)?;
    let notes = sqlx::query_scalar("SELECT text FROM log WHERE action = 'note'").fetch_all(&file).await;
    file.close().await;
    notes.map_err(damaged)
}

/// Every database in a folder is whole.
async fn whole(folder: &Path) -> Result<(), Fault> {
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "sqlite") {
            integrity(&file).await?;
        }
    }
    Ok(())
}

/// Takes the state up as the daemon does at its start: the desk then has the alerts of the journal that survived.
async fn take_up(folder: &Path, places: Arc<Places>) -> Result<(), Fault> {
    let (mut stores, _) = Stores::open(folder).await.map_err(damaged)?;
    let watch = stores.recover(places, |_, _| {}).await.map_err(damaged)?;
    let mut account = Account::new(folder);
    account.read().await.map_err(damaged)?;
    if state(&watch) != state(&account.watch) {
        return Err(damaged("another state than the journal gives"));
    }
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    let kept = ids_and_versions(&stores.desk.list(&query).await.map_err(damaged)?.alerts);
    if kept != account.alerts() {
        return Err(damaged(format!("alerts {kept:?}, and the journal gives {:?}", account.alerts())));
    }
    Ok(())
}

/// `STATES=100000` for a release.
#[test]
fn nothing_acknowledged_is_lost_whenever_the_power_goes() {
    let (states, seed) = (number("STATES", 5000), number("SEED", 1) as u64);
    let record = record("the_watch");
    let places = Arc::new(Places::load(&[]).unwrap());
    let (tally, began) = (Tally::default(), Instant::now());
    let stored = Stored { journal: Known::new(), desk: Known::new(), history: Known::new() };
    let faults = survey(&record, states * 4 / 5, seed, &tally, |bench, state, told, n| {
        hold(&stored, bench, state, &Promised::of(told))?;
        if n % WHOLE_EVERY == 0 {
            bench.look(state, async |folder| take_up(folder, places.clone()).await)?;
        }
        Ok(())
    });
    let ledger = self::record("the_ledger");
    let more =
        survey(&ledger, states / 5, seed, &tally, |bench, state, told, _| ledger_holds(bench, state, told));
    println!(
        "{} states of {} acts in {:?}: {} damaged, {} lost (seed {seed}; different journals {}, desks {}, histories {})",
        tally.states.load(SeqCst),
        record.events.len() + ledger.events.len(),
        began.elapsed(),
        tally.damaged.load(SeqCst),
        tally.lost.load(SeqCst),
        stored.journal.different(),
        stored.desk.different(),
        stored.history.different(),
    );
    let faults: Vec<String> = faults.into_iter().chain(more).collect();
    assert!(
        faults.is_empty(),
        "{} faults, such as\n{}",
        faults.len(),
        faults[..faults.len().min(5)].join("\n")
    );
}

/// What the test above can see, it must see: the same ledger with SQLite's usual advice loses what it acknowledged.
#[test]
fn a_store_that_syncs_too_little_is_caught_losing() {
    let record = record("the_careless_ledger");
    let tally = Tally::default();
    survey(&record, 400, 1, &tally, |bench, state, told, _| ledger_holds(bench, state, told));
    let (states, lost) = (tally.states.load(SeqCst), tally.lost.load(SeqCst));
    println!(
        "synchronous=NORMAL: {lost} of {states} states lose, {} are damaged",
        tally.damaged.load(SeqCst)
    );
    assert!(lost > states / 10, "{lost} of {states}");
    assert_eq!(tally.damaged.load(SeqCst), 0, "it loses the newest, and damages nothing");
}

fn ledger_holds(bench: &Bench, state: &State, told: &[&str]) -> Result<(), Fault> {
    let promised: i64 = told.last().map_or(0, |last| last.strip_prefix("row ").unwrap().parse().unwrap());
    bench.look(state, async |folder| {
        let mut file = workload::open_ledger(folder).await.map_err(damaged)?;
        let (rows, newest): (i64, i64) = sqlx::query_as("SELECT count(*), coalesce(max(n), 0) FROM entry")
            .fetch_one(&mut file)
            .await
            .map_err(damaged)?;
        file.close().await.map_err(damaged)?;
        integrity(&folder.join("ledger.sqlite")).await?;
        if rows != newest {
            return Err(damaged(format!("{rows} rows, the newest {newest}")));
        }
        if newest < promised { Err(Fault::Lost(format!("row {promised}: only {newest}"))) } else { Ok(()) }
    })
}
