//! Boxes that send datagrams, to us, to everyone or to a group: AIS-catcher, rtl-ais, most Ethernet receivers, and
//! everything on a ship's network (IEC 61162-450).

use super::allow::AllowList;
use super::datagram::{Contents, Numbers, contents};
use super::health::Health;
use super::{CHUNK_MAX, Chunk};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockRef, Socket, Type};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
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
    numbers: Numbers,
}

impl Udp {
    pub(super) async fn open(bind: SocketAddr, allow: AllowList, health: Arc<Health>) -> Result<Udp> {
        Ok(Udp::over(UdpSocket::bind(bind).await?, allow, health))
    }

    /// Joins a group on one interface of this machine, named or by its address. Other programs may hear the same
    /// group beside us.
    pub(super) fn join(
        group: SocketAddrV4,
        interface: &str,
        allow: AllowList,
        health: Arc<Health>,
    ) -> Result<Udp> {
        let index = find(interface)?;
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        // Bound to the group's address, the socket hears nothing sent to this machine alone; and without the kernel's
        // default, nothing that another program's membership brings in from another interface.
        #[cfg(target_os = "linux")]
        socket.set_multicast_all_v4(false)?;
        socket.bind(&group.into())?;
        socket
            .join_multicast_v4_n(group.ip(), &index)
            .map_err(|error| Error::other(format!("it can't be joined on `{interface}`: {error}")))?;
        Ok(Udp::over(UdpSocket::from_std(socket.into())?, allow, health))
    }

    fn over(socket: UdpSocket, allow: AllowList, health: Arc<Health>) -> Udp {
        // Less is granted without a word, and more than nothing is good.
        let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
        Udp { socket, allow, health, last: None, numbers: Numbers::default() }
    }

    pub(super) async fn ready(&self) -> Result<()> {
        self.socket.readable().await
    }

    /// One datagram, which ends its last line. A refused one is counted and gives an empty chunk.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        debug_assert!(buffer.len() >= CHUNK_MAX);
        let nothing = Ok(Chunk { peer: 0, length: 0, ends: true, receipt: None });
        let (length, peer) = self.socket.try_recv_from(buffer)?;
        if !self.allow.admits(peer.ip()) {
            self.health.refuse(peer.ip(), "not on the allow list");
            return nothing;
        }
        if self.last.replace(peer.ip()) != Some(peer.ip()) {
            self.health.sends(peer.ip());
        }
        let start = match contents(&buffer[..length]) {
            Contents::Plain => 0,
            Contents::Sentences(start) => {
                self.numbers.look(&buffer[start..length], &self.health);
                start
            }
            Contents::Other(name) => {
                self.health.skip(name);
                return nothing;
            }
        };
        buffer.copy_within(start..length, 0);
        Ok(Chunk { peer: 0, length: length - start, ends: true, receipt: None })
    }
}

/// The interface that is meant: an address of this machine, or a name such as `eth0`.
fn find(interface: &str) -> Result<InterfaceIndexOrAddress> {
    if let Ok(address) = interface.parse::<Ipv4Addr>() {
        return Ok(InterfaceIndexOrAddress::Address(address));
    }
    let unknown =
        || Error::new(ErrorKind::AddrNotAvailable, format!("this machine has no interface `{interface}`"));
    if !is_interface_name(interface) {
        return Err(unknown());
    }
    let index = std::fs::read_to_string(format!("/sys/class/net/{interface}/ifindex"));
    let index = index.ok().and_then(|index| index.trim().parse().ok()).ok_or_else(unknown)?;
    Ok(InterfaceIndexOrAddress::Index(index))
}

/// Whether it can be the name of an interface (at most 15 bytes on Linux).
pub(super) fn is_interface_name(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b':'))
}
