//! Boxes that send datagrams to us: AIS-catcher, rtl-ais, most Ethernet receivers.

use super::allow::AllowList;
use super::health::Health;
use super::{CHUNK_MAX, Chunk};
use socket2::SockRef;
use std::io::Result;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Bytes the kernel is asked to hold while we are busy; it may grant less (`net.core.rmem_max`).
const RECEIVE_BUFFER: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Udp {
    socket: UdpSocket,
    allow: AllowList,
    health: Arc<Health>,
    last: Option<IpAddr>,
}

impl Udp {
    pub(super) async fn open(bind: SocketAddr, allow: AllowList, health: Arc<Health>) -> Result<Udp> {
        let socket = UdpSocket::bind(bind).await?;
        // Less is granted without a word, and more than nothing is good.
        let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
        Ok(Udp { socket, allow, health, last: None })
    }

    pub(super) async fn ready(&self) -> Result<()> {
        self.socket.readable().await
    }

    /// One datagram, which ends its last line. A refused one is counted and gives an empty chunk.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        debug_assert!(buffer.len() >= CHUNK_MAX);
        let (length, peer) = self.socket.try_recv_from(buffer)?;
        if self.allow.admits(peer.ip()) {
            if self.last.replace(peer.ip()) != Some(peer.ip()) {
                self.health.sends(peer.ip());
            }
            return Ok(Chunk { peer: 0, length, ends: true, receipt: None });
        }
        self.health.refuse(peer.ip(), "not on the allow list");
        Ok(Chunk { peer: 0, length: 0, ends: true, receipt: None })
    }
}
