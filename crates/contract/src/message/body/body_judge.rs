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
use crate::openapi::document::NodeRef;
use crate::schema::schema_set::{SchemaKey, SchemaSet};
use crate::schema::schema_verdict::SchemaVerdict;

/// Checks one body of a message by a media type of its contract, or a query that has a media type.
#[derive(Debug)]
pub(crate) struct BodyJudge<'j> {
    pub(crate) contract: &'j CompiledContract,
    pub(crate) subject: BodySubject<'j>,
    pub(crate) media: &'j MediaType,
    pub(crate) settings: CheckSettings<'j>,
    pub(crate) violations: &'j mut Vec<Violation>,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodySubject<'j> {
    RequestBody,
    ResponseBody,
    /// The whole query of a request, which the parameter with this name describes.
    Query(&'j str),
}

impl BodySubject<'_> {
    fn direction(self) -> MessageDirection {
        match self {
            Self::RequestBody | Self::Query(_) => MessageDirection::Request,
            Self::ResponseBody => MessageDirection::Response,
        }
    }
}

impl<'j> BodyJudge<'j> {
    /// The schemas of the direction of the message.
    pub(super) fn schemas(&self) -> &'j SchemaSet {
        self.contract.schemas(self.subject.direction())
    }

    fn violation_subject(&self, class: ViolationClass) -> ViolationSubject<'j> {
        match self.subject {
            BodySubject::Query(name) => ViolationSubject {
                class,
                part: MessagePart::Query,
                name: Some(name),
            },
            BodySubject::RequestBody | BodySubject::ResponseBody => ViolationSubject {
                class,
                part: MessagePart::Body,
                name: None,
            },
        }
    }

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
        let policy = self.duplicate_policy();
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

    /// The enforcement of repeated names.
    pub(super) fn duplicate_policy(&self) -> Enforcement {
        let class = match self.subject {
            BodySubject::Query(_) => ViolationClass::DuplicateParameter,
            BodySubject::RequestBody | BodySubject::ResponseBody => ViolationClass::DuplicateKey,
        };
        self.settings.policy.of(class)
    }

    pub(super) fn json_limits(&self) -> JsonLimits {
        let duplicate_keys = match self.duplicate_policy() {
            Enforcement::Off => DuplicateKeys::Allow,
            Enforcement::Report | Enforcement::Reject => DuplicateKeys::Refuse,
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
        let schemas = self.schemas();
        let class = match self.subject {
            BodySubject::RequestBody => ViolationClass::InvalidBody,
            BodySubject::ResponseBody => ViolationClass::InvalidResponseBody,
            BodySubject::Query(_) => ViolationClass::InvalidParameter,
        };
        let verdict = schemas.verdict(wrapped);
        self.report_verdict(verdict, class, schemas, wrapped, below);
        let is_valid = verdict == SchemaVerdict::Valid;
        if is_valid {
            self.check_undeclared(wrapped, below);
        }
        is_valid
    }

    /// Checks that a valid value has only declared properties, if that class is on.
    pub(super) fn check_undeclared(&mut self, wrapped: JsonNode<'_>, below: &str) {
        let undeclared = match self.subject {
            BodySubject::Query(_) => ViolationClass::UnknownQuery,
            BodySubject::RequestBody | BodySubject::ResponseBody => {
                ViolationClass::UnknownBodyProperty
            }
        };
        if let Some(closed) = self.schemas().closed()
            && self.settings.is_on(undeclared)
        {
            let verdict = closed.verdict(wrapped);
            self.report_verdict(verdict, undeclared, closed, wrapped, below);
        }
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
            SchemaVerdict::Unknown(node_ref) => self.push_unread(node_ref, below),
            SchemaVerdict::OverLimit if self.settings.is_on(class) => {
                let subject = self.violation_subject(class);
                let mut violation = over_limit(schemas, &self.contract.documents, wrapped, subject);
                violation.pointer = below.to_owned();
                self.push(violation);
            }
            SchemaVerdict::OverLimit => {}
        }
    }

    /// Reports that the contract cannot be read where it describes the value at a pointer. Each such
    /// part of the contract is reported once.
    pub(super) fn push_unread(&mut self, node_ref: NodeRef, pointer: &str) {
        let class = unreadable_class(self.subject.direction());
        let subject = self.violation_subject(class);
        let mut violation = unreadable(self.contract, class, subject.part, node_ref);
        violation.name = subject.name.map(str::to_owned);
        pointer.clone_into(&mut violation.pointer);
        let is_known = |known: &Violation| {
            (known.class, known.part) == (class, subject.part)
                && known.contract == violation.contract
        };
        if !self.violations.iter().any(is_known) {
            self.push(violation);
        }
    }

    /// Whether one of the violations after the first `before` says that the body is wrong, and not only
    /// that a part of the contract cannot be read.
    pub(super) fn is_refuted_since(&self, before: usize) -> bool {
        let mut found = self.violations.iter().skip(before);
        found.any(|violation| !violation.class.is_unreadable())
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
            let subject = self.violation_subject(class);
            let violations_max = self.settings.room(class, self.violations);
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
                self.settings.add(self.violations, shown);
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
        let subject = self.violation_subject(class);
        let violation = Violation::new(class, subject.part, message).with_location(location);
        match subject.name {
            Some(name) => violation.with_name(name),
            None => violation,
        }
    }

    /// Adds a violation, unless it only says that a body cannot be checked. Returns whether it was added.
    pub(crate) fn push(&mut self, mut violation: Violation) -> bool {
        let Some(class) = self.class(violation.class) else {
            return false;
        };
        violation.class = class;
        let shown = self.hide_response_values(violation);
        self.settings.add(self.violations, shown);
        true
    }

    /// The class of a violation of this subject. A response body that cannot be checked does not
    /// violate the contract.
    fn class(&self, class: ViolationClass) -> Option<ViolationClass> {
        use ViolationClass as Class;
        match (self.subject, class) {
            (BodySubject::RequestBody, class) => Some(class),
            (BodySubject::Query(_), Class::DuplicateKey) => Some(Class::DuplicateParameter),
            (BodySubject::Query(_), Class::MalformedBody | Class::InvalidBody) => {
                Some(Class::InvalidParameter)
            }
            (BodySubject::Query(_), class) => Some(class),
            (BodySubject::ResponseBody, Class::InvalidBody | Class::UnsupportedMediaType) => {
                Some(Class::InvalidResponseBody)
            }
            (BodySubject::ResponseBody, Class::UnsupportedEncoding | Class::BodyTooLarge) => None,
            (BodySubject::ResponseBody, Class::ResponseCheckLimit | Class::CheckLimit) => {
                Some(Class::ResponseCheckLimit)
            }
            (BodySubject::ResponseBody, Class::UnreadableResponse) => {
                Some(Class::UnreadableResponse)
            }
            (BodySubject::ResponseBody, _) => Some(Class::MalformedResponseBody),
        }
    }

    /// Removes values from violations of responses: they belong to the service.
    fn hide_response_values(&self, violation: Violation) -> Violation {
        match self.subject.direction() {
            MessageDirection::Request => violation,
            MessageDirection::Response => violation.without_values(),
        }
    }
}
