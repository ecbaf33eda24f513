//! One finding of a command.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How serious a finding is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FindingLevel {
    /// For information only.
    Info,
    /// Needs attention, but fails nothing.
    Warning,
    /// An error that an operator has overridden.
    Overridden,
    /// Fails the command.
    Error,
}

/// A position in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FindingLocation {
    pub(crate) file: String,
    /// From 1. Absent if the finding is about the whole file.
    pub(crate) line: Option<u64>,
    /// From 1.
    pub(crate) column: Option<u64>,
    /// A JSON pointer into the file.
    pub(crate) pointer: Option<String>,
}

/// The test case that a finding belongs to, for pipelines that show findings as test results.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TestCase {
    pub(crate) class_name: String,
    pub(crate) name: String,
}

/// One finding of a command.
#[derive(Clone, Debug)]
pub(crate) struct ReportFinding {
    /// The stable id of the rule.
    pub(crate) rule: &'static str,
    /// What the rule is about, for formats that describe rules.
    pub(crate) rule_title: Option<&'static str>,
    pub(crate) level: FindingLevel,
    /// The command's own word for the level.
    pub(crate) label: &'static str,
    /// The heading of an annotation, if it is not the rule.
    pub(crate) title: Option<String>,
    pub(crate) message: String,
    /// A value or message that demonstrates the finding.
    pub(crate) example: Option<String>,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// More about it, for formats that have the space.
    pub(crate) details: Option<String>,
    pub(crate) location: Option<FindingLocation>,
    /// A second position, such as that in the older revision.
    pub(crate) related_location: Option<FindingLocation>,
    pub(crate) test_case: TestCase,
    /// What identifies the finding between runs, if it is not the message.
    pub(crate) fingerprint: Option<String>,
    /// Why the finding was approved. An approved finding fails nothing.
    pub(crate) approval: Option<String>,
    /// Further properties for SARIF.
    pub(crate) properties: Map<String, Value>,
}

impl FindingLevel {
    /// The level as a word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Overridden => "overridden",
            Self::Error => "error",
        }
    }
}

impl FindingLocation {
    /// A whole file.
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// A line of a file.
    pub(crate) fn line(file: impl Into<String>, line: impl Into<u64>) -> Self {
        Self {
            line: Some(line.into()),
            ..Self::file(file)
        }
    }

    /// `file:line`, or the file.
    pub(crate) fn text(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

impl TestCase {
    /// A test case of a class.
    pub(crate) fn new(class_name: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            class_name: class_name.into(),
            name: name.into(),
        }
    }
}

impl ReportFinding {
    /// A finding that has only a message.
    pub(crate) fn new(
        rule: &'static str,
        level: FindingLevel,
        message: impl Into<String>,
        test_case: TestCase,
    ) -> Self {
        Self {
            rule,
            rule_title: None,
            level,
            label: level.as_str(),
            title: None,
            message: message.into(),
            example: None,
            advice: None,
            details: None,
            location: None,
            related_location: None,
            test_case,
            fingerprint: None,
            approval: None,
            properties: Map::new(),
        }
    }

    /// Whether it fails the command.
    pub(crate) const fn is_failure(&self) -> bool {
        matches!(self.level, FindingLevel::Error) && self.approval.is_none()
    }

    /// The message with the example and the advice.
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.message.clone();
        if let Some(example) = &self.example {
            sentence.push_str("; for example ");
            sentence.push_str(example);
        }
        if let Some(advice) = &self.advice {
            sentence.push_str("; ");
            sentence.push_str(advice);
        }
        sentence
    }

    /// What identifies the finding within its section and rule.
    pub(crate) fn identity(&self) -> &str {
        self.fingerprint.as_deref().unwrap_or(&self.message)
    }
}

/// A hash of texts that identify a finding: 32 hexadecimal digits.
pub(crate) fn fingerprint_of(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    let bytes = digest.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
