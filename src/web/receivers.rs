//! How each receiver hears: its health with the reason, what it brings and should bring, its clock, its silences.

use super::{App, error::Problem, extract::Officer};
use axum::{Json, extract::State};
use sensors::{Mmsi, Time};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// What the daemon publishes of its receivers, every two seconds.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Receivers {
    /// The watch's own time.
    #[schema(value_type = i64)]
    pub now: Time,
    /// What was heard before this moves nothing live.
    #[schema(value_type = Option<i64>)]
    pub watermark: Option<Time>,
    /// Every receiver of the settings.
    pub receivers: Vec<ReceiverHealth>,
    /// Reports of all receivers that were not simply let in.
    pub sorted: SortedReports,
    /// Positions of all receivers that moved no vessel, by why.
    pub positions_unused: BTreeMap<String, u64>,
}

/// One receiver as the watch sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReceiverHealth {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// Where it stands, degrees.
    pub lat: Option<f64>,
    /// Where it stands, degrees.
    pub lon: Option<f64>,
    /// Its link: `connecting`, `listening`, `connected`, `failed`, `finished`.
    pub state: String,
    /// `ok`, `degraded`, `down`, `unknown`.
    pub health: String,
    /// Why, worded by `receiver_health.*` in the catalogue.
    pub why: String,
    /// Values for the placeholders.
    pub params: BTreeMap<String, String>,
    /// Lines a second of late, of any kind.
    pub lines_per_second: Option<f64>,
    /// AIS messages a minute over the last ten minutes.
    pub messages_per_minute: Option<f64>,
    /// The same at this hour in the middle of the last 14 days.
    pub expected_per_minute: Option<f64>,
    /// When it brought an AIS message last, by the watch's clock.
    #[schema(value_type = Option<i64>)]
    pub last_message_at: Option<Time>,
    /// AIS messages since the start.
    pub messages: u64,
    /// Lines and sentences refused since the start, by kind.
    pub refused_by_kind: BTreeMap<String, u64>,
    /// The farthest vessel that it was the first to hear, since the start.
    pub furthest: Option<Furthest>,
    /// Its clock; of several stations, the middle one's.
    pub clock: ReceiverClock,
    /// The stations that its lines name, as far as their clocks go.
    pub stations: ReceiverStations,
    /// Base stations and aids to navigation that it hears again and again.
    pub fixed_stations: Vec<FixedStation>,
    /// When it heard nothing though something was expected, the newest last.
    pub silences: Vec<ReceiverSilence>,
}

/// A vessel heard far away.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Furthest {
    /// How far from the receiver, nautical miles.
    pub distance_nm: f64,
    /// Its track.
    pub track: String,
    /// Its number as claimed; of no meaning for a radar target.
    #[schema(value_type = u32)]
    pub mmsi: Mmsi,
    /// Its name as claimed.
    pub name: Option<String>,
    /// When.
    #[schema(value_type = i64)]
    pub at: Time,
}

/// A receiver's clock.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct ReceiverClock {
    /// What must be added to its times, seconds: it is slow where this is above zero.
    pub offset_seconds: f64,
    /// Who told: `none`, `satellites`, `base_station`, `pairs` (transmissions that others heard too), `feed` (most of the
    /// feed's other stations), `seconds` (those of position reports, which know no minute).
    pub told_by: String,
    /// Off by more than the settings' flag.
    pub flagged: bool,
    /// Its positions move no vessel.
    pub quarantined: bool,
}

/// The stations of a feed.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct ReceiverStations {
    /// How many its lines name.
    pub known: usize,
    /// Of how many the clock is pointed out.
    pub flagged: usize,
    /// Of how many no position moves a vessel.
    pub quarantined: usize,
    /// Reports of stations beyond those that are told apart.
    pub beyond: u64,
    /// Those whose positions move no vessel first, then by how far off they are; as many as an answer holds.
    pub each: Vec<StationClock>,
}

/// One station of a feed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StationClock {
    /// What it calls itself; `#` and a hash of that where it is not known.
    pub name: String,
    /// When it brought something last.
    #[schema(value_type = i64)]
    pub last_at: Time,
    /// Its clock.
    pub clock: ReceiverClock,
}

/// A station that does not move and reports again and again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FixedStation {
    /// Its number.
    #[schema(value_type = u32)]
    pub mmsi: Mmsi,
    /// When it was heard last.
    #[schema(value_type = i64)]
    pub last_at: Time,
    /// How many seconds it took at most of late from one report to the next.
    pub every_seconds: f64,
    /// Whether three of its reports are missing.
    pub missing: bool,
}

/// A time without messages.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReceiverSilence {
    /// When something was heard last.
    #[schema(value_type = i64)]
    pub from: Time,
    /// When something was heard again; null while it lasts.
    #[schema(value_type = Option<i64>)]
    pub to: Option<Time>,
    /// Messages that were expected in it, where other days tell.
    pub expected: Option<u32>,
}

/// Reports that were not simply let in, so far.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
pub struct SortedReports {
    /// Another receiver's copy, or a repeat.
    pub repeated: u64,
    /// Sent on long after they were on the air.
    pub stale: u64,
    /// Heard under a clock that can't be trusted.
    pub unclocked: u64,
    /// Too late for the live picture.
    pub late: u64,
}

/// Tells how each receiver hears.
#[utoipa::path(get, path = "/api/receivers", tag = "receivers", responses(
    (status = 200, body = Receivers), (status = 401, body = Problem)))]
pub(super) async fn receivers(State(app): State<App>, _: Officer) -> Json<Arc<Receivers>> {
    Json(Arc::clone(&app.shared.receivers.borrow()))
}
