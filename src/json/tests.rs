use serde_json::{Value, json};

use super::*;

fn parse(text: &str) -> Result<Value, SyntaxError> {
    let mut tape = Tape::new();
    let text = tape.parse("body", text.as_bytes(), Limits::default())?;
    Ok(tape.root(text).to_value())
}

#[test]
fn reads_what_serde_json_reads() {
    let text =
        r#" {"a": [1, -2.5e3, "x\u00e9\n\ud83d\ude00", {}], "b/~": {"c": [true, false, null]}} "#;
    let expected: Value = serde_json::from_str(text).unwrap();
    assert_eq!(parse(text).unwrap(), expected);
    let mut tape = Tape::new();
    let text = tape
        .parse("body", text.as_bytes(), Limits::default())
        .unwrap();
    assert_eq!(tape.wrapped(text).to_value(), json!({"body": expected}));
}

#[test]
fn errors_tell_the_place() {
    let error = parse("{\"a\":{\"b\":[1,{\"c\":tru}]}}").unwrap_err();
    let expected =
        "expected `true`, `false` or `null`, found a letter at line 1, column 19, in /a/b/1/c";
    assert_eq!(error.to_string(), expected);
}
