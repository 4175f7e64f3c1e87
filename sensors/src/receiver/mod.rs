//! Receivers: whatever brings lines to us, over any link, as batches of raw lines with their time of arrival.
//!
//! One pipeline serves every link: a `Source` gives chunks of bytes, a [`lines::Splitter`] cuts them into
//! lines, a [`Batch`] carries them on, and [`Health`] shows the technician how it goes. A link that fails is
//! named, waited for and opened again, and no other receiver notices.

pub mod address;
pub mod allow;
mod backoff;
pub mod batch;
mod body;
mod clock;
mod datagram;
mod delivery;
mod file;
pub mod file_time;
mod gather;
mod gpsd;
pub mod health;
mod http_listen;
mod http_poll;
mod http_post;
mod limit;
pub mod lines;
mod mailbox;
#[cfg(feature = "mqtt")]
mod mqtt;
mod pattern;
pub mod probe;
pub mod profile;
pub mod replay;
mod secret;
mod serial;
pub mod settings;
mod stamp;
mod stdin;
mod tail;
mod tcp_client;
mod tcp_server;
mod tls;
mod trouble;
mod udp;
mod websocket;
#[cfg(test)]
mod tests;

pub use address::Address;
pub use backoff::Backoff;
pub use batch::Batch;
pub use delivery::{Awaited, Consignment, Delivery, Receipt};
pub use health::{Health, Snapshot, State};
pub use secret::SecretRef;
pub use settings::{Problem, Settings};

use crate::{ReceiverId, Time};
use allow::AllowList;
use gather::Gather;
use lines::{FNV_START, fnv1a64};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use trouble::explain;

/// Bytes read at a time: the largest datagram.
const CHUNK_MAX: usize = 65_536;

/// What one read gave: so many bytes of the buffer.
struct Chunk {
    /// Whose bytes: a place below `tcp_server::PEERS_MAX`; 0 where there is only one.
    peer: usize,
    length: usize,
    /// An unfinished line ends here: the end of a datagram, or the peer has gone.
    ends: bool,
    /// The sender waits until the lines that end here are durable.
    receipt: Option<Receipt>,
}

/// An open link.
enum Source {
    TcpClient(TcpStream),
    TcpServer(Box<tcp_server::TcpServer>),
    Udp(udp::Udp),
    Serial(serial::Serial),
    Mailbox(mailbox::Mailbox),
}

impl Source {
    async fn open(address: &Address, settings: &Settings, health: &Arc<Health>) -> Result<Source> {
        let invalid = |message| Error::new(ErrorKind::InvalidInput, message);
        let allow = AllowList::parse(&settings.allow).map_err(invalid)?;
        Ok(match address {
            Address::TcpClient { host, port } => Source::TcpClient(tcp_client::open(host, *port).await?),
            Address::TcpServer { bind } => {
                let server =
                    tcp_server::TcpServer::open(*bind, allow, idle(settings), health.clone()).await?;
                Source::TcpServer(Box::new(server))
            }
            Address::Udp { bind } => Source::Udp(udp::Udp::open(*bind, allow, health.clone()).await?),
            Address::Multicast { group } => {
                let interface = settings.interface.as_deref().unwrap_or_default();
                Source::Udp(udp::Udp::join(*group, interface, allow, health.clone())?)
            }
            Address::Serial { path, baud } => {
                Source::Serial(serial::Serial::open(path, *baud, settings.init()).await?)
            }
            Address::Tail { path } => {
                let (path, from_start, health) = (path.clone(), settings.from_start, health.clone());
                Source::Mailbox(mailbox::Mailbox::start(move |slot| {
                    tail::follow(path, from_start, health, slot)
                }))
            }
            Address::Stdin => Source::Mailbox(mailbox::Mailbox::start(stdin::bring)),
            Address::HttpListen { bind } => {
                Source::Mailbox(http_listen::open(*bind, settings, allow, health.clone()).await?)
            }
            Address::HttpPoll { url } => Source::Mailbox(http_poll::open(url, settings, health.clone())?),
            Address::WebSocket { url } => Source::Mailbox(websocket::open(url, settings).await?),
            #[cfg(feature = "mqtt")]
            Address::Mqtt { host, port, tls, topic } => Source::Mailbox(
                mqtt::open(mqtt::Topic { host, port: *port, tls: *tls, topic }, settings).await?,
            ),
            #[cfg(not(feature = "mqtt"))]
            Address::Mqtt { .. } => return Err(invalid("this program was built without MQTT".into())),
            Address::Gpsd { host, port, device } => {
                Source::TcpClient(gpsd::open(host, *port, device.as_deref()).await?)
            }
            Address::File { .. } => return Err(invalid("a recording is played, not listened to".into())),
            Address::Edge { .. } => {
                return Err(invalid("its lines come in through the centre's own door".into()));
            }
        })
    }

    /// Waits until there is something to read.
    async fn ready(&mut self) -> Result<()> {
        match self {
            Source::TcpClient(stream) => stream.readable().await,
            Source::TcpServer(server) => server.ready().await,
            Source::Udp(udp) => udp.ready().await,
            Source::Serial(port) => port.ready().await,
            Source::Mailbox(mailbox) => mailbox.ready().await,
        }
    }

    /// Reads what is there; `WouldBlock` when there is nothing more, any other error when the link is lost.
    fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        match self {
            Source::TcpClient(stream) => tcp_client::try_read(stream, buffer),
            Source::TcpServer(server) => server.try_read(buffer),
            Source::Udp(udp) => udp.try_read(buffer),
            Source::Serial(port) => port.try_read(buffer),
            Source::Mailbox(mailbox) => mailbox.try_read(buffer),
        }
    }

    /// How many senders may be in the middle of a line at a time.
    fn peers(&self) -> usize {
        if matches!(self, Source::TcpServer(_)) { tcp_server::PEERS_MAX } else { 1 }
    }

    /// Whether the sender waits while we do. One that doesn't is read on, and what has no room is dropped.
    fn waits(&self) -> bool {
        !matches!(self, Source::Udp(_))
    }

    /// Whether silence means that the link is dead and is better opened again.
    fn dies_silently(&self) -> bool {
        matches!(self, Source::TcpClient(_) | Source::Serial(_))
    }

    /// Puts into `health` that the link is open, or is heard `again` after a silence.
    fn tell(&self, address: &Address, health: &Health, again: bool) {
        match self {
            // Whether there is a file is known to who follows it.
            Source::Mailbox(_) if matches!(address, Address::Tail { .. }) && !again => {}
            Source::TcpServer(server) => server.tell(),
            // It tells how its last question went.
            Source::Mailbox(_) if matches!(address, Address::HttpPoll { .. }) => {}
            _ if address.is_open_to_senders() => {
                health.set(State::Listening, format!("listens at {address}"));
            }
            _ => health.set(State::Connected, format!("hears {address}")),
        }
    }
}

fn idle(settings: &Settings) -> Duration {
    Duration::from_secs(u64::from(settings.idle_timeout_seconds.max(1)))
}

/// How the listening on one link ended.
enum End {
    /// Told to stop, or nobody takes the lines any more.
    Stopped,
    /// The link is lost; why.
    Lost(String),
}

/// Listens to one receiver until `stop` holds true, its sender is gone, or nobody takes the lines any more; or,
/// for a recording that is not repeated, until it is played.
///
/// `now` is the edge's clock; it stamps every line but a recording's, which arrives at the time it tells. When
/// `out` is full, TCP, serial links and recordings wait; UDP drops whole batches and counts their lines.
pub async fn listen(
    settings: Settings,
    id: ReceiverId,
    out: mpsc::Sender<Delivery>,
    now: impl Fn() -> Time + Clone + Send + 'static,
    health: Arc<Health>,
    mut stop: watch::Receiver<bool>,
) {
    let address = match settings.address() {
        Ok(address) => address,
        Err(message) => return health.set(State::Failed, message),
    };
    if let Address::File { path } = &address {
        return file::play(path, &settings, id, &out, &health, &mut stop).await;
    }
    let mut backoff = Backoff::new(fnv1a64(FNV_START, settings.name.as_bytes()));
    let mut opened_before = false;
    loop {
        let opened = tokio::select! {
            () = stopped(&mut stop) => break,
            opened = Source::open(&address, &settings, &health) => opened,
        };
        let why = match opened {
            Err(error) => explain(&address, &error),
            Ok(mut source) => {
                if std::mem::replace(&mut opened_before, true) {
                    health.reconnects.fetch_add(1, Relaxed);
                }
                source.tell(&address, &health, false);
                let bytes_before = health.bytes.load(Relaxed);
                let mut gather = Gather::new(id, &source, &settings, &now, &health);
                match gather.pump(&mut source, &address, idle(&settings), &out, &mut stop).await {
                    End::Stopped => break,
                    End::Lost(why) if address == Address::Stdin => return health.set(State::Finished, why),
                    End::Lost(why) => {
                        if health.bytes.load(Relaxed) > bytes_before {
                            backoff.reset();
                        }
                        why
                    }
                }
            }
        };
        let wait = backoff.wait();
        tracing::warn!(receiver = settings.name, why, wait_seconds = wait.as_secs_f32(), "receiver lost");
        health.set(State::Failed, format!("{why}; trying again in {:.1} s", wait.as_secs_f32()));
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = sleep(wait) => {}
        }
    }
    health.set(State::Finished, "stopped");
}

/// Returns when the receiver is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
