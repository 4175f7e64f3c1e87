//! What goes wrong with a request, told as an HTTP status and a JSON problem (RFC 9457) in one place.

use crate::desk;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A refusal. Its cause is logged and never sent.
#[derive(Debug)]
pub(super) struct Error {
    status: StatusCode,
    title: &'static str,
    detail: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The body of every refusal, as `application/problem+json`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// The HTTP status again.
    pub status: u16,
    /// What kind of problem it is.
    pub title: String,
    /// This one.
    pub detail: String,
}

impl Error {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Error {
        Error { status, title, detail: detail.into(), cause: None }
    }

    /// The request can't be understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Error {
        Error::new(StatusCode::BAD_REQUEST, "bad request", detail)
    }

    /// The request is understood and asks for something that can't be.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Error {
        Error::new(StatusCode::UNPROCESSABLE_ENTITY, "not acceptable", detail)
    }

    /// Nobody is signed in.
    pub(super) fn unauthorized() -> Error {
        Error::new(StatusCode::UNAUTHORIZED, "sign in first", "this needs a session")
    }

    /// The request comes from another site.
    pub(super) fn forbidden(detail: &'static str) -> Error {
        Error::new(StatusCode::FORBIDDEN, "refused", detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Error {
        Error::new(StatusCode::NOT_FOUND, "not found", detail)
    }

    /// The path is there, the method is not.
    pub(super) fn method_not_allowed() -> Error {
        Error::new(StatusCode::METHOD_NOT_ALLOWED, "not allowed", "this address does not take this method")
    }

    /// The body is not JSON.
    pub(super) fn unsupported_media_type() -> Error {
        Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not JSON", "content-type has to be application/json")
    }

    /// The body is too large.
    pub(super) fn too_large() -> Error {
        Error::new(StatusCode::PAYLOAD_TOO_LARGE, "too large", "a request has at most 64 KiB")
    }

    /// A bound is reached.
    pub(super) fn busy(detail: &'static str) -> Error {
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
    }

    /// It took too long.
    pub(super) fn timeout() -> Error {
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "took too long", "ask for less, or try again")
    }

    /// Our fault.
    pub(super) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let error = Error::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the watch's log has the cause");
        Error { cause: Some(cause.into()), ..error }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            let mut chain = cause.to_string();
            let mut source = cause.source();
            while let Some(deeper) = source {
                chain.push_str(": ");
                chain.push_str(&deeper.to_string());
                source = deeper.source();
            }
            tracing::error!(cause = chain, "request failed");
        }
        let problem =
            Problem { status: self.status.as_u16(), title: self.title.to_owned(), detail: self.detail };
        let body = serde_json::to_vec(&problem).expect("strings and a number are JSON");
        let json = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, json)], body).into_response()
    }
}

impl From<desk::Error> for Error {
    fn from(error: desk::Error) -> Error {
        use desk::Error as E;
        let detail = error.to_string();
        match error {
            E::NoSuchAlert => Error::not_found(detail),
            E::ClaimedBy(_) => Error::new(StatusCode::CONFLICT, "claimed by another", detail),
            E::AlreadyDecided(_) => Error::new(StatusCode::CONFLICT, "already decided", detail),
            E::NotDecided => Error::new(StatusCode::CONFLICT, "not decided", detail),
            E::Stale { .. } => Error::new(StatusCode::CONFLICT, "changed meanwhile", detail),
            E::TextLength => Error::unprocessable(detail),
            E::WrongPassword => Error::new(StatusCode::UNAUTHORIZED, "not signed in", detail),
            E::Locked { .. } => Error::new(StatusCode::TOO_MANY_REQUESTS, "locked", detail),
            E::Busy => Error::busy("too many actions are waiting; try again"),
            E::Database { .. } | E::Store(_) if error.may_pass() => {
                let (title, detail) =
                    ("no room", "the disk of the watch is full: nothing was written; try again");
                Error {
                    cause: Some(error.into()),
                    ..Error::new(StatusCode::INSUFFICIENT_STORAGE, title, detail)
                }
            }
            E::Lost | E::Database { .. } | E::Store(_) | E::File { .. } | E::Damaged(_) => {
                Error::internal(error)
            }
        }
    }
}
