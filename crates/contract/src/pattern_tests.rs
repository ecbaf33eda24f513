//! Tests of patterns in contracts: what they mean, which are refused, and how.

use super::*;
use crate::schema_tests::{V30, V31, check_both, check_refused, contract, violations};

#[test]
fn patterns_are_ecma_262() {
    check_both(r#"{"pattern": "b"}"#, &[r#""abc""#, "1"], &[r#""ac""#]);
    check_both(
        r#"{"pattern": "^\\d$"}"#,
        &[r#""1""#],
        &[r#""١""#, r#""1\n""#],
    );
    check_both(
        r#"{"pattern": "^\\w\\s$"}"#,
        &[r#""a\u00a0""#],
        &[r#""é ""#],
    );
    check_both(r#"{"pattern": "^\\p{Lu}+$"}"#, &[r#""ÀB""#], &[r#""a""#]);
    check_both(r#"{"pattern": "^.$"}"#, &[r#""🐲""#], &[r#""ab""#]);
    check_both(
        r#"{"pattern": "^(?!no)\\w+$"}"#,
        &[r#""yes""#],
        &[r#""nope""#],
    );
    check_both(r#"{"pattern": "(?<=a)b"}"#, &[r#""ab""#], &[r#""b""#]);
    check_both(r#"{"pattern": "^(a|b)\\1$"}"#, &[r#""aa""#], &[r#""ab""#]);
    check_both(
        r#"{"pattern": "^(?<x>a|b)\\k<x>$"}"#,
        &[r#""aa""#],
        &[r#""ab""#],
    );
    check_refused(
        V31,
        r#"{"pattern": "("}"#,
        "`pattern` is not a regular expression (ECMA-262)",
    );
    check_refused(
        V30,
        r#"{"properties": {"a": {"pattern": "[z-a]"}}}"#,
        "/properties/a/pattern",
    );
    check_refused(
        V31,
        r#"{"patternProperties": {"(?": true}}"#,
        "regular expression",
    );
}

#[test]
fn rejects_values_whose_pattern_exceeds_the_backtracking_limit() {
    let contract = contract(V31, r#"{"pattern": "^(a|aa)+\\1b$"}"#, "").unwrap();
    let value = format!("\"{}\"", "a".repeat(60));
    let found = violations(&contract, MessageDirection::Request, &value);
    assert_eq!(found[0].class, ViolationClass::CheckLimit);
    assert!(!found[0].masked.contains("aaa"), "{}", found[0].masked);
}

/// A pattern that looks around or refers back means the same as any other.
#[test]
fn classes_are_ascii_in_every_engine() {
    check_both(
        r#"{"pattern": "^(?!0)\\d+$"}"#,
        &[r#""10""#],
        &[r#""\u0661""#, r#""01""#],
    );
    check_both(
        r#"{"pattern": "^(?!x)\\w+$"}"#,
        &[r#""a_1""#],
        &[r#""é""#, r#""xa""#],
    );
    check_both(
        r#"{"pattern": "^(?!x)\\W$"}"#,
        &[r#""é""#, r#"" ""#],
        &[r#""a""#],
    );
    check_both(
        r#"{"pattern": "^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,}$"}"#,
        &[r#""Abcdefg1""#],
        &[r#""Abcdefg\u0661""#, r#""abcdefg1""#],
    );
    check_both(
        r#"{"pattern": "^(\\w)\\1$"}"#,
        &[r#""aa""#],
        &[r#""éé""#, r#""ab""#],
    );
    check_both(r#"{"pattern": "^(?=a)a\\b.$"}"#, &[r#""aé""#], &[r#""ab""#]);
    // A group that has not matched is the empty text.
    check_both(
        r#"{"pattern": "^(?:(a)|b)\\1$"}"#,
        &[r#""aa""#, r#""b""#],
        &[r#""a""#],
    );
}

#[test]
fn a_dot_reads_no_line_terminator() {
    let no = [r#""a\nb""#, r#""a\rb""#, r#""a\u2028b""#, r#""a\u2029b""#];
    check_both(r#"{"pattern": "^.+$"}"#, &[r#""a\u0085b""#], &no);
    check_both(r#"{"pattern": "^(?=a).+$"}"#, &[r#""a\u0085b""#], &no);
    check_both(
        r#"{"pattern": "^(.)\\1.+$"}"#,
        &[r#""aab""#],
        &[r#""aa\r""#],
    );
}

#[test]
fn everything_of_ecma_262_is_accepted() {
    check_both(
        r#"{"pattern": "^[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF]*$"}"#,
        &[r#""a 😀""#],
        &[r#""a\u0007""#],
    );
    check_both(
        r#"{"pattern": "^\\ud83d\\ude00$"}"#,
        &[r#""😀""#],
        &[r#""😁""#],
    );
    check_both(
        r#"{"pattern": "^[^]$"}"#,
        &[r#""\n""#, r#""é""#],
        &[r#""""#],
    );
    check_both(r#"{"pattern": "^[]$"}"#, &["1"], &[r#""""#, r#""a""#]);
    check_both(r#"{"pattern": "^[\\b]$"}"#, &[r#""\b""#], &[r#""b""#]);
    check_both(
        r#"{"pattern": "^\\cJ\\0$"}"#,
        &[r#""\n\u0000""#],
        &[r#""J0""#],
    );
    check_both(
        r#"{"pattern": "^(?:[\\w-.]|\\:)$"}"#,
        &[r#""-""#, r#"":""#],
        &[r#"",""#],
    );
}

#[test]
fn counted_repetitions_may_be_large() {
    let text = |part: &str, count: usize| format!("\"{}\"", part.repeat(count));
    let check = |pattern: &str, part: &str, most: usize| {
        let schema = format!(r#"{{"pattern": "{pattern}"}}"#);
        check_both(&schema, &[&text(part, most)], &[&text(part, most + 1)]);
    };
    check(r"^\\p{L}{1,255}$", "é", 255);
    check(r"^[\\p{L}\\p{N}\\p{P}\\p{Zs}]{1,255}$", "é 1", 85);
    check("^[^<>]{0,10000}$", "a", 10_000);
    check(r"^[\\s\\S]{1,16384}$", "é", 16_384);
    check("^.{1,20000}$", "b", 20_000);
    check(r"^(?:\\p{L}{1,200}|[a-z0-9]{3,3000})\\b$", "a", 3_000);
}

/// What other dialects have is refused with its column and with what to write.
#[test]
fn other_dialects_are_refused() {
    let check = |pattern: &str, reason: &str| {
        let schema = format!(r#"{{"pattern": "{pattern}"}}"#);
        check_refused(V30, &schema, reason);
        check_refused(
            V31,
            &format!(r#"{{"patternProperties": {{"{pattern}": {{}}}}}}"#),
            reason,
        );
    };
    check(
        "^(?i)abc$",
        "column 2: ECMA-262 has no flags `(?i` inside a pattern: write both cases",
    );
    check(r"\\Aabc\\z", r"column 1: ECMA-262 has no `\A`: write `^`");
    check(r"abc\\z", r"column 4: ECMA-262 has no `\z`: write `$`");
    check(
        "^a++$",
        "column 3: ECMA-262 has no possessive quantifier: write `+` without the `+` after it",
    );
    check(
        "^(?P<n>a)$",
        "column 2: a named group is written `(?<name>…)`, without `P`",
    );
    check(
        "^(?x) a b$",
        "column 2: ECMA-262 has no flags `(?x` inside a pattern: write the pattern without white space",
    );
}

#[test]
fn every_pattern_that_is_not_valid_is_reported() {
    let schema = r#"{"properties": {
        "a": {"pattern": "("}, "b": {"patternProperties": {"[a": {}, "x": {}, "a**": {}}},
        "c": {"items": {"pattern": "^\\Z"}}, "d": {"pattern": "(?:"}}}"#;
    let problems = contract(V31, schema, "").unwrap_err();
    let mut pointers: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.kind == ContractProblemKind::MalformedPattern)
        .filter_map(|problem| problem.at.pointer.split("/schema/properties/").nth(1))
        .collect();
    pointers.sort_unstable();
    pointers.dedup();
    assert_eq!(
        pointers,
        [
            "a/pattern",
            "b/patternProperties/[a",
            "b/patternProperties/a**",
            "c/items/pattern",
            "d/pattern"
        ]
    );
}

/// Names are matched by another engine, with the same meaning.
#[test]
fn names_of_properties_are_matched_alike() {
    let check = |pattern: &str, yes: &str, no: &str| {
        let schema = format!(
            r#"{{"patternProperties": {{"{pattern}": true}}, "additionalProperties": false}}"#
        );
        let contract = contract(V31, &schema, "").expect("a contract");
        let found = |name: &str| {
            violations(
                &contract,
                MessageDirection::Request,
                &format!(r#"{{"{name}": 1}}"#),
            )
        };
        assert!(found(yes).is_empty(), "{pattern} {yes}");
        assert!(!found(no).is_empty(), "{pattern} {no}");
    };
    check(r"^\\d+$", "12", "١");
    check(r"^(?!0)\\d+$", "12", "١");
    check("^x-", "x-a", "ax-a");
    check("^(a|b)$", "b", "ab");
    check("^.$", "é", r"\r");
    check(r"^a\\b.$", "aé", "ab");
    check(r"^(\\w)\\1$", "aa", "éé");
    check(r"^(?:(a)|b)\\1$", "b", "a");
    check(r"^\\ud83d\\ude00$", "😀", "😁");
    check("^[^]$", r"\n", "ab");
    check(r"^[\\w-.]$", "-", ",");
    check(r"^\\p{L}{1,255}$", &"é".repeat(255), &"é".repeat(256));
}

/// A violation below a pattern of names names it as the contract does.
#[test]
fn violations_name_the_pattern_of_a_name_as_written() {
    let schema = r#"{"patternProperties": {"^\\d/~$": {"type": "string"}}}"#;
    let contract = contract(V31, schema, "").expect("a contract");
    let found = violations(&contract, MessageDirection::Request, r#"{"1/~": 1}"#);
    let place = found[0].contract.as_ref().expect("a place in the contract");
    assert!(
        place.pointer.ends_with(r"/patternProperties/^\d~1~0$/type"),
        "{}",
        place.pointer
    );
}

#[test]
fn the_format_regex_is_ecma_262() {
    check_both(
        r#"{"format": "regex"}"#,
        &[r#""^(?<a>b)\\k<a>[^]$""#, r#""\\-""#],
        &[
            r#""(?i)a""#,
            r#""\\Aa""#,
            r#""a++""#,
            r#""[a""#,
            r#""\\p{letter}""#,
        ],
    );
}
