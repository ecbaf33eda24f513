//! Judging a response: status, header fields, media type, then the body.
//!
//! What a response says is the service's and meant for its client, so violations of responses
//! quote no values.

use http::header::{CONTENT_TYPE, HeaderMap, SET_COOKIE};

use portcullis_vocabulary::enforcement::Enforcement;

use super::body_plan::BodyLength;
use super::request_head::{HeadJudge, RequestHead};
use crate::message::body::{BodyFormat, BodyJudge, codings};
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::media_range::{MediaRange, best_match};
use crate::message::operation::{DeclaredResponse, MediaType, Operation};
use crate::message::parameter::RawPairs;
use crate::message::route::PathCaptures;
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// What is known of the body.
    pub body: BodyLength,
    /// Whether it answers HEAD. Such a response has no body, nor has one with a status of 1xx,
    /// 204 or 304 (RFC 9110 section 6.4.1), whatever the contract says.
    pub is_to_head: bool,
}

/// What is to be done with the body of a response whose head was judged.
#[derive(Clone, Copy, Debug)]
pub enum ResponsePlan<'c> {
    /// Nothing to judge.
    Pass,
    /// It is judged as this media type.
    Judge(&'c MediaType),
}

/// Judges the head of a response of an operation; pushes violations.
pub fn check_response_head<'c>(
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: ResponseHead<'_>,
    rules: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> ResponsePlan<'c> {
    let Some(declared) = operation.response(head.status) else {
        push(rules, violations, || {
            undeclared_status(contract, operation, head.status)
        });
        return ResponsePlan::Pass;
    };
    headers(
        contract, operation, declared, head, rules, scratch, violations,
    );
    let is_bodiless = head.is_to_head || matches!(head.status, 100..=199 | 204 | 304);
    if is_bodiless {
        if head.body != BodyLength::Absent {
            push(rules, violations, || {
                let message = "the response has a body where HTTP allows none";
                Violation::new(
                    ViolationClass::MalformedResponseBody,
                    MessagePart::Body,
                    message,
                )
                .with_expected("no body (RFC 9110 section 6.4.1)")
                .with_location(contract.location(declared.node_ref))
            });
        }
        return ResponsePlan::Pass;
    }
    // A part of a representation is not described by the schema of the whole (206).
    if head.body == BodyLength::Absent || head.status == 206 || declared.content.is_empty() {
        return ResponsePlan::Pass;
    }
    match media_type(declared, head.headers) {
        Ok(media) => plan(media, head.headers, rules),
        Err(message) => {
            push(rules, violations, || {
                let keys: Vec<&str> = declared.content.iter().map(|media| &*media.key).collect();
                Violation::new(
                    ViolationClass::UndeclaredMediaType,
                    MessagePart::Header,
                    message,
                )
                .with_name("content-type")
                .with_expected(keys.join(" or "))
                .with_location(contract.location(declared.node_ref))
            });
            ResponsePlan::Pass
        }
    }
}

/// Judges the body of a response with these headers; pushes violations. An empty body is an
/// absent one, however it was framed, and no schema is applied to it.
pub fn check_response_body(
    contract: &CompiledContract,
    media: &MediaType,
    headers: &HeaderMap,
    bytes: &[u8],
    rules: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) {
    if bytes.is_empty() {
        return;
    }
    let mut judge = BodyJudge {
        contract,
        direction: MessageDirection::Response,
        media,
        rules,
        violations,
    };
    judge.validate_body(headers, bytes, scratch);
}

fn push(
    rules: CheckSettings<'_>,
    violations: &mut Vec<Violation>,
    make: impl FnOnce() -> Violation,
) {
    let violation = make();
    if rules.policy.of(violation.class) != Enforcement::Off {
        violations.push(violation);
    }
}

fn undeclared_status(contract: &CompiledContract, operation: &Operation, status: u16) -> Violation {
    let declared: Vec<String> = operation
        .responses
        .iter()
        .map(|response| response.status.to_string())
        .collect();
    let message = format!("the status {status} is not declared");
    Violation::new(
        ViolationClass::UndeclaredStatus,
        MessagePart::Status,
        message,
    )
    .with_expected(declared.join(", "))
    .with_location(contract.location(operation.node_ref))
}

fn headers(
    contract: &CompiledContract,
    operation: &Operation,
    declared: &DeclaredResponse,
    head: ResponseHead<'_>,
    rules: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) {
    let before = violations.len();
    let captures = PathCaptures::default();
    let mut judge = HeadJudge {
        contract,
        operation,
        head: RequestHead {
            path: "",
            query: None,
            headers: head.headers,
            captures: &captures,
            body: head.body,
        },
        rules,
        direction: MessageDirection::Response,
        tape: &mut scratch.tape,
        query: RawPairs::EMPTY,
        cookies: RawPairs::EMPTY,
        violations,
    };
    for header in &declared.headers {
        // Lines of Set-Cookie never join (RFC 6265 section 3): one of them is enough.
        let is_cookie = header.name.eq_ignore_ascii_case(SET_COOKIE.as_str());
        if !is_cookie || !head.headers.contains_key(SET_COOKIE) {
            judge.header(header);
        }
    }
    for violation in &mut violations[before..] {
        violation.message.clone_from(&violation.masked);
    }
}

/// The declared media type of a response, or what is wrong with it.
fn media_type<'r>(
    declared: &'r DeclaredResponse,
    headers: &HeaderMap,
) -> Result<&'r MediaType, &'static str> {
    let Some(line) = headers.get(CONTENT_TYPE) else {
        return Err("the response has a body and no `content-type`");
    };
    let text = line.to_str().unwrap_or_default();
    if let Some(media) = declared.content.iter().find(|media| media.key == text) {
        return Ok(media);
    }
    let found = MediaRange::parse(text).ok_or("the header `content-type` is no media type")?;
    let keys = declared.content.iter().map(|media| media.key.as_str());
    best_match(keys, &found)
        .map(|index| &declared.content[index])
        .ok_or("the media type is not declared")
}

fn plan<'r>(
    media: &'r MediaType,
    headers: &HeaderMap,
    rules: CheckSettings<'_>,
) -> ResponsePlan<'r> {
    let line = headers
        .get(CONTENT_TYPE)
        .and_then(|line| line.to_str().ok());
    let notation = match (media.is_json, line.and_then(MediaRange::parse)) {
        (true, _) => BodyFormat::Json,
        (false, Some(found)) => BodyFormat::of(&found),
        (false, None) => return ResponsePlan::Pass,
    };
    // Whoever reads records as they come must not wait for the last one.
    let rejects = [
        ViolationClass::MalformedResponseBody,
        ViolationClass::InvalidResponseBody,
    ]
    .into_iter()
    .any(|class| rules.policy.of(class) == Enforcement::Reject);
    let waits = rejects && matches!(notation, BodyFormat::JsonLines | BodyFormat::JsonSequence);
    let is_judged = media.judges(notation) && !waits && codings(headers).is_ok();
    if is_judged {
        ResponsePlan::Judge(media)
    } else {
        ResponsePlan::Pass
    }
}
