//! Answers, and how a failure becomes one.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use webstack_core::Error;

/// What goes back to the client, for a framework to translate.
pub type Reply = Response<Bytes>;

/// What a route returns. A framework turns either side into its response: `answer.unwrap_or_else(Reply::from)`.
pub type Answer = Result<Reply, Failure>;

/// Why a route did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The session failed; its [refusal](Error::refusal) is the reply.
    #[error(transparent)]
    Session(#[from] Error),
    /// The request makes no sense, and the client is told why.
    #[error("{why}")]
    Request {
        /// The status of the reply: 4xx.
        status: StatusCode,
        /// What is wrong, without quoting what the client sent.
        why: &'static str,
    },
}

impl Failure {
    /// 400: the request cannot be understood.
    pub(crate) const fn bad_request(why: &'static str) -> Self {
        Failure::Request { status: StatusCode::BAD_REQUEST, why }
    }

    /// 404: there is no such path.
    pub(crate) const fn not_found() -> Self {
        Failure::Request { status: StatusCode::NOT_FOUND, why: "there is nothing here" }
    }

    /// 413: the request body is too large.
    pub(crate) const fn too_large() -> Self {
        Failure::Request { status: StatusCode::PAYLOAD_TOO_LARGE, why: "the body is too large" }
    }

    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        match self {
            Failure::Session(error) => error.refusal().status(),
            Failure::Request { status, .. } => *status,
        }
    }

    /// Tells the log what the application did wrong. What the store did wrong the engine tells by itself.
    ///
    /// A value's own error is left out, because it quotes what it could not decode.
    pub(crate) fn log(&self) {
        let status = self.status().as_u16();
        match self {
            Failure::Session(error @ (Error::NotLoaded | Error::TooLate | Error::Value(_))) => {
                tracing::error!(status, "{error}");
            }
            Failure::Session(_) | Failure::Request { .. } => tracing::debug!(status, "{self}"),
        }
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Reply {
        failure.log();
        match failure {
            Failure::Session(error) => {
                let refusal = error.refusal();
                let mut reply = Response::new(Bytes::from_static(refusal.body().as_bytes()));
                *reply.status_mut() = refusal.status();
                reply.headers_mut().extend(refusal.headers());
                reply
            }
            Failure::Request { status, why } => json_with(status, &serde_json::json!({ "error": why })),
        }
    }
}

/// 200 with a JSON body.
pub(crate) fn json(body: &impl Serialize) -> Reply {
    json_with(StatusCode::OK, body)
}

/// A status with a JSON body, which the statuses that have none go without.
pub(crate) fn json_with(status: StatusCode, body: &impl Serialize) -> Reply {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
        return with(status, None, Bytes::new());
    }
    let body = serde_json::to_vec(body).expect("what this crate answers has string keys and cannot fail to serialize");
    with(status, Some(HeaderValue::from_static("application/json")), body.into())
}

/// 204.
pub(crate) fn no_content() -> Reply {
    with(StatusCode::NO_CONTENT, None, Bytes::new())
}

/// A reply of this content type, if any.
pub(crate) fn with(status: StatusCode, content_type: Option<HeaderValue>, body: Bytes) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().extend(content_type.map(|value| (CONTENT_TYPE, value)));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_error_is_opaque() {
        let reply = Reply::from(Failure::from(Error::Broken("disk on fire".into())));
        assert_eq!(reply.status(), 500);
        assert_eq!(reply.body(), "Internal Server Error");
    }

    #[test]
    fn a_senseless_request_is_told_why() {
        let reply = Reply::from(Failure::bad_request("no"));
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &br#"{"error":"no"}"#[..]));
    }

    #[test]
    fn statuses_without_a_body_have_none() {
        for status in [204, 205, 304] {
            let status = StatusCode::from_u16(status).expect("a status");
            let reply = json_with(status, &serde_json::json!({}));
            assert!(reply.body().is_empty() && reply.headers().is_empty());
        }
    }
}
