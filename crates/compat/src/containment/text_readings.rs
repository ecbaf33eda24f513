//! The possible readings of a scalar that is carried as text.
//!
//! A parameter `7` is the integer 7 or the string "7", depending on the acceptor's schema, and `7.0`
//! is the integer 7, too. No text is null. `text_rewriter` describes the readings of arrays and objects.

use serde_json::{Number, Value, json};

/// Whole numbers below this are exact as floating-point numbers.
const EXACT_MAX: i64 = 1 << 53;

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

/// The value with its whole numbers written otherwise; `None` if it has none, or none that the
/// sender can write so.
pub(super) fn written_otherwise(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => {
            let whole = number.as_i64().filter(|whole| whole.abs() < EXACT_MAX)?;
            let number = Number::from_f64(whole as f64)?;
            Some(Value::Number(number))
        }
        Value::Array(items) => {
            let others: Vec<Option<Value>> = items.iter().map(written_otherwise).collect();
            let is_other = others.iter().any(Option::is_some);
            let pairs = others.into_iter().zip(items);
            let items = pairs.map(|(other, item)| other.unwrap_or_else(|| item.clone()));
            is_other.then(|| Value::Array(items.collect()))
        }
        Value::Object(properties) => {
            let mut is_other = false;
            let others = properties.iter().map(|(name, property)| {
                let other = written_otherwise(property);
                is_other |= other.is_some();
                (name.clone(), other.unwrap_or_else(|| property.clone()))
            });
            let others = Value::Object(others.collect());
            is_other.then_some(others)
        }
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// Numbers whose texts differ in sign, in length, and in how they are written.
pub(super) fn ordinary_numbers() -> Vec<Value> {
    let mut numbers = vec![json!(-1), json!(1000), json!(10), json!(1)];
    let powers = (2..=18).map(|digits| 10_i64.pow(digits));
    numbers.extend(powers.flat_map(|power| [json!(power), json!(-power)]));
    numbers.extend([json!(1.5), json!(-1.5), json!(0.25), json!(100.125)]);
    numbers.extend([json!(1.0), json!(0.0), json!(-1.0), json!(100.0)]);
    numbers.extend([json!(1e21), json!(1e-7)]);
    numbers
}

/// Strings that are read as values of other types, and strings that are almost.
pub(super) fn ordinary_strings() -> Vec<Value> {
    const TEXTS: [&str; 16] = [
        "-1", "0", "1", "1000", "1.0", "1.5", "1e2", "00", "+1", "true", "false", "null", "", " ",
        "a", "-",
    ];
    TEXTS.map(Value::from).to_vec()
}

fn number(text: &str) -> Option<Value> {
    let number: Value = serde_json::from_str(text).ok()?;
    (number.is_number() && text.trim() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_otherwise() {
        let check = |value: Value, expected: Option<&str>| {
            let other = written_otherwise(&value).map(|other| other.to_string());
            assert_eq!(other.as_deref(), expected, "{value}");
        };
        check(json!(1), Some("1.0"));
        check(json!(-20), Some("-20.0"));
        check(json!(1.5), None);
        check(json!(1.0), None);
        check(json!(1_i64 << 60), None);
        check(
            json!({"a": [1, "x"], "b": 2.5}),
            Some(r#"{"a":[1.0,"x"],"b":2.5}"#),
        );
        check(json!(["x", null, true]), None);
    }

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
