//! The centre's door: HTTPS for stations only, one consignment a request.
//!
//! `POST /edge/consignment` is answered with 200 and what the centre has once the journal has the lines; otherwise with
//! the kind of the refusal, a sentence, and, where the two differ about the order, what the centre has. `POST /edge/life`
//! takes a sign of life.

use super::consignment::WIRE_MAX;
use super::life;
use super::refusal::Refusal;
use super::station::{Have, Stations};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;

/// Where consignments are sent to.
pub const PATH: &str = "/edge/consignment";

/// Connections at a time; further ones wait in the system's queue.
const CONNECTIONS_MAX: usize = 64;

/// Consignments that are taken at a time; further ones are told to come again. With [`WIRE_MAX`] the bound of this door's memory.
const READING_MAX: usize = 16;

/// How long a greeting, a request's head or its body may take, and how long an idle connection is kept. Ours: a full
/// consignment over a satellite link of 128 kbit/s takes 20 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a station is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `kept`, `alive`, or the kind of the refusal.
    pub kind: String,
    /// Why, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the centre has of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<Have>,
}

/// Takes consignments until `stop` holds true or its sender is gone. Those on their way to the journal are finished.
pub async fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    stations: Arc<Stations>,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(config);
    let (places, reading) =
        (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(Semaphore::new(READING_MAX)));
    let mut connections = JoinSet::new();
    let mut second = interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = second.tick() => stations.look_for_silence(Instant::now()),
            Some(_) = connections.join_next() => {}
            (stream, place) = accept(&listener, &places) => {
                connections.spawn(connection(stream, place, acceptor.clone(), stations.clone(), reading.clone()));
            }
        }
    }
    connections.shutdown().await;
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of descriptors, as a rule: others will be given back.
                tracing::warn!(%error, "a station's connection could not be taken");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    acceptor: TlsAcceptor,
    stations: Arc<Stations>,
    reading: Arc<Semaphore>,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let _ = stream.set_nodelay(true);
    let stream = match timeout(PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%peer, %error, "no TLS"),
        Err(_) => return,
    };
    let service = service_fn(move |request| answer(request, peer.ip(), stations.clone(), reading.clone()));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%peer, %error, "a station's connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    stations: Arc<Stations>,
    reading: Arc<Semaphore>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_sign = request.uri().path() == life::PATH;
    if request.method() != Method::POST || request.uri().path() != PATH && !is_sign {
        return Ok(respond(404, &Answer { kind: "no_such_page".into(), message: String::new(), have: None }));
    }
    let taken = match read(request, &reading).await {
        Ok((wire, _)) if is_sign => stations.take_sign(&wire, peer).map(|()| None),
        // A task of its own: a station that hangs up must not stop what is already on its way to the journal.
        Ok((wire, _reading)) => {
            let taking = tokio::spawn(async move { stations.take(&wire, peer).await });
            taking.await.unwrap_or_else(|panicked| Err(Refusal::Closed(panicked.to_string()))).map(Some)
        }
        Err(refusal) => Err(refusal),
    };
    Ok(match taken {
        Ok(have) => {
            let kind = if have.is_some() { "kept" } else { "alive" };
            respond(200, &Answer { kind: kind.into(), message: String::new(), have })
        }
        Err(refusal) => {
            let (kind, message, have) = (refusal.kind().to_owned(), refusal.to_string(), refusal.have());
            respond(refusal.status(), &Answer { kind, message, have })
        }
    })
}

async fn read(
    request: Request<Incoming>,
    reading: &Arc<Semaphore>,
) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
    let permit = reading.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
    let body = timeout(PATIENCE, Limited::new(request.into_body(), WIRE_MAX).collect()).await;
    match body {
        Ok(Ok(body)) => Ok((body.to_bytes(), permit)),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(super::consignment::Fault::TooLarge.into())
        }
        Ok(Err(_)) | Err(_) => Err(super::consignment::Fault::Unreadable.into()),
    }
}

fn respond(status: u16, answer: &Answer) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(answer).expect("an answer is plain data");
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .expect("a known status and header")
}
