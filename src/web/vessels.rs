//! Vessels: who is at sea by this name.

use super::{
    App,
    error::{Error, Problem},
    extract::{Officer, Params},
    picture::LiveVessel,
};
use crate::track::TrackId;
use axum::{Json, extract::State};
use sensors::{Mmsi, ReceiverId, Time};
use serde::{Deserialize, Serialize};

/// Vessels of an answer when the question doesn't say, and at most.
const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// What the search is asked.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// In the name, call sign, MMSI or IMO number; capital or small letters alike; 1 to 100 characters.
    q: String,
    /// 1 to 100; 20 when not given.
    limit: Option<usize>,
}

/// A live vessel, in short.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Found {
    #[schema(value_type = String)]
    track: TrackId,
    #[schema(value_type = u32)]
    mmsi: Mmsi,
    name: Option<String>,
    call_sign: Option<String>,
    /// The number that a radar gave it; such a target has no MMSI.
    radar_target: Option<u16>,
    /// The number of the receiver that heard it last.
    #[schema(value_type = u16)]
    receiver: ReceiverId,
    lat: f64,
    lon: f64,
    #[schema(value_type = i64)]
    last_heard_at: Time,
}

/// The vessels found.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct VesselList {
    vessels: Vec<Found>,
}

/// Finds live vessels by what they call themselves.
#[utoipa::path(get, path = "/api/vessels", tag = "vessels", params(SearchParams), responses(
    (status = 200, body = VesselList), (status = 401, body = Problem)))]
pub(super) async fn search(
    State(app): State<App>,
    _: Officer,
    Params(asked): Params<SearchParams>,
) -> Result<Json<VesselList>, Error> {
    let sought = asked.q.trim().to_uppercase();
    if sought.is_empty() || sought.chars().count() > 100 {
        return Err(Error::unprocessable("q has 1 to 100 characters"));
    }
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let picture = app.shared.live.borrow().clone();
    let found = picture.vessels.iter().filter(|v| answers_to(v, &sought)).take(limit);
    let found = found.map(|v| Found {
        track: v.track,
        mmsi: v.mmsi,
        name: v.name.as_deref().map(str::to_owned),
        call_sign: v.call_sign.as_deref().map(str::to_owned),
        radar_target: v.radar_target,
        receiver: v.receiver,
        lat: v.position.latitude(),
        lon: v.position.longitude(),
        last_heard_at: v.last_heard_at,
    });
    Ok(Json(VesselList { vessels: found.collect() }))
}

fn answers_to(vessel: &LiveVessel, sought: &str) -> bool {
    let text =
        |t: &Option<std::sync::Arc<str>>| t.as_deref().is_some_and(|t| t.to_uppercase().contains(sought));
    text(&vessel.name)
        || text(&vessel.call_sign)
        || vessel.mmsi.to_string().contains(sought)
        || vessel.imo.is_some_and(|imo| imo.0.to_string().contains(sought))
}
