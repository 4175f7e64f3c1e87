//! Serial ports, over pseudo-terminals.

use super::*;
use crate::receiver::serial::Serial;
use std::os::unix::fs::symlink;
use tokio::io::AsyncReadExt;
use tokio_serial::SerialPort;

/// A device whose port another program may open, and the port's path.
fn device() -> (SerialStream, String) {
    let (device, port) = SerialStream::pair().unwrap();
    let path = port.name().unwrap();
    (device, path)
}

fn error(opened: Result<Serial>) -> Error {
    opened.err().unwrap()
}

#[tokio::test]
async fn a_port_is_opened_by_a_link_to_it() {
    let (mut device, path) = device();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("usb-Digital_Yacht_SR162-if00-port0");
    symlink(path, &link).unwrap();
    for connect in [link.display().to_string(), format!("{}/usb-*", folder.path().display())] {
        let mut heard = Listening::to(to(format!("serial://{connect}")), 8);
        heard.until(|s| s.state == State::Connected).await;
        AsyncWriteExt::write_all(&mut device, format!("{FIRST}\r\n").as_bytes()).await.unwrap();
        assert_eq!(heard.line().await, FIRST);
        heard.stop().await;
    }
}

#[tokio::test]
async fn a_star_must_fit_one_device() {
    let folder = tempfile::tempdir().unwrap();
    let star = format!("{}/usb-*", folder.path().display());
    assert_eq!(error(Serial::open(&star, 38_400, &[]).await).kind(), ErrorKind::NotFound);
    let (_one, path) = device();
    symlink(&path, folder.path().join("usb-one")).unwrap();
    symlink(&path, folder.path().join("usb-two")).unwrap();
    let many = error(Serial::open(&star, 38_400, &[]).await).to_string();
    assert!(many.starts_with("2 devices fit, give one: ") && many.ends_with("usb-two"), "{many}");
}

#[tokio::test]
async fn a_port_that_another_program_holds_is_named() {
    let (_device, path) = device();
    let held = Serial::open(&path, 38_400, &[]).await.unwrap();
    let heard = Listening::to(to(format!("serial://{path}")), 8);
    let failed = heard.until(|s| s.state == State::Failed).await;
    assert!(failed.detail.contains("is in use by another program"), "{}", failed.detail);
    drop(held);
    heard.until(|s| s.state == State::Connected).await;
}

#[tokio::test]
async fn a_file_is_not_a_serial_port() {
    let file = recording(FIRST.as_bytes());
    let heard = Listening::to(to(format!("serial://{}", file.path().display())), 8);
    let failed = heard.until(|s| s.state == State::Failed).await;
    assert!(failed.detail.contains("it is not a serial port"), "{}", failed.detail);
}

#[tokio::test]
async fn its_set_up_is_sent_each_time_it_is_opened() {
    let (mut device, path) = device();
    let settings = Settings {
        init: vec!["co2,v".to_owned(), "$PAMTC,EN*00".to_owned()],
        ..to(format!("serial://{path}"))
    };
    for _ in 0..2 {
        let heard = Listening::to(settings.clone(), 8);
        let mut said = Vec::new();
        let began = Instant::now();
        while said.len() < 21 && began.elapsed() < Duration::from_secs(10) {
            if device.read_buf(&mut said).await.is_err() {
                // Nobody has the port open yet.
                sleep(Duration::from_millis(5)).await;
            }
        }
        assert_eq!(String::from_utf8_lossy(&said), "co2,v\r\n$PAMTC,EN*00\r\n");
        heard.stop().await;
    }
}

#[tokio::test]
async fn probing_finds_the_rate_of_a_port() {
    let (mut device, path) = device();
    let sending = tokio::spawn(async move {
        loop {
            // Both ends of a pseudo-terminal know the rate that the port was opened at.
            let said = match device.baud_rate() {
                Ok(4_800) => format!("{FIRST}\r\n{SECOND}\r\n").into_bytes(),
                _ => b"\x8f\xe6\x00\xfe\x18\r\n".to_vec(),
            };
            // Writing fails while nobody has the port open.
            let _ = AsyncWriteExt::write_all(&mut device, &said).await;
            sleep(Duration::from_millis(20)).await;
        }
    });
    let asked = Settings { profile: Some("sr162".to_owned()), ..to(format!("serial://{path}")) };
    let found = probe(&asked, Duration::from_secs(5), || Time::from_millis(0), |_| {}).await.unwrap();
    sending.abort();
    assert!(found.baud_found);
    assert_eq!(found.address, Address::Serial { path, baud: 4_800 });
    assert_eq!(found.talkers, ["AI".to_owned()].into());
    let stanza = found.stanza();
    assert!(stanza.contains("profile = \"sr162\"") && stanza.contains("?baud=4800"), "{stanza}");
}
