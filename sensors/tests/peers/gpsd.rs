//! A real gpsd, fed by a pseudo-terminal.

use super::listening::{Listening, free_address, settings};
use super::program::Program;
use super::{FIRST, SECOND};
use sensors::receiver::State;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_serial::{SerialPort, SerialStream};

/// A pseudo-terminal: what is written to the first is read from the device that the second names.
fn device() -> (SerialStream, SerialStream, String) {
    let (ours, theirs) = SerialStream::pair().unwrap();
    let path = theirs.name().unwrap();
    // gpsd gives up root, and everything that its own user may not open.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    (ours, theirs, path)
}

#[tokio::test]
async fn a_gpsd_gives_the_sentences_as_they_came() {
    let (mut receiver, mut theirs, path) = device();
    theirs.set_exclusive(false).unwrap();
    let at = free_address().await;
    let port = at.port().to_string();
    let _gpsd = Program::start("gpsd", "gpsd", &["-N", "-n", "-b", "-S", &port, &path], at).await;
    drop(theirs);
    let mut heard = Listening::to(settings(serde_json::json!({"connect": format!("gpsd://{at}{path}")})));
    let saying = tokio::spawn(async move {
        loop {
            // It guesses the speed first, and hears nothing meanwhile.
            receiver.write_all(format!("{FIRST}\r\n{SECOND}\r\n").as_bytes()).await.unwrap();
            sleep(Duration::from_millis(200)).await;
        }
    });
    let mut lines = Vec::new();
    while !lines.iter().any(|line| line == SECOND) {
        lines.push(heard.line().await);
    }
    saying.abort();
    assert!(lines[0].starts_with("{\"class\":\"VERSION\""), "{}", lines[0]);
    assert!(lines.iter().any(|line| line == FIRST));
    assert!(
        lines
            .iter()
            .all(|line| [FIRST, SECOND].contains(&line.as_str()) || line.starts_with("{\"class\":\""))
    );
    assert_eq!(heard.health.state(), State::Connected);
    heard.stop().await;
}

#[tokio::test]
async fn a_device_that_gpsd_does_not_have_is_named() {
    let (_receiver, theirs, path) = device();
    let at = free_address().await;
    let port = at.port().to_string();
    let _gpsd = Program::start("gpsd", "gpsd", &["-N", "-b", "-S", &port, &path], at).await;
    let heard = Listening::to(settings(serde_json::json!({"connect": format!("gpsd://{at}/dev/nothing")})));
    let failed = heard.until_said("gpsd says: ").await;
    assert!(failed.detail.contains("/dev/nothing") && failed.state == State::Failed, "{}", failed.detail);
    drop(theirs);
}

#[tokio::test]
async fn what_is_not_a_gpsd_is_said_to_be_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let heard = Listening::to(settings(serde_json::json!({"connect": format!("gpsd://{at}")})));
    let (mut peer, _) = listener.accept().await.unwrap();
    let mut asked = vec![0; 200];
    let length = peer.read(&mut asked).await.unwrap();
    assert!(String::from_utf8_lossy(&asked[..length]).starts_with("?WATCH={"));
    peer.write_all(&vec![b'x'; 100_000]).await.unwrap();
    heard.until_said("does not answer as gpsd does").await;
    heard.stop().await;
}
