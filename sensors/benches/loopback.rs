//! Lines a second over TCP on loopback, from a sender in the same process into the bounded queue before the journal.
//! `make bench-link`.

use sensors::receiver::settings::RateLimit;
use sensors::receiver::{Address, Health, Settings, listen};
use sensors::{ReceiverId, Time};
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, watch};

/// Lines sent in a run.
const LINES: usize = 10_000_000;

/// Runs; the median is quoted.
const RUNS: usize = 5;

/// Batches that wait, as in the daemon.
const QUEUE: usize = 64;

/// What ships at a port send: position reports of 47 characters, and one in ten with a TAG block.
fn text() -> (Vec<u8>, usize) {
    let plain = "!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23\r\n";
    let tagged = format!("\\s:r003669945,c:1241544035*4A\\{plain}");
    let lines = 10_000;
    let text: String = (0..lines).map(|n| if n % 10 == 0 { tagged.as_str() } else { plain }).collect();
    (text.into_bytes(), lines)
}

#[expect(clippy::disallowed_methods, reason = "there is no daemon here whose clock could be used")]
fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(since.as_millis() as i64)
}

fn run() -> (f64, f64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = listener.local_addr().expect("it is bound");
    let address = Address::parse(&format!("tcp://{at}")).expect("it is an address");
    let off = Some(RateLimit::Word("off".to_owned()));
    let settings = Settings { rate_limit: off, ..Settings::new("loopback", &address) };
    let (block, lines) = text();
    let sender = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("it dials");
        for _ in 0..LINES / lines {
            stream.write_all(&block).expect("it listens");
        }
        stream
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads are to be had");
    let (seconds, heard) = runtime.block_on(async {
        let (out, mut batches) = mpsc::channel(QUEUE);
        let (_stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::default());
        let began = Instant::now();
        let listening = tokio::spawn(listen(settings, ReceiverId(1), out, now, health.clone(), stopping));
        let taking = tokio::spawn(async move {
            let mut heard = 0;
            while heard < LINES {
                match tokio::time::timeout(Duration::from_secs(20), batches.recv()).await {
                    Ok(Some(delivery)) => heard += delivery.batch.len(),
                    _ => break,
                }
            }
            heard
        });
        let heard = taking.await.expect("it counts");
        let seconds = began.elapsed().as_secs_f64();
        listening.abort();
        assert_eq!(health.snapshot().drops, 0);
        (seconds, heard)
    });
    assert_eq!(heard, LINES, "every line is heard");
    let _ = sender.join();
    (LINES as f64 / seconds, seconds)
}

fn main() {
    let mut speeds: Vec<f64> = (0..RUNS).map(|_| run().0).collect();
    speeds.sort_by(f64::total_cmp);
    println!(
        "over TCP on loopback {:>12.0} lines/s (median of {RUNS}, {LINES} lines each)",
        speeds[RUNS / 2]
    );
    println!("least and most       {:>12.0} {:>12.0}", speeds[0], speeds[RUNS - 1]);
}
