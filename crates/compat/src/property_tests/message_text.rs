//! Writes values as producers do: parameters by their style, bodies by their media type (OpenAPI
//! 3.0.4 and 3.1.1, Style Values). Whether the result is valid is decided by the validators.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use portcullis_contract::{MediaRange, MediaType, MessagePart, Parameter, ParameterStyle};

/// Everything except unreserved characters (RFC 3986 section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// The text of a parameter. Query parameters are written with their names.
pub(super) fn parameter_text(parameter: &Parameter, value: &Value) -> String {
    let is_escaped = matches!(parameter.part, MessagePart::Path | MessagePart::Query);
    let write = |text: &str| {
        if is_escaped {
            escape(text)
        } else {
            text.to_owned()
        }
    };
    let name = write(&parameter.name);
    let named = |text: String| match parameter.part {
        MessagePart::Query => format!("{name}={text}"),
        _ => text,
    };
    let one = |value: &Value| write(&scalar(value));
    let pairs = |between: &str| -> Vec<String> {
        let members = value.as_object().into_iter().flatten();
        members
            .map(|(property, value)| format!("{}{between}{}", write(property), one(value)))
            .collect()
    };
    let items: Vec<String> = match value {
        Value::Array(items) => items.iter().map(one).collect(),
        Value::Object(_) if parameter.explode => pairs("="),
        Value::Object(_) => pairs(","),
        other => vec![one(other)],
    };
    let is_cookie = parameter.style == ParameterStyle::Cookie;
    let (is_exploded, between) = (parameter.explode, if is_cookie { "; " } else { "&" });
    match parameter.style {
        ParameterStyle::WholeQuery => write(&value.to_string()),
        ParameterStyle::JsonContent | ParameterStyle::OtherContent => {
            named(write(&value.to_string()))
        }
        ParameterStyle::DeepObject => {
            let members = value.as_object().into_iter().flatten();
            let fields = members.flat_map(|(property, value)| {
                let field = format!("{name}%5B{}%5D", write(property));
                match value {
                    Value::Array(items) => items
                        .iter()
                        .map(|item| format!("{field}={}", one(item)))
                        .collect(),
                    other => vec![format!("{field}={}", one(other))],
                }
            });
            fields.collect::<Vec<_>>().join("&")
        }
        ParameterStyle::Form | ParameterStyle::Cookie if is_exploded && value.is_array() => {
            let fields = items.iter().map(|item| format!("{name}={item}"));
            fields.collect::<Vec<_>>().join(between)
        }
        ParameterStyle::Form | ParameterStyle::Cookie if is_exploded && value.is_object() => {
            items.join(between)
        }
        ParameterStyle::SpaceDelimited => named(items.join("%20")),
        ParameterStyle::PipeDelimited => named(items.join("%7C")),
        ParameterStyle::TabDelimited => named(items.join("%09")),
        ParameterStyle::Label if parameter.explode => format!(".{}", items.join(".")),
        ParameterStyle::Label => format!(".{}", items.join(",")),
        ParameterStyle::Matrix if parameter.explode && value.is_array() => {
            items.iter().map(|item| format!(";{name}={item}")).collect()
        }
        ParameterStyle::Matrix if parameter.explode && value.is_object() => {
            format!(";{}", items.join(";"))
        }
        ParameterStyle::Matrix => format!(";{name}={}", items.join(",")),
        _ => named(items.join(",")),
    }
}

/// A body and its `content-type`. `None` if this value has no form in the media type.
pub(super) fn body_text(media: &MediaType, value: &Value) -> Option<(String, String)> {
    let key = concrete(&media.key);
    let range = MediaRange::parse(&key)?;
    if media.is_json || range.is_json() {
        return Some((key, value.to_string()));
    }
    match (range.kind(), range.subtype(), value) {
        ("application", "x-www-form-urlencoded", Value::Object(members)) => {
            let mut fields = Vec::new();
            for (name, value) in members {
                form_fields(&escape(name), value, &mut fields);
            }
            Some((key, fields.join("&")))
        }
        ("multipart", "form-data", Value::Object(members)) => {
            let mut text = String::new();
            for (name, value) in members {
                let values = value
                    .as_array()
                    .map_or_else(|| vec![value], |items| items.iter().collect());
                for value in values {
                    let kind = if value.is_object() {
                        "content-type: application/json\r\n"
                    } else {
                        ""
                    };
                    let name = name.replace('"', "%22");
                    text.push_str(&format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n{kind}\r\n{}\r\n", scalar(value)));
                }
            }
            text.push_str("--part--\r\n");
            Some(("multipart/form-data; boundary=part".to_owned(), text))
        }
        ("text", _, Value::Object(_) | Value::Array(_)) => None,
        ("text", ..) => Some((key, scalar(value))),
        _ => value.as_str().map(|text| (key.clone(), text.to_owned())),
    }
}

/// The fields of a form. Nested objects are written with brackets, which `deepObject` reads.
fn form_fields(name: &str, value: &Value, fields: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| form_fields(name, item, fields)),
        Value::Object(members) => {
            for (property, value) in members {
                form_fields(&format!("{name}%5B{}%5D", escape(property)), value, fields);
            }
        }
        other => fields.push(format!("{name}={}", escape(&scalar(other)))),
    }
}

/// A concrete media type that a range covers.
fn concrete(key: &str) -> String {
    match key.split(';').next().unwrap_or_default().trim() {
        "*/*" | "application/*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        range if range.contains('*') => range.replace('*', "x"),
        _ => key.to_owned(),
    }
}
