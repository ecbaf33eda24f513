//! What is to be done with a body: decided on the head.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

use super::request_head::HeadJudge;
use crate::message::body::{BodyFormat, BodyJudge, Charset, ContentCoding, codings, is_readable};
use crate::message::compiled_contract::CompiledContract;
use crate::message::media_range::{MediaRange, best_match};
use crate::message::operation::{BodyDeclaration, DeclaredBody, MediaType};
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;

/// What the head tells of the body (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none: no `Content-Length` and no transfer coding, or a length of 0.
    Absent,
    /// `Content-Length` is above 0.
    Known,
    /// It ends when it ends, and may be empty (`chunked`).
    Unknown,
}

/// What is to be done with the body of a request whose head was judged.
#[derive(Clone, Copy, Debug)]
pub enum BodyPlan<'c> {
    /// Nothing to judge: it is passed on as it arrives.
    Stream,
    /// It is collected and judged as this media type.
    Judge(&'c MediaType),
    /// It may be absent and arrives without a length: it is collected, judged if there is a byte.
    JudgeIfPresent(&'c MediaType, &'c DeclaredBody),
}

impl<'c> HeadJudge<'_, 'c> {
    /// Decides what happens to the body.
    pub(super) fn body(&mut self) -> BodyPlan<'c> {
        let (operation, contract) = (self.operation, self.contract);
        let body = match &operation.body {
            BodyDeclaration::Declared(body) => body,
            BodyDeclaration::Ignored => return BodyPlan::Stream,
            BodyDeclaration::Undeclared => {
                if self.head.body != BodyLength::Absent {
                    let message = "the operation declares no body";
                    let violation =
                        Violation::new(ViolationClass::UnexpectedBody, MessagePart::Body, message)
                            .with_expected("no body")
                            .with_location(contract.location(operation.node_ref));
                    self.push(violation);
                }
                return BodyPlan::Stream;
            }
        };
        if self.head.body == BodyLength::Absent {
            return self.absent_body(body);
        }
        if body.content.is_empty() {
            return BodyPlan::Stream;
        }
        match self.media_type(body) {
            Ok(media) => self.plan(body, media),
            Err(violation) => {
                self.push(*violation);
                BodyPlan::Stream
            }
        }
    }

    /// A required body that is not there is missing, unless its media type says that it is an
    /// empty form.
    fn absent_body(&mut self, body: &'c DeclaredBody) -> BodyPlan<'c> {
        if !body.required {
            return BodyPlan::Stream;
        }
        match self.media_type(body) {
            Ok(media) if is_valid_when_empty(media) => self.plan(body, media),
            Ok(_) | Err(_) => {
                self.push(missing_body(self.contract, body));
                BodyPlan::Stream
            }
        }
    }

    /// The declared media type of the body, or what is wrong with the message's.
    fn media_type(&self, body: &'c DeclaredBody) -> Result<&'c MediaType, Box<Violation>> {
        let mut lines = self.head.headers.get_all(CONTENT_TYPE).iter();
        let Some(line) = lines.next() else {
            return Err(self.unsupported(body, "the header `content-type` is missing"));
        };
        if lines.next().is_some() {
            return Err(self.unsupported(body, "the header `content-type` came more than once"));
        }
        let text = line.to_str().unwrap_or_default();
        // The common case first: exactly the declared key.
        if let Some(media) = body.content.iter().find(|media| media.key == text) {
            return Ok(media);
        }
        let Some(found) = MediaRange::parse(text) else {
            return Err(self.unsupported(body, "the header `content-type` is no media type"));
        };
        let keys = body.content.iter().map(|media| media.key.as_str());
        let index = best_match(keys, &found).ok_or_else(|| {
            let mut violation = self.unsupported(body, "the media type is not declared");
            violation.message = format!("the media type `{text}` is not declared");
            violation
        })?;
        let is_utf8 = found.parameter("charset").is_none_or(|charset| {
            ["utf-8", "us-ascii"]
                .iter()
                .any(|known| charset.eq_ignore_ascii_case(known))
        });
        if found.is_json() && !is_utf8 {
            let message = "JSON is UTF-8 (RFC 8259 section 8.1): send no other charset";
            return Err(self.unsupported(body, message));
        }
        Ok(&body.content[index])
    }

    fn unsupported(&self, body: &DeclaredBody, message: &str) -> Box<Violation> {
        let keys: Vec<&str> = body.content.iter().map(|media| &*media.key).collect();
        let violation = Violation::new(
            ViolationClass::UnsupportedMediaType,
            MessagePart::Body,
            message,
        )
        .with_expected(keys.join(" or "))
        .with_location(self.contract.location(body.node_ref));
        Box::new(violation)
    }

    fn plan(&mut self, body: &'c DeclaredBody, media: &'c MediaType) -> BodyPlan<'c> {
        let headers = self.head.headers;
        let known = match media.is_json {
            true => Some((BodyFormat::Json, true)),
            false => notation(headers),
        };
        let Some((notation, is_readable)) = known.filter(|(notation, _)| media.judges(*notation))
        else {
            return BodyPlan::Stream;
        };
        let (message, expected) = match codings(headers) {
            _ if !is_readable => ("the charset cannot be judged", Charset::NAMES),
            Err(_) => ("the content coding cannot be undone", ContentCoding::NAMES),
            Ok(codings) if codings.is_empty() && notation == BodyFormat::Octets => {
                return self.octets(body, media);
            }
            Ok(_) => return self.collect(body, media),
        };
        let class = ViolationClass::UnsupportedEncoding;
        let violation = Violation::new(class, MessagePart::Body, message)
            .with_expected(expected)
            .with_location(self.contract.location(media.node_ref));
        self.push(violation);
        BodyPlan::Stream
    }

    fn collect(&self, body: &'c DeclaredBody, media: &'c MediaType) -> BodyPlan<'c> {
        match self.head.body {
            BodyLength::Unknown => BodyPlan::JudgeIfPresent(media, body),
            BodyLength::Absent | BodyLength::Known => BodyPlan::Judge(media),
        }
    }

    /// Octets are only counted: the head tells their number, or they have to arrive first.
    fn octets(&mut self, body: &'c DeclaredBody, media: &'c MediaType) -> BodyPlan<'c> {
        let length = self.head.headers.get(CONTENT_LENGTH);
        let Some(count) = length.and_then(|length| length.to_str().ok()?.parse().ok()) else {
            return self.collect(body, media);
        };
        let mut judge = BodyJudge {
            contract: self.contract,
            direction: MessageDirection::Request,
            media,
            rules: self.rules,
            violations: self.violations,
        };
        judge.octets(count, self.tape);
        BodyPlan::Stream
    }
}

/// How a body is written, and whether in a charset that can be judged.
fn notation(headers: &HeaderMap) -> Option<(BodyFormat, bool)> {
    let line = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let found = MediaRange::parse(line)?;
    let notation = BodyFormat::of(&found);
    Some((notation, is_readable(notation, &found)))
}

/// Whether no octet at all is a value: a form without members.
pub(super) fn is_valid_when_empty(media: &MediaType) -> bool {
    media.schema.is_some()
        && MediaRange::parse(&media.key).is_some_and(|key| BodyFormat::of(&key) == BodyFormat::Form)
}

pub(super) fn missing_body(contract: &CompiledContract, body: &DeclaredBody) -> Violation {
    let types: Vec<&str> = body
        .content
        .iter()
        .map(|media| media.key.as_str())
        .collect();
    Violation::new(
        ViolationClass::MissingBody,
        MessagePart::Body,
        "the request has no body",
    )
    .with_expected(format!("a body of {}", types.join(" or ")))
    .with_location(contract.location(body.node_ref))
}
