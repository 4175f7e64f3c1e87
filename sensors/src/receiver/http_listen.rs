//! Stations that post what they hear over HTTP, as AIS-catcher's `-H` does: where they are let in.

use super::allow::AllowList;
use super::health::Health;
use super::http_post::{Post, Stations};
use super::mailbox::{Mailbox, Slot};
use super::settings::Settings;
use super::tcp_client::keep_alive;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Connections at a time. A station holds one while it posts, a few times a minute.
pub(super) const CONNECTIONS_MAX: usize = 64;

/// How long a request's head may take to come, and a connection may stay open without one. Ours, unproven.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// Bytes held of one connection beside the body that is read.
const HEAD_MAX: usize = 16 * 1024;

/// Opens the address and lets stations in until the mailbox is dropped.
pub(super) async fn open(
    bind: SocketAddr,
    settings: &Settings,
    allow: AllowList,
    health: Arc<Health>,
) -> Result<Mailbox> {
    let stations = Stations::read(&settings.tokens)?;
    let listener = TcpListener::bind(bind).await?;
    Ok(Mailbox::start(|slot| serve(listener, stations, allow, health, slot)))
}

async fn serve(
    listener: TcpListener,
    stations: Stations,
    allow: AllowList,
    health: Arc<Health>,
    slot: Slot,
) -> Result<()> {
    let post = Arc::new(Post::new(stations, health.clone(), slot));
    // Dropped with this future when the receiver stops, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((_, peer)) if !allow.admits(peer.ip()) => health.refuse(peer.ip(), "not on the allow list"),
                Ok((_, peer)) if connections.len() >= CONNECTIONS_MAX => {
                    health.refuse(peer.ip(), "all places are taken");
                }
                Ok((stream, peer)) => {
                    connections.spawn(converse(stream, peer, post.clone()));
                }
                Err(error) => {
                    // No descriptor is free, as a rule: it would fail again at once.
                    tracing::debug!(%error, "no connection taken");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, post: Arc<Post>) {
    keep_alive(&stream);
    let answer = service_fn(|request| async { Ok::<_, Infallible>(post.answer(request, peer.ip()).await) });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_MAX);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), answer).await {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}
