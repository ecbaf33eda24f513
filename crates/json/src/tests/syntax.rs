//! Which texts are JSON, and the messages for those that are not.

use serde_json::json;

use super::*;
use crate::SyntaxErrorKind;

#[track_caller]
fn check(text: &str, message: &str) {
    assert_eq!(
        parse(text).map_err(|error| error.to_string()),
        Err(message.to_owned()),
        "{text}"
    );
}

#[track_caller]
fn check_bytes(bytes: &[u8], kind: SyntaxErrorKind, offset: usize) {
    let error = Tape::new()
        .parse("body", bytes, JsonLimits::default())
        .unwrap_err();
    assert_eq!((error.kind, error.offset), (kind, offset));
}

#[test]
fn reads_what_serde_json_reads() {
    let text = r#" {"a": [1, -2.5e3, "x\u00e9\n\ud83d\ude00", {}], "b/~": [true, false, null]} "#;
    let expected: Value = serde_json::from_str(text).unwrap();
    assert_eq!(parse(text), Ok(expected.clone()));
    let tape = tape(text);
    assert_eq!(tape.wrapped(text).to_value(), json!({"body": expected}));
}

#[test]
fn refuses_anything_but_a_single_value() {
    check("", "no JSON value: the text is empty at line 1, column 1");
    check(
        " \n ",
        "no JSON value: the text is empty at line 2, column 2",
    );
    check(
        "1 x",
        "something follows the JSON value: a letter at line 1, column 3",
    );
    check(
        "{}}",
        "something follows the JSON value: `}` at line 1, column 3",
    );
    check(
        "tru",
        "expected `true`, `false` or `null`, found a letter at line 1, column 1",
    );
    check("'a'", "expected a value, found `'` at line 1, column 1");
}

#[test]
fn refuses_broken_containers() {
    check(
        "[1,]",
        "expected a value, found `]` at line 1, column 4, in /1",
    );
    check(
        "[1 2]",
        "expected `,` or `]`, found a digit at line 1, column 4",
    );
    check("[1}", "expected `,` or `]`, found `}` at line 1, column 3");
    check(
        r#"{"a":1]"#,
        "expected `,` or `}`, found `]` at line 1, column 7",
    );
    check(
        r#"{"a":1,}"#,
        "expected a member name in quotes, found `}` at line 1, column 8",
    );
    check(
        "{1:2}",
        "expected a member name in quotes, or `}`, found a digit at line 1, column 2",
    );
    check(
        r#"{"a" 1}"#,
        "expected `:` after a member name, found a digit at line 1, column 6",
    );
    check(
        r#"[{"a":"#,
        "expected a value, found the end of the text at line 1, column 7, in /0/a",
    );
}

#[test]
fn refuses_broken_strings() {
    let closing = "expected the closing quote of a string (control characters must be escaped)";
    check(
        "\"a",
        &format!("{closing}, found the end of the text at line 1, column 3"),
    );
    check(
        "\"a\tb\"",
        &format!("{closing}, found a control character at line 1, column 3"),
    );
    check(
        "\"\\n\u{1}\"",
        &format!("{closing}, found a control character at line 1, column 4"),
    );
    let escape = "expected one of \" \\ / b f n r t u after a backslash";
    check(
        r#""\x""#,
        &format!("{escape}, found a letter at line 1, column 3"),
    );
    check(
        "\"\\",
        &format!("{escape}, found the end of the text at line 1, column 3"),
    );
    let hex = "expected four hexadecimal digits after \\u";
    check(
        r#""\u12G4""#,
        &format!("{hex}, found a letter at line 1, column 6"),
    );
    let surrogate = "a \\u escape is half of a surrogate pair";
    check(r#""é\ud800""#, &format!("{surrogate} at line 1, column 3"));
    check(r#""\udc00""#, &format!("{surrogate} at line 1, column 2"));
    check(
        r#""\ud800\u0041""#,
        &format!("{surrogate} at line 1, column 2"),
    );
}

#[test]
fn refuses_broken_numbers() {
    let grammar = "not a number by the JSON grammar (RFC 8259 section 6)";
    check("[01]", &format!("{grammar} at line 1, column 3, in /0"));
    check("[1.]", &format!("{grammar} at line 1, column 4, in /0"));
    check("[1e+]", &format!("{grammar} at line 1, column 5, in /0"));
    check("[-]", &format!("{grammar} at line 1, column 3, in /0"));
    check(
        "[+1]",
        "expected a value, found `+` at line 1, column 2, in /0",
    );
    check(
        "-",
        "expected a digit, found the end of the text at line 1, column 2",
    );
    let range = "a number beyond the range of a 64-bit float";
    check("[1e400]", &format!("{range} at line 1, column 2, in /0"));
    check(&"9".repeat(400), &format!("{range} at line 1, column 1"));
    assert_eq!(parse("1e-400"), Ok(json!(0.0)));
    assert_eq!(
        parse("-0").unwrap().as_f64().map(f64::is_sign_negative),
        Some(true)
    );
}

#[test]
fn refuses_a_repeated_name() {
    check(
        r#"{"a":1,"\u0061":2}"#,
        "member \"a\" is given twice in one object at line 1, column 8",
    );
    check(
        r#"{"x":[{"a":1,"b":{"a":2},"a":3}]}"#,
        "member \"a\" is given twice in one object at line 1, column 26, in /x/0",
    );
    let wide = |last: &str| {
        let members: Vec<String> = (0..100).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{},\"{last}\":0}}", members.join(","))
    };
    assert!(parse(&wide("k100")).is_ok());
    let error = parse(&wide("k57")).unwrap_err();
    assert_eq!(error.kind, SyntaxErrorKind::DuplicateKey("k57".into()));
}

#[test]
fn finds_the_last_of_several_if_they_are_allowed() {
    for padding in [0, 100] {
        let padding: String = (0..padding).map(|n| format!("\"p{n}\":0,")).collect();
        let source = format!(r#"{{"a":1,{padding}"a":2,"b":3}}"#);
        let mut tape = Tape::new();
        let text = tape.parse("body", source.as_bytes(), ALLOW).unwrap();
        let found = tape.root(text).get("a").and_then(|node| node.as_u64());
        assert_eq!(found, Some(2));
        assert_eq!(tape.root(text).to_value()["a"], json!(2));
    }
}

#[test]
fn refuses_bytes_that_are_not_text() {
    check_bytes(b"\xEF\xBB\xBF{}", SyntaxErrorKind::ByteOrderMark, 0);
    check_bytes(b"[\"a\xFF\"]", SyntaxErrorKind::Utf8, 3);
}

#[test]
fn depth_is_limited_without_recursion() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(128)).is_ok());
    for text in [nested(129), "[".repeat(100_000), r#"{"a":"#.repeat(100_000)] {
        let error = parse(&text).unwrap_err();
        assert_eq!(error.kind, SyntaxErrorKind::Depth { depth_max: 128 });
    }
}

#[test]
fn a_failed_parse_leaves_an_empty_tape() {
    let mut tape = tape("[1,2]");
    assert!(tape.parse("body", b"[1,", JsonLimits::default()).is_err());
    assert!(tape.is_empty());
    assert!(tape.root("").is_null());
}

#[test]
fn a_warm_tape_keeps_its_buffers() {
    let mut tape = tape(r#"{"a":["\n",2,3],"b":4}"#);
    let capacity = tape.capacity_bytes();
    for _ in 0..3 {
        tape.parse("body", br#"{"a":["\t"]}"#, JsonLimits::default())
            .unwrap();
        assert_eq!(tape.capacity_bytes(), capacity);
    }
}
