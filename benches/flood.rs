//! Whether one receiver that floods holds up the lines of the others: `make bench-flood`.
//!
//! The real daemon with two receivers: a station that posts one line every 50 ms and waits until it is durable, and a TCP
//! link. First the link is as busy as one VHF site can be (75 lines a second), then it floods ten times what sixteen sites
//! can send (12,000 a second), with the usual limit on it and without one.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to but its reader")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const POSTS: usize = 300;
const LINE: &str = "!AIVDM,1,1,,A,17b<4q@P1@WG2O05oGL3Q?vj0000,0*17\r\n";

fn main() {
    println!("{:<42} {:>9} {:>9} {:>12}", "the other link sends", "p50 ms", "p99 ms", "its lines/s");
    let quiet = phase("75", 75);
    println!("{:<42} {:>9.1} {:>9.1} {:>12}", "75 lines/s", quiet.0, quiet.1, quiet.2);
    for (limit, called) in [("75", "12,000 lines/s, limited to 75"), ("\"off\"", "12,000 lines/s, no limit")]
    {
        let (middle, late, sent) = phase(limit, 12_000);
        println!(
            "{called:<42} {middle:>9.1} {late:>9.1} {sent:>12}   p50 {:+.0} %",
            (middle / quiet.0 - 1.0) * 100.0
        );
    }
}

/// A free port, free again.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Median and 99th percentile of the time from a post to its answer, in ms, and the lines a second that the link sent.
fn phase(limit: &str, lines_per_second: u64) -> (f64, f64, u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (console, posted, link) = (port(), port(), port());
    let settings = format!(
        "listen = \"127.0.0.1:{console}\"
         [[receiver]]
         name = \"STATION\"
         connect = \"http-listen://127.0.0.1:{posted}\"
         [[receiver]]
         name = \"LINK\"
         connect = \"tcp-listen://127.0.0.1:{link}\"
         rate_limit = {limit}"
    );
    let file = folder.path().join("site.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeeper"));
    command.arg("run").arg("--settings").arg(&file).arg("--data").arg(folder.path().join("data"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let _daemon = Daemon(child);
    said.read_line(&mut String::new()).unwrap();

    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flooding = std::thread::spawn({
        let (stop, sent) = (stop.clone(), sent.clone());
        move || flood(link, lines_per_second, &stop, &sent)
    });
    std::thread::sleep(Duration::from_secs(2));
    let began = Instant::now();
    let before = sent.load(Ordering::Relaxed);
    let mut waits: Vec<f64> = (0..POSTS).map(|_| post(posted)).collect();
    let rate = (sent.load(Ordering::Relaxed) - before) as f64 / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
    waits.sort_by(f64::total_cmp);
    (waits[POSTS / 2], waits[POSTS * 99 / 100], rate as u64)
}

fn post(port: u16) -> f64 {
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    let mut link = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: station\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        LINE.len()
    );
    link.write_all(head.as_bytes()).unwrap();
    link.write_all(LINE.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(link).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    began.elapsed().as_secs_f64() * 1000.0
}

/// Sends every 10 ms what is due by then.
fn flood(port: u16, lines_per_second: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let mut link = loop {
        // The console answers before the receivers listen.
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(link) => break link,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let began = Instant::now();
    let mut lines = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = (began.elapsed().as_secs_f64() * lines_per_second as f64) as u64;
        let text = LINE.repeat((due - lines) as usize);
        if link.write_all(text.as_bytes()).is_err() {
            return;
        }
        lines = due;
        sent.store(lines, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(10));
    }
}
