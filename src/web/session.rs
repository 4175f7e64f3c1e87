//! Signing in and out.

use super::{
    App,
    error::{Error, Problem},
    extract::{Body, COOKIE, token},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};

/// Longest account name, in bytes.
const ACCOUNT_BYTES_MAX: usize = 64;

/// Name and password.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct SignIn {
    account: String,
    password: String,
}

/// Who is signed in.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Session {
    /// The account, or null.
    account: Option<String>,
}

/// Signs in; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = Session), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Body(given): Body<SignIn>,
) -> Result<impl IntoResponse, Error> {
    if given.account.len() > ACCOUNT_BYTES_MAX {
        return Err(Error::unprocessable("an account's name has at most 64 bytes"));
    }
    let desk = &app.shared.desk;
    let began = desk.sign_in(&given.account, &given.password, app.now()).await;
    let account = given.account;
    let began = began.inspect_err(|e| tracing::warn!(account, reason = %e, "sign-in refused"))?;
    // A new session never goes on under an old name.
    if let Some(old) = token(&headers) {
        desk.sign_out(&old, app.now()).await?;
    }
    tracing::info!(account, "signed in");
    let cookie = cookie(began.reveal(), app.settings.behind_tls, "");
    Ok(([(header::SET_COOKIE, cookie)], Json(Session { account: Some(account) })))
}

/// Says who is signed in; not a refusal when nobody is.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Session)))]
pub(super) async fn who(State(app): State<App>, headers: HeaderMap) -> Result<Json<Session>, Error> {
    let account = match token(&headers) {
        Some(token) => app.shared.desk.session(&token, app.now(), true).await?,
        None => None,
    };
    Ok(Json(Session { account }))
}

/// Signs out at once, everywhere this cookie is.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
pub(super) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<impl IntoResponse, Error> {
    if let Some(token) = token(&headers) {
        app.shared.desk.sign_out(&token, app.now()).await?;
    }
    let gone = cookie("", app.settings.behind_tls, "; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]))
}

fn cookie(value: &str, behind_tls: bool, rest: &str) -> String {
    let secure = if behind_tls { "; Secure" } else { "" };
    format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{rest}")
}
