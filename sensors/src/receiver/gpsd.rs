//! A gpsd, which shares one receiver among several programs: its sentences as they came, before it decodes them.

use super::tcp_client;
use serde::Deserialize;
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// gpsd's port (its manual page).
pub(super) const PORT_DEFAULT: u16 = 2947;

/// How long gpsd may take to agree. Ours, unproven.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Bytes of its banners at most. They are about 1 KiB with a device or two.
const BANNERS_MAX: usize = 64 * 1024;

const NOT_GPSD: &str = "it does not answer as gpsd does";

/// Dials a gpsd and asks for raw sentences, of all devices or of one.
///
/// Its answer is looked at and left to be read: the banners are lines like any other, which the decoder counts.
pub(super) async fn open(host: &str, port: u16, device: Option<&str>) -> Result<TcpStream> {
    let mut stream = tcp_client::open(host, port).await?;
    let mut watch = serde_json::json!({"enable": true, "nmea": true, "json": false});
    if let Some(device) = device {
        watch["device"] = device.into();
    }
    let answered = timeout(ANSWER_MAX, async {
        stream.write_all(format!("?WATCH={watch};\n").as_bytes()).await?;
        agreed(&stream).await
    });
    answered.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::InvalidData, NOT_GPSD)))?;
    Ok(stream)
}

/// What gpsd answers with: `VERSION` to the connection, `DEVICES` and `WATCH` to the question, or `ERROR`.
#[derive(Deserialize)]
struct Banner {
    class: String,
    #[serde(default)]
    message: String,
}

async fn agreed(stream: &TcpStream) -> Result<()> {
    let mut buffer = vec![0; BANNERS_MAX];
    loop {
        let length = stream.peek(&mut buffer).await?;
        if length == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        for line in
            buffer[..length].split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"))
        {
            match serde_json::from_slice::<Banner>(line) {
                Ok(banner) if banner.class == "WATCH" => return Ok(()),
                Ok(banner) if banner.class == "ERROR" => {
                    return Err(Error::other(format!("gpsd says: {:.200}", banner.message)));
                }
                _ => {}
            }
        }
        if length == BANNERS_MAX {
            return Err(Error::new(ErrorKind::InvalidData, NOT_GPSD));
        }
        // What was looked at is still there: there is no other way to wait for more.
        sleep(Duration::from_millis(20)).await;
    }
}
