//! Reading requests: bodies, parameters, and who sends them; every refusal is a [`Problem`](super::error::Problem).

use super::{App, error::Error};
use crate::desk::Token;
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Name of the session cookie.
pub(super) const COOKIE: &str = "watchkeeper_session";

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Error;
    async fn from_request(request: Request, app: &App) -> Result<Body<T>, Error> {
        match axum::Json::from_request(request, app).await {
            Ok(axum::Json(body)) => Ok(Body(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Error::unsupported_media_type()),
            Err(JsonRejection::JsonDataError(e)) => Err(Error::unprocessable(e.body_text())),
            Err(JsonRejection::BytesRejection(e)) if e.status().as_u16() == 413 => Err(Error::too_large()),
            Err(e) => Err(Error::bad_request(e.body_text())),
        }
    }
}

/// The parameters after `?`.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Params<T>, Error> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(p)| Params(p))
            .map_err(|e| Error::bad_request(e.body_text()))
    }
}

/// The one name in the path, such as an alert's id; a name that can't be one is not found.
pub(super) struct Name<T>(pub(super) T);

impl<T: FromStr<Err = &'static str>> FromRequestParts<App> for Name<T> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Name<T>, Error> {
        let Path(text): Path<String> =
            Path::from_request_parts(parts, app).await.map_err(|e| Error::bad_request(e.body_text()))?;
        text.parse().map(Name).map_err(Error::not_found)
    }
}

/// Who is signed in. A handler that takes one answers 401 to everybody else.
#[derive(Clone)]
pub(super) struct Officer {
    /// The account.
    pub(super) account: String,
    /// Its session, to look again later.
    pub(super) token: Token,
}

impl FromRequestParts<App> for Officer {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Officer, Error> {
        let token = token(&parts.headers).ok_or_else(Error::unauthorized)?;
        let account = app.shared.desk.session(&token, app.now(), true).await?;
        Ok(Officer { account: account.ok_or_else(Error::unauthorized)?, token })
    }
}

/// The session's token, when a well-formed one came.
pub(super) fn token(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    cookies
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
        .and_then(Token::from_cookie)
}
