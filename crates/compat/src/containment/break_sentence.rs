//! One sentence for a person about one cause.

use std::borrow::Cow;

use serde_json::Value;

use portcullis_contract::MessageDirection;
use portcullis_json::pointer;

use super::failed_keyword::FailedKeyword;

/// Longer values are not quoted.
const QUOTED_MAX: usize = 60;

/// What the cause means for those who keep to the older contract. `part` is what is refused.
pub(super) fn sentence(
    direction: MessageDirection,
    blame: &FailedKeyword,
    part: Option<&Value>,
) -> String {
    let subject = subject(&blame.pointer);
    match direction {
        MessageDirection::Request => request_sentence(&subject, blame, part),
        MessageDirection::Response => response_sentence(&subject, blame, part),
    }
}

/// The part in words: its name, and what holds it.
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

fn request_sentence(subject: &str, blame: &FailedKeyword, part: Option<&Value>) -> String {
    if let Some(member) = &blame.member {
        return match blame.keyword.as_str() {
            "required" => format!("`{member}` is now required"),
            _ => format!("`{member}` may no longer be sent"),
        };
    }
    match part {
        None => format!("{subject} is refused by `{}`", blame.keyword),
        Some(value) => format!(
            "{subject} may no longer {}",
            being(&blame.keyword, value, &blame.operand)
        ),
    }
}

fn response_sentence(subject: &str, blame: &FailedKeyword, part: Option<&Value>) -> String {
    if let Some(member) = &blame.member {
        return match blame.keyword.as_str() {
            "required" => format!(
                "`{member}` may now be missing, which consumers of the old contract rely on"
            ),
            _ => format!("`{member}` may now be there, which the old contract rules out"),
        };
    }
    let end = match blame.keyword.as_str() {
        "enum" | "const" => "which consumers of the old contract do not know",
        _ => "which consumers of the old contract do not expect",
    };
    match part {
        None => format!(
            "{subject} does not meet `{}` of the old contract",
            blame.keyword
        ),
        Some(value) => format!(
            "{subject} may now {}, {end}",
            being(&blame.keyword, value, &blame.operand)
        ),
    }
}

/// What the value is that a keyword refuses.
fn being(keyword: &str, value: &Value, operand: &Value) -> String {
    let count = |count: usize, noun: &str| match count {
        0 => format!("have no {noun}s"),
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
            count(members.len(), "member")
        }
        ("uniqueItems", _) => "repeat an item".to_owned(),
        ("pattern", value) => format!(
            "be {}, which does not match the pattern {operand}",
            quoted(value)
        ),
        ("format", value) => format!(
            "be {}, which is no {}",
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
        Value::Array(_) => "a list".to_owned(),
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
