//! Answers to questions whether a request may be forwarded: 200 with what is known of the request,
//! for the proxy that asks and for the service behind it.

use http::{HeaderName, HeaderValue, Response, StatusCode};

use portcullis_config::VerdictCaller;

use super::answer_body::AnswerBody;
use super::answer_table::X_PORTCULLIS;
use super::reportable::violation_summary;
use super::request_record::RequestRecord;

const X_PORTCULLIS_SQUAD: HeaderName = HeaderName::from_static("x-portcullis-squad");
const X_PORTCULLIS_TIER: HeaderName = HeaderName::from_static("x-portcullis-tier");
const X_PORTCULLIS_OPERATION: HeaderName = HeaderName::from_static("x-portcullis-operation");
const X_PORTCULLIS_VIOLATIONS: HeaderName = HeaderName::from_static("x-portcullis-violations");

/// The answer that lets a request pass. Every field is always present, so that a proxy which copies
/// them replaces those that the client sent.
pub(super) fn allowed(record: &RequestRecord) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::empty());
    let text = |text: &str| {
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    };
    let operation = record.operation().map(|_| record.operation_name());
    let violations = violation_summary(&record.violations_to_report());
    let headers = response.headers_mut();
    headers.insert(X_PORTCULLIS, HeaderValue::from_static("ALLOWED"));
    headers.insert(X_PORTCULLIS_SQUAD, text(record.consumer_name()));
    headers.insert(X_PORTCULLIS_TIER, text(record.caller.tier.as_str()));
    headers.insert(X_PORTCULLIS_OPERATION, text(operation.unwrap_or("unknown")));
    headers.insert(
        X_PORTCULLIS_VIOLATIONS,
        violations.unwrap_or_else(|| HeaderValue::from_static("0")),
    );
    response
}

/// The status with which a refusal is sent. nginx understands only 401 and 403.
pub(super) fn refusal_status(caller: VerdictCaller, status: StatusCode) -> StatusCode {
    match caller {
        VerdictCaller::Envoy | VerdictCaller::Traefik => status,
        VerdictCaller::Nginx if status == StatusCode::UNAUTHORIZED => status,
        VerdictCaller::Nginx => StatusCode::FORBIDDEN,
    }
}
