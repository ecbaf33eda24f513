//! A violation: one way in which a message does not match its contract.

use std::fmt;

use serde::Serialize;

pub use portcullis_vocabulary::enforcement::ViolationClass;

use crate::openapi::document::SourceLocation;

/// The part of a message that a violation is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessagePart {
    /// The request target: the method or the whole path.
    Target,
    /// A path parameter.
    Path,
    /// A query parameter.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
    /// The status of a response.
    Status,
}

impl MessagePart {
    /// The name used in refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Status => "status",
        }
    }
}

impl fmt::Display for MessagePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One way in which a message does not match its contract.
///
/// `message` may quote values of the message and must be shown to its sender only. `masked` is the
/// same text without values. A log should contain neither: the class, the keyword and the location
/// in the contract identify the violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The class, which determines the status and the enforcement.
    pub class: ViolationClass,
    /// The part of the message.
    pub part: MessagePart,
    /// The parameter's name.
    pub name: Option<String>,
    /// JSON Pointer into the body or the decoded parameter; empty for the whole value.
    pub pointer: String,
    /// The schema keyword that the value violates.
    pub keyword: Option<String>,
    /// A short description of what the contract expects.
    pub expected: Option<String>,
    /// The location of the rule in the contract.
    pub contract: Option<SourceLocation>,
    /// The description, which may quote values.
    pub message: String,
    /// The description without values.
    pub masked: String,
}

impl Violation {
    /// A violation whose message quotes no value.
    pub fn new(class: ViolationClass, part: MessagePart, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            class,
            part,
            name: None,
            pointer: String::new(),
            keyword: None,
            expected: None,
            contract: None,
            masked: message.clone(),
            message,
        }
    }

    /// The same violation without values in its message.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.message.clone_from(&self.masked);
        self
    }

    /// One sentence: the location, then the description. It quotes values only if `with_values`.
    pub fn sentence(&self, with_values: bool) -> String {
        let Self {
            part,
            name,
            pointer,
            keyword,
            ..
        } = self;
        let message = self.description(with_values);
        match (name, keyword) {
            // The message of a schema violation does not name the parameter.
            (Some(name), Some(_)) => format!("{part} parameter `{name}`{pointer}: {message}"),
            _ if pointer.is_empty() => message.to_owned(),
            _ => format!("{pointer}: {message}"),
        }
    }

    /// The violation in a serializable form. It quotes values only if `with_values`.
    pub fn record(&self, with_values: bool) -> ViolationRecord<'_> {
        let contract = self.contract.as_ref();
        ViolationRecord {
            class: self.class.as_str(),
            part: self.part.as_str(),
            name: self.name.as_deref(),
            pointer: &self.pointer,
            keyword: self.keyword.as_deref(),
            expected: self.expected.as_deref(),
            schema: contract.map(|location| format!("#{}", location.pointer)),
            file: contract.map(|location| &*location.file),
            line: contract.map(|location| location.line),
            message: self.description(with_values),
        }
    }

    fn description(&self, with_values: bool) -> &str {
        if with_values {
            &self.message
        } else {
            &self.masked
        }
    }

    /// Sets the name of the parameter.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Sets what the contract expects.
    #[must_use]
    pub fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Sets the location of the rule in the contract.
    #[must_use]
    pub fn with_location(mut self, location: SourceLocation) -> Self {
        self.contract = Some(location);
        self
    }
}

/// A violation as it appears in refusals and reports. The names of its properties are stable.
#[derive(Clone, Debug, Serialize)]
pub struct ViolationRecord<'a> {
    class: &'static str,
    #[serde(rename = "in")]
    part: &'static str,
    name: Option<&'a str>,
    pointer: &'a str,
    keyword: Option<&'a str>,
    expected: Option<&'a str>,
    schema: Option<String>,
    file: Option<&'a str>,
    line: Option<u32>,
    message: &'a str,
}
