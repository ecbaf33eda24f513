//! Splits Rust source into tokens: just enough to distinguish code, comments and literals.
//!
//! Every other module works on these tokens, so a word in a string is never taken for code. The
//! lexer accepts all valid Rust; on invalid input it still ends, with tokens of no use.

/// What a token is, as far as the rules need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier or keyword.
    Identifier,
    /// One punctuation character.
    Punctuation,
    /// A string literal of any kind, quotes included.
    StringLiteral,
    /// A character, byte or numeric literal, or a lifetime.
    OtherLiteral,
    /// `//` or `/* */`, also inside of code.
    Comment,
    /// `///` or `/** */`.
    ItemDoc,
    /// `//!` or `/*! */`.
    FileDoc,
}

/// One token with the line it starts on.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its source text.
    pub text: &'a str,
    /// The line it starts on, from 1.
    pub line: usize,
    /// Whether it belongs to an item under `#[cfg(test)]`.
    pub is_test: bool,
}

impl Token<'_> {
    /// Whether it is this identifier or punctuation character.
    pub fn is(&self, text: &str) -> bool {
        self.text == text && matches!(self.kind, TokenKind::Identifier | TokenKind::Punctuation)
    }

    /// Whether it is a comment or documentation.
    pub fn is_comment(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Comment | TokenKind::ItemDoc | TokenKind::FileDoc
        )
    }
}

/// All tokens of a file in order; white space is dropped.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(bytes.len() / 5);
    let mut line = 1;
    let mut start = 0;
    while start < bytes.len() {
        if bytes[start].is_ascii_whitespace() {
            line += usize::from(bytes[start] == b'\n');
            start += 1;
            continue;
        }
        let (kind, end) = token_at(text, start);
        let text = &text[start..end];
        tokens.push(Token {
            kind,
            text,
            line,
            is_test: false,
        });
        if !matches!(kind, TokenKind::Identifier | TokenKind::Punctuation) {
            line += text.bytes().filter(|&byte| byte == b'\n').count();
        }
        start = end;
    }
    tokens
}

/// The kind of the token that starts here, and where it ends.
fn token_at(text: &str, start: usize) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let next = bytes.get(start + 1).copied().unwrap_or_default();
    match bytes[start] {
        b'/' if next == b'/' => (comment_kind(&text[start..], '/'), line_end(bytes, start)),
        b'/' if next == b'*' => (comment_kind(&text[start..], '*'), block_end(bytes, start)),
        b'"' => (TokenKind::StringLiteral, quoted_end(bytes, start, b'"')),
        b'\'' => (TokenKind::OtherLiteral, quote_or_lifetime_end(text, start)),
        b'r' | b'b' | b'c' => prefixed(text, start),
        byte if is_word(byte) && !byte.is_ascii_digit() => {
            (TokenKind::Identifier, word_end(bytes, start))
        }
        byte if byte.is_ascii_digit() => (TokenKind::OtherLiteral, number_end(bytes, start)),
        _ => (TokenKind::Punctuation, start + 1),
    }
}

fn comment_kind(text: &str, mark: char) -> TokenKind {
    let mut after = text[2..].chars();
    match (after.next(), after.next()) {
        (Some('!'), _) => TokenKind::FileDoc,
        (Some(first), second) if first == mark && second != Some(mark) => TokenKind::ItemDoc,
        _ => TokenKind::Comment,
    }
}

/// A literal with a prefix such as `r#"…"#` or `b'x'`, a raw identifier, or an ordinary one.
fn prefixed(text: &str, start: usize) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < start + 2 && matches!(bytes.get(at), Some(b'r' | b'b' | b'c')) {
        at += 1;
    }
    let is_raw = bytes[at - 1] == b'r';
    let hashes = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    match bytes.get(at + hashes) {
        Some(b'"') if is_raw => (TokenKind::StringLiteral, raw_end(text, at + hashes, hashes)),
        Some(b'"') if hashes == 0 => (TokenKind::StringLiteral, quoted_end(bytes, at, b'"')),
        Some(b'\'') if hashes == 0 && &bytes[start..at] == b"b" => {
            (TokenKind::OtherLiteral, quoted_end(bytes, at, b'\''))
        }
        Some(&byte) if hashes == 1 && is_raw && is_word(byte) => {
            (TokenKind::Identifier, word_end(bytes, at + 1))
        }
        _ => (TokenKind::Identifier, word_end(bytes, start)),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..]
        .iter()
        .take_while(|&&byte| is_word(byte))
        .count();
    start + length
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let end = word_end(bytes, start);
    let has_fraction =
        bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if has_fraction {
        word_end(bytes, end + 1)
    } else {
        end
    }
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..]
        .iter()
        .take_while(|&&byte| byte != b'\n')
        .count();
    start + length
}

/// The end of a block comment; they nest.
fn block_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The end of a literal in quotes that a backslash escapes.
fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_end(text: &str, quote: usize, hashes: usize) -> usize {
    let close = format!("\"{}", "#".repeat(hashes));
    let body = quote + 1;
    text[body..]
        .find(&close)
        .map_or(text.len(), |length| body + length + close.len())
}

/// The end of `'x'` or of `'lifetime`.
fn quote_or_lifetime_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut after = text[start + 1..].chars();
    match (after.next(), after.next()) {
        (Some('\\'), _) => quoted_end(bytes, start, b'\''),
        (Some(character), Some('\'')) => start + 1 + character.len_utf8() + 1,
        _ => word_end(bytes, start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[(TokenKind, &str)]) {
        let found: Vec<_> = tokens(source)
            .iter()
            .map(|token| (token.kind, token.text))
            .collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    #[rustfmt::skip]
    fn code_comments_and_literals_are_told_apart() {
        use TokenKind::{Comment, FileDoc, Identifier, ItemDoc, OtherLiteral, Punctuation, StringLiteral};
        check("//! a\n/// b\n//// c\n// d", &[(FileDoc, "//! a"), (ItemDoc, "/// b"), (Comment, "//// c"), (Comment, "// d")]);
        check("/* a /* b */ c */ d", &[(Comment, "/* a /* b */ c */"), (Identifier, "d")]);
        check(r#""a \" // b" c"#, &[(StringLiteral, r#""a \" // b""#), (Identifier, "c")]);
        check(r##"br#"a " b"# r#type b"x" b'\'' bare"##, &[
            (StringLiteral, r##"br#"a " b"#"##), (Identifier, "r#type"), (StringLiteral, r#"b"x""#),
            (OtherLiteral, r"b'\''"), (Identifier, "bare"),
        ]);
        check("'a' 'é' '\\n' 'a <", &[
            (OtherLiteral, "'a'"), (OtherLiteral, "'é'"), (OtherLiteral, "'\\n'"), (OtherLiteral, "'a"), (Punctuation, "<"),
        ]);
        check("1.5 1..2", &[
            (OtherLiteral, "1.5"), (OtherLiteral, "1"), (Punctuation, "."), (Punctuation, "."), (OtherLiteral, "2"),
        ]);
    }

    #[test]
    fn lines_count_through_literals_and_comments() {
        let lines = |text| {
            tokens(text)
                .iter()
                .map(|token| token.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("a\n\"b\nc\" d\n/*\n*/ e"), [1, 2, 3, 4, 5]);
    }
}
