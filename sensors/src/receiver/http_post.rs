//! One posted message: who sends it, whether it is taken, and an answer that says so only once its lines are durable.

use super::Receipt;
use super::body::{Lines, NotUnpacked, gunzip};
use super::health::Health;
use super::mailbox::{Letter, Slot};
use super::secret::Secret;
use super::settings::Token;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::time::timeout;

/// Bytes of a body as it is sent.
pub(super) const BODY_MAX: usize = 1 << 20;

/// Bytes of a body once unpacked. A full VHF site sends about 40 KB of JSON a second, and AIS-catcher posts every
/// minute.
pub(super) const UNPACKED_MAX: usize = 4 << 20;

/// How long a body may take to come. Ours, unproven.
const BODY_TIME_MAX: Duration = Duration::from_secs(15);

/// How long its lines may take to be durable. AIS-catcher waits for an answer for 10 s.
const DURABLE_TIME_MAX: Duration = Duration::from_secs(8);

/// Requests that are read or waited for at a time, of all stations; this bounds the memory they take.
const REQUESTS_MAX: usize = 8;

/// Requests at a time of one station, so that none keeps the others out.
const REQUESTS_PER_STATION_MAX: usize = 2;

/// Characters of the shortest token: too many to guess.
const TOKEN_MIN: usize = 16;

/// Who may post.
#[derive(Debug)]
pub(super) struct Stations(Vec<Station>);

#[derive(Debug)]
struct Station {
    name: String,
    token: Secret,
    room: Semaphore,
}

impl Stations {
    /// Reads every station's token. The error names the station.
    pub(super) fn read(tokens: &[Token]) -> std::io::Result<Stations> {
        let mut stations: Vec<Station> = Vec::with_capacity(tokens.len());
        for Token { station: name, token } in tokens {
            let invalid = |why: String| Error::new(ErrorKind::InvalidInput, format!("station {name}: {why}"));
            let token = token.read().map_err(|error| invalid(error.to_string()))?;
            if token.value().len() < TOKEN_MIN {
                return Err(invalid(format!("its token has fewer than {TOKEN_MIN} characters")));
            }
            if stations.iter().any(|earlier| earlier.token.is(token.value().as_bytes())) {
                return Err(invalid("its token is another station's too".into()));
            }
            let room = Semaphore::new(REQUESTS_PER_STATION_MAX);
            stations.push(Station { name: name.clone(), token, room });
        }
        Ok(Stations(stations))
    }

    /// Whose token the request shows. Every token is compared, whichever is right.
    fn find(&self, headers: &HeaderMap) -> Option<&Station> {
        let shown = shown(headers)?;
        self.0
            .iter()
            .fold(None, |found, station| if station.token.is(&shown) { Some(station) } else { found })
    }
}

/// The token of `Bearer TOKEN`, or the password of `Basic`, which is what AIS-catcher's `USERPWD` becomes.
fn shown(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64.decode(rest.trim()).ok()?;
    let colon = pair.iter().position(|&byte| byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Takes posted messages.
pub(super) struct Post {
    stations: Stations,
    room: Semaphore,
    health: Arc<Health>,
    slot: Slot,
}

/// What was taken.
struct Taken {
    lines: usize,
    cut: usize,
}

/// Why a message was not taken.
struct Refusal {
    status: StatusCode,
    title: &'static str,
    detail: String,
    header: Option<(HeaderName, HeaderValue)>,
}

fn refusal(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { status, title, detail: detail.into(), header: None }
}

fn too_large() -> Refusal {
    let detail = format!("a body has at most {BODY_MAX} bytes, and {UNPACKED_MAX} once unpacked");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "too large", detail)
}

/// The sender is to try again in a second.
fn later(status: StatusCode, title: &'static str, detail: &str) -> Refusal {
    Refusal { header: Some((RETRY_AFTER, HeaderValue::from_static("1"))), ..refusal(status, title, detail) }
}

impl Post {
    pub(super) fn new(stations: Stations, health: Arc<Health>, slot: Slot) -> Post {
        Post { stations, room: Semaphore::new(REQUESTS_MAX), health, slot }
    }

    /// Takes one request, and answers with how many lines it held or with a JSON problem (RFC 9457).
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Full<Bytes>> {
        let (status, kind, body, header) = match self.take(request, peer).await {
            Ok(Taken { lines, cut }) => {
                (StatusCode::OK, "application/json", serde_json::json!({"lines": lines, "cut": cut}), None)
            }
            Err(Refusal { status, title, detail, header }) => {
                tracing::debug!(%peer, %status, detail, "posted message refused");
                let body = serde_json::json!({"status": status.as_u16(), "title": title, "detail": detail});
                (status, "application/problem+json", body, header)
            }
        };
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().extend(header);
        response
    }

    async fn take(&self, request: Request<Incoming>, peer: IpAddr) -> Result<Taken, Refusal> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            let not_allowed =
                refusal(StatusCode::METHOD_NOT_ALLOWED, "not allowed", "messages are posted here");
            return Err(Refusal { header: Some((ALLOW, HeaderValue::from_static("POST"))), ..not_allowed });
        }
        let station = self.station(&head.headers, peer)?;
        let packed = is_packed(&head.headers)?;
        if body.size_hint().lower() > BODY_MAX as u64 {
            return Err(too_large());
        }
        let _room = self.room(station)?;
        let body = receive(body).await?;
        let mut lines = Lines::of(station.map(|station| station.name.as_str()));
        let read = match packed {
            true => lines.read(&gunzip(&body, UNPACKED_MAX).map_err(unpacked)?),
            false => lines.read(&body),
        };
        read.map_err(|why| refusal(StatusCode::BAD_REQUEST, "not readable", why.to_string()))?;
        drop(body);
        self.health.sends(peer);
        let taken = Taken { lines: lines.count, cut: lines.long };
        if lines.count > 0 {
            self.keep(lines.bytes).await?;
        }
        Ok(taken)
    }

    /// Who sends; nobody in particular where no station has a token.
    fn station(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Option<&Station>, Refusal> {
        if self.stations.0.is_empty() {
            return Ok(None);
        }
        self.stations.find(headers).map(Some).ok_or_else(|| {
            self.health.refuse(peer, "without a station's token");
            let detail =
                "the token is missing or no station's: `Authorization: Bearer TOKEN`, or as a password";
            let unauthorized = refusal(StatusCode::UNAUTHORIZED, "not authorized", detail);
            let ask = HeaderValue::from_static("Basic realm=\"watchkeeper\", Bearer");
            Refusal { header: Some((WWW_AUTHENTICATE, ask)), ..unauthorized }
        })
    }

    /// Holds a place among the requests at hand.
    fn room<'a>(&'a self, station: Option<&'a Station>) -> Result<impl Sized + use<'a>, Refusal> {
        let of_station = match station.map(|station| station.room.try_acquire()) {
            Some(Err(TryAcquireError::NoPermits)) => {
                let detail = "this station's earlier messages are still at hand";
                return Err(later(StatusCode::TOO_MANY_REQUESTS, "too many requests", detail));
            }
            held => held,
        };
        match self.room.try_acquire() {
            Ok(held) => Ok((of_station, held)),
            Err(_) => Err(later(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many messages are at hand")),
        }
    }

    /// Waits until the lines are durable.
    async fn keep(&self, bytes: Vec<u8>) -> Result<(), Refusal> {
        let (receipt, awaited) = Receipt::new();
        let kept = timeout(DURABLE_TIME_MAX, async {
            self.slot.send(Letter { bytes, receipt: Some(receipt) }).await.ok()?;
            awaited.await.ok()
        });
        match kept.await {
            Ok(Some(())) => Ok(()),
            _ => {
                let detail = "the lines could not be written down in time: send them again";
                Err(later(StatusCode::SERVICE_UNAVAILABLE, "not durable", detail))
            }
        }
    }
}

/// Whether the body is packed; refused where it is packed otherwise, or says that it is no text.
fn is_packed(headers: &HeaderMap) -> Result<bool, Refusal> {
    let unsupported = |detail: String| refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not readable", detail);
    let word = |name: HeaderName| {
        let value = headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        value.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    };
    if let Some(kind) = word(CONTENT_TYPE) {
        // The last two are what programs say of a body they know nothing about.
        let known = kind.contains("json")
            || kind.starts_with("text/")
            || ["", "application/octet-stream", "application/x-www-form-urlencoded"].contains(&kind.as_str());
        if !known {
            return Err(unsupported(format!("`{kind:.80}` is neither application/json nor text/plain")));
        }
    }
    match word(CONTENT_ENCODING).as_deref() {
        None | Some("" | "identity") => Ok(false),
        Some("gzip" | "x-gzip") => Ok(true),
        Some(other) => Err(unsupported(format!("`{other:.80}` is not gzip"))),
    }
}

async fn receive(body: Incoming) -> Result<Bytes, Refusal> {
    match timeout(BODY_TIME_MAX, Limited::new(body, BODY_MAX).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(refusal(StatusCode::BAD_REQUEST, "broken off", "the body ended too early")),
        Err(_) => Err(refusal(StatusCode::REQUEST_TIMEOUT, "too slow", "the body took too long to come")),
    }
}

fn unpacked(why: NotUnpacked) -> Refusal {
    match why {
        NotUnpacked::TooLong => too_large(),
        NotUnpacked::Damaged => refusal(StatusCode::BAD_REQUEST, "not readable", "the body is not gzip"),
    }
}
