//! Finds the items under `#[cfg(test)]`, which most rules leave alone.

use crate::lexer::Token;

/// Marks every token of an item under `#[cfg(test)]`, and returns the lines that they cover.
pub(crate) fn mark(tokens: &mut [Token<'_>]) -> usize {
    let mut lines = 0;
    let mut at = 0;
    while at < tokens.len() {
        let Some(after) = test_attribute_end(tokens, at) else {
            at += 1;
            continue;
        };
        let end = item_end(tokens, after);
        tokens[at..end]
            .iter_mut()
            .for_each(|token| token.is_test = true);
        lines += last_line(&tokens[end - 1]) + 1 - tokens[at].line;
        at = end;
    }
    lines
}

/// The modules that only tests have: `mod name;` under `#[cfg(test)]`.
pub(crate) fn test_modules<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    tokens
        .windows(3)
        .filter(|part| part[0].is_test && part[0].is("mod") && part[2].is(";"))
        .map(|part| part[1].text)
        .collect()
}

fn last_line(token: &Token<'_>) -> usize {
    token.line + token.text.matches('\n').count()
}

/// Where `#[cfg(test)]` ends, if it starts here. `any` and `all` around it count, `not` does not.
fn test_attribute_end(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let head = tokens.get(at..at + 4)?;
    let starts = head[0].is("#") && head[1].is("[") && head[2].is("cfg") && head[3].is("(");
    let end = starts.then(|| group_end(tokens, at + 1))?;
    let inside = &tokens[at + 4..end];
    let is_test = inside.iter().any(|token| token.is("test"));
    (is_test && !inside.iter().any(|token| token.is("not"))).then_some(end)
}

/// The index after the bracket that closes the one here.
fn group_end(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is("(") || token.is("[") || token.is("{") {
            depth += 1;
        } else if token.is(")") || token.is("]") || token.is("}") {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// The index after an item, a field, an arm or a statement.
fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    const ITEMS: [&str; 15] = [
        "pub",
        "fn",
        "mod",
        "use",
        "struct",
        "enum",
        "trait",
        "impl",
        "const",
        "static",
        "type",
        "union",
        "unsafe",
        "async",
        "macro_rules",
    ];
    let mut at = start;
    while tokens
        .get(at)
        .is_some_and(|token| token.is("#") || token.is_comment())
    {
        at = if tokens[at].is_comment() {
            at + 1
        } else {
            group_end(tokens, at + 1)
        };
    }
    let is_item = tokens
        .get(at)
        .is_some_and(|token| ITEMS.iter().any(|word| token.is(word)));
    while let Some(token) = tokens.get(at) {
        if token.is("{") || token.is("(") || token.is("[") {
            let is_body = token.is("{") && is_item;
            at = group_end(tokens, at);
            if is_body {
                return at;
            }
        } else if token.is(";") || (token.is(",") && !is_item) {
            return at + 1;
        } else if token.is("}") {
            return at;
        } else {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    fn check(source: &str, production: &str) {
        let mut tokens = tokens(source);
        mark(&mut tokens);
        let found: Vec<_> = tokens
            .iter()
            .filter(|token| !token.is_test)
            .map(|token| token.text)
            .collect();
        assert_eq!(found.join(" "), production, "{source}");
    }

    #[test]
    fn only_items_of_tests_are_marked() {
        check(
            "#[cfg(test)] mod tests { fn a() {} } fn b() {}",
            "fn b ( ) { }",
        );
        check("#[cfg(test)]\nmod tests;\nuse a;", "use a ;");
        check(
            "#[cfg(any(test, fuzzing))] #[b] pub(crate) fn a(b: [u8; 4]) -> u8 { 1 } c",
            "c",
        );
        check(
            "#[cfg(not(test))] fn a() {}",
            "# [ cfg ( not ( test ) ) ] fn a ( ) { }",
        );
        check(
            "struct A { #[cfg(test)] b: u8, c: u8 }",
            "struct A { c : u8 }",
        );
        check("#[cfg(unix)] a;", "# [ cfg ( unix ) ] a ;");
    }

    #[test]
    fn lines_and_modules_of_tests_are_found() {
        let mut tokens = tokens("use a;\n#[cfg(test)]\nmod tests {\n}\n#[cfg(test)]\nmod more;");
        assert_eq!(mark(&mut tokens), 5);
        assert_eq!(test_modules(&tokens), ["more"]);
    }
}
