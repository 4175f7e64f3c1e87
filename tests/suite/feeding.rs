//! Senders that feed a daemon and keep a ledger: lines posted over HTTP, lines over TCP, an officer's notes.

use crate::ledger::line;
use crate::program::{Daemon, Site};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use watchkeeper::journal::{Snapshot, Snapshots};
use watchkeeper::pipeline::PROGRAM;

const TOKEN: &str = "the mast's own token";

/// A line over TCP every so often; a post of this many lines, one after the other.
const STREAMED_EVERY: Duration = Duration::from_millis(4);
const POSTED: u32 = 5;

/// A site with its senders, and what was promised to them.
pub(crate) struct Fed {
    pub(crate) site: Site,
    /// In memory, where only the killing of a process is tried.
    _memory: Option<tempfile::TempDir>,
    post: String,
    mast: TcpListener,
    client: reqwest::Client,
    officer: reqwest::Client,
    next: AtomicU32,
    /// Lines whose post was answered with 200.
    pub(crate) acked: BTreeSet<u32>,
    /// Lines that left over TCP, and when.
    pub(crate) streamed: Vec<(u32, Instant)>,
    /// Notes that were answered with 200.
    pub(crate) noted: BTreeSet<String>,
}

impl Fed {
    pub(crate) async fn new() -> Fed {
        let mast = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let at =
            TcpListener::bind("127.0.0.1:0").await.expect("a port is free").local_addr().expect("it has one");
        let site = Site::new(&format!(
            "[[receiver]]\nname = \"POSTS\"\nconnect = \"http-listen://{at}\"\nrate_limit = \"off\"\n\
             tokens = [{{ station = \"MAST\", token = {{ file = \"mast.token\" }} }}]\n\
             [[receiver]]\nname = \"MAST\"\nconnect = \"tcp://{}\"\nrate_limit = \"off\"\n",
            mast.local_addr().expect("it has one"),
        ));
        std::fs::write(site.folder.path().join("mast.token"), format!("{TOKEN}\n")).expect("there is room");
        let client = || crate::http_client().cookie_store(true).timeout(Duration::from_secs(12));
        Fed {
            site,
            _memory: None,
            post: format!("http://{at}/"),
            mast,
            client: client().pool_max_idle_per_host(1).build().expect("a client"),
            officer: client().build().expect("a client"),
            next: AtomicU32::new(1),
            acked: BTreeSet::new(),
            streamed: Vec::new(),
            noted: BTreeSet::new(),
        }
    }

    /// Keeps the database in memory: a process that is killed loses nothing that it wrote, whatever the disk.
    pub(crate) fn in_memory(mut self) -> Fed {
        if let Ok(room) = tempfile::TempDir::new_in("/dev/shm") {
            std::os::unix::fs::symlink(room.path(), self.site.data()).expect("it is not there yet");
            self._memory = Some(room);
        }
        self
    }

    fn take(&self, count: u32) -> std::ops::Range<u32> {
        let first = self.next.fetch_add(count, SeqCst);
        first..first + count
    }

    /// Signs in; the session outlives the daemon.
    pub(crate) async fn sign_in(&self, daemon: &Daemon) {
        let password = std::fs::read_to_string(self.site.data().join("first-password")).expect("it is there");
        let body = json!({"account": "watch", "password": password.trim()});
        let _ = self.officer.post(format!("{}/api/session", daemon.url)).json(&body).send().await;
    }

    /// Sends all three kinds until told to stop. What was not acknowledged is not sent again.
    pub(crate) async fn feed(&mut self, url: &str, until: impl Future<Output = ()>) {
        let (mut acked, mut streamed, mut noted) = (Vec::new(), Vec::new(), Vec::new());
        tokio::select! {
            () = until => {}
            () = self.posts(&mut acked) => {}
            () = self.streams(&mut streamed) => {}
            () = self.notes(url, &mut noted) => {}
        }
        self.acked.extend(acked);
        self.streamed.extend(streamed);
        self.noted.extend(noted);
    }

    /// Sends lines over TCP alone until told to stop.
    pub(crate) async fn stream(&mut self, until: impl Future<Output = ()>) {
        let mut streamed = Vec::new();
        tokio::select! {
            () = until => {}
            () = self.streams(&mut streamed) => {}
        }
        self.streamed.extend(streamed);
    }

    /// The officer's own connection, to ask with while lines are sent.
    pub(crate) fn officer(&self) -> Officer {
        Officer(self.officer.clone())
    }

    async fn posts(&self, acked: &mut Vec<u32>) {
        loop {
            let lines = self.take(POSTED);
            let body: String = lines.clone().map(|n| format!("{}\n", line(n))).collect();
            let answer = self.client.post(&self.post).bearer_auth(TOKEN).body(body).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200) => acked.extend(lines),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn streams(&self, streamed: &mut Vec<(u32, Instant)>) {
        loop {
            let Ok((mut link, _)) = self.mast.accept().await else { continue };
            let _ = link.set_nodelay(true);
            // One that was killed before it was let in has hung up; one that listens says nothing.
            let _ = tokio::time::timeout(Duration::from_millis(5), link.readable()).await;
            if link.try_read(&mut [0; 1]).map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |_| true)
            {
                continue;
            }
            loop {
                let n = self.take(1).start;
                if link.write_all(format!("{}\r\n", line(n)).as_bytes()).await.is_err() {
                    break;
                }
                streamed.push((n, Instant::now()));
                tokio::time::sleep(STREAMED_EVERY).await;
            }
        }
    }

    async fn notes(&self, url: &str, noted: &mut Vec<String>) {
        loop {
            tokio::time::sleep(Duration::from_millis(40)).await;
            let Some(id) = self.newest_alert(url).await else { continue };
            let text = format!("note {}", self.take(1).start);
            let body = json!({"text": text});
            let answer = self.officer.post(format!("{url}/api/alerts/{id}/notes")).json(&body).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                noted.push(text);
            }
        }
    }

    async fn newest_alert(&self, url: &str) -> Option<String> {
        let answer = self.officer.get(format!("{url}/api/alerts?limit=1")).send().await.ok()?;
        let list: Value = answer.json().await.ok()?;
        Some(list["alerts"][0]["alert"]["id"].as_str()?.to_owned())
    }

    /// Lines that left over TCP so long before `end` that they were promised to be durable then.
    pub(crate) fn due(&self, end: Instant, within: Duration) -> BTreeSet<u32> {
        let due = self.streamed.iter().filter(|(_, left)| *left + within < end);
        due.map(|(n, _)| *n).collect()
    }
}

/// The newest readable state in a data folder.
pub(crate) fn newest_snapshot(data: &std::path::Path) -> Option<Snapshot> {
    let snapshots = Snapshots::new(&data.join("snapshots"), PROGRAM);
    snapshots.newest_first().find_map(|named| snapshots.read(&named))
}

/// What a desk's file holds, read beside whoever writes it.
pub(crate) struct OnFile {
    /// Ids and versions, in order, of those that rest on the journal.
    pub(crate) alerts: Vec<(String, u32)>,
    /// Those that rest on lines of a gap.
    pub(crate) unrecorded: Vec<String>,
    /// How often an alert was raised, where that isn't once.
    pub(crate) doubled: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl OnFile {
    pub(crate) async fn read(data: &std::path::Path) -> OnFile {
        let file = watchkeeper::store::open_readers(&data.join("desk.sqlite")).await.expect("it is there");
        let alerts = "SELECT id, version FROM alert WHERE NOT unrecorded ORDER BY id";
        let unrecorded = "SELECT id FROM alert WHERE unrecorded";
        let doubled = "SELECT alert FROM log WHERE action = 'raised' GROUP BY alert HAVING count(*) > 1";
        let notes = "SELECT text FROM log WHERE action = 'note' ORDER BY text";
        let read = OnFile {
            alerts: sqlx::query_as(alerts).fetch_all(&file).await.expect("it can be read"),
            unrecorded: sqlx::query_scalar(unrecorded).fetch_all(&file).await.expect("it can be read"),
            doubled: sqlx::query_scalar(doubled).fetch_all(&file).await.expect("it can be read"),
            notes: sqlx::query_scalar(notes).fetch_all(&file).await.expect("it can be read"),
        };
        file.close().await;
        read
    }
}

/// One who asks for the alerts.
pub(crate) struct Officer(reqwest::Client);

impl Officer {
    /// The senders of the newest alerts, most of them at a time.
    pub(crate) async fn callers(&self, url: &str) -> Vec<u32> {
        let answer = self.0.get(format!("{url}/api/alerts?limit=100")).send().await;
        let Ok(answer) = answer else { return Vec::new() };
        let list: Value = answer.json().await.unwrap_or_default();
        let rows = list["alerts"].as_array().cloned().unwrap_or_default();
        let mmsi = |row: &Value| {
            let mmsi = &row["alert"]["subjects"][0]["mmsi"];
            mmsi.as_u64().map(|n| n as u32).or_else(|| mmsi.as_str()?.parse().ok())
        };
        rows.iter().filter_map(mmsi).collect()
    }
}
