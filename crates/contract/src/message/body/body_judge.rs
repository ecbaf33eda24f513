//! One body's judgement: decoding, choosing the notation, and what all notations share.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use portcullis_json::{DuplicateKeys, JsonLimits, JsonNode, SyntaxError, SyntaxErrorKind, Tape};
use portcullis_vocabulary::enforcement::Enforcement;

use super::body_format::BodyFormat;
use super::body_shape::BodyShape;
use super::charset::Charset;
use super::content_coding::{ContentCoding, ContentDecodeError, DecodeBounds, codings, decode};
use super::form_data::FormData;
use super::json_records;
use super::url_encoded;
use crate::message::check::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::explain_errors::{ViolationSubject, explain};
use crate::message::media_range::MediaRange;
use crate::message::operation::MediaType;
use crate::message::parameter::put_scalar;
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;
use crate::schema::schema_set::{SchemaKey, SchemaSet};

/// Judges one body of a message by a media type of its contract.
#[derive(Debug)]
pub(crate) struct BodyJudge<'j> {
    pub(crate) contract: &'j CompiledContract,
    pub(crate) direction: MessageDirection,
    pub(crate) media: &'j MediaType,
    pub(crate) rules: CheckSettings<'j>,
    pub(crate) violations: &'j mut Vec<Violation>,
}

/// Whether text in the charset that a media type names can be judged.
pub(crate) fn is_readable(notation: BodyFormat, media: &MediaRange<'_>) -> bool {
    match notation {
        // Its escapes are UTF-8, whatever stands beside them (WHATWG URL section 5.1).
        BodyFormat::Form => matches!(Charset::of(media), Some(Charset::Utf8 | Charset::Ascii)),
        BodyFormat::Text => Charset::of(media).is_some(),
        _ => true,
    }
}

impl BodyJudge<'_> {
    /// Judges a whole body, as it arrived with these headers.
    pub(crate) fn validate_body(
        &mut self,
        headers: &HeaderMap,
        bytes: &[u8],
        scratch: &mut CheckScratch,
    ) {
        let media = self.media;
        let Some(key) = &media.schema else {
            return;
        };
        let bytes = match self.decoded(headers, bytes) {
            Ok(bytes) => bytes,
            Err(violation) => return self.push(*violation),
        };
        if media.is_json {
            return self.json(key, &bytes, &mut scratch.tape);
        }
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|line| line.to_str().ok())
            .unwrap_or(&media.key);
        let (Some(found), Some(shape)) = (MediaRange::parse(content_type), &media.shape) else {
            return;
        };
        let notation = BodyFormat::of(&found);
        match notation {
            BodyFormat::Json => self.json(key, &bytes, &mut scratch.tape),
            BodyFormat::Form => match Charset::of(&found).unwrap_or(Charset::Utf8).decode(&bytes) {
                Ok(text) => url_encoded::judge(self, key, &shape.form, &text, scratch),
                Err(error) => self.malformed(String::new(), error.to_string()),
            },
            BodyFormat::Multipart => {
                let bytes_max = bytes.len();
                let mut form = FormData::new(content_type, bytes_max);
                form.feed(media, &bytes);
                form.judge(self, scratch);
            }
            BodyFormat::JsonLines | BodyFormat::JsonSequence => {
                json_records::judge(self, key, shape, notation, &bytes, &mut scratch.tape);
            }
            BodyFormat::Text if shape.judges(notation) => {
                self.text(key, shape, &found, &bytes, &mut scratch.tape);
            }
            BodyFormat::Octets if shape.judges(notation) => {
                self.octets(bytes.len() as u64, &mut scratch.tape);
            }
            BodyFormat::Text | BodyFormat::Octets | BodyFormat::Opaque => {}
        }
    }

    /// Judges a body of which only the number of octets is known.
    pub(crate) fn octets(&mut self, count: u64, tape: &mut Tape) {
        let media = self.media;
        if let Some(key) = &media.schema {
            tape.begin(key.as_str());
            tape.octets(count);
            self.validate_value(tape.wrapped(""), "");
        }
    }

    fn decoded<'b>(
        &self,
        headers: &HeaderMap,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, Box<Violation>> {
        let codings = codings(headers).map_err(|error| {
            let message = error.to_string();
            let violation = self.violation(ViolationClass::UnsupportedEncoding, message);
            Box::new(violation.with_expected(ContentCoding::NAMES))
        })?;
        if codings.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let bounds = DecodeBounds {
            bytes_max: self.rules.decoded_bytes_max,
            ratio_max: self.rules.decoded_ratio_max,
        };
        decode(&codings, bytes, bounds)
            .map(Cow::Owned)
            .map_err(|error| Box::new(self.undecodable(error)))
    }

    fn undecodable(&self, error: ContentDecodeError) -> Violation {
        let class = match error.is_bound() {
            true => ViolationClass::BodyTooLarge,
            false => ViolationClass::MalformedBody,
        };
        self.violation(class, error.to_string())
    }

    fn json(&mut self, key: &SchemaKey, bytes: &[u8], tape: &mut Tape) {
        if let Some(source) = self.parse(key, bytes, tape, "") {
            self.validate_value(tape.wrapped(source), "");
        }
    }

    /// Text is read as the types that the schema admits, then as a string.
    fn text(
        &mut self,
        key: &SchemaKey,
        shape: &BodyShape,
        found: &MediaRange<'_>,
        bytes: &[u8],
        tape: &mut Tape,
    ) {
        let charset = Charset::of(found).unwrap_or(Charset::Utf8);
        let text = match charset.decode(bytes) {
            Ok(text) => text,
            Err(error) => return self.malformed(String::new(), error.to_string()),
        };
        let put = |tape: &mut Tape, as_text| {
            tape.begin(key.as_str());
            put_scalar(tape, &text, shape.types, as_text);
        };
        if shape.types.is_mixed() {
            put(tape, true);
            let schemas = self.contract.schemas(self.direction);
            if schemas.is_valid(tape.wrapped("")) {
                return;
            }
        }
        put(tape, false);
        self.validate_value(tape.wrapped(""), "");
    }

    /// Reads JSON. Where repeated members do not keep a body from passing, the last one counts,
    /// as for most parsers. `below` is the pointer to where the text stands.
    pub(super) fn parse<'s>(
        &mut self,
        key: &SchemaKey,
        bytes: &'s [u8],
        tape: &mut Tape,
        below: &str,
    ) -> Option<&'s str> {
        let mut limits = self.json_limits();
        let policy = self.rules.policy.of(ViolationClass::DuplicateKey);
        let error = match tape.parse(key.as_str(), bytes, limits) {
            Ok(source) => return Some(source),
            Err(error) => error,
        };
        let violation = self.syntax_violation(&error, below);
        let is_repeated = violation.class == ViolationClass::DuplicateKey;
        self.push(violation);
        if !is_repeated || policy == Enforcement::Reject {
            return None;
        }
        limits.duplicate_keys = DuplicateKeys::Allow;
        tape.parse(key.as_str(), bytes, limits).ok()
    }

    pub(super) fn json_limits(&self) -> JsonLimits {
        let duplicate_keys = match self.rules.is_on(ViolationClass::DuplicateKey) {
            true => DuplicateKeys::Refuse,
            false => DuplicateKeys::Allow,
        };
        JsonLimits {
            depth_max: self.rules.json_depth_max,
            duplicate_keys,
        }
    }

    pub(super) fn syntax_violation(&self, error: &SyntaxError, below: &str) -> Violation {
        let class = match error.kind {
            SyntaxErrorKind::DuplicateKey(_) => ViolationClass::DuplicateKey,
            _ => ViolationClass::MalformedBody,
        };
        let mut violation = self
            .violation(class, error.to_string())
            .with_expected("one JSON value (RFC 8259)");
        violation.pointer = format!("{below}{}", error.pointer);
        violation
    }

    /// Judges a value on a tape, which stands at `below` in the body. Tells whether it is valid.
    pub(super) fn validate_value(&mut self, wrapped: JsonNode<'_>, below: &str) -> bool {
        let schemas = self.contract.schemas(self.direction);
        let class = match self.direction {
            MessageDirection::Request => ViolationClass::InvalidBody,
            MessageDirection::Response => ViolationClass::InvalidResponseBody,
        };
        let is_valid = schemas.is_valid(wrapped);
        if !is_valid {
            self.report_errors(class, schemas, wrapped, below);
        } else if let Some(closed) = schemas.closed()
            && self.rules.is_on(ViolationClass::UnknownBodyProperty)
            && !closed.is_valid(wrapped)
        {
            self.report_errors(ViolationClass::UnknownBodyProperty, closed, wrapped, below);
        }
        is_valid
    }

    /// Explains why a value does not satisfy its schema.
    fn report_errors(
        &mut self,
        class: ViolationClass,
        schemas: &SchemaSet,
        wrapped: JsonNode<'_>,
        below: &str,
    ) {
        if self.rules.is_on(class) {
            let subject = ViolationSubject {
                class,
                part: MessagePart::Body,
                name: None,
            };
            let most = self
                .rules
                .violations_max
                .saturating_sub(self.violations.len());
            let found = explain(schemas, &self.contract.documents, wrapped, subject, most);
            for mut violation in found {
                violation.pointer.insert_str(0, below);
                let shown = self.hide_response_values(violation);
                self.violations.push(shown);
            }
        }
    }

    pub(super) fn malformed(&mut self, pointer: String, message: String) {
        let mut violation = self.violation(ViolationClass::MalformedBody, message);
        violation.pointer = pointer;
        self.push(violation);
    }

    /// A violation by the body as a whole.
    pub(super) fn violation(&self, class: ViolationClass, message: String) -> Violation {
        let spot = self.contract.location(self.media.node_ref);
        Violation::new(class, MessagePart::Body, message).with_location(spot)
    }

    pub(super) fn push(&mut self, mut violation: Violation) {
        let Some(class) = self.class(violation.class) else {
            return;
        };
        violation.class = class;
        if self.rules.is_on(class) && self.violations.len() < self.rules.violations_max {
            self.violations.push(self.hide_response_values(violation));
        }
    }

    /// What a class of violations of requests is called in this direction. What keeps the body of
    /// a response from being judged is no violation of its contract.
    fn class(&self, class: ViolationClass) -> Option<ViolationClass> {
        use ViolationClass as Class;
        match (self.direction, class) {
            (MessageDirection::Request, class) => Some(class),
            (MessageDirection::Response, Class::InvalidBody | Class::UnsupportedMediaType) => {
                Some(Class::InvalidResponseBody)
            }
            (MessageDirection::Response, Class::UnsupportedEncoding | Class::BodyTooLarge) => None,
            (MessageDirection::Response, _) => Some(Class::MalformedResponseBody),
        }
    }

    /// What a response says is the service's, and not quoted.
    fn hide_response_values(&self, violation: Violation) -> Violation {
        match self.direction {
            MessageDirection::Request => violation,
            MessageDirection::Response => violation.without_values(),
        }
    }
}
