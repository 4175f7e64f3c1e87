//! Every link, over loopback, a pseudo-terminal or a temporary file.

mod flood;
mod ports;
mod soak;
mod tail;
mod udp;

use super::probe::probe;
use super::replay::{Options, Reader};
use super::settings::{RateLimit, Speed};
use super::*;
use crate::ReceiverId;
use file_time::TimeSource;
use std::io::Write;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_serial::SerialStream;

const FIRST: &str = "!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23";
const SECOND: &str = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";

struct Listening {
    batches: mpsc::Receiver<Delivery>,
    waiting: std::collections::VecDeque<Vec<u8>>,
    health: Arc<Health>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Listening {
    fn to(settings: Settings, room: usize) -> Listening {
        assert_eq!(settings.check(), []);
        let (out, batches) = mpsc::channel(room);
        let (stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::default());
        let now = || Time::from_millis(1_000);
        let task = tokio::spawn(listen(settings, ReceiverId(5), out, now, health.clone(), stopping));
        Listening { batches, waiting: Default::default(), health, stop, task }
    }

    async fn line(&mut self) -> String {
        while self.waiting.is_empty() {
            let batch = timeout(Duration::from_secs(20), self.batches.recv()).await.unwrap().unwrap().batch;
            assert_eq!(batch.receiver(), ReceiverId(5));
            self.waiting.extend(batch.iter().map(|(_, line)| line.to_vec()));
        }
        String::from_utf8(self.waiting.pop_front().unwrap()).unwrap()
    }

    async fn until(&self, what: impl Fn(&Snapshot) -> bool) -> Snapshot {
        for _ in 0..2000 {
            let snapshot = self.health.snapshot();
            if what(&snapshot) {
                return snapshot;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("never seen; last {:?}", self.health.snapshot());
    }

    async fn stop(self) -> Vec<Vec<u8>> {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
        let mut batches = self.batches;
        let mut lines = Vec::new();
        while let Some(delivery) = batches.recv().await {
            lines.extend(delivery.batch.iter().map(|(_, line)| line.to_vec()));
        }
        assert_eq!(self.health.state(), State::Finished);
        lines
    }
}

fn to(connect: impl std::fmt::Display) -> Settings {
    Settings::new("test", &Address::parse(&connect.to_string()).unwrap())
}

/// As many lines as come.
fn unlimited(settings: Settings) -> Settings {
    Settings { rate_limit: Some(RateLimit::Word("off".to_owned())), ..settings }
}

async fn server() -> (TcpListener, Settings) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = to(format!("tcp://{}", listener.local_addr().unwrap()));
    (listener, settings)
}

/// An address of this machine where nobody listens.
async fn free_address() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_client_survives_its_server_dropping_and_coming_back() {
    let (listener, settings) = server().await;
    let at = listener.local_addr().unwrap();
    let mut heard = Listening::to(settings, 8);
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(format!("{FIRST}\r\n!AIVDM,unfini").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, FIRST);
    drop((peer, listener));
    assert_eq!(heard.line().await, "!AIVDM,unfini");
    let failed = heard.until(|s| s.state == State::Failed).await;
    assert!(
        failed.detail.contains("closed the link") || failed.detail.contains("nothing listens"),
        "{}",
        failed.detail
    );
    let listener = TcpListener::bind(at).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(format!("{SECOND}\n").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, SECOND);
    let snapshot = heard.health.snapshot();
    assert_eq!((snapshot.state, snapshot.reconnects, snapshot.lines), (State::Connected, 1, 3));
    assert_eq!(snapshot.last_heard_at, Some(Time::from_millis(1_000)));
    assert!(heard.stop().await.is_empty());
}

#[tokio::test]
async fn a_line_may_come_one_byte_at_a_time() {
    let (listener, settings) = server().await;
    let mut heard = Listening::to(settings, 8);
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.set_nodelay(true).unwrap();
    for byte in format!("{FIRST}\r\n{SECOND}\r\n").bytes() {
        peer.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(heard.line().await, FIRST);
    assert_eq!(heard.line().await, SECOND);
}

#[tokio::test]
async fn a_never_ending_line_is_cut() {
    let (listener, settings) = server().await;
    let mut heard = Listening::to(settings, 8);
    let (mut peer, _) = listener.accept().await.unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..8 {
        peer.write_all(&chunk).await.unwrap();
    }
    heard.until(|s| s.cut == 1).await;
    peer.write_all(format!("\n{FIRST}\n").as_bytes()).await.unwrap();
    let line = heard.line().await;
    assert!(line.len() < 4200 && line.contains("...[cut: 8388608 bytes, fnv1a64 "));
    assert_eq!(heard.line().await, FIRST);
}

#[tokio::test]
async fn a_silent_link_is_opened_again() {
    let (listener, mut settings) = server().await;
    settings.idle_timeout_seconds = 1;
    let heard = Listening::to(settings, 8);
    let (_silent, _) = listener.accept().await.unwrap();
    let failed = heard.until(|s| s.state == State::Failed).await;
    assert!(failed.detail.contains("nothing was heard for 1 s"), "{}", failed.detail);
    listener.accept().await.unwrap();
    assert!(heard.stop().await.is_empty());
}

#[tokio::test]
async fn a_full_channel_makes_tcp_wait_and_loses_nothing() {
    let (listener, settings) = server().await;
    let mut heard = Listening::to(unlimited(settings), 1);
    let (mut peer, _) = listener.accept().await.unwrap();
    let sender = tokio::spawn(async move {
        let many: String = (0..50_000).map(|n| format!("{n}\n")).collect();
        peer.write_all(many.as_bytes()).await.unwrap();
    });
    sleep(Duration::from_millis(100)).await;
    for n in 0..50_000 {
        assert_eq!(heard.line().await, n.to_string());
    }
    sender.await.unwrap();
    assert_eq!(heard.health.snapshot().drops, 0);
}

#[tokio::test]
async fn a_datagram_may_hold_two_sentences_without_line_endings() {
    let at = free_address().await;
    let mut heard = Listening::to(to(format!("udp://{at}")), 8);
    heard.until(|s| s.state == State::Listening).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    sender.send_to(format!("{FIRST}{SECOND}").as_bytes(), at).await.unwrap();
    sender.send_to(format!("{FIRST}\r\n{SECOND}").as_bytes(), at).await.unwrap();
    for expected in [FIRST, SECOND, FIRST, SECOND] {
        assert_eq!(heard.line().await, expected);
    }
    assert_eq!(heard.health.snapshot().senders, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
}

#[tokio::test]
async fn datagrams_from_elsewhere_are_refused_and_counted() {
    let at = free_address().await;
    let mut settings = to(format!("udp://{at}"));
    settings.allow = vec!["192.0.2.0/24".to_owned()];
    let heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    sender.send_to(FIRST.as_bytes(), at).await.unwrap();
    let snapshot = heard.until(|s| s.refused_peers == 1).await;
    assert_eq!((snapshot.lines, snapshot.refused.len()), (0, 1));
}

#[tokio::test]
async fn udp_drops_and_counts_when_nobody_takes_its_lines() {
    let at = free_address().await;
    let heard = Listening::to(unlimited(to(format!("udp://{at}"))), 1);
    heard.until(|s| s.state == State::Listening).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let many = "a\n".repeat(2000);
    for sent in 1..=10 {
        sender.send_to(many.as_bytes(), at).await.unwrap();
        heard.until(|s| s.lines == sent * 2000).await;
    }
    let drops = heard.health.snapshot().drops;
    let kept = heard.stop().await.len() as u64;
    assert!(drops > 0);
    // The last lines may have been dropped on stopping, and counted then.
    assert!(kept + drops <= 20_000);
}

#[tokio::test]
async fn a_port_in_use_is_named_and_tried_again() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = taken.local_addr().unwrap();
    let mut heard = Listening::to(to(format!("tcp-listen://{at}")), 8);
    let failed = heard.until(|s| s.state == State::Failed).await;
    let said = format!("TCP port {} of 127.0.0.1 is in use", at.port());
    assert!(failed.detail.contains(&said), "{}", failed.detail);
    drop(taken);
    heard.until(|s| s.state == State::Listening).await;
    let mut peer = TcpStream::connect(at).await.unwrap();
    peer.write_all(format!("{FIRST}\n").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, FIRST);
}

#[tokio::test]
async fn lines_of_two_boxes_do_not_mix() {
    let at = free_address().await;
    let mut heard = Listening::to(to(format!("tcp-listen://{at}")), 8);
    heard.until(|s| s.state == State::Listening).await;
    let mut one = TcpStream::connect(at).await.unwrap();
    let mut two = TcpStream::connect(at).await.unwrap();
    one.write_all(&FIRST.as_bytes()[..10]).await.unwrap();
    heard.until(|s| s.bytes == 10).await;
    two.write_all(format!("{SECOND}\n").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, SECOND);
    one.write_all(&FIRST.as_bytes()[10..]).await.unwrap();
    drop(one);
    assert_eq!(heard.line().await, FIRST);
    let snapshot = heard.until(|s| !s.detail.contains(", ")).await;
    assert_eq!(snapshot.state, State::Connected);
    drop(two);
    heard.until(|s| s.state == State::Listening).await;
}

#[tokio::test]
async fn connections_are_bounded() {
    let at = free_address().await;
    let heard = Listening::to(to(format!("tcp-listen://{at}")), 8);
    heard.until(|s| s.state == State::Listening).await;
    let mut peers = Vec::new();
    for _ in 0..=tcp_server::PEERS_MAX {
        peers.push(TcpStream::connect(at).await.unwrap());
    }
    heard.until(|s| s.refused_peers == 1).await;
}

#[tokio::test]
async fn a_serial_port_is_heard_until_it_is_unplugged() {
    let (mut device, port) = SerialStream::pair().unwrap();
    let health = Arc::new(Health::default());
    let (out, mut batches) = mpsc::channel(8);
    let (_stop, mut stopping) = watch::channel(false);
    let address = Address::parse("/dev/ttyUSB0").unwrap();
    let heard = health.clone();
    let task = tokio::spawn(async move {
        let now = || Time::from_millis(7);
        let mut source = Source::Serial(serial::Serial::over(port));
        let settings = Settings::new("test", &address);
        let mut gather = Gather::new(ReceiverId(1), &source, &settings, &now, &heard);
        gather.pump(&mut source, &address, Duration::from_secs(60), &out, &mut stopping).await
    });
    AsyncWriteExt::write_all(&mut device, format!("{FIRST}\r\n").as_bytes()).await.unwrap();
    let delivery = timeout(Duration::from_secs(10), batches.recv()).await.unwrap().unwrap();
    assert_eq!(delivery.batch.get(0), Some((Time::from_millis(7), FIRST.as_bytes())));
    drop(device);
    let End::Lost(why) = timeout(Duration::from_secs(10), task).await.unwrap().unwrap() else { panic!() };
    assert!(why.starts_with("/dev/ttyUSB0"), "{why}");
}

#[tokio::test]
async fn a_serial_port_that_has_spoken_is_waited_on_again() {
    let (mut device, port) = SerialStream::pair().unwrap();
    let mut serial = serial::Serial::over(port);
    let mut buffer = [0; 64];
    for _ in 0..2 {
        AsyncWriteExt::write_all(&mut device, b"heard").await.unwrap();
        timeout(Duration::from_secs(10), serial.ready()).await.unwrap().unwrap();
        assert_eq!(serial.try_read(&mut buffer).unwrap().length, 5);
        assert!(serial.try_read(&mut buffer).is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
        assert!(timeout(Duration::from_millis(50), serial.ready()).await.is_err(), "nothing was said since");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (connect, said) in [
        (
            "serial:///dev/no-such-device".to_owned(),
            "/dev/no-such-device: there is no such device".to_owned(),
        ),
        (
            format!("file://{}", folder.path().display()),
            format!("{} is a directory", folder.path().display()),
        ),
        ("file:///no/such/night.nmea".to_owned(), "/no/such/night.nmea: No such file".to_owned()),
    ] {
        let heard = Listening::to(to(connect), 8);
        let failed = heard.until(|s| s.state == State::Failed).await;
        assert!(failed.detail.contains(&said), "{}", failed.detail);
    }
}

fn recording(text: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    file
}

/// Milliseconds of each line's time after the first's, what the first was, and how many lines each source timed.
fn times(text: &str) -> (String, Vec<i64>, Vec<(TimeSource, u64)>) {
    let file = recording(text.as_bytes());
    let mut reader = Reader::open(file.path(), &Options::default()).unwrap();
    let mut times = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        times.extend(batch.iter().map(|(time, _)| time));
    }
    assert_eq!(reader.progress(), (text.len() as u64, text.len() as u64));
    let after = times.iter().map(|time| time.since(times[0]).as_millis()).collect();
    let sources = reader.times().lines_by_source.iter().map(|(&source, &lines)| (source, lines)).collect();
    (times[0].to_string(), after, sources)
}

#[test]
fn tag_blocks_time_a_recording() {
    let (first, after, sources) = times(
        "\\g:1-2-3985,s:rEV02,c:1334337317*2D\\!AIVDM,2,1\n\\g:2-2-3985*5A\\!AIVDM,2,2\n\
         \\s:rEV02,c:1334337318*57\\!AIVDM,x\n\\s:rEV02,c:1334337317*58\\!AIVDM,x\n",
    );
    assert_eq!((first.as_str(), after), ("2012-04-13T17:15:17.000Z", vec![0, 0, 1000, 0]));
    assert_eq!(sources, [(TimeSource::TagBlock, 4)]);
}

#[test]
fn lines_before_the_first_stamp_take_it() {
    let (first, after, sources) = times("!AIVDM,x\n2015-07-20T09:22:11Z !AIVDM,x\n1437384132 !AIVDM,x\n");
    assert_eq!((first.as_str(), after), ("2015-07-20T09:22:11.000Z", vec![0, 0, 1000]));
    assert_eq!(sources, [(TimeSource::LogPrefix, 3)]);
}

#[test]
fn a_time_line_times_the_sentence_that_follows() {
    let (first, after, sources) = times(
        "\\si:AISD*3F\\\r\n$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*26\r\n!BSVDM,x\r\n\
         $PGHP,1,2013,11,12,12,0,0,26,219,,2190074,1,67*25\r\n!BSVDM,x\r\n",
    );
    assert_eq!((first.as_str(), after), ("2013-11-12T12:00:00.011Z", vec![0, 0, 0, 15, 15]));
    assert_eq!(sources, [(TimeSource::LogPrefix, 5)]);
}

#[test]
fn trailers_time_a_recording() {
    let (first, after, sources) = times("!AIVDM,x*1A,r003669987,1152921693\n!AIVDM,x*51,1152921693750\n");
    assert_eq!((first.as_str(), after), ("2006-07-15T00:01:33.000Z", vec![0, 750]));
    assert_eq!(sources, [(TimeSource::Trailer, 2)]);
}

#[test]
fn trailers_of_another_machines_time_are_not_used() {
    let (first, after, sources) = times(
        "$PGHP,1,2012,1,31,5,7,2,151,316,2,316000002,1AIS_S,51*77,1327992119157\n!AIVDM,x*51,1327992119173\n",
    );
    assert_eq!((first.as_str(), after), ("2012-01-31T05:07:02.151Z", vec![0, 0]));
    assert_eq!(sources, [(TimeSource::LogPrefix, 2)]);
}

#[test]
fn base_stations_time_a_recording_without_stamps() {
    let (first, after, sources) =
        times(&format!("{FIRST}\n!AIVDM,1,1,,B,402=481uaUcf;OQ55JS9ITi025Jp,0*2B\n{SECOND}\n"));
    assert_eq!((first.as_str(), after), ("2010-06-11T11:46:11.000Z", vec![0, 0, 0]));
    assert_eq!(sources, [(TimeSource::BaseStation, 3)]);
}

#[test]
fn gnss_times_a_recording_without_stamps() {
    let (first, after, sources) = times(&format!(
        "$GPRMC,085411.000,A,5222.3215,N,00454.5778,E,0.58,251.34,030414,,,A*63\n{FIRST}\n\
         $GPRMC,085412.000,A,5222.3198,N,00454.5784,E,0.58,251.34,030414,,,A*65\n{SECOND}\n",
    ));
    assert_eq!((first.as_str(), after), ("2014-04-03T08:54:11.000Z", vec![0, 0, 1000, 1000]));
    assert_eq!(sources, [(TimeSource::Gnss, 4)]);
}

#[test]
fn a_recording_without_any_time_is_given_one() {
    let (first, after, sources) = times(&format!("{FIRST}\n\n{SECOND}\n# comment"));
    assert_eq!((first.as_str(), after), ("2000-01-01T00:00:00.000Z", vec![0, 10, 20]));
    assert_eq!(sources, [(TimeSource::Assumed, 3)]);
}

#[test]
fn compressed_binary_and_empty_recordings_are_read() {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for n in 0..100_000 {
        writeln!(zip, "{n}").unwrap();
    }
    let file = recording(&zip.finish().unwrap());
    let mut reader = Reader::open(file.path(), &Options::default()).unwrap();
    let mut n = 0;
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.len() <= batch::LINES_MAX);
        for (_, line) in batch.iter() {
            assert_eq!(line, n.to_string().as_bytes());
            n += 1;
        }
    }
    assert_eq!(n, 100_000);

    let file = recording(b"");
    assert!(Reader::open(file.path(), &Options::default()).unwrap().next_batch().unwrap().is_none());

    let noise: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = recording(&noise);
    let mut reader = Reader::open(file.path(), &Options::default()).unwrap();
    while reader.next_batch().unwrap().is_some() {}
    assert_eq!(reader.progress().0, noise.len() as u64);
}

fn play(file: &tempfile::NamedTempFile, speed: Speed) -> Settings {
    Settings { speed: Some(speed), ..to(format!("file://{}", file.path().display())) }
}

const HOUR: &[u8] = b"1437384000 !AIVDM,a\n1437384010 !AIVDM,b\n1437387600 !AIVDM,c\n";

#[tokio::test(start_paused = true)]
async fn a_recording_is_played_as_recorded() {
    let file = recording(HOUR);
    let mut heard = Listening::to(play(&file, Speed::Word("as_recorded".into())), 8);
    let began = Instant::now();
    let mut due = Vec::new();
    while let Some(delivery) = heard.batches.recv().await {
        due.push((began.elapsed().as_secs(), delivery.batch.base().as_millis() / 1000));
    }
    assert_eq!(due, [(0, 1_437_384_000), (10, 1_437_384_010), (3600, 1_437_387_600)]);
    let snapshot = heard.health.snapshot();
    assert_eq!((snapshot.state, snapshot.lines), (State::Finished, 3));
    assert!(snapshot.detail.contains("log prefixes (3 lines)"), "{}", snapshot.detail);
    assert_eq!(snapshot.last_heard_at, Some(Time::from_seconds(1_437_387_600)));
    assert_eq!(snapshot.progress, Some((HOUR.len() as u64, HOUR.len() as u64)));
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_played_faster_and_again() {
    let file = recording(HOUR);
    let mut heard = Listening::to(Settings { repeat: true, ..play(&file, Speed::Times(60.0)) }, 8);
    let began = Instant::now();
    let mut last = Time::default();
    for _ in 0..5 {
        let delivery = heard.batches.recv().await.unwrap();
        assert!(delivery.batch.base() > last);
        last = delivery.batch.base();
    }
    // The second round's second line: an hour, a second and ten seconds on.
    assert_eq!(last, Time::from_seconds(1_437_387_611));
    assert_eq!(began.elapsed().as_secs(), 60);
    heard.stop.send(true).unwrap();
    heard.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wild_stamp_does_not_stop_a_recording_for_years() {
    let file = recording(b"1437384000 !AIVDM,a\n1900000000 !AIVDM,b\n1437384010 !AIVDM,c\n");
    let mut heard = Listening::to(play(&file, Speed::Word("as_recorded".into())), 8);
    let began = Instant::now();
    let mut lines = 0;
    while let Some(delivery) = heard.batches.recv().await {
        lines += delivery.batch.len();
    }
    assert_eq!(lines, 3);
    assert!(began.elapsed() < Duration::from_secs(3600));
}

#[tokio::test]
async fn probing_tells_what_is_heard_and_what_to_paste() {
    let at = free_address().await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sending = tokio::spawn(async move {
        loop {
            sender.send_to(format!("{FIRST}\r\n{SECOND}\r\nrubbish").as_bytes(), at).await.ok();
            sleep(Duration::from_millis(50)).await;
        }
    });
    let asked = to(format!("udp://{at}"));
    let mut told = 0;
    let found =
        probe(&asked, Duration::from_millis(1500), || Time::from_millis(0), |_| told += 1).await.unwrap();
    sending.abort();
    assert!(found.hears() && told >= 2);
    assert_eq!((found.vessels, found.counts.refused_by_kind.len()), (2, 1));
    let stanza = format!("connect = \"udp://{at}\"\nallow = [\"127.0.0.1\"]\n");
    assert!(found.stanza().starts_with("[[receiver]]\nname = \"receiver at port "));
    assert!(found.stanza().ends_with(&stanza), "{}", found.stanza());
    assert_eq!(found.settings().check(), []);
}
