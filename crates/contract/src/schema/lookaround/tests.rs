//! The automata agree with the backtracking engine.

use portcullis_json::{WorkLimit, within_limit};
use proptest::prelude::*;

use super::lookaround_program::LookaroundPattern;

/// Whether both engines give this answer.
#[track_caller]
fn check(pattern: &str, text: &str, expected: bool) {
    let compiled = LookaroundPattern::new(pattern).unwrap_or_else(|| panic!("{pattern}"));
    assert_eq!(compiled.is_match(text), expected, "{pattern} {text:?}");
    assert_eq!(
        backtracking(pattern, text),
        Some(expected),
        "{pattern} {text:?}"
    );
}

fn backtracking(pattern: &str, text: &str) -> Option<bool> {
    let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
    fancy_regex::Regex::new(&translated)
        .ok()?
        .is_match(text)
        .ok()
}

#[test]
fn looks_ahead_and_behind() {
    let password = r"^(?=.*\d)(?=.*[a-z]).{8,}$";
    check(password, "abcdefg1", true);
    check(password, "abcdefgh", false);
    check(password, "abc1", false);
    check(r"^(?!.*\.\.)[a-z.]+$", "a.b.c", true);
    check(r"^(?!.*\.\.)[a-z.]+$", "a..b", false);
    check("(?<=ab)c", "xabc", true);
    check("(?<=ab)c", "abxc", false);
    check("(?<!a)b", "ab", false);
    check("(?<!a)b", "cb", true);
    check(r"(?=a(?!b))a\w", "abac", true);
    check("^(?:(?=.*x).)*$", "aaxa", false);
    check("^(?:(?=.*x).)*x$", "aax", true);
    check("(?i)(?=É)é", "É", true);
    check(r"\bfoo(?=\b)", "a foo", true);
    check("(?=)", "", true);
    check("^(?=a{2,3}$)", "aaaa", false);
}

#[test]
fn other_patterns_are_left_out() {
    for pattern in [r"(a)\1(?=b)", "(?=a", "(?=(?:a{1000}){1000})"] {
        assert!(LookaroundPattern::new(pattern).is_none(), "{pattern}");
    }
}

/// The steps are a multiple of the text, where the backtracking engine takes its square.
#[test]
fn takes_steps_in_proportion_to_the_text() {
    let text = "a".repeat(100_000);
    let limit = WorkLimit {
        steps_max: 1_000_000,
        backtracks_names: false,
    };
    for pattern in [
        r"(?=.*\d)(?=.*[a-z]).{8,}",
        "^(?:(?=.*x).)*$",
        "(?<=x.*)a",
        "(?=(?:a*)*b)a",
    ] {
        let compiled = LookaroundPattern::new(pattern).unwrap();
        let answer = within_limit(limit, || compiled.is_match(&text));
        assert!(answer.is_some(), "{pattern}");
    }
    let compiled = LookaroundPattern::new("(?=b?(?:a?){100}c?)").unwrap();
    assert_eq!(within_limit(limit, || compiled.is_match(&text)), None);
}

/// Patterns of few characters with nested groups and look-arounds.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just(".".to_owned()),
        Just("[ab]".to_owned()),
        Just("[^a]".to_owned()),
        Just(r"\d".to_owned()),
        Just("^".to_owned()),
        Just("$".to_owned()),
        Just(r"\b".to_owned()),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(?:{a}|{b})")),
            (inner.clone(), "[*+?]|\\{1,3\\}|\\{2\\}").prop_map(|(a, n)| format!("(?:{a}){n}")),
            (inner, "=|!|<=|<!").prop_map(|(a, kind)| format!("(?{kind}{a})")),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_the_backtracking_engine(pattern in pattern(), text in "[ab1 \\n]{0,7}") {
        // The other engine does not look behind for texts of any length.
        let compiled = LookaroundPattern::new(&pattern);
        if let (Some(compiled), Some(expected)) = (compiled, backtracking(&pattern, &text)) {
            prop_assert_eq!(compiled.is_match(&text), expected);
        }
    }
}
