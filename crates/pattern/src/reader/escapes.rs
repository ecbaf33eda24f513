//! Reads what follows a backslash.

use regex_syntax::hir::ClassUnicode;

use crate::pattern_fault::{PatternFault, PatternNoteKind};
use crate::pattern_tree::{PatternNode, PatternPosition};

use super::class_sets::{DIGITS, SPACES, WORD_CHARACTERS, code_points, ranges};
use super::foreign_syntax::{ForeignEscape, foreign_escape};
use super::pattern_reader::folded;
use super::reader_cursor::{PatternFlags, PatternReader, fault};
use super::unicode_property::property;

/// What an escape stands for that is valid inside and outside of classes.
pub(super) enum CharacterEscape {
    CodePoint(u32),
    Class(ClassUnicode),
}

impl PatternReader<'_> {
    /// An escape outside of classes.
    pub(super) fn escape(&mut self, flags: PatternFlags) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        match self.peek_at(1) {
            Some(sign @ ('b' | 'B')) => {
                self.at += 2;
                if flags.ignores_case {
                    let reason = format!("`\\{sign}` inside `(?i:` is not supported");
                    return Err(fault(start, reason));
                }
                return Ok(PatternNode::Position(match sign {
                    'b' => PatternPosition::WordBoundary,
                    _ => PatternPosition::NotWordBoundary,
                }));
            }
            Some('k') => return self.name_escape(flags),
            Some('1'..='9') => {
                self.at += 1;
                let number = self.decimal().unwrap_or(u32::MAX);
                let total = self.names.group_count();
                if number > total {
                    let reason = format!(
                        "`\\{number}` refers to group {number}, but the pattern has {total}; a character by its number is written `\\x01` or `\\u0001`"
                    );
                    return Err(fault(start, reason));
                }
                return self.reference(start, [number].into(), flags);
            }
            Some(sign @ ('A' | 'z' | 'Z')) => {
                self.at += 2;
                let (anchor, position) = match sign {
                    'A' => ("^", PatternPosition::Start),
                    _ => ("$", PatternPosition::End),
                };
                let reason = format!("ECMA-262 has no `\\{sign}`: write `{anchor}`");
                self.foreign(start, &reason, &format!("`{anchor}` of the whole text"))?;
                let is_line = flags.is_multiline;
                self.edits
                    .replace(start, self.at, if is_line { r"(?-m:" } else { anchor });
                if is_line {
                    self.edits.replace(self.at, self.at, &format!("{anchor})"));
                }
                return Ok(PatternNode::Position(position));
            }
            _ => {}
        }
        let class = match self.character_escape(false)? {
            CharacterEscape::CodePoint(code_point) => code_points(code_point, code_point),
            CharacterEscape::Class(class) => class,
        };
        Ok(PatternNode::Class(folded(start, class, flags)?))
    }

    /// `\k<name>`.
    fn name_escape(&mut self, flags: PatternFlags) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        self.at += 2;
        if !self.takes("<") {
            let hint = if self.names.has_names() {
                "a reference to a named group"
            } else {
                "a reference"
            };
            return Err(fault(start, format!("{hint} is written `\\k<name>`")));
        }
        let name = self.group_name()?;
        self.named_reference(start, &name, flags)
    }

    /// An escape of a character or a class. The cursor is at the backslash.
    pub(super) fn character_escape(
        &mut self,
        is_in_class: bool,
    ) -> Result<CharacterEscape, PatternFault> {
        let start = self.at;
        let Some(sign) = self.peek_at(1) else {
            return Err(fault(
                start,
                "a backslash at the end escapes nothing: write `\\\\`",
            ));
        };
        self.at += 2;
        let code_point = match sign {
            'd' => return Ok(class(DIGITS, false)),
            'D' => return Ok(class(DIGITS, true)),
            's' => return Ok(class(SPACES, false)),
            'S' => return Ok(class(SPACES, true)),
            'w' => return Ok(class(WORD_CHARACTERS, false)),
            'W' => return Ok(class(WORD_CHARACTERS, true)),
            'p' | 'P' => return self.property_escape(start, sign == 'P'),
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'b' if is_in_class => 0x08,
            'c' => self.control_letter(start)?,
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => 0,
            '0'..='9' => {
                let reason = "a character by its number is written `\\x01` or `\\u0001`";
                return Err(fault(start, reason));
            }
            'x' if self.is_next("{") => self.braced_x(start)?,
            'x' => self.hex_digits(start, 2)?,
            'u' => self.unicode_escape(start)?,
            _ => return self.identity_escape(start, sign, is_in_class),
        };
        Ok(CharacterEscape::CodePoint(code_point))
    }

    /// An escape of a character that stands for itself, or an escape of another dialect.
    fn identity_escape(
        &mut self,
        start: usize,
        sign: char,
        is_in_class: bool,
    ) -> Result<CharacterEscape, PatternFault> {
        let is_syntax = matches!(
            sign,
            '^' | '$'
                | '\\'
                | '.'
                | '*'
                | '+'
                | '?'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '|'
                | '/'
        );
        if is_syntax || is_in_class && sign == '-' {
            return Ok(CharacterEscape::CodePoint(sign.into()));
        }
        if !sign.is_alphanumeric() {
            let message = format!("`\\{sign}` is read as `{sign}`, which needs no backslash");
            self.note(start, PatternNoteKind::IdentityEscape, message);
            return Ok(CharacterEscape::CodePoint(sign.into()));
        }
        let ForeignEscape {
            reason,
            text,
            class,
        } = foreign_escape(sign, is_in_class);
        let Some(text) = text else {
            return Err(fault(start, reason));
        };
        self.foreign(start, &reason, &format!("`{text}`"))?;
        self.edits.replace(start, self.at, text);
        Ok(CharacterEscape::Class(ranges(class.iter().copied())))
    }

    fn control_letter(&mut self, start: usize) -> Result<u32, PatternFault> {
        match self.peek() {
            Some(letter) if letter.is_ascii_alphabetic() => {
                self.at += 1;
                Ok(u32::from(letter) % 32)
            }
            _ => Err(fault(
                start,
                "a control character is written `\\cA` to `\\cZ`",
            )),
        }
    }

    /// `\x{41}` of other dialects.
    fn braced_x(&mut self, start: usize) -> Result<u32, PatternFault> {
        let code_point = self.braced_code_point(start)?;
        let reason = format!("write `\\u{{{code_point:X}}}`");
        self.foreign(start, &reason, &format!("`\\u{{{code_point:X}}}`"))?;
        self.edits.replace(start, start + 2, "\\u");
        Ok(code_point)
    }

    /// What follows `\u`: a code point, or one half of a pair of surrogates. Two halves that follow
    /// each other are one code point.
    pub(super) fn unicode_escape(&mut self, start: usize) -> Result<u32, PatternFault> {
        if self.is_next("{") {
            return self.braced_code_point(start);
        }
        let first = self.hex_digits(start, 4)?;
        if !(0xD800..0xDC00).contains(&first) || !self.is_next("\\u") || self.is_next("\\u{") {
            return Ok(first);
        }
        let after = self.at;
        self.at += 2;
        match self.hex_digits(after, 4) {
            Ok(second) if (0xDC00..0xE000).contains(&second) => {
                Ok(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            }
            _ => {
                self.at = after;
                Ok(first)
            }
        }
    }

    fn braced_code_point(&mut self, start: usize) -> Result<u32, PatternFault> {
        self.at += 1;
        let mut value = 0_u32;
        let first = self.at;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
            value = value.saturating_mul(16).saturating_add(digit);
            self.at += 1;
        }
        if self.at == first || !self.takes("}") || value > 0x10_FFFF {
            let reason = "a code point is written `\\u{1F600}`, up to `\\u{10FFFF}`";
            return Err(fault(start, reason));
        }
        Ok(value)
    }

    fn hex_digits(&mut self, start: usize, count: usize) -> Result<u32, PatternFault> {
        let mut value = 0;
        for _ in 0..count {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                let sign = if count == 2 { "\\x41" } else { "\\u0041" };
                let reason = format!("the escape needs {count} hexadecimal digits, as in `{sign}`");
                return Err(fault(start, reason));
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    /// `\p{…}` or `\P{…}`.
    fn property_escape(
        &mut self,
        start: usize,
        is_negated: bool,
    ) -> Result<CharacterEscape, PatternFault> {
        let sign = if is_negated { 'P' } else { 'p' };
        let name: String = if self.takes("{") {
            let name_start = self.at;
            while self.peek().is_some_and(|c| c != '}') {
                self.at += 1;
            }
            let name = self.text_from(name_start);
            if !self.takes("}") {
                return Err(fault(start, format!("`\\{sign}{{` has no `}}` at its end")));
            }
            name
        } else {
            let letter = self.peek().filter(char::is_ascii_alphabetic);
            let Some(letter) = letter else {
                return Err(fault(
                    start,
                    format!("a property is written `\\{sign}{{Letter}}`"),
                ));
            };
            self.at += 1;
            let text = format!("\\{sign}{{{letter}}}");
            self.foreign(start, &format!("write `{text}`"), &format!("`{text}`"))?;
            self.edits.replace(start, self.at, &text);
            letter.to_string()
        };
        let mut class = property(&name).map_err(|reason| fault(start, reason))?;
        if is_negated {
            class.negate();
        }
        Ok(CharacterEscape::Class(class))
    }
}

fn class(of: &[(char, char)], is_negated: bool) -> CharacterEscape {
    let mut class = ranges(of.iter().copied());
    if is_negated {
        class.negate();
    }
    CharacterEscape::Class(class)
}
