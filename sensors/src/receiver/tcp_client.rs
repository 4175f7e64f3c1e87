//! A box that we dial: most multiplexers, transponders with WiFi, and stations' servers.

use super::Chunk;
use socket2::{SockRef, TcpKeepalive};
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a connection may take to open. Ours, unproven.
const CONNECT_MAX: Duration = Duration::from_secs(10);

pub(super) async fn open(host: &str, port: u16) -> Result<TcpStream> {
    let stream = timeout(CONNECT_MAX, TcpStream::connect((host, port)))
        .await
        .map_err(|_| Error::from(ErrorKind::TimedOut))??;
    keep_alive(&stream);
    Ok(stream)
}

/// Lets the kernel find out within about a minute that the other side is gone without a word.
pub(super) fn keep_alive(stream: &TcpStream) {
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));
    // A socket without it still has the idle timeout.
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
}

pub(super) fn try_read(stream: &TcpStream, buffer: &mut [u8]) -> Result<Chunk> {
    match stream.try_read(buffer)? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        length => Ok(Chunk { peer: 0, length, ends: false, receipt: None }),
    }
}
