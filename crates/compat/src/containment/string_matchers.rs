//! Patterns and formats, compiled once: what can be told of a string.

use std::collections::HashMap;

use serde_json::{Value, json};

use portcullis_contract::SchemaValidator;

use super::formula::StringId;
use super::language::{Automaton, compile, without_lookarounds};

#[derive(Debug, Default)]
pub(super) struct StringMatchers {
    patterns: HashMap<StringId, PatternAutomata>,
    formats: HashMap<StringId, Option<SchemaValidator>>,
}

/// A pattern, as far as it can be read.
#[derive(Debug)]
pub(super) struct PatternAutomata {
    /// What it says, exactly.
    pub(super) exact: Option<Automaton>,
    /// Accepts whatever the pattern accepts, where it cannot be read exactly.
    pub(super) wider: Option<Automaton>,
    /// Judges single strings where it cannot be read exactly.
    validator: Option<SchemaValidator>,
}

impl PatternAutomata {
    fn new(pattern: &str) -> Self {
        if let Some(exact) = compile(pattern) {
            return Self {
                exact: Some(exact),
                wider: None,
                validator: None,
            };
        }
        Self {
            exact: None,
            wider: without_lookarounds(pattern).and_then(|plain| compile(&plain)),
            validator: SchemaValidator::new(&json!({ "pattern": pattern })),
        }
    }
}

impl StringMatchers {
    /// Reads a pattern if it is new.
    pub(super) fn pattern(&mut self, word: StringId, pattern: &str) -> &mut PatternAutomata {
        self.patterns
            .entry(word)
            .or_insert_with(|| PatternAutomata::new(pattern))
    }

    /// The patterns as they were read, to search several at once; each is there once.
    pub(super) fn take(&mut self, word: StringId, pattern: &str) -> PatternAutomata {
        self.patterns
            .remove(&word)
            .unwrap_or_else(|| PatternAutomata::new(pattern))
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&mut self, word: StringId, pattern: PatternAutomata) {
        self.patterns.insert(word, pattern);
    }

    /// Whether a string matches a pattern.
    pub(super) fn matches(&mut self, word: StringId, pattern: &str, text: &str) -> Option<bool> {
        let pattern = self.pattern(word, pattern);
        match (&mut pattern.exact, &pattern.validator) {
            (Some(exact), _) => Some(exact.is_match(text)),
            (None, Some(validator)) => Some(validator.accepts(&Value::from(text).to_string())),
            (None, None) => None,
        }
    }

    /// Whether a string is of a format.
    pub(super) fn is_of_format(
        &mut self,
        word: StringId,
        format: &str,
        text: &str,
    ) -> Option<bool> {
        let validator = self
            .formats
            .entry(word)
            .or_insert_with(|| SchemaValidator::new(&json!({ "format": format })));
        let validator = validator.as_ref()?;
        Some(validator.accepts(&Value::from(text).to_string()))
    }
}
