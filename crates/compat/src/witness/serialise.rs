//! Serializes values: parameters by their style, bodies by their media type (OpenAPI 3.0.4 and
//! 3.1.1, Style Values).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use portcullis_contract::{MediaRange, MediaType, Parameter, ParameterStyle};

/// Escapes everything except unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A scalar as text; arrays and objects as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The items of an array, or the names and values of an object's properties.
fn pieces(value: &Value, escape: fn(&str) -> String) -> (Vec<String>, Vec<(String, String)>) {
    match value {
        Value::Array(items) => (
            items.iter().map(|item| escape(&plain(item))).collect(),
            Vec::new(),
        ),
        Value::Object(members) => {
            let pair = |(name, value): (&String, &Value)| (escape(name), escape(&plain(value)));
            (Vec::new(), members.iter().map(pair).collect())
        }
        scalar => (vec![escape(&plain(scalar))], Vec::new()),
    }
}

fn flat(members: &[(String, String)], between: &str) -> Vec<String> {
    members
        .iter()
        .map(|(name, value)| format!("{name}{between}{value}"))
        .collect()
}

/// Serializes a path parameter.
pub(super) fn in_path(parameter: &Parameter, value: &Value) -> String {
    let Parameter {
        name,
        style,
        explode,
        ..
    } = parameter;
    let (items, members) = pieces(value, escaped);
    let joined = |delimiter: &str| {
        let all = if *explode {
            flat(&members, "=")
        } else {
            flat(&members, ",")
        };
        items
            .iter()
            .cloned()
            .chain(all)
            .collect::<Vec<_>>()
            .join(delimiter)
    };
    match style {
        ParameterStyle::JsonContent | ParameterStyle::OtherContent => escaped(&value.to_string()),
        ParameterStyle::Label if *explode => format!(".{}", joined(".")),
        ParameterStyle::Label => format!(".{}", joined(",")),
        ParameterStyle::Matrix if *explode && members.is_empty() => {
            items.iter().map(|item| format!(";{name}={item}")).collect()
        }
        ParameterStyle::Matrix if *explode => format!(";{}", joined(";")),
        ParameterStyle::Matrix => format!(";{name}={}", joined(",")),
        _ => joined(","),
    }
}

/// Serializes a query parameter, without `?`.
pub(super) fn in_query(parameter: &Parameter, value: &Value) -> String {
    let name = escaped(&parameter.name);
    let (items, members) = pieces(value, escaped);
    let delimiter = match parameter.style {
        ParameterStyle::JsonContent | ParameterStyle::OtherContent => {
            return format!("{name}={}", escaped(&value.to_string()));
        }
        ParameterStyle::DeepObject => {
            let all = members
                .iter()
                .map(|(property, value)| format!("{name}%5B{property}%5D={value}"));
            return all.collect::<Vec<_>>().join("&");
        }
        _ if parameter.explode => {
            let items = items.iter().map(|item| format!("{name}={item}"));
            return items
                .chain(flat(&members, "="))
                .collect::<Vec<_>>()
                .join("&");
        }
        ParameterStyle::SpaceDelimited => "%20",
        ParameterStyle::PipeDelimited => "%7C",
        _ => ",",
    };
    let all: Vec<String> = items.into_iter().chain(flat(&members, delimiter)).collect();
    format!("{name}={}", all.join(delimiter))
}

/// Serializes a header field or a cookie.
pub(super) fn in_header(parameter: &Parameter, value: &Value) -> String {
    if matches!(
        parameter.style,
        ParameterStyle::JsonContent | ParameterStyle::OtherContent
    ) {
        return value.to_string();
    }
    let (items, members) = pieces(value, str::to_owned);
    let members = if parameter.explode {
        flat(&members, "=")
    } else {
        flat(&members, ",")
    };
    items
        .into_iter()
        .chain(members)
        .collect::<Vec<_>>()
        .join(",")
}

/// Serializes a body. Returns the media type and the text.
///
/// # Errors
///
/// Returns the reason if the value cannot be written in this media type.
pub(super) fn body(media: &MediaType, value: &Value) -> Result<(String, String), String> {
    let key = concrete(&media.key);
    let range = MediaRange::parse(&key).ok_or("the media type cannot be read")?;
    if media.is_json || range.is_json() {
        return Ok((key, value.to_string()));
    }
    match (range.kind(), range.subtype(), value) {
        ("application", "x-www-form-urlencoded", Value::Object(members)) => {
            let pairs = members.iter().flat_map(|(name, value)| match value {
                Value::Array(items) => items.iter().map(|item| pair(name, item)).collect(),
                other => vec![pair(name, other)],
            });
            let text = pairs.collect::<Vec<_>>().join("&");
            Ok((key, text))
        }
        ("multipart", "form-data", Value::Object(members)) => Ok(form_data(members)),
        ("text", _, Value::String(text)) => Ok((key, text.clone())),
        ("text", _, Value::Number(_) | Value::Bool(_)) => Ok((key, value.to_string())),
        _ => Err(format!("the value cannot be written as {key}")),
    }
}

fn pair(name: &str, value: &Value) -> String {
    format!("{}={}", escaped(name), escaped(&plain(value)))
}

fn form_data(members: &serde_json::Map<String, Value>) -> (String, String) {
    const BOUNDARY: &str = "witness";
    let mut text = String::new();
    let mut part = |name: &str, value: &Value| {
        let kind = match value {
            Value::Object(_) | Value::Array(_) => "content-type: application/json\r\n",
            _ => "",
        };
        text.push_str(&format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"\r\n{kind}\r\n{}\r\n",
            name.replace('"', "%22"),
            plain(value)
        ));
    };
    for (name, value) in members {
        match value {
            Value::Array(items) => items.iter().for_each(|item| part(name, item)),
            other => part(name, other),
        }
    }
    text.push_str(&format!("--{BOUNDARY}--\r\n"));
    (format!("multipart/form-data; boundary={BOUNDARY}"), text)
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
