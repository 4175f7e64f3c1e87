//! Peers that come and go by the thousand, say half a thing, or never stop. Descriptors and memory are counted of the
//! whole process, so that these run one after the other in a process of their own.

use super::*;
use socket2::SockRef;
use std::net::SocketAddr;

#[test]
fn every_soak_passes_in_a_process_of_its_own() {
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["receiver::tests::soak::", "--ignored", "--test-threads=1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains(" 6 passed"), "{said}");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Hangs up with a reset: 10,000 links that end in good order would leave as many ports waiting.
fn hang_up(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

async fn listening(room: usize) -> (SocketAddr, Listening) {
    let at = free_address().await;
    let heard = Listening::to(unlimited(to(format!("tcp-listen://{at}"))), room);
    heard.until(|s| s.state == State::Listening).await;
    (at, heard)
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn ten_thousand_callers_leave_nothing_behind() {
    let (at, mut heard) = listening(8).await;
    let before = descriptors();
    for n in 0..10_000 {
        let mut peer = TcpStream::connect(at).await.unwrap();
        if n % 100 == 0 {
            peer.write_all(format!("{n}\n").as_bytes()).await.unwrap();
            assert_eq!(heard.line().await, n.to_string());
        }
        hang_up(peer);
    }
    heard.until(|s| s.state == State::Listening).await;
    assert!(descriptors() <= before + 2, "{before} before, {} now", descriptors());
    let mut peer = TcpStream::connect(at).await.unwrap();
    peer.write_all(b"still there\n").await.unwrap();
    assert_eq!(heard.line().await, "still there");
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn ten_thousand_calls_of_ours_leave_nothing_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let address = Address::parse(&format!("tcp://{at}")).unwrap();
    let settings = Settings::new("test", &address);
    let health = Arc::new(Health::default());
    let (out, mut batches) = mpsc::channel(8);
    let (_stop, mut stopping) = watch::channel(false);
    let now = || Time::from_millis(1_000);
    let before = descriptors();
    // The waits between calls are left out: they are tested where they are made.
    for n in 0..10_000 {
        let mut source = Source::open(&address, &settings, &health).await.unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        if n % 100 == 0 {
            peer.write_all(b"line\nunfinished").await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        hang_up(peer);
        let mut gather = Gather::new(ReceiverId(0), &source, &settings, &now, &health);
        let ended = gather.pump(&mut source, &address, Duration::from_secs(60), &out, &mut stopping).await;
        assert!(matches!(ended, End::Lost(_)));
        while batches.try_recv().is_ok() {}
    }
    assert!(descriptors() <= before + 2, "{before} before, {} now", descriptors());
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn a_thousand_peers_at_once_are_bounded() {
    let (at, mut heard) = listening(8).await;
    let before = descriptors();
    let mut peers = Vec::new();
    for _ in 0..1_000 {
        peers.push(TcpStream::connect(at).await.unwrap());
    }
    let refused = 1_000 - tcp_server::PEERS_MAX as u64;
    heard.until(|s| s.refused_peers == refused).await;
    assert!(descriptors() <= before + 1_000 + tcp_server::PEERS_MAX);
    peers[3].write_all(b"one of those let in\n").await.unwrap();
    assert_eq!(heard.line().await, "one of those let in");
    drop(peers);
    heard.until(|s| s.state == State::Listening).await;
    assert!(descriptors() <= before + 2);
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn half_open_peers_are_let_go_for_those_who_speak() {
    let at = free_address().await;
    let mut settings = to(format!("tcp-listen://{at}"));
    settings.idle_timeout_seconds = 1;
    let mut heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    // They connect and say nothing, as after a box lost its power.
    let mut silent = Vec::new();
    for _ in 0..tcp_server::PEERS_MAX {
        silent.push(TcpStream::connect(at).await.unwrap());
    }
    sleep(Duration::from_millis(1_200)).await;
    // The first call makes room, and the next one gets it.
    for _ in 0..2 {
        let mut peer = TcpStream::connect(at).await.unwrap();
        if peer.write_all(format!("{FIRST}\n").as_bytes()).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
        silent.push(peer);
    }
    assert_eq!(heard.line().await, FIRST);
    // One that closed its sending half has gone, and its place is free.
    let speaker = silent.last_mut().unwrap();
    speaker.write_all(b"unfinished").await.unwrap();
    speaker.shutdown().await.unwrap();
    assert_eq!(heard.line().await, "unfinished");
    let mut next = TcpStream::connect(at).await.unwrap();
    next.write_all(format!("{SECOND}\n").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, SECOND);
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn sixteen_peers_may_speak_one_byte_at_a_time() {
    let (at, mut heard) = listening(8).await;
    let mut peers = Vec::new();
    for _ in 0..tcp_server::PEERS_MAX {
        let peer = TcpStream::connect(at).await.unwrap();
        peer.set_nodelay(true).unwrap();
        peers.push(peer);
    }
    for byte in format!("{FIRST}\r\n").bytes() {
        for peer in &mut peers {
            peer.write_all(&[byte]).await.unwrap();
        }
        tokio::task::yield_now().await;
    }
    for _ in &peers {
        assert_eq!(heard.line().await, FIRST);
    }
}

#[tokio::test]
#[ignore = "counts what the whole process holds: `every_soak_passes_in_a_process_of_its_own` runs it"]
async fn never_ending_lines_of_all_peers_need_no_memory() {
    let (at, heard) = listening(8).await;
    let mut peers = Vec::new();
    for _ in 0..tcp_server::PEERS_MAX {
        peers.push(TcpStream::connect(at).await.unwrap());
    }
    let chunk = vec![b'x'; 1 << 20];
    for peer in &mut peers {
        peer.write_all(&chunk).await.unwrap();
    }
    let before = resident_kilobytes();
    for _ in 0..8 {
        for peer in &mut peers {
            peer.write_all(&chunk).await.unwrap();
        }
    }
    heard.until(|s| s.bytes == (9 * 16) << 20 && s.cut == 16).await;
    let grown = resident_kilobytes().saturating_sub(before);
    assert!(grown < 8 * 1024, "128 MiB without a line's end took {grown} kB");
}
