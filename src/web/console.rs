//! The officers' page, built into the program.

use super::error::Error;
use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;

#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Dist;

/// Shown when the program was built without the page.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Watchkeeper</title>\
<h1>The watch runs; its page was not built</h1>\
<p>Build it with <code>make console</code> (it needs Node) and build the program again.</p>\
<p>Everything is at <a href=\"/api/openapi.json\">/api</a> meanwhile.</p></html>";

/// Everything that is not under `/api` or `/tiles`.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" || path.starts_with("tiles/") {
        return Error::not_found("there is nothing at this address").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Error::method_not_allowed().into_response();
    }
    // Only names that were built in can be asked for, so no path leads out.
    if let Some(file) = Dist::get(path) {
        return asset(path, file, &headers);
    }
    // The page keeps its state in the address; a file has a dot in its name.
    if path.rsplit('/').next().unwrap_or_default().contains('.') {
        return Error::not_found("there is no such file").into_response();
    }
    match Dist::get("index.html") {
        Some(file) => asset("index.html", file, &headers),
        None => Html(NOT_BUILT).into_response(),
    }
}

fn asset(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = hash[..16].iter().fold(String::from("\""), |mut tag, byte| {
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\"";
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes());
    // Files under assets/ carry a hash of their content in their name.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(header::ETAG, tag), (header::CACHE_CONTROL, cache.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = file.metadata.mimetype().to_owned();
    (common, [(header::CONTENT_TYPE, kind)], file.data).into_response()
}
