//! Responses of the admin port: text, JSON, and problem details (RFC 9457) for refusals.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// A response of the admin port.
pub(super) type AdminResponse = Response<Full<Bytes>>;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct AdminRefusal {
    status: StatusCode,
    /// The cause, and what to send instead.
    detail: Cow<'static, str>,
    /// A header field that the status requires.
    field: Option<Box<(HeaderName, HeaderValue)>>,
    /// Every problem in the contract or configuration, with its location.
    problems: Box<[String]>,
    /// A body that would be accepted.
    example: Option<&'static str>,
}

#[derive(Serialize)]
struct AdminProblem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    problems: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'static str>,
}

impl AdminRefusal {
    pub(super) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            field: None,
            problems: Box::default(),
            example: None,
        }
    }

    /// The token is missing or wrong.
    pub(super) fn unauthorized(detail: &'static str) -> Self {
        Self {
            field: Some(Box::new((
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer"),
            ))),
            ..Self::new(StatusCode::UNAUTHORIZED, detail)
        }
    }

    /// The route does not allow this method.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self {
            field: Some(Box::new((ALLOW, HeaderValue::from_static(allowed)))),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("expected {allowed}; `/` lists the routes"),
            )
        }
    }

    /// Adds the list of problems.
    pub(super) fn with_problems(self, problems: Vec<String>) -> Self {
        Self {
            problems: problems.into(),
            ..self
        }
    }

    /// Adds a body that would be accepted. Commands do not show it.
    pub(super) fn with_example(self, example: &'static str) -> Self {
        Self {
            example: Some(example),
            ..self
        }
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<AdminRefusal> for AdminResponse {
    fn from(refusal: AdminRefusal) -> Self {
        let problem = AdminProblem {
            kind: "about:blank",
            title: refusal.status.canonical_reason().unwrap_or_default(),
            status: refusal.status.as_u16(),
            detail: &refusal.detail,
            problems: &refusal.problems,
            example: refusal.example,
        };
        let mut answer = with_body(
            refusal.status,
            "application/problem+json",
            to_json(&problem),
        );
        if let Some((name, value)) = refusal.field.map(|field| *field) {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

/// A plain text response.
pub(super) fn text(status: StatusCode, body: String) -> AdminResponse {
    with_body(status, "text/plain; charset=utf-8", body)
}

/// The response of `/metrics`.
pub(super) fn metrics(body: String) -> AdminResponse {
    with_body(
        StatusCode::OK,
        "text/plain; version=0.0.4; charset=utf-8",
        body,
    )
}

/// An HTML response.
pub(super) fn page(body: Bytes) -> AdminResponse {
    with_body(StatusCode::OK, "text/html; charset=utf-8", body)
}

/// A JSON response.
pub(super) fn json(value: &impl Serialize) -> AdminResponse {
    with_body(StatusCode::OK, "application/json", to_json(value))
}

fn to_json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("text, numbers, lists and objects");
    text.push('\n');
    text
}

fn with_body(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> AdminResponse {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let fields = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")];
    for (name, value) in fields {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
