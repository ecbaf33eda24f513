//! The problems of a configuration: one line for each, with its location.
//!
//! Problems are collected instead of returned one by one, so an operator can fix a file in one
//! pass. A problem names its location, what was expected and found, and what to do.

use portcullis_vocabulary::ConfigLocation;
use std::fmt;

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    location: ConfigLocation,
    key: String,
    message: String,
}

/// All problems of a configuration, sorted by location; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigProblem>);

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct ConfigProblems(Vec<ConfigProblem>);

impl ConfigProblem {
    /// The file and line, variable or flag.
    pub const fn location(&self) -> &ConfigLocation {
        &self.location
    }

    /// The dotted key; empty if the whole file cannot be read.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What was expected and found, and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl ConfigErrors {
    /// The problems; at least one.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl ConfigProblems {
    pub(crate) fn add(&mut self, location: ConfigLocation, key: &str, message: impl Into<String>) {
        self.0.push(ConfigProblem {
            location,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// Adds the error of a value.
    pub(crate) fn add_value_error(
        &mut self,
        location: &ConfigLocation,
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
            location.clone(),
            key,
            format!("expected {expected}, found {found}{advice}"),
        );
    }

    /// The value, or all problems if there are any.
    pub(crate) fn into_result<T>(mut self, value: Option<T>) -> Result<T, ConfigErrors> {
        self.0.sort();
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ConfigErrors(self.0)),
        }
    }
}

/// Why a value is refused. The caller adds the value that was found.
#[derive(Debug)]
pub(crate) struct ConfigValueError {
    pub(crate) expected: String,
    pub(crate) advice: Option<String>,
}

impl ConfigValueError {
    pub(crate) fn expected(expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            advice: None,
        }
    }

    pub(crate) fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

/// The known name that was probably meant: the nearest one, if it differs in few characters.
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

/// The end of a message, with the known name that was probably meant.
pub(crate) fn suggestion<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    nearest(text, known)
        .map(|near| format!("; try {near:?}"))
        .unwrap_or_default()
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            location,
            key,
            message,
        } = self;
        if key.is_empty() {
            write!(f, "{location}: {message}")
        } else {
            write!(f, "{location}: {key}: {message}")
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
