//! Where a receiver is reached: streams of bytes (`tcp://`, `tcp-listen://`, `udp://`, `udp-multicast://`,
//! `serial://`), links that bring messages (`http-listen://`, `poll+https://`, `wss://`, `mqtt://`, `gpsd://`), and
//! files (`file://`, `tail://`, `stdin:`).

use super::gpsd;
use std::fmt;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::PathBuf;

/// Bits a second of a serial AIS receiver (IEC 61162-2); GNSS and sensor ports use 4800.
pub const BAUD_DEFAULT: u32 = 38_400;

/// What an address may look like, for messages about one that doesn't.
pub const ACCEPTED: &str = "tcp://HOST:PORT, tcp-listen://IP:PORT, udp://IP:PORT, udp-multicast://GROUP:PORT, \
    serial:///dev/DEVICE?baud=38400, http-listen://IP:PORT, poll+https://HOST/PATH, wss://HOST/PATH, \
    mqtt://HOST/TOPIC, mqtts://HOST/TOPIC, gpsd://HOST, file:///PATH, tail:///PATH or stdin:";

/// What stands in the place of the secret in an address and in what is sent to subscribe.
pub(super) const SECRET: &str = "{secret}";

/// Ports of MQTT brokers, without and with TLS (registered with IANA).
const MQTT_PORTS: [u16; 2] = [1883, 8883];

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
    /// Stations post messages to us over HTTP.
    HttpListen {
        /// Address of ours to listen at.
        bind: SocketAddr,
    },
    /// We ask a web address again and again.
    HttpPoll {
        /// `http://` or `https://`.
        url: String,
    },
    /// A WebSocket that we dial.
    WebSocket {
        /// `ws://` or `wss://`.
        url: String,
    },
    /// A topic at an MQTT broker.
    Mqtt {
        /// Name or IP address of the broker.
        host: String,
        /// Its port.
        port: u16,
        /// Whether the link is encrypted.
        tls: bool,
        /// The topic, with `+` for any one level and `#` at its end for all below.
        topic: String,
    },
    /// A gpsd.
    Gpsd {
        /// Name or IP address.
        host: String,
        /// Port, 2947 as a rule.
        port: u16,
        /// One of its devices, such as `/dev/ttyUSB0`; all of them without it.
        device: Option<String>,
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
            "http-listen" => Ok(Address::HttpListen { bind: socket_address(rest)? }),
            "poll+http" | "poll+https" => Ok(Address::HttpPoll { url: web(&text["poll+".len()..])? }),
            "ws" | "wss" => Ok(Address::WebSocket { url: web(text)? }),
            "mqtt" | "mqtts" => mqtt(rest, scheme == "mqtts"),
            "gpsd" => {
                let (place, device) = rest.split_once('/').unwrap_or((rest, ""));
                let (host, port) = host_and_port_or(place, gpsd::PORT_DEFAULT)?;
                let device = Some(format!("/{device}")).filter(|device| device != "/");
                Ok(Address::Gpsd { host, port, device })
            }
            "http" | "https" => {
                Err(format!("`{scheme}` alone does not say who asks: poll+{text}, or http-listen://IP:PORT"))
            }
            "file" | "tail" if rest.is_empty() => Err("the path of the file is missing".into()),
            "tail" => tail(rest),
            "file" => Ok(Address::File { path: PathBuf::from(rest) }),
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
            Address::HttpListen { .. } => "http_listen",
            Address::HttpPoll { .. } => "http_poll",
            Address::WebSocket { .. } => "websocket",
            Address::Mqtt { .. } => "mqtt",
            Address::Gpsd { .. } => "gpsd",
            Address::File { .. } => "replay",
            Address::Tail { .. } => "tail",
            Address::Stdin => "stdin",
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
                | Address::Gpsd { .. }
        )
    }

    /// Whether others send to us, so that it matters who may.
    pub fn is_open_to_senders(&self) -> bool {
        self.bind().is_some() || matches!(self, Address::Multicast { .. })
    }

    /// Where it listens, when others come to us.
    pub(super) fn bind(&self) -> Option<SocketAddr> {
        match self {
            Address::TcpServer { bind } | Address::Udp { bind } | Address::HttpListen { bind } => Some(*bind),
            _ => None,
        }
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

/// A web address, of which the secret's place is no part yet.
fn web(url: &str) -> Result<String, String> {
    let read = url::Url::parse(&url.replace(SECRET, "secret"));
    let read = read.map_err(|error| format!("`{url}` is not a web address: {error}"))?;
    if !read.username().is_empty() || read.password().is_some() {
        return Err(
            "a password in the address would be shown on screens: put {secret} there, and set `secret`"
                .into(),
        );
    }
    if read.fragment().is_some() {
        return Err(format!("`{url}` has a `#`, which no server sees"));
    }
    if let Some((place, _)) = url.split_once(SECRET)
        && !place.contains('?')
        && place.matches('/').count() < 3
    {
        return Err("{secret} can stand in the path or the query, not in the host".into());
    }
    Ok(url.to_owned())
}

fn mqtt(rest: &str, tls: bool) -> Result<Address, String> {
    let (place, topic) = rest.split_once('/').unwrap_or((rest, ""));
    if place.contains('@') {
        return Err("a password in the address would be shown on screens: set `user` and `password`".into());
    }
    let (host, port) = host_and_port_or(place, MQTT_PORTS[usize::from(tls)])?;
    if topic.is_empty() {
        return Err("the topic is missing".into());
    }
    let levels: Vec<&str> = topic.split('/').collect();
    let wild = |level: &str| level.contains(['+', '#']);
    let last = levels.len() - 1;
    let good = |(index, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => index == last,
        level => !wild(level) && !level.contains(char::is_control),
    };
    if !levels.iter().enumerate().all(good) || topic.len() > TOPIC_MAX {
        return Err(format!(
            "`{topic}` is not a topic: `+` stands for a whole level, `#` for all at the end"
        ));
    }
    Ok(Address::Mqtt { host, port, tls, topic: topic.to_owned() })
}

/// Bytes of a topic; brokers allow up to 65,535, and nobody reads one of more than these.
const TOPIC_MAX: usize = 250;

fn host_and_port_or(text: &str, port: u16) -> Result<(String, u16), String> {
    if text.is_empty() {
        return Err("the host is missing".into());
    }
    if !text.contains(':') || text.ends_with(']') {
        host_and_port(&format!("{text}:{port}"))
    } else {
        host_and_port(text)
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

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::TcpClient { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::TcpClient { host, port } => write!(f, "tcp://{host}:{port}"),
            Address::TcpServer { bind } => write!(f, "tcp-listen://{bind}"),
            Address::Udp { bind } => write!(f, "udp://{bind}"),
            Address::Multicast { group } => write!(f, "udp-multicast://{group}"),
            Address::Serial { path, baud } => write!(f, "serial://{path}?baud={baud}"),
            Address::HttpListen { bind } => write!(f, "http-listen://{bind}"),
            Address::HttpPoll { url } => write!(f, "poll+{url}"),
            Address::WebSocket { url } => f.write_str(url),
            Address::Mqtt { host, port, tls, topic } => {
                let scheme = if *tls { "mqtts" } else { "mqtt" };
                write!(f, "{scheme}://{}:{port}/{topic}", bracketed(host))
            }
            Address::Gpsd { host, port, device } => {
                write!(f, "gpsd://{}:{port}{}", bracketed(host), device.as_deref().unwrap_or_default())
            }
            Address::File { path } => write!(f, "file://{}", path.display()),
            Address::Tail { path } => write!(f, "tail://{}", path.display()),
            Address::Stdin => f.write_str("stdin:"),
        }
    }
}

/// An IPv6 address is written in brackets before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
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
            "http-listen://0.0.0.0:8110",
            "poll+https://data.example.org/ws.php?username={secret}&output=json",
            "poll+http://127.0.0.1:8100/api/ships_array.json",
            "ws://127.0.0.1:3000/signalk/v1/stream?subscribe=none",
            "wss://stream.example.org/v0/stream",
            "mqtt://broker.example.org:1883/ais/+/nmea",
            "mqtts://[::1]:8884/ais/#",
            "mqtt://h:1883//leading",
            "gpsd://127.0.0.1:2947",
            "gpsd://[::1]:2948/dev/ttyUSB0",
            "file:///path/night.nmea",
            "file://fixtures/night.nmea",
            "udp-multicast://239.192.0.2:60002",
            "tail:///var/log/ais/*.nmea",
            "tail://ais.nmea",
            "stdin:",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        for (short, whole) in [
            ("mqtt://h/ais", "mqtt://h:1883/ais"),
            ("mqtts://[::1]/ais", "mqtts://[::1]:8883/ais"),
            ("gpsd://h", "gpsd://h:2947"),
            ("gpsd://h/dev/ttyS0", "gpsd://h:2947/dev/ttyS0"),
        ] {
            assert_eq!(Address::parse(short).unwrap().to_string(), whole);
        }
        assert_eq!(Address::parse("/dev/ttyACM0").unwrap().to_string(), "serial:///dev/ttyACM0?baud=38400");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, said) in [
            ("192.0.2.10:10110", "no kind of link"),
            ("ftp://x", "`ftp`"),
            ("https://x/y", "poll+https://x/y"),
            ("http-listen://8110", "`8110`"),
            ("poll+https://", "not a web address"),
            ("poll+https://me:pw@h/x", "`secret`"),
            ("wss://h/x#y", "`#`"),
            ("wss://{secret}.example.org/x", "not in the host"),
            ("mqtt://h", "topic is missing"),
            ("mqtt://h/a/#/b", "`a/#/b`"),
            ("mqtt://h/a/b+", "`a/b+`"),
            ("mqtt://me:pw@h/a", "`password`"),
            ("mqtt://h:0/a", "`0`"),
            ("mqtt:///a", "host is missing"),
            ("gpsd://", "host is missing"),
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
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
