//! Checks a response: status, header fields, media type, then the body.
//!
//! The content of a response is meant for its client only, so violations of responses quote no
//! values.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};

use portcullis_json::with_message_steps;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::CHECK_STEPS_MAX;

use super::body_plan::BodyLength;
use super::head_judge::HeadJudge;
use super::plan_body::{JSON_CHARSET, declared_types, has_json_charset};
use super::request_head::RequestHead;
use crate::message::body::{BodyFormat, BodyJudge, BodySubject, codings};
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::header_parameters::parameter_fault;
use crate::message::media_range::{MediaRange, best_match};
use crate::message::operation::{DeclaredResponse, MediaType, Operation};
use crate::message::parameter::RawPairs;
use crate::message::route::PathCaptures;
use crate::message::unreadable_part::unreadable;
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::NodeRef;

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The length of the body.
    pub body: BodyLength,
    /// Whether the request was HEAD. The response then has no body, whatever the contract declares;
    /// nor has a response with status 1xx, 204, 205 or 304 (RFC 9110 sections 6.4.1 and 15.3.6).
    pub is_to_head: bool,
}

/// How to handle the body of a response after the check of its head.
#[derive(Clone, Copy, Debug)]
pub enum ResponsePlan<'c> {
    /// Forward the body; it is not checked.
    Pass,
    /// Forward the body; it cannot be checked, because its content coding is not supported.
    PassUndecoded,
    /// Check the body as this media type.
    Judge(&'c MediaType),
    /// Check the body as records of this media type. A client reads records as they arrive, so a
    /// check must not hold them back until the last one is there.
    JudgeRecords(&'c MediaType),
}

impl<'c> ResponsePlan<'c> {
    /// The media type as which the body is checked, where all of the body is present.
    pub fn media(self) -> Option<&'c MediaType> {
        match self {
            Self::Pass | Self::PassUndecoded => None,
            Self::Judge(media) | Self::JudgeRecords(media) => Some(media),
        }
    }
}

/// Checks the head of an operation's response and adds violations.
pub fn check_response_head<'c>(
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: ResponseHead<'_>,
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> ResponsePlan<'c> {
    check_framing(contract, operation, head.headers, settings, violations);
    let declared = operation.response(head.status);
    let pattern = declared.map(|declared| declared.status);
    if let Some(node_ref) = operation.unread.response(head.status, pattern) {
        push_unreadable(
            contract,
            settings,
            MessagePart::Status,
            node_ref,
            violations,
        );
        return ResponsePlan::Pass;
    }
    let Some(declared) = declared else {
        push(settings, violations, || {
            undeclared_status(contract, operation, head.status)
        });
        return ResponsePlan::Pass;
    };
    with_message_steps(CHECK_STEPS_MAX, || {
        check_headers(
            contract, operation, declared, head, settings, scratch, violations,
        );
    });
    let is_bodiless = head.is_to_head || matches!(head.status, 100..=199 | 204 | 205 | 304);
    if is_bodiless {
        if head.body != BodyLength::Absent {
            push(settings, violations, || {
                let message = "the response must not have a body";
                Violation::new(
                    ViolationClass::MalformedResponseBody,
                    MessagePart::Body,
                    message,
                )
                .with_expected("no body (RFC 9110 sections 6.4.1 and 15.3.6)")
                .with_location(contract.location(declared.node_ref))
            });
        }
        return ResponsePlan::Pass;
    }
    // The schema does not describe a part of a representation (206).
    if head.body == BodyLength::Absent || head.status == 206 || declared.is_open {
        return ResponsePlan::Pass;
    }
    match media_type(declared, head.headers) {
        Ok(media) => {
            let format = body_format(media, head.headers);
            if let Some(node_ref) = media.unread_for(format) {
                push_unreadable(contract, settings, MessagePart::Body, node_ref, violations);
                return ResponsePlan::Pass;
            }
            format.map_or(ResponsePlan::Pass, |format| {
                plan(media, format, head.headers)
            })
        }
        Err((message, expected)) => {
            push(settings, violations, || {
                Violation::new(
                    ViolationClass::UndeclaredMediaType,
                    MessagePart::Header,
                    message,
                )
                .with_name("content-type")
                .with_expected(expected)
                .with_location(contract.location(declared.node_ref))
            });
            ResponsePlan::Pass
        }
    }
}

/// Checks the fields that say where the body ends and what it is. A recipient that takes another one
/// of several values reads another response than the one that was checked.
fn check_framing(
    contract: &CompiledContract,
    operation: &Operation,
    headers: &HeaderMap,
    settings: CheckSettings<'_>,
    violations: &mut Vec<Violation>,
) {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let is_number = |line: &HeaderValue| line.as_bytes().iter().all(u8::is_ascii_digit);
    let has_one_length = match (lengths.next(), lengths.next()) {
        (None, _) => true,
        (Some(only), None) => is_number(only),
        (Some(_), Some(_)) => false,
    };
    let has_one_type = headers.get_all(CONTENT_TYPE).iter().nth(1).is_none();
    for (is_clear, name, message, expected) in [
        (
            has_one_length,
            "content-length",
            "the header `content-length` is not one number",
            "one decimal number (RFC 9110 section 8.6)",
        ),
        (
            has_one_type,
            "content-type",
            "the header `content-type` occurs more than once",
            "one media type (RFC 9110 section 8.3)",
        ),
    ] {
        if !is_clear {
            push(settings, violations, || {
                Violation::new(ViolationClass::InvalidHeader, MessagePart::Header, message)
                    .with_name(name)
                    .with_expected(expected)
                    .with_location(contract.location(operation.node_ref))
            });
        }
    }
}

/// Checks the body of a response with these headers and adds violations. An empty body counts as
/// absent, however it was framed, and is not checked. Returns whether the body could be checked: not
/// if it is larger than a bound when it is decoded.
pub fn check_response_body(
    contract: &CompiledContract,
    media: &MediaType,
    headers: &HeaderMap,
    bytes: &[u8],
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> bool {
    if bytes.is_empty() {
        return true;
    }
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::ResponseBody,
        media,
        settings,
        violations,
    };
    with_message_steps(CHECK_STEPS_MAX, || {
        judge.validate_body(headers, bytes, scratch)
    })
}

fn push_unreadable(
    contract: &CompiledContract,
    settings: CheckSettings<'_>,
    part: MessagePart,
    node_ref: NodeRef,
    violations: &mut Vec<Violation>,
) {
    let class = ViolationClass::UnreadableResponse;
    push(settings, violations, || {
        unreadable(contract, class, part, node_ref)
    });
}

fn push(
    settings: CheckSettings<'_>,
    violations: &mut Vec<Violation>,
    make: impl FnOnce() -> Violation,
) {
    let violation = make();
    if settings.policy.of(violation.class) != Enforcement::Off {
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

fn check_headers(
    contract: &CompiledContract,
    operation: &Operation,
    declared: &DeclaredResponse,
    head: ResponseHead<'_>,
    settings: CheckSettings<'_>,
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
        settings,
        direction: MessageDirection::Response,
        tape: &mut scratch.tape,
        inner: &mut scratch.inner,
        query: RawPairs::EMPTY,
        cookies: RawPairs::EMPTY,
        violations,
    };
    for header in &declared.headers {
        // Set-Cookie lines cannot be joined (RFC 6265 section 3), so only presence is checked.
        let is_cookie = header.name.eq_ignore_ascii_case(SET_COOKIE.as_str());
        if !is_cookie || !head.headers.contains_key(SET_COOKIE) {
            judge.check_header(header);
        }
    }
    for (name, node_ref) in &declared.unread_headers {
        judge.unreadable(MessagePart::Header, Some(name), *node_ref);
    }
    for violation in &mut violations[before..] {
        violation.message.clone_from(&violation.masked);
    }
}

/// The declared media type of a response, or why it is not declared and what is expected.
fn media_type<'r>(
    declared: &'r DeclaredResponse,
    headers: &HeaderMap,
) -> Result<&'r MediaType, (&'static str, String)> {
    let fault = |message| (message, declared_types(&declared.content));
    let line = headers
        .get(CONTENT_TYPE)
        .ok_or_else(|| fault("the response has a body but no `content-type`"))?;
    let text = line.to_str().unwrap_or_default();
    if let Some(media) = declared.content.iter().find(|media| media.key == text) {
        return Ok(media);
    }
    let found = MediaRange::parse(text)
        .ok_or_else(|| fault("the header `content-type` is not a media type"))?;
    if parameter_fault(text).is_some() {
        let message = "the header `content-type` has parameters that recipients read differently";
        return Err(fault(message));
    }
    if found.is_json() && !has_json_charset(&found) {
        let message = "JSON must be UTF-8 (RFC 8259 section 8.1)";
        return Err((message, JSON_CHARSET.to_owned()));
    }
    let keys = declared.content.iter().map(|media| media.key.as_str());
    best_match(keys, &found)
        .map(|index| &declared.content[index])
        .ok_or_else(|| fault("the media type is not declared"))
}

fn body_format(media: &MediaType, headers: &HeaderMap) -> Option<BodyFormat> {
    if media.is_json {
        return Some(BodyFormat::Json);
    }
    let line = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    MediaRange::parse(line).map(|found| BodyFormat::of(&found))
}

fn plan<'r>(media: &'r MediaType, format: BodyFormat, headers: &HeaderMap) -> ResponsePlan<'r> {
    if !media.checks(format) {
        return ResponsePlan::Pass;
    }
    if codings(headers).is_err() {
        return ResponsePlan::PassUndecoded;
    }
    match format {
        _ if format.is_record_sequence() => ResponsePlan::JudgeRecords(media),
        // `itemSchema` alone describes parts that are read as they arrive.
        BodyFormat::OrderedParts if !media.describes_all_records() => {
            ResponsePlan::JudgeRecords(media)
        }
        _ => ResponsePlan::Judge(media),
    }
}
