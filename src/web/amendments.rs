//! What re-runs of the past said of an alert, over HTTP.

use super::{
    App,
    error::{Error, Problem},
    extract::{Name, Officer},
};
use crate::alert::AlertId;
use crate::desk::Amendment;
use axum::{Json, extract::State};
use serde::Serialize;

/// An alert's amendments.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Amendments {
    /// Oldest first.
    amendments: Vec<Amendment>,
}

/// Lists what re-runs after late data said of one alert.
#[utoipa::path(get, path = "/api/alerts/{id}/amendments", tag = "alerts", params(("id" = String, Path)), responses(
    (status = 200, body = Amendments), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    _: Officer,
    Name(id): Name<AlertId>,
) -> Result<Json<Amendments>, Error> {
    let desk = &app.shared.desk;
    let amendments = desk.amendments(id).await?;
    if amendments.is_empty() {
        // An alert without any and no alert are two answers.
        desk.dossier(id).await?;
    }
    Ok(Json(Amendments { amendments }))
}
