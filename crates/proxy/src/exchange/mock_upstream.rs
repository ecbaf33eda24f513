//! The mock: answers requests from the contract, without a server.
//!
//! It answers with the lowest success response, and with the contract's example or a value that is
//! generated from the schema. `Prefer: code=404` or `Prefer: example=name` (RFC 7240) selects
//! another response or example.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};

use portcullis_contract::{
    CompiledContract, DeclaredResponse as Declared, MediaRange, MediaType, Operation,
    ResponseExample, StatusPattern,
};

use super::answer_body::AnswerBody;
use super::answer_table::ProblemCause;
use crate::body::ForwardBody;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Answers a request. An undeclared request may get here, but the contract has no example for it.
pub(super) fn answer(
    contract: &CompiledContract,
    operation: Option<u32>,
    request: &Request<ForwardBody>,
) -> Result<Response<AnswerBody>, ProblemCause> {
    let Some(operation) = operation.map(|operation| contract.operation(operation)) else {
        return Err(no_example("the contract has no such operation"));
    };
    let preferred = PreferredResponse::of(request.headers());
    let (status, declared) = choose(operation, preferred.status)
        .ok_or_else(|| no_example("the operation declares no such response"))?;
    let mut response = Response::new(AnswerBody::empty());
    *response.status_mut() = status;
    let Some(media) = media_type(declared, request.headers()) else {
        return Ok(response);
    };
    let body = match contract.response_example(media, preferred.example) {
        ResponseExample::Body(body) => body,
        ResponseExample::NoSuchExample => {
            return Err(no_example("the response has no example of that name"));
        }
        ResponseExample::None => {
            return Err(no_example(
                "the contract has no example of the response, and no value of its schema was found; add an example",
            ));
        }
    };
    if let Ok(kind) = HeaderValue::from_str(&concrete(&media.key)) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    *response.body_mut() = AnswerBody::from(Bytes::from(body));
    Ok(response)
}

fn no_example(reason: &str) -> ProblemCause {
    ProblemCause::NoExample(reason.to_owned())
}

/// The response that the client prefers.
#[derive(Debug, Default)]
struct PreferredResponse<'a> {
    status: Option<u16>,
    example: Option<&'a str>,
}

impl<'a> PreferredResponse<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut preferred = Self::default();
        let values = headers
            .get_all(PREFER)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for preference in values.flat_map(|value| value.split([',', ';'])) {
            match preference
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()))
            {
                Some(("code" | "status", code)) => {
                    preferred.status = code.trim_matches('"').parse().ok()
                }
                Some(("example", name)) => preferred.example = Some(name.trim_matches('"')),
                _ => {}
            }
        }
        preferred
    }
}

/// The response: the preferred one, or else the lowest success, or else the first.
fn choose(operation: &Operation, preferred: Option<u16>) -> Option<(StatusCode, &Declared)> {
    if let Some(preferred) = preferred {
        return Some((
            StatusCode::from_u16(preferred).ok()?,
            operation.response(preferred)?,
        ));
    }
    // `default` mostly describes errors, but it may be the only response.
    let rank = |response: &&Declared| match response.status {
        StatusPattern::Exact(code) if code / 100 == 2 => (0, code),
        StatusPattern::Range(2) => (1, 200),
        StatusPattern::Default => (2, 200),
        StatusPattern::Exact(code) => (3, code),
        StatusPattern::Range(hundred) => (4, u16::from(hundred) * 100),
    };
    let responses = operation.responses.iter().map(|response| &**response);
    let response = responses.min_by_key(rank)?;
    let (_, code) = rank(&response);
    Some((StatusCode::from_u16(code).ok()?, response))
}

/// The first media type that the client accepts, with JSON before others. If it accepts none of
/// them, the first media type: for a mock, an answer is more useful than a 406.
fn media_type<'r>(response: &'r Declared, headers: &HeaderMap) -> Option<&'r MediaType> {
    let accepted: Vec<MediaRange<'_>> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| MediaRange::parse(range.split(';').next()?))
        .collect();
    let is_accepted = |media: &&MediaType| {
        let key = MediaRange::parse(&media.key);
        key.is_some_and(|key| accepted.iter().any(|range| range.covers(&key).is_some()))
    };
    let content = &response.content;
    content
        .iter()
        .find(|media| media.is_json && is_accepted(media))
        .or_else(|| content.iter().find(is_accepted))
        .or_else(|| content.iter().find(|media| media.is_json))
        .or_else(|| content.first())
}

/// A concrete media type for a key that may be a media range.
fn concrete(key: &str) -> String {
    match key.split(';').next().unwrap_or_default().trim() {
        "*/*" | "application/*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        range if range.contains('*') => "application/octet-stream".to_owned(),
        _ => key.to_owned(),
    }
}
