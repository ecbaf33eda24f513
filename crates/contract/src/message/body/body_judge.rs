//! The check of one body: its settings, and what the checks of all formats share.

use portcullis_json::{DuplicateKeys, JsonLimits, JsonNode, SyntaxError, SyntaxErrorKind, Tape};
use portcullis_vocabulary::enforcement::Enforcement;

use crate::message::check_settings::CheckSettings;
use crate::message::compiled_contract::CompiledContract;
use crate::message::explain_errors::{ViolationSubject, explain, over_limit};
use crate::message::operation::MediaType;
use crate::message::unreadable_part::{unreadable, unreadable_class};
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;
use crate::schema::schema_set::{SchemaKey, SchemaSet};
use crate::schema::schema_verdict::SchemaVerdict;

/// Checks one body of a message by a media type of its contract.
#[derive(Debug)]
pub(crate) struct BodyJudge<'j> {
    pub(crate) contract: &'j CompiledContract,
    pub(crate) direction: MessageDirection,
    pub(crate) media: &'j MediaType,
    pub(crate) settings: CheckSettings<'j>,
    pub(crate) violations: &'j mut Vec<Violation>,
}

impl BodyJudge<'_> {
    /// Checks a body by its number of octets.
    pub(crate) fn check_octets(&mut self, count: u64, tape: &mut Tape) {
        let media = self.media;
        if let Some(key) = &media.schema {
            tape.begin(key.as_str());
            tape.octets(count);
            self.validate_value(tape.wrapped(""), "");
        }
    }

    /// Parses JSON. If repeated properties are not rejected, the last one counts, as in most
    /// parsers. `below` is the pointer to the text in the body.
    pub(super) fn parse<'s>(
        &mut self,
        key: &SchemaKey,
        bytes: &'s [u8],
        tape: &mut Tape,
        below: &str,
    ) -> Option<&'s str> {
        let mut limits = self.json_limits();
        let policy = self.settings.policy.of(ViolationClass::DuplicateKey);
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
        let duplicate_keys = if self.settings.is_on(ViolationClass::DuplicateKey) {
            DuplicateKeys::Refuse
        } else {
            DuplicateKeys::Allow
        };
        JsonLimits {
            depth_max: self.settings.json_depth_max,
            duplicate_keys,
        }
    }

    pub(super) fn syntax_violation(&self, error: &SyntaxError, below: &str) -> Violation {
        let class = match error.kind {
            SyntaxErrorKind::DuplicateKey(_) => ViolationClass::DuplicateKey,
            _ => ViolationClass::MalformedBody,
        };
        let mut message = error.to_string();
        if matches!(error.kind, SyntaxErrorKind::Depth { .. }) {
            message.push_str(" (`limits.json_depth_max`)");
        }
        let mut violation = self
            .violation(class, message)
            .with_expected("one JSON value (RFC 8259)");
        violation.pointer = format!("{below}{}", error.pointer);
        violation
    }

    /// Checks a value on a tape, found at the pointer `below` in the body. Returns whether it is
    /// valid.
    pub(super) fn validate_value(&mut self, wrapped: JsonNode<'_>, below: &str) -> bool {
        let schemas = self.contract.schemas(self.direction);
        let class = match self.direction {
            MessageDirection::Request => ViolationClass::InvalidBody,
            MessageDirection::Response => ViolationClass::InvalidResponseBody,
        };
        let verdict = schemas.verdict(wrapped);
        self.report_verdict(verdict, class, schemas, wrapped, below);
        let is_valid = verdict == SchemaVerdict::Valid;
        if let Some(closed) = schemas.closed().filter(|_| is_valid)
            && self.settings.is_on(ViolationClass::UnknownBodyProperty)
        {
            let class = ViolationClass::UnknownBodyProperty;
            let verdict = closed.verdict(wrapped);
            self.report_verdict(verdict, class, closed, wrapped, below);
        }
        is_valid
    }

    /// Reports why a value is not known to match its schema.
    fn report_verdict(
        &mut self,
        verdict: SchemaVerdict,
        class: ViolationClass,
        schemas: &SchemaSet,
        wrapped: JsonNode<'_>,
        below: &str,
    ) {
        match verdict {
            SchemaVerdict::Valid => {}
            SchemaVerdict::Invalid => self.report_errors(class, schemas, wrapped, below),
            SchemaVerdict::Unknown(node_ref) => {
                let class = unreadable_class(self.direction);
                let violation = unreadable(self.contract, class, MessagePart::Body, node_ref);
                self.push(violation);
            }
            SchemaVerdict::OverLimit if self.settings.is_on(class) => {
                let subject = ViolationSubject {
                    class,
                    part: MessagePart::Body,
                    name: None,
                };
                let mut violation = over_limit(schemas, &self.contract.documents, wrapped, subject);
                violation.pointer = below.to_owned();
                self.push(violation);
            }
            SchemaVerdict::OverLimit => {}
        }
    }

    /// Reports why a value does not match its schema.
    fn report_errors(
        &mut self,
        class: ViolationClass,
        schemas: &SchemaSet,
        wrapped: JsonNode<'_>,
        below: &str,
    ) {
        if self.settings.is_on(class) {
            let subject = ViolationSubject {
                class,
                part: MessagePart::Body,
                name: None,
            };
            let violations_max = self
                .settings
                .violations_max
                .saturating_sub(self.violations.len());
            let found = explain(
                schemas,
                &self.contract.documents,
                wrapped,
                subject,
                violations_max,
            );
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

    /// A violation of the whole body.
    pub(super) fn violation(&self, class: ViolationClass, message: String) -> Violation {
        let location = self.contract.location(self.media.node_ref);
        Violation::new(class, MessagePart::Body, message).with_location(location)
    }

    pub(super) fn push(&mut self, mut violation: Violation) {
        let Some(class) = self.class(violation.class) else {
            return;
        };
        violation.class = class;
        if self.settings.is_on(class) && self.violations.len() < self.settings.violations_max {
            self.violations.push(self.hide_response_values(violation));
        }
    }

    /// The class of a violation in this direction. A response body that cannot be checked does not
    /// violate the contract.
    fn class(&self, class: ViolationClass) -> Option<ViolationClass> {
        use ViolationClass as Class;
        match (self.direction, class) {
            (MessageDirection::Request, class) => Some(class),
            (MessageDirection::Response, Class::InvalidBody | Class::UnsupportedMediaType) => {
                Some(Class::InvalidResponseBody)
            }
            (MessageDirection::Response, Class::UnsupportedEncoding | Class::BodyTooLarge) => None,
            (MessageDirection::Response, Class::ResponseCheckLimit | Class::CheckLimit) => {
                Some(Class::ResponseCheckLimit)
            }
            (MessageDirection::Response, Class::UnreadableResponse) => {
                Some(Class::UnreadableResponse)
            }
            (MessageDirection::Response, _) => Some(Class::MalformedResponseBody),
        }
    }

    /// Removes values from violations of responses: they belong to the service.
    fn hide_response_values(&self, violation: Violation) -> Violation {
        match self.direction {
            MessageDirection::Request => violation,
            MessageDirection::Response => violation.without_values(),
        }
    }
}
