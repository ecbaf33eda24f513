//! The answer to a refusal: problem details (RFC 9457) with what the caller needs to fix it.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderName, Response};
use portcullis_egress::CallDestination;
use serde::Serialize;

use super::egress_caller::EgressCaller;
use super::egress_refusal::EgressRefusal;

const X_PORTCULLIS: HeaderName = HeaderName::from_static("x-portcullis");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Debug, Serialize)]
struct EgressProblem<'p> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'p str,
    instance: String,
    error: &'static str,
    message: &'p str,
    squad: &'p str,
    timestamp: String,
    service: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dependency: Option<DependencyDetails>,
}

/// The call, and the entry of the catalog that declares it.
#[derive(Debug, Serialize)]
struct DependencyDetails {
    host: String,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add: Option<String>,
}

/// Writes a refusal. It is for services of the platform, so it says everything.
pub(super) fn problem_response(
    refusal: &EgressRefusal,
    caller: &EgressCaller,
    to: Option<&CallDestination>,
    request_id: &HeaderValue,
) -> Response<Bytes> {
    let answer = refusal.answer();
    let detail = refusal.detail(caller, to);
    let problem = EgressProblem {
        kind: format!(
            "urn:portcullis:{}",
            answer.error.to_lowercase().replace('_', "-")
        ),
        title: answer.title,
        status: answer.status.as_u16(),
        detail: &detail,
        instance: format!("urn:uuid:{}", request_id.to_str().unwrap_or_default()),
        error: answer.error,
        message: &detail,
        squad: caller.squad_name(),
        timestamp: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        service: caller.service_name(),
        dependency: to.map(|to| dependency(refusal, caller, to)),
    };
    let body = serde_json::to_vec(&problem).expect("all members are text and numbers");
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_PORTCULLIS, HeaderValue::from_static(answer.error));
    headers.insert(X_REQUEST_ID, request_id.clone());
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn dependency(
    refusal: &EgressRefusal,
    caller: &EgressCaller,
    to: &CallDestination,
) -> DependencyDetails {
    let is_undeclared = matches!(refusal, EgressRefusal::Undeclared);
    DependencyDetails {
        host: to.host.to_string(),
        port: to.port,
        class: match refusal {
            EgressRefusal::Denied(class) => Some(class),
            _ => None,
        },
        table: caller.table().filter(|_| is_undeclared),
        add: is_undeclared.then(|| format!("allowed_hosts = [\"{}\"]", to.host)),
    }
}
