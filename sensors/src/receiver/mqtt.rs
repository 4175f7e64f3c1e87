//! A topic at an MQTT broker: AIS-catcher's `-Q`, and what others publish there.

use super::body::Lines;
use super::mailbox::{Letter, Mailbox, Slot};
use super::settings::Settings;
use super::{Receipt, tls};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Packet, Publish, QoS,
    SubscribeReasonCode, TlsConfiguration, Transport,
};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes of one message.
const MESSAGE_MAX: usize = 256 * 1024;

/// Messages between the broker and the mailbox.
const INCOMING_MAX: usize = 64;

/// Messages that wait to be durable. A broker sends on only so many without hearing back; mosquitto: 20.
const WAITING_MAX: usize = 128;

/// Messages on one link that could not be written down, after which it is opened anew. Ours: brokers stop sending at 20
/// that nobody answered (mosquitto's `max_inflight_messages`).
const UNSPOKEN_MAX: u32 = 16;

/// Room for what is said to the broker: a word for each message that can have come since it was last read from.
const SAID_MAX: usize = 2 * (INCOMING_MAX + WAITING_MAX);

/// The broker is asked this often whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long opening may take. Ours, unproven.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// What the link is to.
pub(super) struct Topic<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) topic: &'a str,
}

/// Connects to the broker; what comes of the subscription is told as the link's end when it is refused.
///
/// With a client's name, messages are asked for until they are durable here (QoS 1); without one they are taken as
/// they come (QoS 0).
pub(super) async fn open(to: Topic<'_>, settings: &Settings) -> Result<Mailbox> {
    let (client, mut broker) = AsyncClient::new(options(&to, settings)?, SAID_MAX);
    let connected = timeout(CONNECT_TIME_MAX, broker.poll()).await.map_err(|_| ErrorKind::TimedOut)?;
    connected.map_err(trouble)?;
    let qos = if settings.client_id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    client.try_subscribe(to.topic, qos).map_err(|error| Error::other(error.to_string()))?;
    let (passed_on, incoming) = mpsc::channel(INCOMING_MAX);
    let topic = to.topic.to_owned();
    Ok(Mailbox::start(|slot| async move {
        tokio::select! {
            ended = hear(broker, topic, passed_on) => ended,
            ended = deliver(incoming, client, slot) => ended,
        }
    }))
}

fn options(to: &Topic<'_>, settings: &Settings) -> Result<MqttOptions> {
    // A broker ends the older of two links of one name; a link of no name of its own needs one that nobody has.
    let number = std::process::id();
    let nameless =
        || format!("watchkeeper-{number}-{:08x}", super::fnv1a64(super::FNV_START, settings.name.as_bytes()));
    let id = settings.client_id.clone().unwrap_or_else(nameless);
    let mut options = MqttOptions::new(id, to.host, to.port);
    options
        .set_clean_session(settings.client_id.is_none())
        .set_manual_acks(true)
        .set_keep_alive(KEEP_ALIVE)
        .set_max_packet_size(MESSAGE_MAX, MESSAGE_MAX);
    if let Some(user) = &settings.user {
        let password = settings.password.as_ref().map(|password| password.read()).transpose()?;
        options
            .set_credentials(user.clone(), password.map(|word| word.value().to_owned()).unwrap_or_default());
    }
    if to.tls {
        let tls = tls::client(settings.ca.as_deref())?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls))));
    }
    Ok(options)
}

fn trouble(error: ConnectionError) -> Error {
    match error {
        ConnectionError::Io(error) => error,
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => Error::from(ErrorKind::TimedOut),
        ConnectionError::Tls(rumqttc::TlsError::Io(error)) => error,
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => Error::other("it does not let us in: `user` or `password` is wrong"),
        ConnectionError::ConnectionRefused(why) => Error::other(format!("it does not let us in: {why:?}")),
        error => Error::other(error.to_string()),
    }
}

/// Reads from the broker. While nobody takes its messages the broker waits, and in the end drops the link; what
/// it has not heard back about it sends again.
async fn hear(mut broker: EventLoop, topic: String, passed_on: mpsc::Sender<Publish>) -> Result<()> {
    loop {
        let message = match broker.poll().await.map_err(trouble)? {
            Event::Incoming(Packet::Publish(message)) => message,
            Event::Incoming(Packet::SubAck(answer))
                if answer.return_codes.contains(&SubscribeReasonCode::Failure) =>
            {
                return Err(Error::other(format!("it does not let us hear `{topic}`")));
            }
            _ => continue,
        };
        if passed_on.send(message).await.is_err() {
            return Ok(());
        }
    }
}

/// Puts messages into the mailbox, and tells the broker of each that is durable.
async fn deliver(mut incoming: mpsc::Receiver<Publish>, client: AsyncClient, slot: Slot) -> Result<()> {
    let (mut waiting, mut unspoken) = (FuturesUnordered::new(), 0);
    loop {
        tokio::select! {
            Some((message, durable)) = waiting.next() => {
                // One that may be lost is not spoken of: the broker sends it again on the next link. On this one it would
                // wait for the answer, and in the end send nothing more.
                if durable {
                    client.try_ack(&message).map_err(|error| Error::other(error.to_string()))?;
                } else {
                    unspoken += 1;
                }
                if unspoken >= UNSPOKEN_MAX || durable && unspoken > 0 {
                    return Err(Error::other("some of what it sent could not be written down"));
                }
            }
            message = incoming.recv(), if waiting.len() < WAITING_MAX => {
                let Some(mut message) = message else { return Ok(()) };
                let mut lines = Lines::of(Some(&message.topic));
                // What a broker keeps for whoever comes is of an unknown age: it is not news from the sea.
                if message.retain {
                    tracing::debug!(topic = message.topic, "a retained message is passed over");
                } else {
                    lines.take(&message.payload);
                }
                message.payload.clear();
                let asked = message.qos != QoS::AtMostOnce;
                if lines.count == 0 {
                    if asked {
                        client.try_ack(&message).map_err(|error| Error::other(error.to_string()))?;
                    }
                    continue;
                }
                let (receipt, awaited) = Receipt::new();
                let letter = Letter { bytes: lines.bytes, receipt: asked.then_some(receipt) };
                if slot.send(letter).await.is_err() {
                    return Ok(());
                }
                if asked {
                    waiting.push(async move { (message, awaited.await.is_ok()) });
                }
            }
        }
    }
}
