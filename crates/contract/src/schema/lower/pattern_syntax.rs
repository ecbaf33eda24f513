//! Rewrites common but invalid patterns into a form that every regex engine accepts.
//!
//! `[\w-.]` is an invalid range in the Unicode mode of ECMA-262. Outside of it, it is a class of three
//! items (ECMA-262 2024, Annex B.1.2, CharacterRangeOrUnion), which is what authors mean. So the
//! hyphen is escaped.

/// The pattern with every hyphen escaped that is next to a class escape inside a class.
pub(super) fn without_ranges_of_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut after_class_escape = false;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let token = token(rest);
        let next = &rest[token.len()..];
        match c {
            '[' if !in_class => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        let is_literal = c == '-' && in_class && (after_class_escape || is_class_escape(next));
        // At the start or end of a class, a hyphen is literal without an escape.
        if is_literal && !next.starts_with(']') && !out.ends_with('[') {
            out.push('\\');
        }
        out.push_str(token);
        after_class_escape = is_class_escape(token);
        rest = next;
    }
    out
}

/// The first character, or the first escape sequence.
fn token(text: &str) -> &str {
    let mut indices = text.char_indices();
    let is_escape = indices.next().is_some_and(|(_, c)| c == '\\');
    let escaped = indices.next().filter(|_| is_escape);
    let end = match escaped {
        Some((_, 'p' | 'P')) => text.find('}').map_or(2, |at| at + 1),
        Some((at, c)) => at + c.len_utf8(),
        None => text.chars().next().map_or(0, char::len_utf8),
    };
    &text[..end]
}

/// Whether a text begins with an escape for a class of characters.
fn is_class_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first() == Some(&b'\\') && bytes.get(1).is_some_and(|c| b"dDwWsSpP".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_hyphens_next_to_class_escapes() {
        let check = |pattern: &str, expected: &str| {
            assert_eq!(without_ranges_of_classes(pattern), expected);
        };
        check(r"^(?:[\w-./:]+)$", r"^(?:[\w\-./:]+)$");
        check(r"[a-\d]", r"[a\-\d]");
        check(r"[\p{L}-x]", r"[\p{L}\-x]");
        check(r"[\w-]", r"[\w-]");
        check(r"[-\w]", r"[-\w]");
        check(r"[^-\w]", r"[^\-\w]");
        check(r"\w-\d[a-z\-_]", r"\w-\d[a-z\-_]");
        check(r"[\\-a]", r"[\\-a]");
        check(r"é[é-\s]\", r"é[é\-\s]\");
        check(r"\p", r"\p");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(pattern in r"([\\\[\]wpé{}a-]){0,12}") {
            without_ranges_of_classes(&pattern);
        }
    }
}
