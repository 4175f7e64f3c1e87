//! What stopped a receiver, in words that name the thing and what to do about it.

use super::address::Address;
use std::io::{Error, ErrorKind};

/// Why a link could not be opened or was lost.
pub(super) fn explain(address: &Address, error: &Error) -> String {
    let what = match address {
        Address::TcpClient { host, port } => format!("{host} port {port}"),
        Address::TcpServer { bind } => format!("TCP port {} of {}", bind.port(), bind.ip()),
        Address::Udp { bind } => format!("UDP port {} of {}", bind.port(), bind.ip()),
        Address::Multicast { group } => format!("the group {} at UDP port {}", group.ip(), group.port()),
        Address::Serial { path, .. } => path.clone(),
        Address::HttpListen { bind } => format!("HTTP port {} of {}", bind.port(), bind.ip()),
        Address::HttpPoll { .. } | Address::WebSocket { .. } => address.to_string(),
        Address::Mqtt { host, port, .. } => format!("the broker {host} port {port}"),
        Address::Gpsd { host, port, .. } => format!("gpsd at {host} port {port}"),
        Address::Stdin => "standard input".to_owned(),
        Address::File { path } | Address::Tail { path } => path.display().to_string(),
    };
    match (error.kind(), address) {
        (ErrorKind::AddrInUse, _) => format!("{what} is in use by another program"),
        (ErrorKind::AddrNotAvailable, Address::Multicast { .. }) if error.raw_os_error().is_none() => {
            format!("{what}: {error}")
        }
        (ErrorKind::AddrNotAvailable, _) => format!("{what}: this machine does not have that address"),
        (ErrorKind::PermissionDenied, Address::Serial { .. }) => {
            format!(
                "{what}: no permission to read it; its group is dialout as a rule, or another program holds it"
            )
        }
        (ErrorKind::PermissionDenied, address) if address.is_open_to_senders() => {
            format!("{what}: no permission; ports below 1024 are reserved")
        }
        (ErrorKind::PermissionDenied, _) => format!("{what}: no permission to read it"),
        (ErrorKind::NotFound, Address::Serial { .. }) => format!("{what}: there is no such device"),
        (ErrorKind::NotFound, Address::File { .. }) => format!("{what}: there is no such file"),
        (ErrorKind::ConnectionRefused, _) => format!("{what}: nothing listens there"),
        (ErrorKind::TimedOut, _) => format!("{what}: no answer"),
        (ErrorKind::UnexpectedEof, Address::Stdin) => format!("{what} has ended"),
        (ErrorKind::UnexpectedEof, _) => format!("{what}: the other side closed the link"),
        (ErrorKind::ResourceBusy, _) => format!("{what} is in use by another program"),
        _ => format!("{what}: {error}"),
    }
}
