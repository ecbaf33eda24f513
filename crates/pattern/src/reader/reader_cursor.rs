//! The place of a reader in its pattern, and how it reports.

use std::ops::Range;

use crate::pattern_fault::{PatternFault, PatternNote, PatternNoteKind};

use super::group_names::GroupNames;
use super::text_edits::TextEdits;

/// The flags of a part (ECMA-262 2025, section 22.2.1, Modifiers).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PatternFlags {
    pub(super) ignores_case: bool,
    pub(super) is_multiline: bool,
    pub(super) dot_is_all: bool,
}

/// A pattern while it is read.
pub(super) struct PatternReader<'p> {
    pub(super) characters: &'p [char],
    pub(super) at: usize,
    pub(super) is_tolerant: bool,
    pub(super) names: GroupNames,
    pub(super) notes: Vec<PatternNote>,
    pub(super) edits: TextEdits,
    /// The flags of a tolerant reading, which apply to the whole pattern.
    pub(super) skipped: Range<usize>,
}

impl PatternReader<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, offset: usize) -> Option<char> {
        self.characters.get(self.at + offset).copied()
    }

    /// Whether the rest of the pattern begins with a text.
    pub(super) fn is_next(&self, text: &str) -> bool {
        let rest = &self.characters[self.at.min(self.characters.len())..];
        text.chars().count() <= rest.len()
            && text
                .chars()
                .eq(rest.iter().take(text.chars().count()).copied())
    }

    /// Reads a text if it comes next.
    pub(super) fn takes(&mut self, text: &str) -> bool {
        let is_next = self.is_next(text);
        if is_next {
            self.at += text.chars().count();
        }
        is_next
    }

    /// The text from a place up to here.
    pub(super) fn text_from(&self, start: usize) -> String {
        self.characters[start..self.at.min(self.characters.len())]
            .iter()
            .collect()
    }

    /// A decimal number; `None` if no digit comes next. Numbers beyond the range are the greatest.
    pub(super) fn decimal(&mut self) -> Option<u32> {
        let start = self.at;
        let mut value = 0_u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit);
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    pub(super) fn note(&mut self, start: usize, kind: PatternNoteKind, message: String) {
        self.notes.push(PatternNote {
            column: start + 1,
            kind,
            message,
        });
    }

    /// Accepts something of another dialect if the reading is tolerant, with what it is read as.
    pub(super) fn foreign(
        &mut self,
        start: usize,
        reason: &str,
        meaning: &str,
    ) -> Result<(), PatternFault> {
        if !self.is_tolerant {
            return Err(fault(start, reason));
        }
        let part = self.text_from(start);
        self.note(
            start,
            PatternNoteKind::Foreign,
            format!("`{part}` is read as {meaning}"),
        );
        Ok(())
    }
}

/// A fault at a place, which is counted from 0.
pub(super) fn fault(at: usize, reason: impl Into<String>) -> PatternFault {
    PatternFault {
        column: at + 1,
        reason: reason.into(),
    }
}
