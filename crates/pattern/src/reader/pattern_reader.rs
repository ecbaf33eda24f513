//! Reads alternatives, parts in a row, and quantifiers.

use crate::pattern_fault::PatternFault;
use crate::pattern_tree::{PatternNode, PatternPosition, PatternRepeat, PatternTree};

use super::class_sets::{LINE_TERMINATORS, any_character, but, ranges};
use super::group_names::GroupNames;
use super::reader_cursor::{PatternFlags, PatternReader, fault};
use super::text_edits::TextEdits;

/// How deep groups may be nested.
const DEPTH_MAX: usize = 100;

/// What is accepted besides ECMA-262.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternReading {
    /// Nothing that could have two meanings.
    Strict,
    /// What other dialects have, where it has a counterpart in ECMA-262; each use leaves a note.
    Tolerant,
}

/// Reads a pattern.
///
/// # Errors
/// The first fault of the pattern.
pub fn read_pattern(text: &str, reading: PatternReading) -> Result<PatternTree, PatternFault> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = PatternReader {
        characters: &characters,
        at: 0,
        is_tolerant: reading == PatternReading::Tolerant,
        names: GroupNames::default(),
        notes: Vec::new(),
        edits: TextEdits::default(),
        skipped: 0..0,
    };
    reader.find_groups();
    let flags = reader.leading_flags()?;
    let root = reader.alternatives(flags, 0)?;
    if reader.at < characters.len() {
        let reason = "this `)` closes no group: write `\\)` for the character";
        return Err(fault(reader.at, reason));
    }
    Ok(PatternTree {
        root,
        capture_count: reader.names.group_count(),
        notes: reader.notes,
        text: reader.edits.apply(&characters),
    })
}

impl PatternReader<'_> {
    /// Alternatives up to the end of the group.
    pub(super) fn alternatives(
        &mut self,
        flags: PatternFlags,
        depth: usize,
    ) -> Result<PatternNode, PatternFault> {
        if depth > DEPTH_MAX {
            let reason = format!("groups are nested more than {DEPTH_MAX} deep");
            return Err(fault(self.at, reason));
        }
        let mut alternatives = vec![self.row(flags, depth)?];
        while self.takes("|") {
            self.names.next_alternative();
            alternatives.push(self.row(flags, depth)?);
        }
        Ok(if alternatives.len() == 1 {
            alternatives.remove(0)
        } else {
            PatternNode::Alternation(alternatives)
        })
    }

    fn row(&mut self, flags: PatternFlags, depth: usize) -> Result<PatternNode, PatternFault> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            if self.skipped.contains(&self.at) {
                self.at = self.skipped.end;
                continue;
            }
            let start = self.at;
            let part = self.part(next, flags, depth)?;
            let part = self.quantified(start, part)?;
            parts.push(part);
        }
        Ok(PatternNode::concat(parts))
    }

    /// One part without its quantifier.
    fn part(
        &mut self,
        next: char,
        flags: PatternFlags,
        depth: usize,
    ) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        match next {
            '(' => return self.group(flags, depth),
            '[' => return self.class(flags),
            '\\' => return self.escape(flags),
            '*' | '+' | '?' => return Err(self.nothing_to_repeat()),
            '{' | '}' | ']' => return self.lone_bracket(next, flags),
            _ => self.at += 1,
        }
        Ok(match next {
            '^' if flags.is_multiline => self.line_end(false),
            '$' if flags.is_multiline => self.line_end(true),
            '^' => PatternNode::Position(PatternPosition::Start),
            '$' => PatternNode::Position(PatternPosition::End),
            '.' if flags.dot_is_all => PatternNode::Class(any_character()),
            '.' => PatternNode::Class(but(LINE_TERMINATORS)),
            _ => self.literal(start, next, flags)?,
        })
    }

    /// The end or the start of a line.
    fn line_end(&self, is_ahead: bool) -> PatternNode {
        PatternNode::Lookaround {
            is_ahead,
            is_negated: true,
            node: Box::new(PatternNode::Class(but(LINE_TERMINATORS))),
        }
    }

    pub(super) fn literal(
        &self,
        start: usize,
        character: char,
        flags: PatternFlags,
    ) -> Result<PatternNode, PatternFault> {
        let class = ranges([(character, character)]);
        Ok(PatternNode::Class(folded(start, class, flags)?))
    }

    /// A bracket that opens or closes nothing.
    fn lone_bracket(
        &mut self,
        bracket: char,
        flags: PatternFlags,
    ) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        if bracket == '{' && self.is_quantifier_like() {
            return Err(self.nothing_to_repeat());
        }
        let is_posix = bracket == ']'
            && start >= 2
            && self.characters[start - 1] == ']'
            && self.characters[start - 2] == ':';
        self.at += 1;
        if is_posix {
            let reason = "ECMA-262 has no POSIX classes: write `[A-Za-z]` for `[[:alpha:]]`, `[0-9]` for `[[:digit:]]`";
            return Err(fault(start, reason));
        }
        let reason = format!("write `\\{bracket}` for the character `{bracket}`");
        self.foreign(start, &reason, &format!("the character `{bracket}`"))?;
        self.edits.replace(start, start, "\\");
        self.literal(start, bracket, flags)
    }

    /// Whether `{` begins something that is a quantifier in some dialect.
    fn is_quantifier_like(&self) -> bool {
        let rest = self.characters[self.at + 1..].iter();
        let inside: String = rest.take_while(|c| **c != '}').take(100).collect();
        let has_end = self.characters.get(self.at + 1 + inside.chars().count()) == Some(&'}');
        has_end
            && inside.chars().any(|c| c.is_ascii_digit())
            && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
    }

    fn nothing_to_repeat(&self) -> PatternFault {
        let sign = self.characters[self.at];
        let reason =
            format!("`{sign}` has nothing before it to repeat: write `\\{sign}` for the character");
        fault(self.at, reason)
    }

    /// The part with the quantifier that follows it, if any.
    fn quantified(&mut self, start: usize, part: PatternNode) -> Result<PatternNode, PatternFault> {
        let sign = self.at;
        let Some((least, most)) = self.quantifier()? else {
            return Ok(part);
        };
        let is_group = self.characters[start..].starts_with(&['(', '?'])
            && !matches!(self.characters.get(start + 2), Some('=' | '!' | '<'));
        let is_condition = matches!(
            part,
            PatternNode::Position(_) | PatternNode::Lookaround { .. }
        );
        if is_condition && !is_group {
            let part: String = self.characters[start..sign].iter().collect();
            let reason = format!(
                "a condition such as `{part}` reads nothing and cannot be repeated: put it in a group `(?:{part})`, or remove the quantifier"
            );
            return Err(fault(sign, reason));
        }
        let is_lazy = self.takes("?");
        let after = self.at;
        if self.peek() == Some('+') {
            self.at += 1;
            let quantifier: String = self.characters[sign..after].iter().collect();
            let reason = format!(
                "ECMA-262 has no possessive quantifier: write `{quantifier}` without the `+` after it"
            );
            self.foreign(
                sign,
                &reason,
                &format!("`{quantifier}`, which gives back what it has read"),
            )?;
            self.edits.replace(after, after + 1, "");
        }
        if matches!(self.peek(), Some('*' | '+' | '?'))
            || self.peek() == Some('{') && self.is_quantifier_like()
        {
            let reason =
                "two quantifiers in a row: put the part with the first one in a group `(?:…)`";
            return Err(fault(self.at, reason));
        }
        Ok(PatternNode::Repeat(Box::new(PatternRepeat {
            node: part,
            least,
            most,
            is_lazy,
        })))
    }

    /// The bounds of a quantifier, if one comes next.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternFault> {
        let start = self.at;
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.is_quantifier_like() => {
                self.at += 1;
                return self.counted(start).map(Some);
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(bounds))
    }

    /// `{n}`, `{n,}` or `{n,m}` after the bracket.
    fn counted(&mut self, start: usize) -> Result<(u32, Option<u32>), PatternFault> {
        let least = self.decimal();
        let has_comma = self.takes(",");
        let most = self.decimal();
        if !self.takes("}") {
            return Err(fault(
                start,
                "a repetition has the form `{2}`, `{2,}` or `{2,5}`",
            ));
        }
        let Some(least) = least else {
            let most = most.unwrap_or(u32::MAX);
            let reason = format!("a repetition needs its lower bound: write `{{0,{most}}}`");
            self.foreign(start, &reason, &format!("`{{0,{most}}}`"))?;
            self.edits.replace(start + 1, start + 1, "0");
            return Ok((0, Some(most)));
        };
        let most = match (has_comma, most) {
            (false, _) => Some(least),
            (true, most) => most,
        };
        if most.is_some_and(|most| most < least) {
            let written = self.text_from(start);
            let reason = format!("the bounds of `{written}` are out of order");
            return Err(fault(start, reason));
        }
        // Beyond the range there is no limit that a text could reach.
        Ok((least, most.filter(|most| *most < u32::MAX)))
    }
}

/// The class with the other case of its characters, if the flags ignore case.
pub(super) fn folded(
    start: usize,
    mut class: regex_syntax::hir::ClassUnicode,
    flags: PatternFlags,
) -> Result<regex_syntax::hir::ClassUnicode, PatternFault> {
    if flags.ignores_case {
        let unsupported = |_| fault(start, "this build has no tables for `(?i:`");
        class.try_case_fold_simple().map_err(unsupported)?;
    }
    Ok(class)
}
