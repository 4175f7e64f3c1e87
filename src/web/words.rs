//! The word catalogues: codes to texts, one file a language.

use super::error::{Error, Problem};
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "console/src/words"]
#[allow_missing = true]
struct Catalogues;

/// Gives a language's catalogue, code by code; needs no session.
#[utoipa::path(get, path = "/api/words/{lang}", tag = "words", params(("lang" = String, Path, description = "such as `en`")),
    responses((status = 200, content_type = "application/json", body = Object), (status = 404, body = Problem)))]
pub(super) async fn words(Path(lang): Path<String>) -> Result<Response, Error> {
    let plain = (2..=8).contains(&lang.len()) && lang.bytes().all(|b| b.is_ascii_lowercase());
    let file = if plain { Catalogues::get(&format!("{lang}.json")) } else { None };
    let file = file.ok_or_else(|| Error::not_found("there is no catalogue in this language"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], file.data).into_response())
}
