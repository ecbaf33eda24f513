//! How long files and functions are, and how often `unwrap` and `expect` are called.

use crate::lexer::{Token, TokenKind};

/// The length in lines of every function with a body, from its name to its last brace.
pub fn function_lines(code: &[Token<'_>]) -> Vec<usize> {
    let names = code
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].is("fn") && pair[1].kind == TokenKind::Identifier);
    names
        .filter_map(|(at, _)| Some(body_end_line(&code[at..])? + 1 - code[at].line))
        .collect()
}

/// The line where the body of a function ends; nothing for one without a body.
fn body_end_line(code: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    let mut is_in_body = false;
    for token in code
        .iter()
        .filter(|token| token.kind == TokenKind::Punctuation)
    {
        match token.text {
            ";" if depth == 0 => return None,
            "{" | "(" | "[" => {
                is_in_body |= depth == 0 && token.text == "{";
                depth += 1;
            }
            "}" | ")" | "]" => {
                depth -= 1;
                if is_in_body && depth == 0 {
                    return Some(token.line);
                }
            }
            _ => {}
        }
    }
    None
}

/// How often a method is called.
pub fn method_calls(code: &[Token<'_>], method: &str) -> usize {
    let is_call = |part: &&[Token<'_>]| part[0].is(".") && part[1].is(method) && part[2].is("(");
    code.windows(3).filter(is_call).count()
}

/// The value that this percentage of all values is below; 0 for no values.
pub fn percentile(mut values: Vec<usize>, percent: usize) -> usize {
    values.sort_unstable();
    values
        .get(values.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    #[test]
    fn functions_are_measured_to_their_last_brace() {
        let lines = |text| function_lines(&tokens(text));
        assert_eq!(
            lines("fn a() {}\nfn b(c: [u8; 2]) -> u8 {\n if c { 1 }\n else { 2 }\n}"),
            [1, 4]
        );
        assert_eq!(lines("trait A {\n fn a();\n fn b() {\n }\n}"), [2]);
        assert_eq!(lines("type A = fn(u8) -> u8;"), [0; 0]);
    }

    #[test]
    fn calls_are_not_attributes() {
        assert_eq!(
            method_calls(&tokens("#[expect(a)] b.expect(c).expect_err(d)"), "expect"),
            1
        );
    }

    #[test]
    fn percentiles_are_of_sorted_values() {
        assert_eq!(percentile(vec![3, 1, 2], 50), 2);
        assert_eq!(percentile(Vec::new(), 90), 0);
    }
}
