//! A station beyond the network and its centre, over TLS: nothing is lost, nothing doubled, nothing believed unseen.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{Daemon, PATIENCE, PROGRAM, Site, run};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sensors::Time;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use watchkeeper::edge::consignment::{self, Header, Lost, Received, Why};
use watchkeeper::edge::server::{Answer, PATH};
use watchkeeper::edge::settings::Full;
use watchkeeper::edge::spool::{Loose, Queue};
use watchkeeper::edge::status::Status;
use watchkeeper::edge::{key, pin};
use watchkeeper::entry::Entry;
use watchkeeper::journal::Reader;

/// The clock that the watch ran by when the lines were heard; anything will do.
const BEGAN: i64 = 1_763_700_000_000;

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn free_udp_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn settings(port: u16, key: &VerifyingKey) -> String {
    let key = key::text(key);
    format!(
        "listen = \"127.0.0.1:0\"\n[edge]\nlisten = \"127.0.0.1:{port}\"\n[[edge.station]]\nname = \"mast\"\nkey = \"{key}\"\n\
         [[receiver]]\nname = \"THE MAST\"\nconnect = \"edge://mast/vhf\"\nidle_timeout_seconds = 1\n"
    )
}

/// The centre, as a program that can be stopped, killed and started again.
struct Centre {
    site: Site,
    port: u16,
    daemon: Option<Daemon>,
}

impl Centre {
    async fn start(key: &VerifyingKey) -> Centre {
        let port = free_port();
        let site = Site::new(&settings(port, key));
        let mut centre = Centre { site, port, daemon: None };
        centre.again().await;
        centre
    }

    async fn again(&mut self) {
        self.daemon = Some(self.site.start().await);
    }

    fn kill(&mut self) {
        self.daemon.take().unwrap().kill();
    }

    fn stop(&mut self) {
        assert_eq!(self.daemon.take().unwrap().stop(), Some(0));
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().unwrap()
    }

    fn edge_folder(&self) -> PathBuf {
        self.site.data().join("edge")
    }

    /// All of the journal. While the centre begins a day's file, it can't be read for a moment.
    async fn entries(&self) -> Vec<Entry> {
        let began = Instant::now();
        loop {
            match self.read().await {
                Ok(entries) => return entries,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn read(&self) -> Result<Vec<Entry>, watchkeeper::journal::Error> {
        let mut reader = Reader::open(&self.site.data().join("journal"));
        reader.seek(0).await?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.entry().await? {
            entries.push(entry.entry);
        }
        Ok(entries)
    }

    /// The lines of the journal as the mast heard them; each must bear the mast's stamp.
    async fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in self.entries().await {
            if let Entry::Lines(batch) = entry {
                lines.extend(batch.iter().map(|(_, line)| {
                    let text = std::str::from_utf8(line).unwrap();
                    let (stamp, line) = text[1..].split_once('\\').unwrap();
                    assert!(stamp.starts_with("c:") && stamp.contains(",s:mast*"), "{text}");
                    line.to_owned()
                }));
            }
        }
        lines
    }

    async fn headers(&self) -> Vec<Header> {
        let mut headers = Vec::new();
        for entry in self.entries().await {
            if let Entry::Consignment(consignment) = entry {
                headers.push(postcard::from_bytes(&consignment.header).unwrap());
            }
        }
        headers
    }

    async fn wait_for_lines(&self, wanted: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let lines = self.lines().await;
            if lines.len() >= wanted {
                return lines;
            }
            let log = self.daemon().log();
            assert!(began.elapsed() < 4 * PATIENCE, "{} of {wanted} lines\n{log}", lines.len());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sends a consignment as a station does.
    async fn post(&self, wire: Vec<u8>) -> (u16, Answer) {
        let tls = pin::client(&self.edge_folder().join("certificate.pem")).unwrap();
        let client =
            reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(PATIENCE).build().unwrap();
        let url = format!("https://127.0.0.1:{}{PATH}", self.port);
        let answer = client.post(url).body(wire).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// The small computer by the mast.
struct Mast {
    folder: TempDir,
    key: SigningKey,
    child: Option<Child>,
}

impl Mast {
    fn new() -> Mast {
        let folder = tempfile::tempdir().unwrap();
        let key = key::make(&folder.path().join("data")).unwrap();
        Mast { folder, key, child: None }
    }

    fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn queue(&self, bytes_max: u64, full: Full) -> Queue {
        Queue::open(&self.data().join("spool/vhf"), bytes_max, full).unwrap()
    }

    fn settle(&self, centre: &Centre, receiver: u16, bytes_max: u64) {
        let text = format!(
            "station = \"mast\"\n[centre]\nurl = \"https://127.0.0.1:{}\"\nca = {:?}\n[spool]\nbytes_max = {bytes_max}\n\
             [[receiver]]\nname = \"vhf\"\nconnect = \"tcp://127.0.0.1:{receiver}\"\nrate_limit = \"off\"\n",
            centre.port,
            centre.edge_folder().join("certificate.pem"),
        );
        std::fs::write(self.folder.path().join("edge.toml"), text).unwrap();
    }

    fn start(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["edge", "run", "--settings"]).arg(self.folder.path().join("edge.toml"));
        command.arg("--data").arg(self.data()).stdin(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    async fn wait(&self, wanted: impl Fn(&Status) -> bool) -> Status {
        self.wait_within(2 * PATIENCE, wanted).await
    }

    async fn wait_within(&self, patience: Duration, wanted: impl Fn(&Status) -> bool) -> Status {
        let began = Instant::now();
        loop {
            let status = Status::read(&self.data());
            if let Ok(status) = &status
                && wanted(status)
            {
                return status.clone();
            }
            assert!(began.elapsed() < patience, "{status:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The most memory it ever had, in KiB.
    fn memory(&self) -> u64 {
        let pid = self.child.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Mast {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A receiver that sends numbered lines to whoever listens, never one twice.
struct Receiver {
    port: u16,
    sent: Arc<AtomicUsize>,
    until: Arc<AtomicUsize>,
    /// The first line of the present connection.
    since: Arc<AtomicUsize>,
}

impl Receiver {
    fn new() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let [sent, until, since] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));
        let (counted, told, begun) = (sent.clone(), until.clone(), since.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                begun.store(counted.load(SeqCst), SeqCst);
                loop {
                    let next = counted.load(SeqCst);
                    if next >= told.load(SeqCst) {
                        std::thread::sleep(Duration::from_millis(1));
                        if gone(&stream) {
                            break;
                        }
                    } else if stream.write_all(format!("{}\r\n", line(next)).as_bytes()).is_ok() {
                        counted.store(next + 1, SeqCst);
                    } else {
                        break;
                    }
                    if next % 64 == 0 && gone(&stream) {
                        break;
                    }
                }
            }
        });
        Receiver { port, sent, until, since }
    }

    /// The lines sent over the present connection, once there is nothing more to send.
    fn over(&self) -> Option<std::ops::Range<usize>> {
        let sent = self.sent.load(SeqCst);
        (sent == self.until.load(SeqCst)).then(|| self.since.load(SeqCst)..sent)
    }

    fn send(&self, lines: usize) {
        self.until.fetch_add(lines, SeqCst);
    }
}

/// Whether the other side has hung up.
fn gone(stream: &std::net::TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = std::io::Read::read(&mut &*stream, &mut [0; 1]);
    stream.set_nonblocking(false).unwrap();
    !read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// In order as text, and as hard to compress as messages are.
fn line(n: usize) -> String {
    let noise = consignment::text_digest(&n.to_le_bytes());
    format!("!AIVDM,1,1,,A,line-{n:07}-{:032x},0*00", u128::from_le_bytes(noise[..16].try_into().unwrap()))
}

fn stamped(station: &str, lines: std::ops::Range<usize>) -> Vec<u8> {
    let mut text = Vec::new();
    for n in lines {
        consignment::stamp(&mut text, station, Time::from_millis(BEGAN + n as i64), line(n).as_bytes());
    }
    text
}

/// A genuine header of these lines.
fn header(first: u64, last: u64, previous: [u8; 32], text: &[u8]) -> Header {
    Header {
        station: "mast".into(),
        receiver: "vhf".into(),
        first,
        last,
        previous,
        lines: text.iter().filter(|&&byte| byte == b'\n').count() as u32,
        heard_first: Time::from_millis(BEGAN),
        heard_last: Time::from_millis(BEGAN),
        text: consignment::text_digest(text),
        lost: None,
    }
}

#[tokio::test]
async fn what_the_mast_hears_is_in_the_journal_stamped_signed_and_once() {
    let mut mast = Mast::new();
    let centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    mast.start();
    for _ in 0..5 {
        receiver.send(60);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let lines = centre.wait_for_lines(300).await;
    assert_eq!(lines, (0..300).map(line).collect::<Vec<_>>());
    // The journal alone proves what the station signed.
    let (mut text, mut previous, mut number, mut signed) = (Vec::new(), [0; 32], 0, 0);
    let mut expected: Option<Header> = None;
    for entry in centre.entries().await.into_iter().chain([Entry::Tick(Time::default())]) {
        let lines = expected.as_ref().map_or(0, |header| header.lines as usize);
        let so_far = text.iter().filter(|&&byte| byte == b'\n').count();
        if expected.is_some() && so_far == lines {
            assert_eq!(consignment::text_digest(&text), expected.take().unwrap().text);
            (signed, text) = (signed + so_far, Vec::new());
        }
        match entry {
            Entry::Lines(batch) => text.extend_from_slice(batch.text()),
            Entry::Consignment(kept) => {
                let header: Header = postcard::from_bytes(&kept.header).unwrap();
                assert_eq!(
                    (header.first, header.previous, kept.key),
                    (number + 1, previous, mast.public().to_bytes())
                );
                (number, previous) = (header.last, consignment::digest(&kept.header));
                let mut wire = consignment::seal(&mast.key, &kept.header, b"");
                let at = 8 + kept.header.len();
                wire[at..at + 64].copy_from_slice(&kept.signature);
                Received::read(&wire).unwrap().verify(&mast.public()).unwrap();
                expected = Some(header);
            }
            _ => {}
        }
    }
    assert_eq!(signed, 300);
    let heard = |status: &serde_json::Value| status["receivers"][0]["lines"] == 300;
    let status = centre.daemon().wait("/api/status", heard).await;
    assert_eq!(status["receivers"][0]["kind"], "edge");
    mast.wait(|status| status.receivers[0].waiting == 0 && status.receivers[0].link == "up").await;
    let shown = run(&["edge", "status", "--data", mast.data().to_str().unwrap()]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("the edge runs") && shown.contains("300 heard, 300 kept, 0 lost"), "{shown}");
}

/// The centre waits for the sign of life, and for its own patience with silence.
#[tokio::test]
async fn a_silent_mast_is_told_from_one_whose_receiver_is_gone() {
    let mut mast = Mast::new();
    let centre = Centre::start(&mast.public()).await;
    let said = |words: &'static str, state: &'static str| {
        move |status: &serde_json::Value| {
            let receiver = &status["receivers"][0];
            receiver["state"] == state && receiver["detail"].as_str().unwrap().contains(words)
        }
    };
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    mast.start();
    mast.wait(|status| status.receivers[0].link == "up").await;
    centre
        .daemon()
        .wait("/api/status", said("silent since the watch began; there: hears tcp://", "connected"))
        .await;
    receiver.send(10);
    centre.wait_for_lines(10).await;
    centre.daemon().wait("/api/status", said("silent since 20", "connected")).await;
    mast.kill();
    let text = std::fs::read_to_string(mast.folder.path().join("edge.toml")).unwrap();
    let text = text.replace(&receiver.port.to_string(), &free_port().to_string());
    std::fs::write(mast.folder.path().join("edge.toml"), text).unwrap();
    mast.start();
    centre.daemon().wait("/api/status", said("nothing listens there", "failed")).await;
    let journal = centre.headers().await;
    assert!(journal.iter().all(|header| header.lines > 0), "a sign of life is not kept: {journal:?}");
}

/// 2,000 datagrams at once are more than two channels carry; what the rate limit refused is a gap with its size.
#[tokio::test]
async fn what_the_rate_limit_refused_is_named_in_the_journal() {
    let mut mast = Mast::new();
    let centre = Centre::start(&mast.public()).await;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    mast.settle(&centre, 1, 10_000_000);
    let text = std::fs::read_to_string(mast.folder.path().join("edge.toml")).unwrap();
    let own = free_udp_port();
    let text = text.replace("tcp://127.0.0.1:1\"\nrate_limit = \"off\"", &format!("udp://127.0.0.1:{own}\""));
    assert!(text.contains("udp://"), "{text}");
    std::fs::write(mast.folder.path().join("edge.toml"), text).unwrap();
    mast.start();
    mast.wait(|status| status.receivers[0].state == "listening").await;
    for n in 0..2000 {
        socket.send_to(format!("{}\r\n", line(n)).as_bytes(), ("127.0.0.1", own)).unwrap();
        if n % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let told = |status: &Status| status.receivers[0].lines_lost > 0 && status.receivers[0].waiting == 0;
    let status = mast.wait(told).await;
    let lost: Vec<Lost> = centre.headers().await.into_iter().filter_map(|header| header.lost).collect();
    let gone: u64 = lost.iter().filter_map(|lost| lost.lines).sum();
    assert!(lost.iter().all(|lost| lost.why == Why::Limited && lost.from < lost.to), "{lost:?}");
    assert_eq!(gone + centre.lines().await.len() as u64, 2000);
    assert_eq!(gone, status.receivers[0].lines_lost);
}

/// A day's lines are on the mast's disk when the link comes back. `EDGE_LINES_A_MINUTE=4500` is a full VHF site.
#[tokio::test]
async fn a_day_without_a_link_loses_nothing_doubles_nothing_and_stays_small() {
    let a_minute = std::env::var("EDGE_LINES_A_MINUTE").map_or(60, |text| text.parse::<usize>().unwrap());
    let mut mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let mut queue = mast.queue(1_000_000_000, Full::DropOldest);
    for minute in 0..24 * 60 {
        let lines = minute * a_minute..(minute + 1) * a_minute;
        let at = |n: usize| Time::from_millis(BEGAN + (n * 60_000 / a_minute) as i64);
        let (heard_first, heard_last) = (at(lines.start), at(lines.end - 1));
        let text = stamped("mast", lines);
        queue.keep(&Loose { text, lines: a_minute as u32, heard_first, heard_last }).unwrap();
    }
    let spooled = queue.bytes();
    drop(queue);
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 1_000_000_000);
    let began = Instant::now();
    mast.start();
    // What is heard meanwhile comes after it; and the link is cut once more in the middle.
    receiver.send(1000);
    let total = 24 * 60 * a_minute;
    // A build without optimisation takes in some 5,000 lines a second.
    let patience = 2 * PATIENCE + Duration::from_millis(total as u64 / 5);
    mast.wait_within(patience, |status| status.receivers[0].acked > 24 * 60 / 4).await;
    centre.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    centre.again().await;
    let all = |status: &Status| status.receivers[0].waiting == 0 && status.receivers[0].lines_kept == 1000;
    mast.wait_within(patience, all).await;
    let lines = centre.lines().await;
    let mut expected: Vec<String> = (0..total).map(line).collect();
    expected.extend((0..1000).map(line));
    assert!(lines == expected, "{} lines of {}", lines.len(), expected.len());
    let memory = mast.memory();
    println!("{total} lines, {spooled} bytes spooled, {:?}, {memory} KiB at most", began.elapsed());
    // A program that is not optimised is three times as large, and what of it is in use counts.
    let promised = if cfg!(debug_assertions) { 40 } else { 32 };
    assert!(memory < promised << 10, "{memory} KiB");
    assert!(centre.headers().await.iter().all(|header| header.lost.is_none()));
}

/// `EDGE_KILLS=1000` for a release.
#[tokio::test]
async fn nothing_kept_is_lost_and_nothing_doubled_however_often_either_end_is_killed() {
    let kills = std::env::var("EDGE_KILLS").map_or(20, |text| text.parse::<usize>().unwrap());
    let mut mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    let mut random = getrandom::u64().unwrap();
    println!("seed {random}");
    let mut kept = BTreeSet::new();
    mast.start();
    for kill in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        receiver.send(200);
        let run_for = Duration::from_millis(random >> 33 & 0x3FF);
        if kill % 2 == 0 {
            // Everything sent up to here is durable at the mast; more is on its way when it is killed.
            let all_kept = |status: &Status| {
                receiver.over().is_some_and(|lines| lines.len() as u64 == status.receivers[0].lines_kept)
            };
            mast.wait(all_kept).await;
            kept.extend(receiver.over().unwrap().map(line));
            receiver.send(200);
            tokio::time::sleep(run_for).await;
            mast.kill();
            std::fs::remove_file(mast.data().join("status.json")).unwrap();
            mast.start();
        } else {
            tokio::time::sleep(run_for).await;
            centre.kill();
            centre.again().await;
        }
    }
    mast.wait(|status| status.receivers[0].waiting == 0 && status.receivers[0].link == "up").await;
    let lines = centre.lines().await;
    let once: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(once.len(), lines.len(), "doubled");
    assert!(lines.is_sorted(), "out of order");
    let lost: Vec<&String> = kept.difference(&once).collect();
    assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), lost.first());
    assert!(kept.len() >= kills / 2 * 200, "{} known to be kept", kept.len());
    let mut next = 1;
    for header in centre.headers().await {
        assert_eq!(header.first, next);
        next = header.last + 1;
    }
}

#[tokio::test]
async fn what_is_forged_replayed_altered_or_out_of_order_is_refused_and_named() {
    let mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let (a, b) = (stamped("mast", 0..10), stamped("mast", 10..20));
    let first = header(1, 3, [0; 32], &a);
    let of = |header: &Header, text: &[u8]| consignment::seal(&mast.key, &header.bytes(), text);
    let (status, answer) = centre.post(of(&first, &a)).await;
    assert_eq!((status, answer.kind.as_str(), answer.have.unwrap().number), (200, "kept", 3));
    let digest = consignment::digest(&first.bytes());
    let second = header(4, 5, digest, &b);
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let mut flipped = of(&second, &b);
    *flipped.last_mut().unwrap() ^= 1;
    let cases: Vec<(&str, u16, Vec<u8>)> = vec![
        ("forged", 403, consignment::seal(&stranger, &second.bytes(), &b)),
        ("unknown_station", 403, of(&Header { station: "island".into(), ..second.clone() }, &b)),
        ("unknown_receiver", 404, of(&Header { receiver: "uhf".into(), ..second.clone() }, &b)),
        ("altered", 400, of(&second, &a)),
        ("altered", 400, flipped),
        ("altered", 409, of(&header(1, 3, [0; 32], &b), &b)),
        ("replayed", 409, of(&header(1, 2, [0; 32], &b), &b)),
        ("overlaps", 409, of(&header(3, 5, digest, &b), &b)),
        ("gap", 409, of(&header(5, 6, digest, &b), &b)),
        ("forked", 409, of(&header(4, 5, [7; 32], &b), &b)),
        ("unreadable", 400, b"GET / HTTP/1.1".to_vec()),
        ("too_large", 413, vec![0; consignment::WIRE_MAX + 1]),
    ];
    for (kind, code, wire) in cases {
        let (status, answer) = centre.post(wire).await;
        assert_eq!((answer.kind.as_str(), status), (kind, code), "{}", answer.message);
        assert_eq!(answer.have.map(|have| have.number), (code == 409).then_some(3), "{kind}");
    }
    // The answer to the first was lost: it comes again, and is there already.
    assert_eq!(centre.post(of(&first, &a)).await.0, 200);
    centre.kill();
    centre.again().await;
    assert_eq!(centre.post(of(&first, &a)).await.0, 200, "known after a crash too");
    assert_eq!(centre.post(of(&second, &b)).await.0, 200);
    assert_eq!(centre.post(of(&first, &a)).await.1.kind, "replayed");
    assert_eq!(centre.lines().await, (0..20).map(line).collect::<Vec<_>>());
    let log = centre.daemon().log();
    assert!(log.contains("consignment refused") && log.contains("replayed"), "{log}");
}

#[tokio::test]
async fn a_station_hangs_up_before_the_answer_and_its_lines_are_there_once() {
    let mast = Mast::new();
    let centre = Centre::start(&mast.public()).await;
    let mut previous = [0; 32];
    for n in 0..10 {
        let text = stamped("mast", n * 10..n * 10 + 10);
        let header = header(n as u64 + 1, n as u64 + 1, previous, &text);
        previous = consignment::digest(&header.bytes());
        let wire = consignment::seal(&mast.key, &header.bytes(), &text);
        let hurried = centre.post(wire.clone());
        let _ = tokio::time::timeout(Duration::from_millis(5 * n as u64), hurried).await;
        let began = Instant::now();
        while centre.post(wire.clone()).await.0 != 200 {
            assert!(began.elapsed() < PATIENCE);
        }
    }
    assert_eq!(centre.lines().await, (0..100).map(line).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_five_seconds_and_its_lines_wait_at_the_mast() {
    let mut mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    mast.start();
    receiver.send(100);
    centre.wait_for_lines(100).await;
    let data = centre.site.data();
    let revoked = run(&["edge", "revoke", "mast", "--data", data.to_str().unwrap()]);
    assert!(revoked.status.success(), "{revoked:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    receiver.send(100);
    mast.wait(|status| status.receivers[0].link.contains("revoked")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(centre.lines().await.len(), 100, "nothing came in after it was revoked");
    let unknown = run(&["edge", "revoke", "island", "--data", data.to_str().unwrap()]);
    assert!(!unknown.status.success());
    // A new key, told to the centre: what waited comes in, and the chain goes on.
    mast.kill();
    let made = run(&["edge", "key", "--new", "--station", "mast", "--data", mast.data().to_str().unwrap()]);
    let stanza = String::from_utf8(made.stdout).unwrap();
    let public = stanza.split("key = \"").nth(1).unwrap().split('"').next().unwrap();
    centre.stop();
    let text = settings(centre.port, &key::parse(public).unwrap());
    std::fs::write(centre.site.settings(), text).unwrap();
    centre.again().await;
    mast.start();
    assert_eq!(centre.wait_for_lines(200).await, (0..200).map(line).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_full_spool_lost_is_named_in_the_journal() {
    for (full, why) in [(Full::DropOldest, Why::Full), (Full::DropNewest, Why::Full)] {
        let mut mast = Mast::new();
        let centre = Centre::start(&mast.public()).await;
        let mut queue = mast.queue(1 << 20, full);
        let mut n = 0;
        while queue.lost_lines() < 20_000 {
            let at = |n: usize| Time::from_millis(BEGAN + n as i64);
            let text = stamped("mast", n..n + 500);
            queue.keep(&Loose { text, lines: 500, heard_first: at(n), heard_last: at(n + 499) }).unwrap();
            n += 500;
        }
        drop(queue);
        let receiver = Receiver::new();
        mast.settle(&centre, receiver.port, 1 << 20);
        mast.start();
        mast.wait(|status| status.receivers[0].waiting == 0 && status.receivers[0].link == "up").await;
        let lines = centre.lines().await;
        let lost: Vec<Lost> = centre.headers().await.into_iter().filter_map(|header| header.lost).collect();
        assert!(!lost.is_empty() && lost.iter().all(|lost| lost.why == why), "{lost:?}");
        let gone: u64 = lost.iter().map(|lost| lost.lines.unwrap()).sum();
        assert_eq!(lines.len() as u64 + gone, n as u64);
        assert!(lines.is_sorted());
    }
}

#[tokio::test]
async fn a_new_disk_on_either_side_goes_on_from_what_the_other_has() {
    let mut mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    mast.start();
    receiver.send(100);
    centre.wait_for_lines(100).await;
    mast.wait(|status| status.receivers[0].waiting == 0).await;
    centre.stop();
    let backup = centre.site.folder.path().join("backup");
    copy(&centre.site.data(), &backup);
    centre.again().await;
    receiver.send(100);
    centre.wait_for_lines(200).await;
    mast.wait(|status| status.receivers[0].waiting == 0).await;
    // The mast's disk dies; its key is kept.
    mast.kill();
    std::fs::remove_dir_all(mast.data().join("spool")).unwrap();
    mast.start();
    receiver.send(100);
    assert_eq!(centre.wait_for_lines(300).await, (0..300).map(line).collect::<Vec<_>>());
    mast.wait(|status| status.receivers[0].waiting == 0).await;
    // The centre's disk dies, and an old backup is put in its place: what it had since is named as gone.
    centre.kill();
    std::fs::remove_dir_all(centre.site.data()).unwrap();
    copy(&backup, &centre.site.data());
    centre.again().await;
    receiver.send(100);
    let lines = centre.wait_for_lines(200).await;
    assert_eq!(lines, (0..100).chain(300..400).map(line).collect::<Vec<_>>());
    let forgotten = centre.headers().await.into_iter().filter_map(|header| header.lost);
    assert_eq!(forgotten.map(|lost| lost.why).collect::<Vec<_>>(), [Why::Forgotten]);
    // And one without any backup.
    mast.wait(|status| status.receivers[0].waiting == 0).await;
    centre.kill();
    std::fs::remove_dir_all(centre.site.data().join("journal")).unwrap();
    for store in ["desk.sqlite", "history.sqlite"] {
        for tail in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(centre.site.data().join(format!("{store}{tail}")));
        }
    }
    let _ = std::fs::remove_dir_all(centre.site.data().join("snapshots"));
    centre.again().await;
    receiver.send(100);
    assert_eq!(centre.wait_for_lines(100).await, (400..500).map(line).collect::<Vec<_>>());
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

#[tokio::test]
async fn a_centre_that_is_another_is_told_nothing() {
    let mut mast = Mast::new();
    let centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 10_000_000);
    let other = Centre::start(&mast.public()).await;
    let text = std::fs::read_to_string(mast.folder.path().join("edge.toml")).unwrap();
    let text = text.replace(&centre.port.to_string(), &other.port.to_string());
    std::fs::write(mast.folder.path().join("edge.toml"), text).unwrap();
    mast.start();
    receiver.send(50);
    let down = mast.wait(|status| status.receivers[0].link.starts_with("down")).await;
    assert!(down.receivers[0].link.contains("certificate"), "{}", down.receivers[0].link);
    assert_eq!(other.lines().await.len(), 0);
}

/// A disk smaller than the spool may be is a full spool.
#[tokio::test]
async fn a_full_disk_drops_the_oldest_and_the_edge_goes_on() {
    let mut mast = Mast::new();
    let mut centre = Centre::start(&mast.public()).await;
    let receiver = Receiver::new();
    mast.settle(&centre, receiver.port, 16 << 20);
    centre.stop();
    let spool = mast.data().join("spool");
    std::fs::create_dir_all(&spool).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=2500k none {} && exec {PROGRAM} edge run --settings {} --data {}",
        spool.display(),
        mast.folder.path().join("edge.toml").display(),
        mast.data().display()
    );
    let log = std::fs::File::create(mast.folder.path().join("log")).unwrap();
    let mut command = Command::new("unshare");
    mast.child =
        Some(command.args(["-rm", "sh", "-c", &script]).stdin(Stdio::null()).stderr(log).spawn().unwrap());
    let sent = Mutex::new(0);
    let status = mast
        .wait(|status| {
            let heard = status.receivers[0].lines_heard as usize;
            let mut sent = sent.lock().unwrap();
            if heard == *sent && status.receivers[0].lines_lost == 0 {
                receiver.send(20_000);
                *sent += 20_000;
            }
            status.receivers[0].lines_lost > 0 && heard == *sent
        })
        .await;
    assert!(status.receivers[0].spool_bytes < 2_560_000);
    centre.again().await;
    mast.wait(|status| status.receivers[0].waiting == 0 && status.receivers[0].link == "up").await;
    let lines = centre.lines().await;
    let lost = centre.headers().await.into_iter().filter_map(|header| header.lost?.lines).sum::<u64>();
    assert_eq!(lines.len() as u64 + lost, *sent.lock().unwrap() as u64, "{lost} lost");
    assert_eq!(lines.last(), Some(&line(*sent.lock().unwrap() - 1)), "the newest is kept");
}
