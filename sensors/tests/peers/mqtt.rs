//! MQTT: a real mosquitto, with users, topics that are closed to them, and TLS.

use super::listening::{Listening, free_address, kept, settings};
use super::program::Program;
use super::{FIRST, SECOND, tls};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use sensors::receiver::State;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tokio::time::{sleep, timeout};

struct Broker {
    at: SocketAddr,
    folder: tempfile::TempDir,
    _program: Program,
}

impl Broker {
    async fn start(more: &str) -> Broker {
        let folder = tempfile::tempdir().unwrap();
        tls::certify(folder.path());
        let at = free_address().await;
        let place = folder.path().display();
        // Started by root it takes another user, who may not read a folder of ours.
        let own = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        let text = format!(
            "user {own}\nlistener {} 127.0.0.1\n{}\n",
            at.port(),
            more.replace("PLACE", &place.to_string())
        );
        std::fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        std::fs::write(folder.path().join("acl"), "user watch\ntopic readwrite ais/#\n").unwrap();
        let users = folder.path().join("users");
        let made = Command::new("mosquitto_passwd")
            .arg("-c")
            .arg("-b")
            .arg(&users)
            .args(["watch", "pass word"])
            .status();
        assert!(
            made.is_ok_and(|made| made.success()),
            "mosquitto_passwd is missing: apt-get install mosquitto"
        );
        let file = folder.path().join("mosquitto.conf").display().to_string();
        let program = Program::start("mosquitto", "mosquitto", &["-c", &file], at).await;
        Broker { at, folder, _program: program }
    }

    async fn open() -> Broker {
        Broker::start("allow_anonymous true").await
    }

    /// Publishes, and waits until the broker has each.
    async fn publish(&self, messages: &[(&str, &str, bool)]) {
        let options = MqttOptions::new(format!("publisher-{}", rand()), "127.0.0.1", self.at.port());
        let (client, mut events) = AsyncClient::new(options, 100);
        for (topic, payload, retain) in messages {
            client.try_publish(*topic, QoS::AtLeastOnce, *retain, *payload).unwrap();
        }
        let mut acknowledged = 0;
        while acknowledged < messages.len() {
            if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.unwrap() {
                acknowledged += 1;
            }
        }
    }
}

/// A number that no other has taken.
fn rand() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Listens, and publishes until something comes: a broker keeps nothing for who has not subscribed yet.
async fn subscribed(broker: &Broker, heard: &mut Listening) {
    let first = heard.line();
    tokio::pin!(first);
    loop {
        broker.publish(&[("ais/there", "are you there?", false)]).await;
        if let Ok(line) = timeout(Duration::from_millis(100), &mut first).await {
            assert!(line.ends_with("are you there?"), "{line}");
            return;
        }
    }
}

#[tokio::test]
async fn messages_come_with_their_topic_as_the_station() {
    let broker = Broker::open().await;
    broker.publish(&[("ais/old", "of unknown age", true)]).await;
    let mut heard =
        Listening::to(settings(serde_json::json!({"connect": format!("mqtt://{}/ais/+", broker.at)})));
    subscribed(&broker, &mut heard).await;
    let two = format!("{FIRST}\n{SECOND}");
    broker
        .publish(&[
            ("ais/mast,1", &two, false),
            ("ais/x/y", "deeper", false),
            ("ais/b", "[{\"mmsi\":1}]", false),
        ])
        .await;
    let mut lines = Vec::new();
    while lines.len() < 3 {
        let line = heard.line().await;
        if !line.ends_with("are you there?") {
            lines.push(line);
        }
    }
    assert_eq!(lines[0], format!("\\s:ais/mast_1*78\\{FIRST}"));
    assert_eq!(lines[1], format!("\\s:ais/mast_1*78\\{SECOND}"));
    assert!(lines[2].starts_with("\\s:ais/b*") && lines[2].ends_with("\\{\"mmsi\":1}"), "{}", lines[2]);
    assert_eq!(heard.health.state(), State::Connected);
    heard.stop().await;
}

#[tokio::test]
async fn what_is_not_durable_is_sent_again_and_what_comes_meanwhile_is_kept() {
    let broker = Broker::open().await;
    let connect = format!("mqtt://{}/ais/#", broker.at);
    let watch = settings(serde_json::json!({"connect": connect, "client_id": "watch-1"}));
    let mut heard = Listening::to(watch.clone());
    subscribed(&broker, &mut heard).await;
    heard.until(|snapshot| snapshot.lines > 0).await;
    broker.publish(&[("ais/a", "one", false)]).await;
    loop {
        let delivery = heard.delivery().await;
        if delivery.batch.iter().any(|(_, line)| line.ends_with(b"one")) {
            // Its receipt is dropped: it may be lost.
            break;
        }
        delivery.receipts.into_iter().for_each(|receipt| receipt.durable());
    }
    heard.stop().await;
    broker.publish(&[("ais/a", "two", false)]).await;
    let mut heard = Listening::to(watch.clone());
    let mut lines = Vec::new();
    while lines.len() < 2 {
        let line = heard.line().await;
        if !line.ends_with("are you there?") {
            lines.push(line[line.len() - 3..].to_owned());
        }
    }
    assert_eq!(lines, ["one", "two"]);
    // Long enough for the broker to hear that both are durable.
    sleep(Duration::from_millis(300)).await;
    heard.stop().await;
    let mut heard = Listening::to(watch);
    subscribed(&broker, &mut heard).await;
    heard.stop().await;
}

#[tokio::test]
async fn more_messages_than_wait_at_a_time_all_come() {
    let broker = Broker::open().await;
    let connect = format!("mqtt://{}/ais/#", broker.at);
    let mut heard = Listening::to(settings(serde_json::json!({"connect": connect, "client_id": "watch-2"})));
    subscribed(&broker, &mut heard).await;
    let numbers: Vec<String> = (0..90).map(|n| n.to_string()).collect();
    let messages: Vec<_> = numbers.iter().map(|n| ("ais/a", n.as_str(), false)).collect();
    for _ in 0..8 {
        broker.publish(&messages).await;
        for n in 0..90 {
            let mut line = heard.line().await;
            while line.ends_with("are you there?") {
                line = heard.line().await;
            }
            assert!(line.ends_with(&format!("\\{n}")), "{line} instead of {n}");
        }
    }
    heard.stop().await;
}

#[tokio::test]
async fn a_user_is_held_against_a_password_and_the_password_is_never_shown() {
    let broker = Broker::start("allow_anonymous false\npassword_file PLACE/users\nacl_file PLACE/acl").await;
    let connect = format!("mqtt://{}/ais/#", broker.at);
    let password = |word: &str| kept(broker.folder.path(), "password", word);
    let wrong =
        settings(serde_json::json!({"connect": connect, "user": "watch", "password": password("a guess")}));
    assert!(!format!("{wrong:?}").contains("a guess"));
    let heard = Listening::to(wrong);
    let failed = heard.until_said("does not let us in: `user` or `password` is wrong").await;
    assert!(failed.state == State::Failed && !failed.detail.contains("a guess"), "{}", failed.detail);
    let right =
        settings(serde_json::json!({"connect": connect, "user": "watch", "password": password("pass word")}));
    let heard = Listening::to(right.clone());
    heard.until(|snapshot| snapshot.state == State::Connected).await;
    heard.stop().await;
}

#[tokio::test]
async fn an_encrypted_link_holds_the_broker_against_its_authority() {
    let broker =
        Broker::start("allow_anonymous true\ncertfile PLACE/server.pem\nkeyfile PLACE/server.key").await;
    let connect = format!("mqtts://{}/ais/#", broker.at);
    let ca = broker.folder.path().join("ca.pem");
    let heard = Listening::to(settings(serde_json::json!({"connect": connect, "ca": ca})));
    heard.until(|snapshot| snapshot.state == State::Connected).await;
    let stranger = Listening::to(settings(serde_json::json!({"connect": connect})));
    let failed = stranger.until(|snapshot| snapshot.state == State::Failed).await;
    assert!(
        failed.detail.contains("certificate") || failed.detail.contains("authority"),
        "{}",
        failed.detail
    );
}

#[tokio::test]
async fn a_broker_that_goes_is_noticed_and_dialled_again() {
    let broker = Broker::open().await;
    let at = broker.at;
    let heard = Listening::to(settings(serde_json::json!({"connect": format!("mqtt://{at}/ais/#")})));
    heard.until(|snapshot| snapshot.state == State::Connected).await;
    drop(broker);
    let failed = heard.until(|snapshot| snapshot.state == State::Failed).await;
    assert!(
        failed.detail.starts_with(&format!("the broker 127.0.0.1 port {}", at.port())),
        "{}",
        failed.detail
    );
    heard.stop().await;
}
