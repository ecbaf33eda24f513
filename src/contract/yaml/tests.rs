use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Result<Value, String> {
    let tape = parse_yaml(text, Limits::default()).map_err(|error| error.to_string())?;
    Ok(tape.root("").to_value())
}

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(read(text), Ok(expected), "{text}");
}

#[test]
fn scalars() {
    check(
        "a: yes\nb: 0x1F\nc: [.5, +1, 012, ~, 'true']\n200: x",
        json!({"a": "yes", "b": 31, "c": [0.5, 1, 12, null, "true"], "200": "x"}),
    );
}
