//! Where a receiver is reached: `tcp://`, `tcp-listen://`, `udp://`, `serial://`, `file://`, `edge://`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Bits a second of a serial AIS receiver (IEC 61162-2); GNSS and sensor ports use 4800.
pub const BAUD_DEFAULT: u32 = 38_400;

/// What an address may look like, for messages about one that doesn't.
pub const ACCEPTED: &str = "tcp://HOST:PORT, tcp-listen://IP:PORT, udp://IP:PORT, \
    serial:///dev/DEVICE?baud=38400, file:///PATH or edge://STATION/RECEIVER";

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
    /// The box sends datagrams to us.
    Udp {
        /// Address of ours to listen at.
        bind: SocketAddr,
    },
    /// A serial or USB port.
    Serial {
        /// The device, best by its `/dev/serial/by-id/` name, which survives replugging.
        path: String,
        /// Bits a second.
        baud: u32,
    },
    /// A recording to play.
    File {
        /// The file.
        path: PathBuf,
    },
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
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("`{text}` has no kind of link"))?;
        match scheme {
            "tcp" => {
                let (host, port) = host_and_port(rest)?;
                Ok(Address::TcpClient { host, port })
            }
            "tcp-listen" => Ok(Address::TcpServer { bind: socket_address(rest)? }),
            "udp" => Ok(Address::Udp { bind: socket_address(rest)? }),
            "serial" => serial(rest),
            "file" if rest.is_empty() => Err("the path of the file is missing".into()),
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
            Address::Serial { .. } => "serial",
            Address::File { .. } => "replay",
            Address::Edge { .. } => "edge",
        }
    }
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
            Address::Serial { path, baud } => write!(f, "serial://{path}?baud={baud}"),
            Address::File { path } => write!(f, "file://{}", path.display()),
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
            ("edge://mast", "does not name a station"),
            ("edge://mast/../x", "`../x`"),
            ("edge://-m/x", "`-m`"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
