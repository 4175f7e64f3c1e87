//! `kill -9` at any moment: nothing acknowledged is lost or doubled, and the state is that of the journal that survived.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::feeding::{Fed, OnFile, newest_snapshot};
use crate::ledger::{Account, state};
use crate::sea::Chance;
use crate::strace::signal;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use watchkeeper::watch::Watch;

/// A line over TCP is durable so long after it came, at the latest (`reliability.md`, R3).
const DURABLE_WITHIN: Duration = Duration::from_millis(250);

/// How the watch ends this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Killed before it listens, or while it reads the journal back.
    Starting,
    /// Killed while lines, alerts and notes come.
    Working,
    /// Told to stop, and killed while it writes history and snapshot.
    Stopping,
    /// Told to stop, and let.
    Stopped,
}

const ENDS: [End; 10] = [
    End::Working,
    End::Starting,
    End::Working,
    End::Stopping,
    End::Starting,
    End::Working,
    End::Stopping,
    End::Starting,
    End::Working,
    End::Stopped,
];

/// One site's life of many deaths.
struct Life {
    fed: Fed,
    account: Account,
    chance: Chance,
    /// How long the last start took.
    start: Duration,
    starts: Vec<Duration>,
    /// Lines that were in the journal, and must stay there.
    promised: BTreeSet<u32>,
    seed: u64,
}

impl Life {
    async fn new(seed: u64) -> Life {
        let fed = Fed::new().await.in_memory();
        let account = Account::new(&fed.site.data());
        let (start, starts) = (Duration::from_secs(1), Vec::new());
        Life { fed, account, chance: Chance::new(seed), start, starts, promised: BTreeSet::new(), seed }
    }

    async fn die(&mut self, end: End, n: usize) {
        let what = format!("seed {}, end {n} ({end:?})", self.seed);
        if end == End::Starting {
            let mut command = self.fed.site.command();
            let mut child = command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let within = self.start.as_millis() as usize * 12 / 10;
            tokio::time::sleep(Duration::from_millis(self.chance.below(within.max(1)) as u64)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            return self.hold(None, &what).await;
        }
        let began = Instant::now();
        let daemon =
            self.fed.site.spawn(self.fed.site.command()).unwrap_or_else(|log| panic!("{what}: {log}"));
        self.start = began.elapsed();
        self.starts.push(self.start);
        self.came_back(&what).await;
        if n < 3 {
            self.fed.sign_in(&daemon).await;
        }
        let run_for = Duration::from_millis(100 + self.chance.below(400) as u64);
        let (pid, stopping) = (daemon.child.id(), Duration::from_millis(self.chance.below(120) as u64));
        let ended = Cell::new(Instant::now());
        let until = async {
            tokio::time::sleep(run_for).await;
            // Taken before: what comes after it is not promised.
            ended.set(Instant::now());
            match end {
                End::Working => signal("-KILL", pid),
                End::Stopping => {
                    signal("-TERM", pid);
                    tokio::time::sleep(stopping).await;
                }
                End::Starting | End::Stopped => {}
            }
        };
        self.fed.feed(&daemon.url, until).await;
        if end == End::Stopped {
            let log = daemon.log();
            assert_eq!(daemon.stop(), Some(0), "{what}: {log}");
        } else {
            daemon.kill();
        }
        // One that was told to stop hears no more of what a stream still sends.
        self.hold((end == End::Working).then_some(ended.get()), &what).await;
        if end == End::Stopped {
            self.put_away(&what);
        }
    }

    /// All that was promised is in the journal, and nothing is there twice.
    async fn hold(&mut self, killed: Option<Instant>, what: &str) {
        if let Err(error) = self.account.read().await {
            // A day's file that was just being made has no tables; the next start makes them.
            assert!(self.promised.is_empty() && self.fed.acked.is_empty(), "{what}: {error}");
            return;
        }
        assert!(self.account.doubled.is_empty(), "{what}: {:?} came back", self.account.doubled);
        let lost = self.account.lost(&self.fed.acked);
        assert!(lost.is_empty(), "{what}: {} acknowledged lines are lost: {lost:?}", lost.len());
        self.promised.append(&mut self.fed.acked);
        if let Some(killed) = killed {
            let due = self.fed.due(killed, DURABLE_WITHIN);
            let late = self.account.lost(&due);
            assert!(
                late.is_empty(),
                "{what}: of {} lines over TCP {late:?} were not durable in time",
                due.len()
            );
        }
        // What was not there this time was not promised.
        let streamed = std::mem::take(&mut self.fed.streamed);
        self.promised.extend(streamed.iter().map(|(n, _)| n).filter(|n| self.account.lost([*n]).is_empty()));
    }

    /// After a start and before anything new: the desk has the alerts of the journal that survived, and all notes.
    async fn came_back(&mut self, what: &str) {
        let desk = OnFile::read(&self.fed.site.data()).await;
        assert!(desk.unrecorded.is_empty(), "{what}: {:?} rest on nothing", desk.unrecorded);
        assert_eq!(desk.alerts, self.account.alerts(), "{what}");
        assert!(desk.doubled.is_empty(), "{what}: raised twice: {:?}", desk.doubled);
        let once: BTreeSet<&String> = desk.notes.iter().collect();
        assert_eq!(once.len(), desk.notes.len(), "{what}: a note is there twice");
        let lost: Vec<&String> = self.fed.noted.iter().filter(|note| !once.contains(note)).collect();
        assert!(lost.is_empty(), "{what}: {lost:?}");
    }

    /// The snapshot of an orderly end is the state that the journal gives.
    fn put_away(&self, what: &str) {
        let kept = newest_snapshot(&self.fed.site.data()).expect("it was just written");
        assert_eq!(kept.next, self.account.watch.next(), "{what}");
        let kept = Watch::restore(&kept.state, self.account.places()).unwrap();
        assert!(state(&kept) == state(&self.account.watch), "{what}: another state than the journal gives");
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// `KILLS=1000` for a release; `SEED=n` for one again.
#[test]
fn nothing_acknowledged_is_lost_however_often_the_watch_is_killed() {
    let kills = number("KILLS", 100) as usize;
    let seed = number("SEED", u64::from(getrandom::u32().unwrap()));
    println!("SEED={seed}");
    // Two sites at a time, which is what two processors can start.
    let lives: Vec<_> = [seed, seed ^ 0xFFFF]
        .map(|seed| std::thread::spawn(move || live(seed, kills.div_ceil(2))))
        .into_iter()
        .map(|life| life.join())
        .collect();
    let lives: Vec<Life> = lives.into_iter().map(|life| life.expect("what failed is said above")).collect();
    for life in &lives {
        let mut starts = life.starts.clone();
        starts.sort();
        let (lines, notes, alerts) = (life.promised.len(), life.fed.noted.len(), life.account.alerts().len());
        println!(
            "{lines} lines kept, {notes} notes, {alerts} alerts; a start took {:?}, {:?} at most",
            starts[starts.len() / 2],
            starts[starts.len() - 1]
        );
        assert!(lines > 10 * kills && notes > kills / 10 && alerts > kills);
    }
}

fn live(seed: u64, kills: usize) -> Life {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut life = Life::new(seed).await;
        life.die(End::Working, 0).await;
        let mut killed = 1;
        for n in 1.. {
            let end = ENDS[n % ENDS.len()];
            life.die(end, n).await;
            killed += usize::from(end != End::Stopped);
            if killed >= kills {
                break;
            }
        }
        life.die(End::Stopped, usize::MAX).await;
        // From the start once more: reading bit by bit, as above, must not be what makes it equal.
        let mut anew = Account::new(&life.fed.site.data());
        anew.read().await.unwrap();
        assert!(state(&anew.watch) == state(&life.account.watch), "seed {seed}");
        assert_eq!(anew.alerts(), life.account.alerts(), "seed {seed}");
        assert!(anew.lost(&life.promised).is_empty(), "seed {seed}");
        life
    })
}
