//! Lookarounds, which the automata do not support: splits or removes them where possible.

const LOOKAROUNDS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];

/// Splits a pattern such as `^(?!a)(?=b)c`: it matches if `^(?:b)` and `^c` match and `^(?:a)` does
/// not. `None` if the pattern has another structure.
pub(crate) fn split_lookarounds(pattern: &str) -> Option<Vec<(bool, String)>> {
    let refers_back = pattern
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9' | b'k'));
    let mut rest = pattern.strip_prefix('^').filter(|_| !refers_back)?;
    let mut parts = Vec::new();
    while let Some(sign) = ["(?=", "(?!"]
        .into_iter()
        .find(|sign| rest.starts_with(sign))
    {
        let end = group_end(rest)?;
        let inside = &rest[sign.len()..end - 1];
        rest = &rest[end..];
        // A quantified lookahead cannot be split off.
        if rest.starts_with(['*', '+', '?', '{']) {
            return None;
        }
        parts.push((sign == "(?=", format!("^(?:{inside})")));
    }
    if parts.is_empty() || has_alternatives(rest)? {
        return None;
    }
    parts.push((true, format!("^{rest}")));
    Some(parts)
}

/// Whether a `|` is outside of all groups.
fn has_alternatives(pattern: &str) -> Option<bool> {
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '|' => return Some(true),
            '(' => group_end(rest)?,
            '[' => class_end(rest)?,
            '\\' => 1 + rest[1..].chars().next()?.len_utf8(),
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    Some(false)
}

/// The pattern without lookarounds, which matches at least as many texts; `None` if it has none.
pub(crate) fn without_lookarounds(pattern: &str) -> Option<String> {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        if LOOKAROUNDS.iter().any(|sign| rest.starts_with(sign)) {
            rest = &rest[group_end(rest)?..];
            continue;
        }
        let length = match character {
            '\\' => 1 + rest[1..].chars().next()?.len_utf8(),
            '[' => class_end(rest)?,
            other => other.len_utf8(),
        };
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    (plain != pattern).then_some(plain)
}

/// The length of the group at the beginning of a text.
fn group_end(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        at += match character {
            '\\' => 1 + text[at + 1..].chars().next()?.len_utf8(),
            '[' => class_end(&text[at..])?,
            other => other.len_utf8(),
        };
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The length of the character class at the beginning of a text.
fn class_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
