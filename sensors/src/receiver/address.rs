//! Where a receiver is reached: `tcp://`, `tcp-listen://`, `udp://`, `udp-multicast://`, `serial://`, `file://`,
//! `tail://`, `stdin:`, `edge://`.

use std::fmt;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::PathBuf;

/// Bits a second of a serial AIS receiver (IEC 61162-2); GNSS and sensor ports use 4800.
pub const BAUD_DEFAULT: u32 = 38_400;

/// What an address may look like, for messages about one that doesn't.
pub const ACCEPTED: &str = "tcp://HOST:PORT, tcp-listen://IP:PORT, udp://IP:PORT, udp-multicast://GROUP:PORT, \
    serial:///dev/DEVICE?baud=38400, file:///PATH, tail:///PATH, stdin: or edge://STATION/RECEIVER";

/// A receiver's address. Displays as it is written in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// We dial the box.
    TcpClient {
        /// Name or IP address.
        host: String,
        /// Port, 10110 as a rule.
        port: u16,
    },
    /// The box dials us.
    TcpServer {
        /// Address of ours to listen at.
        bind: SocketAddr,
    },
    /// The box sends datagrams to us, or to everyone on its network.
    Udp {
        /// Address of ours to listen at; broadcasts are heard at `0.0.0.0`.
        bind: SocketAddr,
    },
    /// The box sends datagrams to a group that we join (IEC 61162-450).
    Multicast {
        /// The group and its port, such as 239.192.0.2:60002 for targets.
        group: SocketAddrV4,
    },
    /// A serial or USB port.
    Serial {
        /// The device, best by its `/dev/serial/by-id/` name, which survives replugging. A `*` in its last part
        /// stands for anything, and must fit one device only.
        path: String,
        /// Bits a second.
        baud: u32,
    },
    /// A recording to play.
    File {
        /// The file.
        path: PathBuf,
    },
    /// Files that another program writes, heard as they grow.
    Tail {
        /// The file; a `*` in its name stands for anything.
        path: PathBuf,
    },
    /// Standard input.
    Stdin,
    /// A receiver at a station beyond the network, whose `watchkeeper edge` sends us what it hears.
    Edge {
        /// The station, one of `[[edge.station]]`.
        station: String,
        /// The receiver's name at the station.
        receiver: String,
    },
}

impl Address {
    /// Reads an address; a bare path of a device is a serial port. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Address, String> {
        if text.starts_with("/dev/") {
            return serial(text);
        }
        if text == "stdin:" {
            return Ok(Address::Stdin);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("`{text}` has no kind of link"))?;
        match scheme {
            "tcp" => {
                let (host, port) = host_and_port(rest)?;
                Ok(Address::TcpClient { host, port })
            }
            "tcp-listen" => Ok(Address::TcpServer { bind: socket_address(rest)? }),
            "udp" => Ok(Address::Udp { bind: socket_address(rest)? }),
            "udp-multicast" => Ok(Address::Multicast { group: group(rest)? }),
            "serial" => serial(rest),
            "file" | "tail" if rest.is_empty() => Err("the path of the file is missing".into()),
            "tail" => tail(rest),
            "file" => Ok(Address::File { path: PathBuf::from(rest) }),
            "edge" => edge(rest),
            other => Err(format!("`{other}` is not a kind of link")),
        }
    }

    /// The kind in one word, as the console shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            Address::TcpClient { .. } => "tcp_client",
            Address::TcpServer { .. } => "tcp_server",
            Address::Udp { .. } => "udp",
            Address::Multicast { .. } => "udp_multicast",
            Address::Serial { .. } => "serial",
            Address::File { .. } => "replay",
            Address::Tail { .. } => "tail",
            Address::Stdin => "stdin",
            Address::Edge { .. } => "edge",
        }
    }

    /// Whether it is a link to one receiver at one site, which can't hear more than two radio channels carry.
    /// Files and standard input may hold hours, and are taken as fast as they come.
    pub fn is_single_site(&self) -> bool {
        matches!(
            self,
            Address::TcpClient { .. }
                | Address::TcpServer { .. }
                | Address::Udp { .. }
                | Address::Multicast { .. }
                | Address::Serial { .. }
        )
    }

    /// Whether others send to us, so that it matters who may.
    pub fn is_open_to_senders(&self) -> bool {
        matches!(self, Address::Udp { .. } | Address::TcpServer { .. } | Address::Multicast { .. })
    }
}

fn group(text: &str) -> Result<SocketAddrV4, String> {
    let group: SocketAddrV4 =
        text.parse().map_err(|_| format!("`{text}` is not the IPv4 address and port of a group"))?;
    if !group.ip().is_multicast() {
        return Err(format!("`{}` is not the address of a group (224.0.0.0 to 239.255.255.255)", group.ip()));
    }
    Ok(group)
}

fn tail(text: &str) -> Result<Address, String> {
    let path = PathBuf::from(text);
    if path.file_name().is_none() {
        return Err(format!("`{text}` names no file"));
    }
    if path.parent().is_some_and(|folder| folder.to_string_lossy().contains('*')) {
        return Err(format!("`{text}`: `*` stands in the name of the file only"));
    }
    Ok(Address::Tail { path })
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("`{text}` has no port"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port.parse() {
        Ok(port) if port > 0 && !host.is_empty() => Ok((host.to_owned(), port)),
        Ok(_) if host.is_empty() => Err("the host is missing".into()),
        _ => Err(format!("`{port}` is not a port")),
    }
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not an IP address and port of this machine"))
}

fn serial(text: &str) -> Result<Address, String> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    if path.is_empty() {
        return Err("the path of the device is missing".into());
    }
    let baud = match query.strip_prefix("baud=") {
        Some(baud) => match baud.parse() {
            Ok(baud) if (300..=4_000_000).contains(&baud) => baud,
            _ => return Err(format!("`{baud}` is not a number of bits a second")),
        },
        None if query.is_empty() => BAUD_DEFAULT,
        None => return Err(format!("`{query}` is not an option of a serial port")),
    };
    Ok(Address::Serial { path: path.to_owned(), baud })
}

fn edge(text: &str) -> Result<Address, String> {
    let (station, receiver) =
        text.split_once('/').ok_or_else(|| format!("`{text}` does not name a station and its receiver"))?;
    for name in [station, receiver] {
        if !is_plain_name(name) {
            return Err(format!("`{name}` is not a name of {PLAIN_NAME}"));
        }
    }
    Ok(Address::Edge { station: station.to_owned(), receiver: receiver.to_owned() })
}

/// What [`is_plain_name`] accepts, in words.
pub const PLAIN_NAME: &str = "1 to 32 letters, digits, `-`, `_` and `.`, the first a letter or digit";

/// Whether a name can stand in an address, a TAG block and the name of a folder as it is.
pub fn is_plain_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::TcpClient { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::TcpClient { host, port } => write!(f, "tcp://{host}:{port}"),
            Address::TcpServer { bind } => write!(f, "tcp-listen://{bind}"),
            Address::Udp { bind } => write!(f, "udp://{bind}"),
            Address::Multicast { group } => write!(f, "udp-multicast://{group}"),
            Address::Serial { path, baud } => write!(f, "serial://{path}?baud={baud}"),
            Address::File { path } => write!(f, "file://{}", path.display()),
            Address::Tail { path } => write!(f, "tail://{}", path.display()),
            Address::Stdin => f.write_str("stdin:"),
            Address::Edge { station, receiver } => write!(f, "edge://{station}/{receiver}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_reads() {
        for text in [
            "tcp://192.0.2.10:10110",
            "tcp://ais.example.org:5631",
            "tcp://[::1]:10110",
            "tcp-listen://0.0.0.0:10111",
            "udp://[::]:10110",
            "serial:///dev/ttyUSB0?baud=4800",
            "file:///path/night.nmea",
            "file://fixtures/night.nmea",
            "udp-multicast://239.192.0.2:60002",
            "tail:///var/log/ais/*.nmea",
            "tail://ais.nmea",
            "stdin:",
            "edge://north-mast/vhf.1",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("/dev/ttyACM0").unwrap().to_string(), "serial:///dev/ttyACM0?baud=38400");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, said) in [
            ("192.0.2.10:10110", "no kind of link"),
            ("http://x", "`http`"),
            ("tcp://host", "no port"),
            ("tcp://host:99999", "`99999`"),
            ("tcp://:10110", "host is missing"),
            ("udp://somewhere:1", "`somewhere:1`"),
            ("serial:///dev/ttyS0?baud=fast", "`fast`"),
            ("serial:///dev/ttyS0?parity=even", "`parity=even`"),
            ("serial://", "missing"),
            ("file://", "missing"),
            ("tail://", "missing"),
            ("tail:///var/*/ais.nmea", "in the name of the file only"),
            ("udp-multicast://192.0.2.1:60002", "`192.0.2.1` is not the address of a group"),
            ("udp-multicast://[ff02::1]:60002", "IPv4"),
            ("edge://mast", "does not name a station"),
            ("edge://mast/../x", "`../x`"),
            ("edge://-m/x", "`-m`"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
