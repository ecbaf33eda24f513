//! The possible readings of a scalar that is carried as text.
//!
//! A parameter `7` is the integer 7 or the string "7", depending on the acceptor's schema. No text
//! is null. `text_rewriter` describes the readings of arrays and objects.

use serde_json::Value;

/// All values with the same text, the given one first.
pub(super) fn readings(value: &Value) -> Vec<Value> {
    let mut readings = vec![value.clone()];
    match value {
        Value::Bool(_) | Value::Number(_) => readings.push(Value::from(value.to_string())),
        Value::String(text) => match text.as_str() {
            "true" => readings.push(Value::Bool(true)),
            "false" => readings.push(Value::Bool(false)),
            text => readings.extend(number(text)),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
    readings
}

fn number(text: &str) -> Option<Value> {
    let number: Value = serde_json::from_str(text).ok()?;
    (number.is_number() && text.trim() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_have_the_readings_of_their_text() {
        let check = |value: Value, others: &[Value]| {
            assert_eq!(readings(&value)[1..], *others, "{value}");
        };
        check(json!(7), &[json!("7")]);
        check(json!("7"), &[json!(7)]);
        check(json!("7 "), &[]);
        check(json!("true"), &[json!(true)]);
        check(json!(false), &[json!("false")]);
        check(json!("null"), &[]);
        check(json!(""), &[]);
        check(json!(null), &[]);
        check(json!([1]), &[]);
    }
}
