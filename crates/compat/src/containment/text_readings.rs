//! The possible readings of a value that is carried as text.
//!
//! A parameter `7` is the integer 7 or the string "7", depending on the acceptor's schema, and an
//! array of one item looks like the item itself.

use serde_json::Value;

/// All values with the same text, the given one first. Arrays and objects have one reading, because
/// their styles preserve the structure.
pub(super) fn readings(value: &Value) -> Vec<Value> {
    let mut readings = vec![value.clone()];
    match value {
        Value::Null => readings.extend([Value::from("null"), Value::from("")]),
        Value::Bool(_) | Value::Number(_) => readings.push(Value::from(value.to_string())),
        Value::String(text) => match text.as_str() {
            "null" | "" => readings.push(Value::Null),
            "true" => readings.push(Value::Bool(true)),
            "false" => readings.push(Value::Bool(false)),
            text => readings.extend(number(text)),
        },
        Value::Array(_) | Value::Object(_) => return readings,
    }
    let lists: Vec<Value> = readings
        .iter()
        .map(|one| Value::Array(vec![one.clone()]))
        .collect();
    readings.extend(lists);
    readings
}

fn number(text: &str) -> Option<Value> {
    let number: Value = serde_json::from_str(text).ok()?;
    (number.is_number() && !text.starts_with([' ', '\n'])).then_some(number)
}
