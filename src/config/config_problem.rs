//! What is wrong with a configuration: one line per problem, each with its place.
//!
//! Problems are collected rather than returned one by one, so that an operator repairs a file
//! in one go. A problem says where it is, what was expected and found, and what to do.

use portcullis_vocabulary::ConfigLocation;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    place: ConfigLocation,
    key: String,
    message: String,
}

/// Everything that is wrong with a configuration, in the order of places; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigProblem>);

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct ConfigProblems(Vec<ConfigProblem>);

impl ConfigProblem {
    /// Where it is.
    pub const fn location(&self) -> &ConfigLocation {
        &self.place
    }

    /// The key that it is about, dotted; empty for a file that cannot be read as a whole.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What was expected and found, and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl ConfigErrors {
    /// The problems, at least one.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl ConfigProblems {
    pub(super) fn add(&mut self, location: ConfigLocation, key: &str, message: impl Into<String>) {
        self.0.push(ConfigProblem {
            place: location,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// Adds what is wrong with the text of a value.
    pub(super) fn add_value_error(
        &mut self,
        place: &ConfigLocation,
        key: &str,
        found: &str,
        fault: &ConfigValueError,
    ) {
        let ConfigValueError { expected, advice } = fault;
        let advice = advice
            .as_ref()
            .map(|advice| format!("; try {advice}"))
            .unwrap_or_default();
        self.add(
            place.clone(),
            key,
            format!("expected {expected}, found {found}{advice}"),
        );
    }

    /// The value, or all that is wrong with it.
    pub(super) fn into_result<T>(mut self, value: Option<T>) -> Result<T, ConfigErrors> {
        self.0.sort();
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ConfigErrors(self.0)),
        }
    }
}

/// Why a value is refused; what was found is known to whoever asked for it.
#[derive(Debug)]
pub(super) struct ConfigValueError {
    pub(super) expected: String,
    pub(super) advice: Option<String>,
}

impl ConfigValueError {
    pub(super) fn expected(expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            advice: None,
        }
    }

    pub(super) fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

/// The known name that was probably meant: one that differs in a few characters at most.
pub fn nearest<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let text = text.to_lowercase().replace('-', "_");
    let rated = known.into_iter().map(|name| {
        (
            strsim::damerau_levenshtein(&text, &name.replace('-', "_")),
            name,
        )
    });
    let (distance, name) = rated.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.len().div_ceil(4).max(1)).then_some(name)
}

/// The end of a message that proposes the known name which was probably meant.
pub(super) fn suggestion<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    nearest(text, known)
        .map(|near| format!("; try {near:?}"))
        .unwrap_or_default()
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            key,
            message,
        } = self;
        if key.is_empty() {
            write!(f, "{place}: {message}")
        } else {
            write!(f, "{place}: {key}: {message}")
        }
    }
}

impl fmt::Display for ConfigErrors {
    /// One problem per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
