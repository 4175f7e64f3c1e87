//! How the watch itself is doing: receivers, counts, notices.

use super::{App, Pressure, error::Problem, extract::Officer};
use axum::{Json, extract::State};
use sensors::Time;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// What the daemon publishes about itself.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Whether this is an exercise or a replay; every screen says so.
    pub exercise: bool,
    /// The watch's own time, milliseconds since 1970; in an exercise it is not the wall clock.
    #[schema(value_type = i64)]
    pub now: Time,
    /// When the daemon started, milliseconds since 1970.
    #[schema(value_type = i64)]
    pub started_at: Time,
    /// What has been written down.
    pub journal: JournalStatus,
    /// Live vessels.
    pub vessels: u64,
    /// Every receiver of the settings.
    pub receivers: Vec<ReceiverStatus>,
    /// Lines that were refused, by kind.
    pub refused_by_kind: BTreeMap<String, u64>,
    /// What people should know, worded by `notice.*` in the catalogue.
    pub notices: Vec<Notice>,
}

/// How far the journal is.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
pub struct JournalStatus {
    /// The last sequence on the disk.
    pub sequence: u64,
}

/// One receiver.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReceiverStatus {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// `tcp_client`, `tcp_server`, `udp`, `udp_multicast`, `serial`, `http_listen`, `http_poll`, `websocket`, `mqtt`,
    /// `gpsd`, `tail`, `stdin`, `replay`.
    pub kind: String,
    /// Where it is listened to.
    pub address: String,
    /// Where it stands, degrees.
    pub lat: Option<f64>,
    /// Where it stands, degrees.
    pub lon: Option<f64>,
    /// `connecting`, `listening`, `connected`, `failed`, `finished`.
    pub state: String,
    /// More words to the state.
    pub detail: String,
    /// Lines heard.
    pub lines: u64,
    /// Bytes heard.
    pub bytes: u64,
    /// Messages decoded.
    pub messages: u64,
    /// Lines refused.
    pub refused: u64,
    /// Lines refused because they were more than a receiver at one site can hear.
    pub limited: u64,
    /// Lines that never came, by the numbers their source gives them.
    pub lost_lines: u64,
    /// When it last said something, milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    pub last_heard_at: Option<Time>,
    /// The farthest vessel it heard, nautical miles.
    pub furthest_nm: Option<f64>,
}

/// Something people should know.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Notice {
    /// Its code.
    pub code: String,
    /// Values for the placeholders.
    pub params: BTreeMap<String, String>,
}

/// The status with the counters of this page's own bounds.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = StatusNow)]
pub(super) struct StatusView {
    #[serde(flatten)]
    #[schema(value_type = Status)]
    status: Arc<Status>,
    web: PressureView,
}

/// How often a bound of the web side was hit since the start.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PressureView {
    requests_refused: u64,
    requests_timed_out: u64,
    listeners_refused: u64,
    events_lagged: u64,
    viewers_refused: u64,
    viewers_cut: u64,
    live_rows_cut: u64,
}

impl From<&Pressure> for PressureView {
    fn from(p: &Pressure) -> PressureView {
        PressureView {
            requests_refused: p.requests_refused.load(Relaxed),
            requests_timed_out: p.requests_timed_out.load(Relaxed),
            listeners_refused: p.listeners_refused.load(Relaxed),
            events_lagged: p.events_lagged.load(Relaxed),
            viewers_refused: p.viewers_refused.load(Relaxed),
            viewers_cut: p.viewers_cut.load(Relaxed),
            live_rows_cut: p.live_rows_cut.load(Relaxed),
        }
    }
}

impl super::Inside {
    /// The status as it is now.
    pub(super) fn status(&self) -> StatusView {
        StatusView { status: Arc::clone(&self.shared.status.borrow()), web: (&self.pressure).into() }
    }
}

/// Tells how the watch itself is doing.
#[utoipa::path(get, path = "/api/status", tag = "status", responses(
    (status = 200, body = StatusView), (status = 401, body = Problem)))]
pub(super) async fn status(State(app): State<App>, _: Officer) -> Json<StatusView> {
    Json(app.status())
}

/// That the daemon answers.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    ok: bool,
}

/// Answers while the daemon is alive; needs no session.
#[utoipa::path(get, path = "/api/health", tag = "status", responses((status = 200, body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { ok: true })
}
