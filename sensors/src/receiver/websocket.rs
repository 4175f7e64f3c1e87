//! A WebSocket that we dial: aisstream.io, Signal K, and whatever sends one message a frame.

use super::address::SECRET;
use super::body::Lines;
use super::mailbox::{Letter, Mailbox, Slot};
use super::secret::{self, Secret};
use super::settings::Settings;
use super::{tcp_client, tls};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde::Deserialize;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::{self, Message, protocol::WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes of one message. aisstream.io's have 1 KiB; Signal K's first, with all it knows, has more.
const MESSAGE_MAX: usize = 256 * 1024;

/// How long opening, and each thing we say, may take. Ours, unproven.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// How often we ask whether the other side is there; a link that leaves three of these unanswered is dead.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Opens the link and subscribes.
pub(super) async fn open(url: &str, settings: &Settings) -> Result<Mailbox> {
    let invalid = |why: String| Error::new(ErrorKind::InvalidInput, why);
    let secret = secret::of(settings)?;
    let place =
        url::Url::parse(&url.replace(SECRET, "secret")).map_err(|error| invalid(error.to_string()))?;
    let host = place.host_str().ok_or_else(|| invalid("the host is missing".into()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = place.port_or_known_default().ok_or_else(|| invalid("the port is missing".into()))?;
    let stream = tcp_client::open(host, port).await?;
    let told = Told { url, subscribe: settings.subscribe.as_deref(), secret };
    if place.scheme() != "wss" {
        return told.start(stream).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| invalid(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(tls::client(settings.ca.as_deref())?));
    let stream = timeout(ANSWER_TIME_MAX, connector.connect(name, stream))
        .await
        .map_err(|_| ErrorKind::TimedOut)??;
    told.start(stream).await
}

/// What the server is told when the link opens.
struct Told<'a> {
    url: &'a str,
    subscribe: Option<&'a str>,
    secret: Option<Secret>,
}

impl Told<'_> {
    async fn start<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) -> Result<Mailbox> {
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_MAX))
            .max_frame_size(Some(MESSAGE_MAX))
            .max_write_buffer_size(2 * MESSAGE_MAX);
        let url = self.with_secret(self.url, Secret::in_address);
        let opened = timeout(ANSWER_TIME_MAX, client_async_with_config(url, stream, Some(limits))).await;
        let (mut socket, _) =
            opened.map_err(|_| ErrorKind::TimedOut)?.map_err(|error| self.trouble(error))?;
        if let Some(subscribe) = self.subscribe {
            let text = self.with_secret(subscribe, |secret| json_inside(secret.value()));
            say(&mut socket, Message::text(text)).await.map_err(|error| self.trouble(error))?;
        }
        let secret = self.secret;
        Ok(Mailbox::start(|slot| async move {
            hear(socket, slot).await.map_err(|error| match &secret {
                Some(secret) => Error::new(error.kind(), secret.hide(&error.to_string())),
                None => error,
            })
        }))
    }

    fn with_secret(&self, text: &str, written: impl Fn(&Secret) -> String) -> String {
        match &self.secret {
            Some(secret) => text.replace(SECRET, &written(secret)),
            None => text.to_owned(),
        }
    }

    fn trouble(&self, error: tungstenite::Error) -> Error {
        let error = trouble(error);
        match &self.secret {
            Some(secret) => Error::new(error.kind(), secret.hide(&error.to_string())),
            None => error,
        }
    }
}

/// As it stands between the quotes of a JSON string.
fn json_inside(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn trouble(error: tungstenite::Error) -> Error {
    match error {
        tungstenite::Error::Io(error) => error,
        tungstenite::Error::ConnectionClosed => Error::from(ErrorKind::UnexpectedEof),
        tungstenite::Error::Http(answer) => Error::other(format!("the server answers {}", answer.status())),
        tungstenite::Error::Capacity(_) => {
            Error::other(format!("a message is longer than {MESSAGE_MAX} bytes"))
        }
        error => Error::other(error.to_string()),
    }
}

async fn say<S>(
    socket: &mut WebSocketStream<S>,
    message: Message,
) -> std::result::Result<(), tungstenite::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let late = || tungstenite::Error::Io(Error::from(ErrorKind::TimedOut));
    timeout(ANSWER_TIME_MAX, socket.send(message)).await.unwrap_or_else(|_| Err(late()))
}

async fn hear<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>, slot: Slot) -> Result<()> {
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    // While nobody takes its messages it is not asked; afterwards it gets its time to answer.
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = ping.tick() => {
                unanswered += 1;
                if unanswered > 3 {
                    return Err(Error::from(ErrorKind::TimedOut));
                }
                say(&mut socket, Message::Ping(Default::default())).await.map_err(trouble)?;
                continue;
            }
        };
        unanswered = 0;
        let body = match message {
            None => return Err(Error::from(ErrorKind::UnexpectedEof)),
            Some(Err(error)) => return Err(trouble(error)),
            Some(Ok(Message::Text(text))) => text.into(),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Close(Some(why)))) if !why.reason.is_empty() => {
                return Err(Error::other(format!(
                    "the server closes the link: {:.200}",
                    why.reason.as_str()
                )));
            }
            // Pings are answered by the socket.
            Some(Ok(_)) => continue,
        };
        let mut lines = Lines::of(None);
        lines.take(&body);
        if lines.count > 0 && slot.send(Letter { bytes: lines.bytes, receipt: None }).await.is_err() {
            return Ok(());
        }
        if let Some(complaint) = complaint(&body) {
            return Err(Error::other(complaint));
        }
    }
}

/// aisstream.io says `{"error": "Api Key Is Not Valid"}` and closes.
fn complaint(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Complaint {
        error: String,
    }
    if body.len() > 1000 || memchr::memmem::find(body, b"\"error\"").is_none() {
        return None;
    }
    let complaint = serde_json::from_slice::<Complaint>(body).ok()?;
    Some(format!("the server says: {}", complaint.error.replace(char::is_control, " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_as_json_has_it() {
        assert_eq!(json_inside("a\"b\\c"), "a\\\"b\\\\c");
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_that_answers_nothing_is_dead_after_a_while() {
        use tokio_tungstenite::tungstenite::protocol::Role;
        let (ours, _theirs) = tokio::io::duplex(4096);
        let socket = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
        let (slot, _letters) = tokio::sync::mpsc::channel(1);
        let began = Instant::now();
        let error = hear(socket, slot).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::TimedOut, 80));
    }

    #[test]
    fn only_a_complaint_is_one() {
        let said = Some("the server says: Api Key Is Not Valid".to_owned());
        assert_eq!(complaint(br#"{"error": "Api Key Is Not Valid"}"#), said);
        assert_eq!(complaint(br#"{"MessageType":"PositionReport","name":"\"error\""}"#), None);
        assert_eq!(complaint(b"\"error\""), None);
    }
}
