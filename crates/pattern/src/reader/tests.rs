//! What is read, and what is refused with which reason.

use proptest::prelude::*;

use super::{PatternReading, read_pattern};
use crate::matcher::EcmaPattern;
use crate::pattern_fault::PatternNoteKind;
use crate::writer::name_pattern;

#[track_caller]
fn check_refused(pattern: &str, column: usize, reason: &str) {
    let fault = read_pattern(pattern, PatternReading::Strict).expect_err(pattern);
    assert_eq!(fault.column, column, "{pattern}: {fault}");
    assert!(fault.reason.contains(reason), "{pattern}: {fault}");
}

#[test]
fn faults_have_a_column_and_advice() {
    check_refused("(", 1, r"write `)` at its end, or `\(`");
    check_refused("a)", 2, r"write `\)`");
    check_refused("x[a", 2, "write `]` at its end");
    check_refused("*a", 1, r"write `\*`");
    check_refused("a|{2}", 3, "nothing before it to repeat");
    check_refused("a{2}{3}", 5, "two quantifiers in a row");
    check_refused("a{3,2}", 2, "out of order");
    check_refused("a{,5}", 2, "write `{0,5}`");
    check_refused("{id}", 1, r"write `\{`");
    check_refused("a}", 2, r"write `\}`");
    check_refused("é]", 2, r"write `\]`");
    check_refused("[[:alpha:]]", 11, "POSIX");
    check_refused("[z-a]", 2, "`z-a` is out of order");
    check_refused("^*", 2, "cannot be repeated");
    check_refused("(?=a)*", 6, "cannot be repeated");
    check_refused("\\", 1, "write `\\\\`");
    check_refused(r"\1", 1, "the pattern has 0");
    check_refused(r"(a)\2", 4, "refers to group 2");
    check_refused(r"\01", 1, "is written");
    check_refused(r"\k<n>", 1, "no group has the name `n`");
    check_refused(r"(?<n>a)\k", 8, r"`\k<name>`");
    check_refused("(?<n>a)(?<n>b)", 11, "two groups have the name `n`");
    check_refused("(?<1>a)", 4, "does not begin with a digit");
    check_refused(r"\c1", 1, r"`\cA` to `\cZ`");
    check_refused(r"\x4", 1, "2 hexadecimal digits");
    check_refused(r"\u12", 1, "4 hexadecimal digits");
    check_refused(r"\u{110000}", 1, r"up to `\u{10FFFF}`");
    check_refused(&"(".repeat(200), 102, "nested more than");
}

#[test]
fn other_dialects_are_named() {
    check_refused("a(?i)b", 2, "`(?i:…)`");
    check_refused("(?x) a", 1, "without white space and comments");
    check_refused("(?s).", 1, "write `[^]`");
    check_refused("(?P<n>a)", 1, "without `P`");
    check_refused("(?P=n)", 1, r"`\k<n>`");
    check_refused("(?'n'a)", 1, "`(?<name>…)`");
    check_refused("(?>a)", 1, "no atomic group");
    check_refused("(?#a)", 1, "no comments");
    check_refused("(?R)", 1, "no recursion");
    check_refused("(?(1)a|b)", 1, "no conditional group");
    check_refused("a++", 2, "no possessive quantifier");
    check_refused(r"\A", 1, "write `^`");
    check_refused(r"a\Z", 2, "write `$`");
    check_refused(r"\h", 1, r"write `[\t ]`");
    check_refused(r"\x{41}", 1, r"write `\u{41}`");
    check_refused(r"\pL", 1, r"write `\p{L}`");
    check_refused(r"\p{letter}", 1, r"write `\p{Letter}`");
    check_refused(r"\p{IsGreek}", 1, r"write `\p{Script=Greek}`");
    check_refused(r"\p{Script=greek}", 1, r"write `\p{Script=Greek}`");
    check_refused(r"\p{Age=6.0}", 1, "no property `Age=6.0`");
    check_refused(r"\Qa\E", 1, "write a backslash before each");
}

/// What is read by a tolerant reading, and the same in ECMA-262.
#[test]
fn a_tolerant_reading_repairs_other_dialects() {
    let check = |pattern: &str, repaired: &str| {
        let strict = read_pattern(pattern, PatternReading::Strict);
        assert!(strict.is_err(), "{pattern}");
        let tree = read_pattern(pattern, PatternReading::Tolerant).expect(pattern);
        assert_eq!(tree.text, repaired, "{pattern}");
        assert_eq!(tree.notes[0].kind, PatternNoteKind::Foreign, "{pattern}");
        read_pattern(repaired, PatternReading::Strict).expect(repaired);
    };
    check(r"\Aabc\z", "^abc$");
    check(r"^abc\Z", "^abc$");
    check("(?i)abc|d", "(?i:abc|d)");
    check("^(?i)abc$", "(?i:^abc$)");
    check("(?u)a", "a");
    check("^a++$", "^a+$");
    check(r"^(?P<n>a)(?P=n)$", r"^(?<n>a)\k<n>$");
    check("(?>a|b)c", "(?:a|b)c");
    check("a(?#note)b", "a(?:)b");
    check("^{id}$", r"^\{id\}$");
    check("a{,5}", "a{0,5}");
    check(r"\x{41}\pL", r"\u{41}\p{L}");
    check(r"[[:alpha:]_]", "[A-Za-z_]");
    check(r"\h[\h]", r"[\t ][\t ]");
}

#[test]
fn escapes_without_meaning_leave_a_note() {
    let tree = read_pattern(r"^[\w-.]\_$", PatternReading::Strict).expect("a pattern");
    let kinds: Vec<_> = tree
        .notes
        .iter()
        .map(|note| (note.column, note.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (5, PatternNoteKind::ClassHyphen),
            (8, PatternNoteKind::IdentityEscape)
        ]
    );
    assert_eq!(tree.text, r"^[\w\-.]\_$");
}

/// Editions after 2024 have modifiers, and names that alternatives share. Not every Node.js has them.
#[test]
fn modifiers_and_shared_names_are_read() {
    let check = |pattern: &str, text: &str, expected: bool| {
        let compiled = EcmaPattern::new(pattern).expect(pattern);
        assert_eq!(
            compiled.is_match(text, &|_| {}),
            Some(expected),
            "{pattern} {text}"
        );
    };
    check("^(?i:ab)c$", "ABc", true);
    check("^(?i:ab)c$", "ABC", false);
    check("^(?i:k(?-i:s))$", "\u{212a}s", true);
    check("^(?i:k(?-i:s))$", "kS", false);
    check("^(?i:[^k])$", "K", false);
    check("^(?s:.)$", "\n", true);
    check("(?m:^b$)", "a\nb\u{2028}c", true);
    check("^b$", "a\nb", false);
    check(r"^(?:(?<n>a)|(?<n>b))\k<n>$", "bb", true);
    check(r"^(?:(?<n>a)|(?<n>b))\k<n>$", "ab", false);
}

/// Texts of the characters that patterns consist of.
fn any_pattern() -> impl Strategy<Value = String> {
    let sign = proptest::sample::select(vec![
        "a",
        "é",
        "😀",
        "\\",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "*",
        "+",
        "?",
        "|",
        "^",
        "$",
        ".",
        "-",
        "(?",
        "<",
        ">",
        ":",
        "=",
        "!",
        "P",
        "i",
        "k",
        "u",
        "x",
        "p",
        "d",
        "w",
        "b",
        "0",
        "1",
        "2",
        ",",
        "\\u{",
        "\\uD83D",
        "\\p{L}",
        "(?<n>",
        "[:alpha:]",
        "{2,300}",
    ]);
    proptest::collection::vec(sign, 0..14).prop_map(|signs| signs.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn reading_and_writing_never_panic(pattern in any_pattern()) {
        if let Ok(tolerant) = read_pattern(&pattern, PatternReading::Tolerant) {
            let repaired = read_pattern(&tolerant.text, PatternReading::Strict);
            prop_assert!(repaired.is_ok(), "{} {:?}", tolerant.text, repaired);
        }
        if let Ok(tree) = read_pattern(&pattern, PatternReading::Strict) {
            let _ = name_pattern(&pattern, &tree);
            let compiled = EcmaPattern::compile(&tree);
            if let Ok(compiled) = compiled {
                compiled.is_match("aé😀 1-(", &|_| {});
            }
        }
    }
}
