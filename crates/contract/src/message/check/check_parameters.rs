//! Checks the parameters of a request and the declared headers of a response.

use portcullis_json::{JsonLimits, JsonNode};

use super::head_judge::HeadJudge;
use crate::message::body::{BodyJudge, BodySubject};
use crate::message::explain_errors::{ViolationSubject, explain, over_limit};
use crate::message::parameter::{
    Parameter, ParameterReadError, ParameterReading, ParameterSource, ParameterStyle,
    decoded_query_name, read,
};
use crate::message::unreadable_part::{unreadable, unreadable_class};
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::NodeRef;
#[cfg(debug_assertions)]
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_verdict::SchemaVerdict;

impl HeadJudge<'_, '_> {
    pub(super) fn check_parameters(&mut self) {
        let operation = self.operation;
        for parameter in &operation.parameters {
            let head = self.head;
            match parameter.part {
                MessagePart::Query | MessagePart::Cookie
                    if parameter.unread.is_some() && !parameter.is_json_text() =>
                {
                    self.check_unread(parameter);
                }
                MessagePart::Path => {
                    if let Some(raw) = head.captures.value(head.path, parameter.capture_index) {
                        self.check_parameter(parameter, ParameterSource::One(raw));
                    }
                }
                MessagePart::Header => self.check_header(parameter),
                MessagePart::Query if parameter.is_whole_query() => self.check_query(parameter),
                MessagePart::Query => {
                    self.check_parameter(
                        parameter,
                        ParameterSource::Pairs(self.query, &operation.parameters),
                    );
                }
                MessagePart::Cookie => {
                    self.check_parameter(
                        parameter,
                        ParameterSource::Pairs(self.cookies, &operation.parameters),
                    );
                }
                MessagePart::Target | MessagePart::Body | MessagePart::Status => {}
            }
        }
        for node_ref in &operation.unread.parameters {
            self.unreadable(MessagePart::Target, None, *node_ref);
        }
    }

    /// A query parameter or cookie whose schema cannot be read: it may have any type and any style
    /// of repetition, so only its presence is known.
    fn check_unread(&mut self, parameter: &Parameter) {
        let pairs = match parameter.part {
            MessagePart::Cookie => self.cookies,
            _ => self.query,
        };
        let is_named = |name: &str| name.split('[').next() == Some(parameter.name.as_str());
        let is_present = pairs
            .iter()
            .any(|(name, _)| decoded_query_name(name).is_some_and(|name| is_named(&name)));
        if is_present || parameter.required {
            self.unread_parameter(parameter);
        }
    }

    fn unread_parameter(&mut self, parameter: &Parameter) {
        if let Some(node_ref) = parameter.unread {
            self.unreadable(parameter.part, Some(&parameter.name), node_ref);
        }
    }

    /// Reports a part of the message that the contract describes at a node that cannot be read.
    pub(super) fn unreadable(&mut self, part: MessagePart, name: Option<&str>, node_ref: NodeRef) {
        let class = unreadable_class(self.direction);
        if !self.settings.is_on(class) {
            return;
        }
        let mut violation = unreadable(self.contract, class, part, node_ref);
        violation.name = name.map(str::to_owned);
        self.push(violation);
    }

    /// Checks the whole query as one value. A query that is empty counts as absent.
    fn check_query(&mut self, parameter: &Parameter) {
        let Some(media) = self.operation.query_content() else {
            return;
        };
        let raw = self.head.query.unwrap_or_default();
        if raw.is_empty() && !parameter.required {
            return;
        }
        if let Some(node_ref) = media.unread_for(Some(media.query_format())) {
            return self.unreadable(MessagePart::Query, Some(&parameter.name), node_ref);
        }
        // Without pairs a form is an object without properties.
        if raw.is_empty() && !media.is_form() {
            return self.report_read_error(parameter, ParameterReadError::Missing);
        }
        let mut judge = BodyJudge {
            contract: self.contract,
            subject: BodySubject::Query(&parameter.name),
            media,
            settings: self.settings,
            violations: self.violations,
        };
        judge.validate_query(raw, self.query, [self.tape, self.inner]);
    }

    pub(super) fn check_header(&mut self, parameter: &Parameter) {
        let headers = self.head.headers;
        let mut lines = headers.get_all(parameter.name.as_str()).iter();
        let Some(first) = lines.next() else {
            return self.report_read_error(parameter, ParameterReadError::Missing);
        };
        if parameter.unread.is_some() && !parameter.is_json_text() {
            return self.unread_parameter(parameter);
        }
        // JSON text is one value, whatever it contains.
        let is_list = !parameter.is_json_text()
            && parameter
                .readings
                .iter()
                .any(|reading| !matches!(reading, ParameterReading::Scalar(_)));
        let joined: Option<Vec<&[u8]>> = lines.next().map(|second| {
            std::iter::once(first)
                .chain([second])
                .chain(lines)
                .map(|line| line.as_bytes())
                .collect()
        });
        match joined {
            Some(_) if !is_list => self.report_read_error(parameter, ParameterReadError::Repeated),
            // The field lines of a list are joined with commas (RFC 9110 section 5.3).
            Some(lines) => self.check_header_text(parameter, &lines.join(&b","[..])),
            None => self.check_header_text(parameter, first.as_bytes()),
        }
    }

    fn check_header_text(&mut self, parameter: &Parameter, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => self.check_parameter(parameter, ParameterSource::One(text)),
            Err(_) => {
                self.report_read_error(parameter, ParameterReadError::Malformed("must be UTF-8"))
            }
        }
    }

    /// Reads a parameter by each reading of its schema until one is valid.
    fn check_parameter(&mut self, parameter: &Parameter, source: ParameterSource<'_>) {
        if parameter.style == ParameterStyle::JsonContent {
            return self.check_json(parameter, source);
        }
        if parameter.unread.is_some() {
            return self.unread_parameter(parameter);
        }
        let Some(key) = &parameter.schema else {
            return self.check_presence(parameter, source);
        };
        let schemas = self.contract.schemas(self.direction);
        if parameter.is_accepted(key, source, schemas) {
            #[cfg(debug_assertions)]
            self.assert_valid(parameter, key, source);
            return;
        }
        let (mut first_failure, mut unknown) = (None, None);
        for (reading, as_text) in parameter.readings_in_order() {
            match read(self.tape, key.as_str(), parameter, reading, source, as_text) {
                Ok(()) => match schemas.verdict(self.tape.wrapped("")) {
                    SchemaVerdict::Valid => return,
                    SchemaVerdict::Invalid => match first_failure {
                        // Another reading takes several values, so they are not one too many, or
                        // values under other names, so they are not missing.
                        None
                        | Some(Err(ParameterReadError::Repeated | ParameterReadError::Missing)) => {
                            first_failure = Some(Ok((reading, as_text)));
                        }
                        Some(_) => {}
                    },
                    SchemaVerdict::Unknown(part) => unknown = unknown.or(Some(part)),
                    SchemaVerdict::OverLimit => {
                        let violation = self.over_limit(parameter, self.tape.wrapped(""));
                        return self.push(violation);
                    }
                },
                Err(ParameterReadError::NotChecked) => return,
                Err(error) => {
                    first_failure.get_or_insert(Err(error));
                }
            }
        }
        if let Some(node_ref) = unknown {
            return self.unreadable(parameter.part, Some(&parameter.name), node_ref);
        }
        match first_failure {
            Some(Ok((reading, false)))
                if self.is_valid_by_part(parameter, key, reading, source) => {}
            Some(Ok((reading, as_text))) => {
                let again = read(self.tape, key.as_str(), parameter, reading, source, as_text);
                debug_assert_eq!(
                    again,
                    Ok(()),
                    "the first reading of this text succeeded before"
                );
                self.invalid(parameter);
            }
            Some(Err(error)) => self.report_read_error(parameter, error),
            None => {}
        }
    }

    /// Asserts that the validators agree about an accepted parameter, in all tests.
    #[cfg(debug_assertions)]
    fn assert_valid(
        &mut self,
        parameter: &Parameter,
        key: &SchemaKey,
        source: ParameterSource<'_>,
    ) {
        let schemas = self.contract.schemas(self.direction);
        if let Some(reading) = parameter.readings.first() {
            let written = read(self.tape, key.as_str(), parameter, reading, source, false);
            assert_eq!(written, Ok(()), "parameter `{}`", parameter.name);
            assert_ne!(
                schemas.verdict(self.tape.wrapped("")),
                SchemaVerdict::Invalid,
                "schema {} refuses an accepted parameter",
                key.as_str()
            );
        }
    }

    fn invalid_class(&self) -> ViolationClass {
        match self.direction {
            MessageDirection::Request => ViolationClass::InvalidParameter,
            MessageDirection::Response => ViolationClass::InvalidHeader,
        }
    }

    fn repeated_class(&self) -> ViolationClass {
        match self.direction {
            MessageDirection::Request => ViolationClass::DuplicateParameter,
            MessageDirection::Response => ViolationClass::InvalidHeader,
        }
    }

    fn missing_class(&self) -> ViolationClass {
        match self.direction {
            MessageDirection::Request => ViolationClass::MissingParameter,
            MessageDirection::Response => ViolationClass::MissingHeader,
        }
    }

    /// Explains why the value on the tape is invalid.
    fn invalid(&mut self, parameter: &Parameter) {
        let wrapped = self.tape.wrapped("");
        let found = self.explained(parameter, wrapped);
        for violation in found {
            self.push(violation);
        }
    }

    fn subject<'s>(&self, parameter: &'s Parameter) -> ViolationSubject<'s> {
        ViolationSubject {
            class: self.invalid_class(),
            part: parameter.part,
            name: Some(&parameter.name),
        }
    }

    fn over_limit(&self, parameter: &Parameter, wrapped: JsonNode<'_>) -> Violation {
        let schemas = self.contract.schemas(self.direction);
        let documents = &self.contract.documents;
        over_limit(schemas, documents, wrapped, self.subject(parameter))
    }

    fn explained(&self, parameter: &Parameter, wrapped: JsonNode<'_>) -> Vec<Violation> {
        let subject = self.subject(parameter);
        let most = self.settings.room(subject.class, self.violations);
        let schemas = self.contract.schemas(self.direction);
        explain(schemas, &self.contract.documents, wrapped, subject, most)
    }

    /// A parameter without a schema must only be present.
    fn check_presence(&mut self, parameter: &Parameter, source: ParameterSource<'_>) {
        let is_present = match source {
            ParameterSource::One(_) => true,
            ParameterSource::Pairs(pairs, _) => pairs.iter().any(|(name, _)| {
                decoded_query_name(name).is_some_and(|name| name == parameter.name)
            }),
        };
        if !is_present {
            self.report_read_error(parameter, ParameterReadError::Missing);
        }
    }

    /// Checks a parameter whose value is JSON text (`content`).
    fn check_json(&mut self, parameter: &Parameter, source: ParameterSource<'_>) {
        let text = match parameter.text(source) {
            Ok(text) => text,
            Err(error) => return self.report_read_error(parameter, error),
        };
        let key = parameter.schema.as_ref().map_or("", |key| key.as_str());
        let limits = JsonLimits {
            depth_max: self.settings.json_depth_max,
            ..JsonLimits::default()
        };
        let mut tape = std::mem::take(self.tape);
        match tape.parse(key, text.as_bytes(), limits) {
            Ok(source) if parameter.schema.is_some() => {
                let wrapped = tape.wrapped(source);
                let verdict = self.contract.schemas(self.direction).verdict(wrapped);
                let found = match verdict {
                    SchemaVerdict::Valid => Vec::new(),
                    SchemaVerdict::Unknown(node_ref) => {
                        self.unreadable(parameter.part, Some(&parameter.name), node_ref);
                        Vec::new()
                    }
                    SchemaVerdict::Invalid => self.explained(parameter, wrapped),
                    SchemaVerdict::OverLimit => vec![self.over_limit(parameter, wrapped)],
                };
                for violation in found {
                    self.push(violation);
                }
            }
            Ok(_) => self.unread_parameter(parameter),
            Err(error) => {
                let message = format!("not JSON: {error}");
                let violation = self.parameter_violation(self.invalid_class(), parameter, message);
                self.push(violation.with_expected("one JSON value (RFC 8259)"));
            }
        }
        *self.tape = tape;
    }

    fn report_read_error(&mut self, parameter: &Parameter, error: ParameterReadError) {
        let name = &parameter.name;
        let part = parameter.part;
        let (class, message) = match error {
            ParameterReadError::NotChecked => return,
            ParameterReadError::Missing if !parameter.required => return,
            ParameterReadError::Missing => (
                self.missing_class(),
                format!("the {part} parameter `{name}` is required but missing"),
            ),
            ParameterReadError::Repeated => (
                self.repeated_class(),
                format!("the {part} parameter `{name}` takes one value but occurs more than once"),
            ),
            ParameterReadError::RepeatedProperty => (
                self.repeated_class(),
                format!("the {part} parameter `{name}` repeats a property"),
            ),
            ParameterReadError::Escapes(error) => (
                self.invalid_class(),
                format!("the {part} parameter `{name}`: {error}"),
            ),
            ParameterReadError::Malformed(error) => (
                self.invalid_class(),
                format!("the {part} parameter `{name}` {error}"),
            ),
        };
        let violation = self.parameter_violation(class, parameter, message);
        self.push(violation);
    }

    fn parameter_violation(
        &self,
        class: ViolationClass,
        parameter: &Parameter,
        message: String,
    ) -> Violation {
        Violation::new(class, parameter.part, message)
            .with_name(&parameter.name)
            .with_location(self.contract.location(parameter.node_ref))
    }
}
