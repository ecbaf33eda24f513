//! Problem responses (RFC 9457) of refused requests.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{Either, Full};
use serde::Serialize;

use super::contract_verdict::ContractVerdict;
use super::layer_settings::LayerSettings;
use crate::ViolationRecord;
use crate::message::refusal_status::RefusalStatus;

/// The body of a response: a problem, or the body of the inner service.
pub type ProblemOr<R> = Either<Full<Bytes>, R>;

/// The properties of a problem, in the order of their use for a reader.
#[derive(Debug, Serialize)]
struct ContractProblemDetails<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    contract: JudgedRevision<'a>,
    violations: Vec<ViolationRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct JudgedRevision<'a> {
    version: &'a str,
    revision: &'a str,
}

/// The response to a refused request.
pub(super) fn refusal(
    settings: &LayerSettings,
    verdict: ContractVerdict,
    header: Option<(HeaderName, HeaderValue)>,
) -> Response<Full<Bytes>> {
    let LayerSettings {
        contract,
        quotes_values,
        ..
    } = settings;
    let first = verdict.violations.first();
    let status = first.map_or(RefusalStatus::UNSPECIFIED, |first| {
        RefusalStatus::of(first.class)
    });
    let kind = first.map(|first| first.class.as_str());
    let problem = ContractProblemDetails {
        kind: kind.map_or("about:blank".to_owned(), |class| {
            format!("urn:portcullis:violation:{class}")
        }),
        title: status.title,
        status: status.status.as_u16(),
        detail: first.map_or_else(String::new, |first| first.sentence(*quotes_values)),
        error: "CONTRACT_VIOLATION",
        operation: verdict.operation.as_deref(),
        contract: JudgedRevision {
            version: &contract.version,
            revision: &contract.revision,
        },
        violations: verdict
            .violations
            .iter()
            .map(|violation| violation.record(*quotes_values))
            .collect(),
    };
    let mut response = problem_response(status.status, &problem);
    response.headers_mut().extend(header);
    response.extensions_mut().insert(verdict);
    response
}

/// The response to a request whose body could not be read to its end.
pub(super) fn unreadable_request() -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct UnreadableRequest {
        title: &'static str,
        status: u16,
        error: &'static str,
    }
    let status = StatusCode::BAD_REQUEST;
    let problem = UnreadableRequest {
        title: "The request body could not be read",
        status: status.as_u16(),
        error: "MALFORMED_REQUEST",
    };
    problem_response(status, &problem)
}

fn problem_response(status: StatusCode, problem: &impl Serialize) -> Response<Full<Bytes>> {
    let bytes = serde_json::to_vec(problem).expect("problems contain text and numbers only");
    let mut response = Response::new(Full::new(bytes.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let problem_json = HeaderValue::from_static("application/problem+json");
    headers.insert(CONTENT_TYPE, problem_json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
