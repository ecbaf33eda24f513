//! Decides for each pattern which engine matches it.

use fancy_regex::{Regex, RegexBuilder};

use portcullis_json::take_steps;

use super::lookaround_program::LookaroundPattern;

/// The backtracking limit of one match. A match that reaches it takes all steps of its message.
pub(crate) const BACKTRACKS_MAX: usize = 20_000;

/// Matches one pattern that the linear engine does not support.
pub(crate) enum PatternEngine {
    Automata(LookaroundPattern),
    /// For backreferences.
    Backtracking(Regex),
}

impl PatternEngine {
    /// `None` if the pattern is not a valid pattern of ECMA-262.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        if let Some(pattern) = LookaroundPattern::new(pattern) {
            return Some(Self::Automata(pattern));
        }
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        let mut builder = RegexBuilder::new(&translated);
        let regex = builder.backtrack_limit(BACKTRACKS_MAX).build().ok()?;
        Some(Self::Backtracking(regex))
    }

    /// Whether the pattern matches some part of the text. Takes steps of the message's limit.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Automata(pattern) => pattern.is_match(text),
            Self::Backtracking(regex) => {
                // A match may start at each byte and read the rest of the text.
                let length = text.len() as u64;
                take_steps(1 + length * (length + 16) / 2);
                regex.is_match(text).unwrap_or_else(|_| {
                    take_steps(u64::MAX);
                    false
                })
            }
        }
    }
}
