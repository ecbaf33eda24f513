//! Violations: the ways in which a message departs from its contract, as values.

use std::fmt;

use serde::Serialize;

pub use portcullis_vocabulary::enforcement::ViolationClass;

use crate::openapi::document::SourceLocation;

/// Which part of the message a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessagePart {
    /// The request line: method or path as a whole.
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

/// One way in which a message departs from its contract.
///
/// `message` may quote values of the message and is meant for its sender only; `masked` says
/// the same without them. Neither belongs in a log: there the class, the keyword and the place
/// in the contract suffice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The class: decides the status and what is done about it.
    pub class: ViolationClass,
    /// Where in the message.
    pub part: MessagePart,
    /// The parameter's name.
    pub name: Option<String>,
    /// JSON pointer into the body or the decoded parameter; empty for the whole.
    pub pointer: String,
    /// The keyword of the schema that was not met.
    pub keyword: Option<String>,
    /// What would have been right, in a few words.
    pub expected: Option<String>,
    /// Where the contract says so.
    pub contract: Option<SourceLocation>,
    /// What is wrong, with the value.
    pub message: String,
    /// What is wrong, without the value.
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

    /// The same violation with no value of the message in its words.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.message.clone_from(&self.masked);
        self
    }

    /// A sentence: where, then what is wrong there. It quotes values only `with_values`.
    pub fn sentence(&self, with_values: bool) -> String {
        let Self {
            part,
            name,
            pointer,
            keyword,
            ..
        } = self;
        let message = self.words(with_values);
        match (name, keyword) {
            // What a schema says of a value does not name the parameter that holds it.
            (Some(name), Some(_)) => format!("{part} parameter `{name}`{pointer}: {message}"),
            _ if pointer.is_empty() => message.to_owned(),
            _ => format!("{pointer}: {message}"),
        }
    }

    /// The violation for programs. It quotes values only `with_values`.
    pub fn record(&self, with_values: bool) -> ViolationRecord<'_> {
        let contract = self.contract.as_ref();
        ViolationRecord {
            class: self.class.as_str(),
            part: self.part.as_str(),
            name: self.name.as_deref(),
            pointer: &self.pointer,
            keyword: self.keyword.as_deref(),
            expected: self.expected.as_deref(),
            schema: contract.map(|spot| format!("#{}", spot.pointer)),
            file: contract.map(|spot| &*spot.file),
            line: contract.map(|spot| spot.line),
            message: self.words(with_values),
        }
    }

    fn words(&self, with_values: bool) -> &str {
        if with_values {
            &self.message
        } else {
            &self.masked
        }
    }

    /// Names the parameter.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Says what would have been right.
    #[must_use]
    pub fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says where the contract says so.
    #[must_use]
    pub fn with_location(mut self, spot: SourceLocation) -> Self {
        self.contract = Some(spot);
        self
    }
}

/// A violation as it stands in refusals and reports; members are only ever added.
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
