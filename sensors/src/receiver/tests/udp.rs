//! Datagrams: broadcast, and groups of a ship's network.

use super::*;
use socket2::SockRef;
use std::net::{Ipv4Addr, SocketAddr};

#[tokio::test]
async fn broadcasts_are_heard() {
    let port = free_address().await.port();
    let mut settings = to(format!("udp://0.0.0.0:{port}"));
    settings.allow = vec!["127.0.0.0/8".to_owned()];
    let mut heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    sender.set_broadcast(true).unwrap();
    sender.send_to(FIRST.as_bytes(), ("127.255.255.255", port)).await.unwrap();
    assert_eq!(heard.line().await, FIRST);
}

/// A group on this machine that no other test uses, and who sends to it.
async fn group(number: u8) -> (SocketAddr, Settings, UdpSocket) {
    let port = free_address().await.port();
    let at: SocketAddr = format!("239.192.77.{number}:{port}").parse().unwrap();
    let settings =
        Settings { interface: Some("127.0.0.1".to_owned()), ..to(format!("udp-multicast://{at}")) };
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    (at, settings, sender)
}

fn tagged(number: u32, sentence: &str) -> String {
    format!("\\s:AI0001,n:{number}*00\\{sentence}")
}

#[tokio::test]
async fn a_group_is_heard_and_what_it_lost_is_counted() {
    let (at, settings, sender) = group(1).await;
    let mut heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    let one = format!("UdPbC\0{}\r\n{}\r\n", tagged(998, FIRST), tagged(999, SECOND));
    sender.send_to(one.as_bytes(), at).await.unwrap();
    sender.send_to(format!("UdPbC\0{}\r\n", tagged(4, FIRST)).as_bytes(), at).await.unwrap();
    for expected in [tagged(998, FIRST), tagged(999, SECOND), tagged(4, FIRST)] {
        assert_eq!(heard.line().await, expected);
    }
    assert_eq!(heard.health.snapshot().lost_lines, 3);
}

#[tokio::test]
async fn files_and_nmea_2000_in_a_group_are_dropped_by_name() {
    let (at, settings, sender) = group(2).await;
    let mut heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    for datagram in [&b"RaUdP\0\x01\x02!AIVDM"[..], b"RaUdP\0", b"NkPgN\0\x00", FIRST.as_bytes()] {
        sender.send_to(datagram, at).await.unwrap();
    }
    assert_eq!(heard.line().await, FIRST);
    let skipped = heard.health.snapshot().skipped;
    assert_eq!(skipped, [("NkPgN".to_owned(), 1), ("RaUdP".to_owned(), 2)].into());
}

#[tokio::test]
async fn names_of_skipped_datagrams_are_bounded() {
    let health = Health::default();
    for n in 0..1000_u32 {
        health.skip(*format!("{n:05}").as_bytes().first_chunk().unwrap());
    }
    let skipped = health.snapshot().skipped;
    assert_eq!((skipped.len(), skipped["other"]), (17, 984));
}

#[tokio::test]
async fn two_programs_hear_one_group() {
    let (at, settings, sender) = group(3).await;
    let (mut one, mut two) = (Listening::to(settings.clone(), 8), Listening::to(settings, 8));
    one.until(|s| s.state == State::Listening).await;
    two.until(|s| s.state == State::Listening).await;
    sender.send_to(FIRST.as_bytes(), at).await.unwrap();
    assert_eq!((one.line().await, two.line().await), (FIRST.to_owned(), FIRST.to_owned()));
}

#[tokio::test]
async fn senders_to_a_group_are_held_against_the_allow_list() {
    let (at, mut settings, sender) = group(4).await;
    settings.allow = vec!["192.0.2.0/24".to_owned()];
    let heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    sender.send_to(FIRST.as_bytes(), at).await.unwrap();
    let snapshot = heard.until(|s| s.refused_peers == 1).await;
    assert_eq!((snapshot.lines, snapshot.bytes), (0, 0));
}

#[tokio::test]
async fn an_interface_that_is_not_there_is_named() {
    let (_, settings, _) = group(5).await;
    for (interface, said) in [
        ("nosuch0", "no interface `nosuch0`"),
        ("198.51.100.77", "can't be joined on `198.51.100.77`: No such device"),
    ] {
        let mut settings = Settings { interface: Some(interface.to_owned()), ..settings.clone() };
        settings.allow = vec!["192.0.2.0/24".to_owned()];
        let failed = Listening::to(settings, 8).until(|s| s.state == State::Failed).await;
        assert!(failed.detail.contains(said), "{}", failed.detail);
    }
}

#[tokio::test]
async fn an_interface_may_be_given_by_name() {
    let (at, mut settings, sender) = group(6).await;
    settings.interface = Some("lo".to_owned());
    let mut heard = Listening::to(settings, 8);
    heard.until(|s| s.state == State::Listening).await;
    sender.send_to(FIRST.as_bytes(), at).await.unwrap();
    assert_eq!(heard.line().await, FIRST);
}
