//! What holds for every request: how many at once, how long, from which site, and the headers of every answer.

use super::{App, error::Error};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};

/// Requests answered at a time; the next is told to try again. Ours, unproven.
pub(super) const REQUESTS_MAX: usize = 256;

/// Longest time until an answer begins. Streams go on after it.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Largest request body.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; \
     style-src 'self' 'unsafe-inline'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Refuses what is too much, what comes from another site, and what takes too long.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let Ok(_place) = app.requests.try_acquire() else {
        app.pressure.requests_refused.fetch_add(1, Relaxed);
        return Error::busy("too many requests at once").into_response();
    };
    if let Err(error) = same_site(request.method(), request.headers()) {
        return error.into_response();
    }
    let api = request.uri().path().starts_with("/api/");
    let Ok(mut response) = tokio::time::timeout(ANSWER_MAX, next.run(request)).await else {
        app.pressure.requests_timed_out.fetch_add(1, Relaxed);
        return Error::timeout().into_response();
    };
    if api {
        // What officers look at stays out of the browser's disk.
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// Refuses what a page of another site made a browser send.
fn same_site(method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let authority =
            origin.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, authority)| authority);
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        if authority.is_none() || authority != host {
            return Err(Error::forbidden("the request comes from another site"));
        }
    }
    // A form of another site can send a POST without asking, but not as JSON; nor can it send a DELETE.
    if matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Error::unsupported_media_type());
        }
    }
    Ok(())
}

/// Headers of every answer: nothing from elsewhere runs in, frames or learns of our pages.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: &Method, given: &[(&'static str, &'static str)]) -> bool {
        let headers = given
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        same_site(method, &headers.collect()).is_ok()
    }

    #[test]
    fn another_sites_requests_are_refused() {
        const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
        const HOST: (&str, &str) = ("host", "watch.port:8090");
        assert!(verdict(&Method::POST, &[JSON, HOST]));
        assert!(verdict(&Method::POST, &[JSON, HOST, ("origin", "http://watch.port:8090")]));
        assert!(verdict(&Method::POST, &[JSON, HOST, ("origin", "https://watch.port:8090")]));
        assert!(!verdict(&Method::POST, &[JSON, HOST, ("origin", "http://evil.port:8090")]));
        assert!(!verdict(&Method::POST, &[JSON, HOST, ("origin", "null")]));
        assert!(!verdict(&Method::GET, &[HOST, ("origin", "http://watch.port")]));
        assert!(!verdict(&Method::POST, &[HOST, ("content-type", "text/plain")]));
        assert!(!verdict(&Method::POST, &[HOST]));
        assert!(verdict(&Method::DELETE, &[HOST]));
        assert!(verdict(&Method::GET, &[]));
    }
}
