//! Texts that are equal for equal JSON values.

use std::fmt::Write;

use portcullis_json::ExactFraction;
use serde_json::Value;

/// A text that two values share if and only if they are equal in JSON Schema: numbers compare by
/// value, and the order of properties does not matter.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match ExactFraction::of(number) {
            Some(fraction) => write!(text, "{fraction}"),
            None => write!(text, "{number}"),
        }
        .expect("writing to a String does not fail"),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, property) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(property, text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
