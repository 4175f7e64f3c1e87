//! What officers and other programs reach over HTTP: one file per resource, every refusal told in one way.
//!
//! The API describes itself at `/api/openapi.json`. Texts from vessels travel as JSON strings and are never
//! put into a page here.

mod alerts;
mod amendments;
mod card;
mod console;
mod coverage;
mod error;
mod events;
mod extract;
mod guard;
mod history;
mod listen;
mod live;
mod picture;
mod places;
mod receivers;
mod session;
mod status;
pub mod tiles;
mod vessels;
mod words;

pub use coverage::{Asked, Coverage};
pub use events::{Event, Feed};
pub use listen::serve;
pub use picture::{LivePicture, LiveVessel};
pub use receivers::{
    FixedStation, Furthest, ReceiverClock, ReceiverHealth, ReceiverSilence, ReceiverStations, Receivers,
    SortedReports, StationClock,
};
pub use status::{JournalStatus, Notice, ReceiverStatus, Status};

use crate::desk::Desk;
use crate::geo::Position;
use crate::history::Reader;
use crate::place::{Places, zone::Zones};
use axum::{Json, Router, extract::DefaultBodyLimit, middleware};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::sync::{Semaphore, watch};
use tower_http::compression::CompressionLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How the page is served.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on. The default is reachable from this machine only.
    pub listen: SocketAddr,
    /// Whether a proxy in front speaks HTTPS; the session cookie then travels over HTTPS only.
    pub behind_tls: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { listen: SocketAddr::from(([127, 0, 0, 1], 8090)), behind_tls: false }
    }
}

/// What the web side needs from the rest of the watch.
pub struct Shared {
    /// Alerts, decisions, accounts.
    pub desk: Desk,
    /// Where every vessel has been.
    pub history: Reader,
    /// Coast and ports.
    pub places: Arc<Places>,
    /// The zones officers drew.
    pub zones: Arc<Zones>,
    /// All live vessels, published once a second. When its sender is dropped, the open maps end.
    pub live: watch::Receiver<Arc<LivePicture>>,
    /// Where alert changes go to the browsers.
    pub events: Feed,
    /// The state of the watch. When its sender is dropped, the event streams end.
    pub status: watch::Receiver<Arc<Status>>,
    /// How each receiver hears.
    pub receivers: watch::Receiver<Arc<Receivers>>,
    /// How well each part of the sea is heard; made anew twice a minute, and soon after somebody asked.
    pub coverage: watch::Receiver<Arc<Coverage>>,
    /// Where the asking is noted.
    pub coverage_asked: Asked,
    /// The clock by which sessions end and decisions are dated.
    pub clock: fn() -> Time,
}

/// How often each bound was hit.
#[derive(Debug, Default)]
struct Pressure {
    requests_refused: AtomicU64,
    requests_timed_out: AtomicU64,
    listeners_refused: AtomicU64,
    events_lagged: AtomicU64,
    viewers_refused: AtomicU64,
    viewers_cut: AtomicU64,
    live_rows_cut: AtomicU64,
}

/// What every handler sees.
struct Inside {
    shared: Shared,
    settings: Settings,
    requests: Semaphore,
    listeners: Arc<Semaphore>,
    viewers: Arc<Semaphore>,
    questions: Semaphore,
    drawing: Semaphore,
    /// Names the place data in use, so that browsers keep tiles until it changes.
    places_tag: String,
    pressure: Pressure,
}

type App = Arc<Inside>;

impl Inside {
    fn now(&self) -> Time {
        (self.shared.clock)()
    }
}

/// A position in degrees, as JSON has it.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
struct Degrees {
    lat: f64,
    lon: f64,
}

impl From<Position> for Degrees {
    fn from(p: Position) -> Degrees {
        Degrees { lat: p.latitude(), lon: p.longitude() }
    }
}

/// Every address, ready to be served.
pub fn router(shared: Shared, settings: Settings) -> Router {
    let places_tag = shared.places.digest()[..8].iter().fold(String::new(), |mut tag, byte| {
        let _ = write!(tag, "{byte:02x}");
        tag
    });
    let app: App = Arc::new(Inside {
        shared,
        settings,
        requests: Semaphore::new(guard::REQUESTS_MAX),
        listeners: Arc::new(Semaphore::new(events::LISTENERS_MAX)),
        viewers: Arc::new(Semaphore::new(live::VIEWERS_MAX)),
        questions: Semaphore::new(history::QUESTIONS_MAX),
        drawing: Semaphore::new(places::DRAWING_MAX),
        places_tag,
        pressure: Pressure::default(),
    });
    let (router, mut api) = OpenApiRouter::<App>::new()
        .routes(routes!(session::sign_in, session::who, session::sign_out))
        .routes(routes!(status::status))
        .routes(routes!(status::health))
        .routes(routes!(receivers::receivers))
        .routes(routes!(coverage::coverage))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::one))
        .routes(routes!(amendments::list))
        .routes(routes!(alerts::claim, alerts::unclaim))
        .routes(routes!(alerts::note))
        .routes(routes!(alerts::decide, alerts::reopen))
        .routes(routes!(events::events))
        .routes(routes!(live::live))
        .routes(routes!(vessels::search))
        .routes(routes!(card::card))
        .routes(routes!(history::track))
        .routes(routes!(history::area))
        .routes(routes!(history::identity))
        .routes(routes!(places::zones))
        .routes(routes!(places::ports))
        .routes(routes!(places::tile))
        .routes(routes!(words::words))
        .routes(routes!(described))
        .split_for_parts();
    api.info.title = "Watchkeeper".to_owned();
    api.info.version = env!("CARGO_PKG_VERSION").to_owned();
    api.info.description =
        Some("Times are milliseconds since 1970 UTC. Refusals are application/problem+json.".into());
    let api = Arc::new(api);
    router
        .fallback(console::page)
        .method_not_allowed_fallback(async || error::Error::method_not_allowed())
        .layer(axum::Extension(api))
        .layer(DefaultBodyLimit::max(guard::BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .layer(CompressionLayer::new())
        .layer(middleware::map_response(guard::protect))
        .with_state(app)
}

/// This description, as OpenAPI 3.1.
#[utoipa::path(get, path = "/api/openapi.json", tag = "words", responses((status = 200, body = Object)))]
async fn described(
    axum::Extension(api): axum::Extension<Arc<utoipa::openapi::OpenApi>>,
) -> Json<Arc<utoipa::openapi::OpenApi>> {
    Json(api)
}
