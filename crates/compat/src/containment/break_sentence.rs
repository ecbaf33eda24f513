//! Builds one sentence for one cause.

use std::borrow::Cow;

use serde_json::Value;

use portcullis_contract::MessageDirection;
use portcullis_json::pointer;

use super::failed_keyword::FailedKeyword;

/// Longer values are truncated.
const QUOTED_MAX: usize = 60;

/// The effect of the cause on consumers of the older contract. `part` is the refused value.
pub(super) fn sentence(
    direction: MessageDirection,
    failure: &FailedKeyword,
    part: Option<&Value>,
) -> String {
    let subject = subject(&failure.pointer);
    match direction {
        MessageDirection::Request => request_sentence(&subject, failure, part),
        MessageDirection::Response => response_sentence(&subject, failure, part),
    }
}

/// The name of the part, or of the list that contains it.
fn subject(pointer: &str) -> String {
    let mut tokens: Vec<String> = pointer::tokens(pointer).map(Cow::into_owned).collect();
    let is_index =
        |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    let mut items = 0;
    while tokens.last().is_some_and(is_index) {
        tokens.pop();
        items += 1;
    }
    let name = tokens
        .pop()
        .map_or_else(|| "the value".to_owned(), |name| format!("`{name}`"));
    match items {
        0 => name,
        _ => format!("an item of {name}"),
    }
}

fn request_sentence(subject: &str, failure: &FailedKeyword, part: Option<&Value>) -> String {
    if let Some(property) = &failure.property {
        return match failure.keyword.as_str() {
            "required" => format!("`{property}` is now required"),
            _ => format!("`{property}` may no longer be sent"),
        };
    }
    match part {
        None => format!("{subject} is refused by `{}`", failure.keyword),
        Some(value) => format!(
            "{subject} may no longer {}",
            being(&failure.keyword, value, &failure.operand)
        ),
    }
}

fn response_sentence(subject: &str, failure: &FailedKeyword, part: Option<&Value>) -> String {
    if let Some(property) = &failure.property {
        return match failure.keyword.as_str() {
            "required" => format!(
                "`{property}` may now be missing, but consumers of the old contract rely on it"
            ),
            _ => format!("`{property}` may now be present, which the old contract forbids"),
        };
    }
    let end = match failure.keyword.as_str() {
        "enum" | "const" => "which consumers of the old contract do not know",
        _ => "which consumers of the old contract do not expect",
    };
    match part {
        None => format!(
            "{subject} does not meet `{}` of the old contract",
            failure.keyword
        ),
        Some(value) => format!(
            "{subject} may now {}, {end}",
            being(&failure.keyword, value, &failure.operand)
        ),
    }
}

/// Describes the value that a keyword refuses.
fn being(keyword: &str, value: &Value, operand: &Value) -> String {
    let count = |count: usize, noun: &str| match count {
        0 => format!("have no {noun}"),
        1 => format!("have one {noun}"),
        count => format!("have {count} {noun}s"),
    };
    match (keyword, value) {
        ("type", Value::Null) => "be null".to_owned(),
        ("type", value) => format!("be {}", kind(value)),
        ("minLength" | "maxLength", Value::String(text)) => {
            count(text.chars().count(), "character")
        }
        ("minItems" | "maxItems", Value::Array(items)) => count(items.len(), "item"),
        ("minProperties" | "maxProperties", Value::Object(members)) => {
            count(members.len(), "property")
        }
        ("uniqueItems", _) => "repeat an item".to_owned(),
        ("pattern", value) => format!(
            "be {}, which does not match the pattern {operand}",
            quoted(value)
        ),
        ("format", value) => format!(
            "be {}, which is not a valid {}",
            quoted(value),
            operand.as_str().unwrap_or_default()
        ),
        (_, value) => format!("be {}", quoted(value)),
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => format!("a number such as {number}"),
        Value::String(_) => format!("a string such as {}", quoted(value)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
