//! Reads classes in brackets.

use regex_syntax::hir::ClassUnicode;

use crate::pattern_fault::{PatternFault, PatternNoteKind};
use crate::pattern_tree::PatternNode;

use super::class_sets::{code_points, ranges};
use super::escapes::CharacterEscape;
use super::foreign_syntax::posix_class;
use super::pattern_reader::folded;
use super::reader_cursor::{PatternFlags, PatternReader, fault};

impl PatternReader<'_> {
    /// A class, from its bracket on.
    pub(super) fn class(&mut self, flags: PatternFlags) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        self.at += 1;
        let is_negated = self.takes("^");
        let mut class = ClassUnicode::empty();
        loop {
            if self.takes("]") {
                break;
            }
            if self.peek().is_none() {
                let reason =
                    "this class is not closed: write `]` at its end, or `\\[` for the character";
                return Err(fault(start, reason));
            }
            if self.is_tolerant && self.is_next("[:") && self.posix(&mut class)? {
                continue;
            }
            self.class_item(&mut class)?;
        }
        let mut class = folded(start, class, flags)?;
        if is_negated {
            class.negate();
        }
        Ok(PatternNode::Class(class))
    }

    /// A character, a class escape, or a range.
    fn class_item(&mut self, class: &mut ClassUnicode) -> Result<(), PatternFault> {
        let start = self.at;
        let first = self.class_atom()?;
        let is_range = self.is_next("-") && self.peek_at(1).is_some_and(|c| c != ']');
        if !is_range {
            class.union(&set_of(&first));
            return Ok(());
        }
        let hyphen = self.at;
        self.at += 1;
        let second = self.class_atom()?;
        match (&first, &second) {
            (CharacterEscape::CodePoint(first), CharacterEscape::CodePoint(last)) => {
                if first > last {
                    let range = self.text_from(start);
                    let reason = format!("the range `{range}` is out of order");
                    return Err(fault(start, reason));
                }
                class.union(&code_points(*first, *last));
            }
            _ => {
                let range = self.text_from(start);
                let message =
                    format!("the hyphen in `{range}` is read as a character: write `\\-`");
                self.note(hyphen, PatternNoteKind::ClassHyphen, message);
                self.edits.replace(hyphen, hyphen, "\\");
                class.union(&set_of(&first));
                class.union(&ranges([('-', '-')]));
                class.union(&set_of(&second));
            }
        }
        Ok(())
    }

    fn class_atom(&mut self) -> Result<CharacterEscape, PatternFault> {
        match self.peek() {
            Some('\\') => self.character_escape(true),
            Some(other) => {
                self.at += 1;
                Ok(CharacterEscape::CodePoint(other.into()))
            }
            None => Err(fault(self.at, "this class is not closed")),
        }
    }

    /// `[:alpha:]` of other dialects. Returns whether there is one.
    fn posix(&mut self, class: &mut ClassUnicode) -> Result<bool, PatternFault> {
        let start = self.at;
        let rest: String = self.characters[start..].iter().take(16).collect();
        let Some((written, text, members)) = posix_class(&rest) else {
            return Ok(false);
        };
        self.at += written.chars().count();
        self.foreign(start, "", &format!("`{text}`"))?;
        self.edits.replace(start, self.at, text);
        class.union(&ranges(members.iter().copied()));
        Ok(true)
    }
}

fn set_of(atom: &CharacterEscape) -> ClassUnicode {
    match atom {
        CharacterEscape::CodePoint(code_point) => code_points(*code_point, *code_point),
        CharacterEscape::Class(class) => class.clone(),
    }
}
