//! Finds where texts, names and comments of SQL end, as PostgreSQL reads them.

/// A part of SQL text that is skipped as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SqlSpan {
    /// A comment, which ends before this byte.
    Comment(usize),
    /// A text or a quoted name, which ends before this byte.
    Quoted(usize),
    /// A text, name or comment without an end.
    Unclosed(&'static str),
}

/// The text, quoted name or comment that starts at a byte; `None` if something else starts there.
pub(crate) fn span_at(sql: &str, at: usize) -> Option<SqlSpan> {
    let rest = &sql[at..];
    let bytes = rest.as_bytes();
    let end_of = |length: Option<usize>, what| match length {
        Some(length) => SqlSpan::Quoted(at + length),
        None => SqlSpan::Unclosed(what),
    };
    match (bytes.first()?, bytes.get(1)) {
        (b'-', Some(b'-')) => {
            let length = rest.find('\n').unwrap_or(rest.len());
            Some(SqlSpan::Comment(at + length))
        }
        (b'/', Some(b'*')) => Some(match comment_length(bytes) {
            Some(length) => SqlSpan::Comment(at + length),
            None => SqlSpan::Unclosed("comment"),
        }),
        (b'\'', _) => Some(end_of(
            quoted_length(bytes, is_escape_string(sql, at)),
            "text",
        )),
        (b'"', _) => Some(end_of(
            quoted_length(bytes, false),
            "name in quotation marks",
        )),
        (b'$', _) if !follows_name(sql, at) => {
            let tag = dollar_tag(rest)?;
            let end = rest[tag.len()..].find(tag).map(|end| end + 2 * tag.len());
            Some(end_of(end, "text in dollar signs"))
        }
        _ => None,
    }
}

/// The length of a comment, in which comments are nested.
fn comment_length(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The length of a text or name with its quotation marks. A doubled mark does not end it, and in
/// texts with escapes neither does one after a backslash.
fn quoted_length(bytes: &[u8], has_escapes: bool) -> Option<usize> {
    let mark = bytes[0];
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if has_escapes => at += 2,
            byte if *byte == mark && bytes.get(at + 1) == Some(&mark) => at += 2,
            byte if *byte == mark => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Whether an `E` in front makes a text one with escapes.
fn is_escape_string(sql: &str, at: usize) -> bool {
    let before = &sql.as_bytes()[..at];
    matches!(before, [.., b'e' | b'E']) && !follows_name(sql, at - 1)
}

/// Whether the character before is a part of a name.
fn follows_name(sql: &str, at: usize) -> bool {
    let before = sql[..at].chars().next_back();
    before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

/// The tag `$name$` at the beginning of a text.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 1;
    let name = &text[1..end];
    let is_letter = |c: char| c.is_alphabetic() || c == '_';
    let is_tag = name.chars().next().is_none_or(is_letter)
        && name.chars().all(|c| is_letter(c) || c.is_numeric());
    is_tag.then(|| &text[..=end])
}
