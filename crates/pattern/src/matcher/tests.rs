//! Which engine matches what, and that all engines agree.

use std::cell::Cell;

use fastrand::Rng;

use super::backtrack_program::BacktrackProgram;
use super::counting_program::CountingProgram;
use super::match_budget::MatchBudget;
use super::pattern_matcher::{EcmaPattern, MatchEngine};
use crate::reader::{PatternReading, read_pattern};

#[track_caller]
fn check(pattern: &str, engine: MatchEngine, yes: &[&str], no: &[&str]) {
    let compiled = EcmaPattern::new(pattern).expect(pattern);
    assert_eq!(compiled.engine(), engine, "{pattern}");
    for (texts, expected) in [(yes, true), (no, false)] {
        for text in texts {
            let found = compiled.is_match(text, &|_| {});
            assert_eq!(found, Some(expected), "{pattern} {text:?}");
        }
    }
}

#[test]
fn usual_patterns_need_no_automaton() {
    check(
        "^draft$",
        MatchEngine::WordList,
        &["draft"],
        &["draft\n", "xdraft"],
    );
    check("^x-", MatchEngine::WordList, &["x-a"], &["ax-"]);
    check(
        "^(asc|desc)$",
        MatchEngine::WordList,
        &["asc", "desc"],
        &["as"],
    );
    check(
        "^[A-Z]{3}$",
        MatchEngine::ClassRun,
        &["EUR"],
        &["EURO", "EU", "eur", "EUR\n"],
    );
    check(
        "^[a-z][a-z0-9-]{0,62}$",
        MatchEngine::ClassRun,
        &["a", "a-0"],
        &["", "0", "A"],
    );
    check(
        r"^\d{4}-\d{2}-\d{2}",
        MatchEngine::ClassRun,
        &["2026-01-02T"],
        &["2026-1-02"],
    );
    check(
        "^a+b*$",
        MatchEngine::ClassRun,
        &["a", "aab"],
        &["b", "aba"],
    );
    check(
        "^[^<>]{0,10000}$",
        MatchEngine::ClassRun,
        &["", "é"],
        &["<"],
    );
    let uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    let text = "01234567-89ab-cdef-0123-456789abcdef";
    check(
        uuid,
        MatchEngine::ClassRun,
        &[text],
        &[&text[1..], &text.to_uppercase()],
    );
}

/// The end of a text in quotes is found in the pass that matches it, or not at all.
#[test]
fn a_run_of_classes_finds_the_end_of_a_text() {
    let end = |pattern: &str, text: &str| {
        let compiled = EcmaPattern::new(pattern).expect(pattern);
        compiled.quoted_run()?.end(text.as_bytes(), 1)
    };
    let sku = "^[A-Z0-9-]{4,8}$";
    assert_eq!(end(sku, r#""SKU-1","a""#), Some(6));
    assert_eq!(end(sku, r#""SKU""#), None);
    assert_eq!(end(sku, r#""SKU-12345""#), None);
    assert_eq!(end(sku, r#""SKU-1"#), None);
    assert_eq!(end(sku, r#""SKU-1\u0030""#), None);
    assert_eq!(end("^[A-Z]{3}", r#""EUR""#), None);
    // Around the number of bytes that are looked at once.
    for length in 0..=26 {
        let text = format!("\"{}\"{}", "A".repeat(length), " ".repeat(length % 9));
        let expected = (4..=24).contains(&length).then_some(length + 1);
        assert_eq!(end("^[A-Z]{4,24}$", &text), expected, "{text}");
        let text = format!("\"{}1\"", "A".repeat(length));
        let expected = (4..=24).contains(&length).then_some(length + 2);
        assert_eq!(end("^[A-Z]{4,24}[0-9]$", &text), expected, "{text}");
    }
    assert_eq!(end("^[a-z]*$", r#""""#), Some(1));
    // A quote and a backslash end a text or begin an escape, whatever the class contains.
    let any = r"^[^]{0,9}$";
    assert_eq!(end(any, r#""a b","c""#), Some(4));
    assert_eq!(end(any, r#""a\"b""#), None);
    assert_eq!(end(any, "\"é\""), None);
    assert_eq!(end(any, "\"\n\""), None);
    assert_eq!(end(any, "\"\x7f\""), None);
}

/// A class that could give characters back to the next one is not decided by greed.
#[test]
fn other_regular_patterns_are_linear() {
    check("^a*a$", MatchEngine::ClassRun, &["a", "aaa"], &["", "ab"]);
    check(
        "^[a-z]*-?[a-c]$",
        MatchEngine::Linear,
        &["xa", "x-c"],
        &["x-", "xd"],
    );
    check("b", MatchEngine::Linear, &["abc"], &["ac"]);
    check(r"\Bé\B", MatchEngine::Linear, &["é"], &["aéa"]);
    check(r"^a\b", MatchEngine::Linear, &["aé", "a"], &["ab"]);
}

#[test]
fn looking_around_from_an_end_is_several_patterns() {
    let password = r"^(?=.*\d)(?=.*[a-z])(?!.*x).{8,}$";
    check(
        password,
        MatchEngine::Several,
        &["abcdefg1"],
        &["abcdefgh", "abc1", "abcdefx1"],
    );
    check(r"^.*(?<!\.)$", MatchEngine::Several, &["a.b"], &["a."]);
    check(
        "^(?!no)|^nob",
        MatchEngine::Several,
        &["yes", "nob"],
        &["nope"],
    );
    check("(?<=ab)c", MatchEngine::Counting, &["xabc"], &["abxc"]);
    check("^(?:(?=.*x).)*$", MatchEngine::Counting, &[""], &["aaxa"]);
    check(
        "^(?:x|[ab]{1,200}y(?=$))",
        MatchEngine::Counting,
        &["x", "ay"],
        &["ayy", "y"],
    );
}

#[test]
fn references_mean_what_the_specification_says() {
    let engine = MatchEngine::Backtracking;
    check(r"^(a)?\1$", engine, &["", "aa"], &["a"]);
    check(r"^\1(a)$", engine, &["a"], &["aa"]);
    check(r"^(?:(a)|b\1)*$", engine, &["ab", "aba"], &["abac"]);
    check(r"(?<=^(.)\1)x", engine, &["ax"], &["x"]);
    check(r"^(?!(a)\1)\1b$", engine, &["b"], &["aab"]);
    check(r"^(?=(a+))\1b$", engine, &["aab"], &["aa"]);
    check(r"^(.*)😀\1$", engine, &["é😀é", "😀"], &["é😀e"]);
}

#[test]
fn bounded_engines_give_up() {
    let text = "a".repeat(60_000);
    let check = |pattern: &str, expected: Option<bool>| {
        let compiled = EcmaPattern::new(pattern).expect(pattern);
        let steps = Cell::new(0);
        let found = compiled.is_match(&text, &|taken| steps.set(steps.get() + taken));
        assert_eq!(found, expected, "{pattern} takes {}", steps.get());
        assert!(steps.get() < 2_000_000, "{pattern} takes {}", steps.get());
    };
    check(r"^(a|aa)+\1b$", None);
    check("(?=(?:a*)*b)a", Some(false));
    check("(?=b?(?:a?){300}c?)", None);
    // Counted repetitions take one state for each character, however many have begun.
    check(r"(?:[ab]{3,50000}c|(?<=[ab]{30000})d)", Some(false));
}

/// The engines read the same tree, so any of them is a check of the others.
#[test]
fn all_engines_agree() {
    let mut rng = Rng::with_seed(7);
    let atoms = [
        "a",
        "b",
        ".",
        "[ab]",
        "[^a]",
        r"\d",
        "^",
        "$",
        r"\b",
        r"\B",
        "(?=a)",
        "(?!b)",
        "(?<=a)",
        "(?<!b)",
        "a{2,17}",
        "[ab]{1,20}",
        "(?:a|b)*",
        "(?:ab?)+",
        "(?:a{0,2}|b)?",
        "é",
        "a{16,}",
    ];
    let alphabet = ['a', 'b', '1', ' ', '\n', 'é'];
    for _ in 0..3_000 {
        let count = rng.usize(1..6);
        let parts: Vec<&str> = (0..count)
            .map(|_| atoms[rng.usize(..atoms.len())])
            .collect();
        let separator = if rng.u8(..8) == 0 { "|" } else { "" };
        let pattern = parts.join(separator);
        let tree = read_pattern(&pattern, PatternReading::Strict).expect(&pattern);
        let chosen = EcmaPattern::compile(&tree).expect(&pattern);
        let counting = CountingProgram::new(&tree.root).expect(&pattern);
        let backtracking = BacktrackProgram::new(&tree.root).expect(&pattern);
        for _ in 0..6 {
            let length = rng.usize(..24);
            let text: String = (0..length)
                .map(|_| alphabet[rng.usize(..alphabet.len())])
                .collect();
            let expected = backtracking.is_match(&text, &mut budget());
            let found = [
                chosen.is_match(&text, &|_| {}),
                counting.is_match(&text, &mut budget()),
            ];
            assert_eq!(found, [expected; 2], "{pattern} {text:?}");
            let quoted = format!("{text}\"");
            let run = chosen.quoted_run();
            if let Some(end) = run.and_then(|run| run.end(quoted.as_bytes(), 0)) {
                assert_eq!(
                    (end, expected),
                    (text.len(), Some(true)),
                    "{pattern} {text:?}"
                );
            }
        }
    }
}

fn budget() -> MatchBudget<'static> {
    MatchBudget::new(&|_| {})
}
