//! Compiled patterns and formats.

use hashbrown::HashMap;

use serde_json::{Value, json};

use portcullis_contract::SchemaValidator;
use portcullis_pattern::EcmaPattern;

use super::formula::StringId;
use super::language::{Automaton, compile, without_lookarounds};

#[derive(Debug, Default)]
pub(super) struct StringMatchers {
    patterns: HashMap<StringId, PatternAutomata>,
    formats: HashMap<StringId, Option<SchemaValidator>>,
}

/// A pattern, as far as it can be interpreted.
#[derive(Debug)]
pub(super) struct PatternAutomata {
    /// The pattern as an automaton.
    pub(super) exact: Option<Automaton>,
    /// If there is no exact automaton: one that accepts at least all matches.
    pub(super) wider: Option<Automaton>,
    /// If there is no exact automaton: checks single strings.
    compiled: Option<EcmaPattern>,
}

impl PatternAutomata {
    fn new(pattern: &str) -> Self {
        if let Some(exact) = compile(pattern) {
            return Self {
                exact: Some(exact),
                wider: None,
                compiled: None,
            };
        }
        Self {
            exact: None,
            wider: without_lookarounds(pattern).and_then(|plain| compile(&plain)),
            compiled: EcmaPattern::new(pattern).ok(),
        }
    }
}

impl StringMatchers {
    /// The compiled pattern, from the cache.
    pub(super) fn pattern(&mut self, word: StringId, pattern: &str) -> &mut PatternAutomata {
        self.patterns
            .entry(word)
            .or_insert_with(|| PatternAutomata::new(pattern))
    }

    /// Takes a pattern out of the cache, so that several can be searched together.
    pub(super) fn take(&mut self, word: StringId, pattern: &str) -> PatternAutomata {
        self.patterns
            .remove(&word)
            .unwrap_or_else(|| PatternAutomata::new(pattern))
    }

    /// Returns a pattern to the cache.
    pub(super) fn give_back(&mut self, word: StringId, pattern: PatternAutomata) {
        self.patterns.insert(word, pattern);
    }

    /// Whether a string matches a pattern.
    pub(super) fn matches(&mut self, word: StringId, pattern: &str, text: &str) -> Option<bool> {
        let pattern = self.pattern(word, pattern);
        match (&mut pattern.exact, &pattern.compiled) {
            (Some(exact), _) => Some(exact.is_match(text)),
            (None, Some(compiled)) => compiled.is_match(text, &|_| {}),
            (None, None) => None,
        }
    }

    /// Whether a string is valid for a format.
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
