//! Questions about the past: one vessel's track, everything in a box, who used a name.

use super::{
    App,
    error::{Error, Problem},
    extract::{Officer, Params},
};
use crate::history::{self, Question, Subject, answer};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::collections::BTreeMap;

/// Questions answered at a time: the history's pool has four readers, and the vessel's card needs one too.
pub(super) const QUESTIONS_MAX: usize = 3;

/// Carries the place where the next page begins, also where the format has no room for it.
const NEXT: HeaderName = HeaderName::from_static("next-cursor");

async fn ask(app: &App, subject: Subject, params: BTreeMap<String, String>) -> Result<Response, Error> {
    let question = Question::from_params(subject, &params).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::unprocessable(all.join("; "))
    })?;
    // One that waits is ended with its request by the time limit.
    let _place = app.questions.acquire().await.map_err(Error::internal)?;
    let mut bytes = Vec::new();
    let next = answer(&app.shared.history, &question, &mut bytes).await?;
    let kind = match question.format {
        history::Format::Json => "application/json",
        history::Format::Csv => "text/csv; charset=utf-8",
        history::Format::GeoJson => "application/geo+json",
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if let Some(next) = next.and_then(|cursor| HeaderValue::from_str(&cursor.to_string()).ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

impl From<history::Error> for Error {
    fn from(error: history::Error) -> Error {
        match error {
            history::Error::TooWide { .. } => Error::unprocessable(error.to_string()),
            _ => Error::internal(error),
        }
    }
}

type Asked = Params<BTreeMap<String, String>>;

/// One vessel's positions by time. The header `next-cursor` says where the next page begins.
#[utoipa::path(get, path = "/api/history/track", tag = "history", params(
    ("track" = Option<String>, Query, description = "a track such as 0-18231; this or `mmsi`"),
    ("mmsi" = Option<u32>, Query, description = "every track of this MMSI"),
    ("from" = Option<String>, Query, description = "milliseconds since 1970 or RFC 3339; included"),
    ("to" = Option<String>, Query, description = "as `from`; not included"),
    ("format" = Option<String>, Query, description = "json, csv or geojson"),
    ("limit" = Option<u32>, Query, description = "rows of a page, 1 to 10,000"),
    ("cursor" = Option<String>, Query, description = "the `next` of the page before")),
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn track(
    State(app): State<App>,
    _: Officer,
    Params(asked): Asked,
) -> Result<Response, Error> {
    ask(&app, Subject::Track, asked).await
}

/// Everything in a box and time window. The header `next-cursor` says where the next page begins.
#[utoipa::path(get, path = "/api/history/area", tag = "history", params(
    ("west" = f64, Query, description = "degrees; greater than `east` when the box crosses 180 degrees"),
    ("south" = f64, Query), ("east" = f64, Query), ("north" = f64, Query),
    ("from" = Option<String>, Query, description = "milliseconds since 1970 or RFC 3339; included"),
    ("to" = Option<String>, Query, description = "as `from`; not included"),
    ("mmsi" = Option<u32>, Query, description = "of this MMSI only"),
    ("format" = Option<String>, Query, description = "json, csv or geojson"),
    ("limit" = Option<u32>, Query, description = "rows of a page, 1 to 10,000"),
    ("cursor" = Option<String>, Query, description = "the `next` of the page before")),
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn area(
    State(app): State<App>,
    _: Officer,
    Params(asked): Asked,
) -> Result<Response, Error> {
    ask(&app, Subject::Area, asked).await
}

/// Who used a name, call sign, MMSI or IMO number. The header `next-cursor` says where the next page begins.
#[utoipa::path(get, path = "/api/history/identity", tag = "history", params(
    ("name" = Option<String>, Query, description = "part of a name; exactly one of the four"),
    ("call_sign" = Option<String>, Query), ("mmsi" = Option<u32>, Query), ("imo" = Option<u32>, Query),
    ("format" = Option<String>, Query, description = "json or csv"),
    ("limit" = Option<u32>, Query, description = "rows of a page, 1 to 10,000"),
    ("cursor" = Option<String>, Query, description = "the `next` of the page before")),
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn identity(
    State(app): State<App>,
    _: Officer,
    Params(asked): Asked,
) -> Result<Response, Error> {
    ask(&app, Subject::Identity, asked).await
}
