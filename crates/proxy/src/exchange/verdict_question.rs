//! The request that another proxy asks about, as the question describes it.
//!
//! The answer decides what the other proxy forwards, so only trusted peers may ask, and what the
//! question does not say exactly once is refused. A target from a header field is checked like one
//! from a request line.

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};

use portcullis_config::{ServiceConfig, VerdictCaller, VerdictConfig};

use super::answer_table::ProblemCause;
use super::verdict_fault::VerdictFault;
use crate::headers::Peer;
use crate::inspect::{HttpRefusal, check_host, check_origin};

const PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");
const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_URI: &str = "x-forwarded-uri";
const FORWARDED_HOST: &str = "x-forwarded-host";
const ORIGINAL_METHOD: &str = "x-original-method";
const ORIGINAL_URI: &str = "x-original-uri";

/// Replaces a question to a service that gives verdicts by the request that it asks about.
pub(super) fn read_question(
    service: &ServiceConfig,
    target_bytes_max: usize,
    peer: &Peer,
    question: &mut Request<()>,
) -> Result<(), ProblemCause> {
    let Some(verdict) = service.verdict() else {
        return Ok(());
    };
    if !peer.trusted {
        return Err(ProblemCause::Verdict(VerdictFault::UntrustedPeer));
    }
    let asked = match verdict.from {
        VerdictCaller::Envoy => of_envoy(verdict, question)?,
        VerdictCaller::Traefik => {
            let asked = of_fields(question.headers_mut(), FORWARDED_METHOD, FORWARDED_URI)?;
            let host = take(question.headers_mut(), FORWARDED_HOST)?;
            check_host(host.as_bytes()).map_err(ProblemCause::Http)?;
            question.headers_mut().insert(HOST, host);
            asked
        }
        VerdictCaller::Nginx => of_fields(question.headers_mut(), ORIGINAL_METHOD, ORIGINAL_URI)?,
    };
    let (method, target) = asked;
    if target.as_str().len() > target_bytes_max {
        return Err(ProblemCause::Http(HttpRefusal::TargetTooLong));
    }
    if !service.path_prefix.matches(target.path()) {
        return Err(ProblemCause::NoService);
    }
    *question.method_mut() = method;
    *question.uri_mut() = Uri::from(target);
    Ok(())
}

/// Envoy asks with the request itself, below the path at which it asks.
fn of_envoy(
    verdict: &VerdictConfig,
    question: &mut Request<()>,
) -> Result<(Method, PathAndQuery), ProblemCause> {
    let mut partial = question.headers().get_all(PARTIAL_BODY).iter();
    let is_partial = partial.any(|partial| partial != "false");
    question.headers_mut().remove(PARTIAL_BODY);
    if is_partial {
        return Err(ProblemCause::Verdict(VerdictFault::PartialBody));
    }
    let method = question.method().clone();
    let target = question.uri().path_and_query().map(PathAndQuery::as_str);
    let target = target.and_then(|target| verdict.path.strip(target));
    let target = target.and_then(|target| target.parse().ok());
    let malformed = || ProblemCause::Http(HttpRefusal::MalformedTarget);
    Ok((method, target.ok_or_else(malformed)?))
}

/// The others describe the request in header fields.
fn of_fields(
    headers: &mut HeaderMap,
    method: &'static str,
    target: &'static str,
) -> Result<(Method, PathAndQuery), ProblemCause> {
    let method = take(headers, method)?;
    let target = take(headers, target)?;
    let parsed_method = Method::from_bytes(method.as_bytes());
    let parsed_method =
        parsed_method.map_err(|_| ProblemCause::Http(HttpRefusal::MalformedRequestLine))?;
    check_origin(method.as_bytes(), target.as_bytes()).map_err(ProblemCause::Http)?;
    let target = PathAndQuery::try_from(target.as_bytes());
    let target = target.map_err(|_| ProblemCause::Http(HttpRefusal::MalformedTarget))?;
    Ok((parsed_method, target))
}

/// Removes a field that must occur once.
fn take(headers: &mut HeaderMap, field: &'static str) -> Result<HeaderValue, ProblemCause> {
    let mut lines = headers.get_all(field).iter();
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line.clone()),
        _ => None,
    };
    headers.remove(field);
    line.ok_or(ProblemCause::Verdict(VerdictFault::NoTarget { field }))
}
