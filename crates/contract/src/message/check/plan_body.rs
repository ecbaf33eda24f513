//! Plans the check of a request body from the head.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

use super::body_plan::{BodyLength, BodyPlan};
use super::head_judge::HeadJudge;
use crate::message::body::{
    BodyFormat, BodyJudge, BodySubject, Charset, ContentCoding, codings, is_readable,
};
use crate::message::compiled_contract::CompiledContract;
use crate::message::header_parameters::parameter_fault;
use crate::message::media_range::{MediaRange, best_match};
use crate::message::operation::{BodyDeclaration, DeclaredBody, MediaType};
use crate::message::violation::{MessagePart, Violation, ViolationClass};

impl<'c> HeadJudge<'_, 'c> {
    /// Plans the check of the body.
    pub(super) fn plan_body(&mut self) -> BodyPlan<'c> {
        let (operation, contract) = (self.operation, self.contract);
        let body = match &operation.body {
            BodyDeclaration::Declared(body) => body,
            BodyDeclaration::Ignored => return BodyPlan::Stream,
            BodyDeclaration::Undeclared => {
                if let Some(node_ref) = operation.unread.body {
                    self.unreadable(MessagePart::Body, None, node_ref);
                    return BodyPlan::Stream;
                }
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
        if body.is_open {
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

    /// An absent body violates the contract if it is required, unless its media type says that it is
    /// an empty form.
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

    /// The declared media type of the body, or why the message's is not supported.
    fn media_type(&self, body: &'c DeclaredBody) -> Result<&'c MediaType, Box<Violation>> {
        let mut lines = self.head.headers.get_all(CONTENT_TYPE).iter();
        let Some(line) = lines.next() else {
            return Err(self.unsupported(body, "the header `content-type` is missing"));
        };
        if lines.next().is_some() {
            return Err(self.unsupported(body, "the header `content-type` occurs more than once"));
        }
        let text = line.to_str().unwrap_or_default();
        // The common case first: exactly the declared key.
        if let Some(media) = body.content.iter().find(|media| media.key == text) {
            return Ok(media);
        }
        let Some(found) = MediaRange::parse(text) else {
            return Err(self.unsupported(body, "the header `content-type` is not a media type"));
        };
        if let Some(fault) = parameter_fault(text) {
            return Err(self.unsupported(body, &format!("the header `content-type`: {fault}")));
        }
        let keys = body.content.iter().map(|media| media.key.as_str());
        let index = best_match(keys, &found).ok_or_else(|| {
            let mut violation = self.unsupported(body, "the media type is not declared");
            violation.message = format!("the media type `{text}` is not declared");
            violation
        })?;
        if found.is_json() && !has_json_charset(&found) {
            let message = "JSON must be UTF-8 (RFC 8259 section 8.1); send no other charset";
            let mut violation = self.unsupported(body, message);
            violation.expected = Some(JSON_CHARSET.to_owned());
            return Err(violation);
        }
        Ok(&body.content[index])
    }

    fn unsupported(&self, body: &DeclaredBody, message: &str) -> Box<Violation> {
        let violation = Violation::new(
            ViolationClass::UnsupportedMediaType,
            MessagePart::Body,
            message,
        )
        .with_expected(declared_types(&body.content))
        .with_location(self.contract.location(body.node_ref));
        Box::new(violation)
    }

    fn plan(&mut self, body: &'c DeclaredBody, media: &'c MediaType) -> BodyPlan<'c> {
        let headers = self.head.headers;
        let declared = if media.is_json {
            Some(DeclaredFormat {
                format: BodyFormat::Json,
                is_readable: true,
            })
        } else {
            declared_format(headers)
        };
        let format = declared.map(|declared| declared.format);
        if let Some(node_ref) = media.unread_for(format) {
            self.unreadable(MessagePart::Body, None, node_ref);
            return BodyPlan::Stream;
        }
        let Some(declared) = declared.filter(|declared| media.checks(declared.format)) else {
            return BodyPlan::Stream;
        };
        let format = declared.format;
        let (message, expected) = match codings(headers) {
            _ if !declared.is_readable => {
                ("the charset is not supported", Charset::names_for(format))
            }
            Err(_) => ("the content coding is not supported", ContentCoding::NAMES),
            Ok(codings) if codings.is_empty() && format == BodyFormat::Octets => {
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

    /// Octets are only counted. `Content-Length` gives their number; without it they are collected.
    fn octets(&mut self, body: &'c DeclaredBody, media: &'c MediaType) -> BodyPlan<'c> {
        let length = self.head.headers.get(CONTENT_LENGTH);
        let Some(count) = length.and_then(|length| length.to_str().ok()?.parse().ok()) else {
            return self.collect(body, media);
        };
        let mut judge = BodyJudge {
            contract: self.contract,
            subject: BodySubject::RequestBody,
            media,
            settings: self.settings,
            violations: self.violations,
        };
        judge.check_octets(count, self.tape);
        BodyPlan::Stream
    }
}

/// The format of a body by its headers.
#[derive(Clone, Copy)]
struct DeclaredFormat {
    format: BodyFormat,
    /// Whether its charset is supported.
    is_readable: bool,
}

fn declared_format(headers: &HeaderMap) -> Option<DeclaredFormat> {
    let line = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let found = MediaRange::parse(line)?;
    let format = BodyFormat::of(&found);
    Some(DeclaredFormat {
        format,
        is_readable: is_readable(format, &found),
    })
}

/// Whether an empty body is a valid value: a form without fields.
pub(super) fn is_valid_when_empty(media: &MediaType) -> bool {
    media.schema.is_some() && media.is_form()
}

/// The `charset` of JSON, for a reader.
pub(super) const JSON_CHARSET: &str = "charset utf-8, or none";

/// Whether a `charset` allows JSON, which is UTF-8 (RFC 8259 section 8.1).
pub(super) fn has_json_charset(range: &MediaRange<'_>) -> bool {
    range.parameter("charset").is_none_or(|charset| {
        ["utf-8", "us-ascii"]
            .iter()
            .any(|known| charset.eq_ignore_ascii_case(known))
    })
}

/// The declared media types, for a reader.
pub(super) fn declared_types(content: &[MediaType]) -> String {
    if content.is_empty() {
        return "a media type, but no key of `content` is one".to_owned();
    }
    let keys: Vec<&str> = content.iter().map(|media| &*media.key).collect();
    keys.join(" or ")
}

pub(super) fn missing_body(contract: &CompiledContract, body: &DeclaredBody) -> Violation {
    let expected = if body.is_open {
        "a body".to_owned()
    } else {
        format!("a body of {}", declared_types(&body.content))
    };
    Violation::new(
        ViolationClass::MissingBody,
        MessagePart::Body,
        "the request has no body",
    )
    .with_expected(expected)
    .with_location(contract.location(body.node_ref))
}
