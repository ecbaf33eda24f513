//! The words, numbers, texts and symbols of a Protobuf file.

use crate::proto_file::TextFault;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ProtoTokenKind<'t> {
    /// A name without dots.
    Word(&'t str),
    Integer(u64),
    Decimal(&'t str),
    Text(String),
    Symbol(char),
    End,
}

/// A token and its place.
#[derive(Clone, Debug)]
pub(crate) struct ProtoToken<'t> {
    pub(crate) kind: ProtoTokenKind<'t>,
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 1.
    pub(crate) column: u32,
    /// Whether a comment before it says that its message is the event.
    pub(crate) is_root_noted: bool,
}

/// What marks the message that an event is.
const ROOT_NOTE: &str = "@RootNode";

/// Splits a file. The last token is the end.
pub(crate) fn tokens(text: &str) -> Result<Vec<ProtoToken<'_>>, TextFault> {
    let mut scanner = TokenScanner {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        is_root_noted: false,
    };
    let mut found = Vec::new();
    loop {
        let token = scanner.next()?;
        let is_end = token.kind == ProtoTokenKind::End;
        found.push(token);
        if is_end {
            return Ok(found);
        }
    }
}

struct TokenScanner<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    line_start: usize,
    is_root_noted: bool,
}

impl<'t> TokenScanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn column(&self) -> u32 {
        let before = self.text[self.line_start..self.at].chars().count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn fault(&self, message: impl Into<String>) -> TextFault {
        TextFault {
            line: self.line,
            column: self.column(),
            message: message.into(),
        }
    }

    /// Moves on by some bytes, and counts the lines among them.
    fn skip(&mut self, length: usize) {
        let passed = &self.text[self.at..self.at + length];
        if let Some(last) = passed.rfind('\n') {
            let lines = passed.matches('\n').count();
            self.line = self
                .line
                .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.line_start = self.at + last + 1;
        }
        self.at += length;
    }

    fn space_and_comments(&mut self) -> Result<(), TextFault> {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start().len();
            self.skip(space);
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/");
                end.ok_or_else(|| self.fault("the comment has no end: add `*/`"))? + 4
            } else {
                return Ok(());
            };
            self.is_root_noted |= rest[..length].contains(ROOT_NOTE);
            self.skip(length);
        }
    }

    fn next(&mut self) -> Result<ProtoToken<'t>, TextFault> {
        self.space_and_comments()?;
        let (line, column) = (self.line, self.column());
        let is_root_noted = std::mem::take(&mut self.is_root_noted);
        let kind = self.kind()?;
        Ok(ProtoToken {
            kind,
            line,
            column,
            is_root_noted,
        })
    }

    fn kind(&mut self) -> Result<ProtoTokenKind<'t>, TextFault> {
        let rest = self.rest();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else {
            return Ok(ProtoTokenKind::End);
        };
        let is_decimal =
            first == '.' && characters.next().is_some_and(|next| next.is_ascii_digit());
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let is_other = |one: char| !one.is_ascii_alphanumeric() && one != '_';
                let length = rest.find(is_other).unwrap_or(rest.len());
                self.skip(length);
                Ok(ProtoTokenKind::Word(&rest[..length]))
            }
            '0'..='9' => self.number(rest),
            '.' if is_decimal => self.number(rest),
            '"' | '\'' => self.text(first),
            '{' | '}' | '[' | ']' | '(' | ')' | '<' | '>' | '=' | ';' | ',' | '.' | ':' | '-'
            | '+' | '/' => {
                self.skip(1);
                Ok(ProtoTokenKind::Symbol(first))
            }
            _ => Err(self.fault(format!("`{}` cannot stand here", first.escape_debug()))),
        }
    }

    fn number(&mut self, rest: &'t str) -> Result<ProtoTokenKind<'t>, TextFault> {
        let is_hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
        let mut before = ' ';
        let is_other = |one: char| {
            let is_sign =
                matches!(one, '+' | '-') && matches!(before, 'e' | 'E') && !is_hexadecimal;
            before = one;
            !one.is_ascii_alphanumeric() && !matches!(one, '_' | '.') && !is_sign
        };
        let length = rest.find(is_other).unwrap_or(rest.len());
        let text = &rest[..length];
        let digits = || text.bytes().all(|byte| byte.is_ascii_digit());
        let integer = match text.as_bytes() {
            [b'0', b'x' | b'X', ..] => Some(u64::from_str_radix(&text[2..], 16)),
            [b'0', _, ..] if digits() => Some(u64::from_str_radix(text, 8)),
            _ if digits() => Some(text.parse()),
            _ => None,
        };
        let kind = match integer {
            Some(Ok(integer)) => ProtoTokenKind::Integer(integer),
            // A number that is too large for an integer is a decimal number.
            _ if !is_hexadecimal && text.parse::<f64>().is_ok() => ProtoTokenKind::Decimal(text),
            _ => return Err(self.fault(format!("`{text}` is not a number"))),
        };
        self.skip(length);
        Ok(kind)
    }

    fn text(&mut self, quote: char) -> Result<ProtoTokenKind<'t>, TextFault> {
        let rest = &self.rest()[1..];
        let (mut bytes, mut characters) = (Vec::new(), rest.char_indices());
        let unended = || self.fault("the text has no end: add a quotation mark on the same line");
        loop {
            let (at, next) = characters.next().ok_or_else(unended)?;
            match next {
                '\n' | '\0' => return Err(unended()),
                '\\' => escape(&mut characters, &mut bytes)
                    .ok_or_else(|| self.fault("the text has an escape that does not exist"))?,
                _ if next == quote => {
                    // Bytes that are not UTF-8 only occur as values of options.
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.skip(at + 2);
                    return Ok(ProtoTokenKind::Text(text));
                }
                _ => bytes.extend(next.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
    }
}

/// Reads what follows a backslash.
fn escape(characters: &mut std::str::CharIndices<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let (_, kind) = characters.next()?;
    let mut digits = |radix: u32, least: usize, most: usize, first: Option<u32>| {
        let (mut value, mut count) = (first.unwrap_or(0), usize::from(first.is_some()));
        while count < most {
            let mut ahead = characters.clone();
            let Some(digit) = ahead.next().and_then(|(_, one)| one.to_digit(radix)) else {
                break;
            };
            *characters = ahead;
            value = value.checked_mul(radix)?.checked_add(digit)?;
            count += 1;
        }
        (count >= least).then_some(value)
    };
    let simple = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '\'' | '"' | '?' => u8::try_from(kind).ok()?,
        '0'..='7' => u8::try_from(digits(8, 1, 3, kind.to_digit(8))?).ok()?,
        'x' | 'X' => u8::try_from(digits(16, 1, 2, None)?).ok()?,
        'u' | 'U' => {
            let length = if kind == 'u' { 4 } else { 8 };
            let character = char::from_u32(digits(16, length, length, None)?)?;
            bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
            return Some(());
        }
        _ => return None,
    };
    bytes.push(simple);
    Some(())
}
