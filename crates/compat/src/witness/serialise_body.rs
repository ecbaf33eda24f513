//! Serializes bodies by their media type (OpenAPI 3.0.4 and 3.1.1, Media Type Object and Encoding
//! Object).

use serde_json::{Map, Value};

use portcullis_contract::{CompiledContract, MediaRange, MediaType, Operation};

use super::concrete_media_type::usual_media_type;
use super::field_encodings::{FieldEncodings, FieldForm};
use super::serialise::{escaped, in_query};

/// Separates the parts of multipart bodies.
const BOUNDARY: &str = "witness";

/// A body as text, with its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodyText {
    pub(super) media: String,
    pub(super) text: String,
}

impl BodyText {
    /// A body whose content does not matter.
    pub(crate) fn example(media: String) -> Self {
        Self {
            media,
            text: "example".to_owned(),
        }
    }
}

/// Serializes a body of an entry of `content` in one of its media types.
///
/// # Errors
///
/// Returns the reason if the value cannot be written in this media type.
pub(super) fn body(
    contract: &CompiledContract,
    media: &MediaType,
    media_type: &str,
    value: &Value,
) -> Result<BodyText, String> {
    body_with(contract, media, media_type, value, None)
}

/// Serializes a body in which one field has a certain form.
///
/// # Errors
///
/// Returns the reason if the value cannot be written in this media type.
pub(crate) fn body_with(
    contract: &CompiledContract,
    media: &MediaType,
    media_type: &str,
    value: &Value,
    decisive: Option<&FieldForm>,
) -> Result<BodyText, String> {
    let key = media_type;
    let range = MediaRange::parse(key).ok_or("the media type cannot be read")?;
    let write = |text: String| {
        Ok(BodyText {
            media: key.to_owned(),
            text,
        })
    };
    if media.is_json || range.is_json() {
        return write(value.to_string());
    }
    if media.is_opaque() && !media.reads_ordered_parts() {
        return Err(format!(
            "bodies of {key} are not read, so no message can be checked"
        ));
    }
    let encodings = FieldEncodings {
        contract,
        media: media.node_ref,
        decisive,
    };
    let kind = range.kind().to_ascii_lowercase();
    let subtype = range.subtype().to_ascii_lowercase();
    match (kind.as_str(), subtype.as_str(), value) {
        ("application", "x-www-form-urlencoded", Value::Object(fields)) => {
            write(form(&encodings, fields))
        }
        ("multipart", "form-data", Value::Object(fields)) => Ok(BodyText {
            media: format!("{key}; boundary={BOUNDARY}"),
            text: multipart(&encodings, fields),
        }),
        ("multipart", _, Value::Array(items)) if media.reads_ordered_parts() => Ok(BodyText {
            media: format!("{key}; boundary={BOUNDARY}"),
            text: ordered_parts(&encodings, items),
        }),
        (_, "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "x-jsonlines", value) => {
            write(records(value, "", "\n"))
        }
        (_, other, value) if other == "json-seq" || other.ends_with("+json-seq") => {
            write(records(value, "\u{1e}", "\n"))
        }
        ("multipart", ..) | ("application", "x-www-form-urlencoded", _) => {
            Err(format!("the value cannot be written as {key}"))
        }
        (_, _, Value::String(text)) => write(text.clone()),
        ("text", _, Value::Number(_) | Value::Bool(_)) => write(value.to_string()),
        _ => Err(format!("the value cannot be written as {key}")),
    }
}

/// Serializes the whole query of an operation that describes it by a media type. A form is a query as
/// it is; other texts are escaped.
pub(super) fn whole_query(
    contract: &CompiledContract,
    operation: &Operation,
    value: &Value,
) -> Option<String> {
    let media = operation.query_content()?;
    let text = body(contract, media, &media.key, value).ok()?.text;
    let range = MediaRange::parse(&media.key)?;
    let is_form = range
        .subtype()
        .eq_ignore_ascii_case("x-www-form-urlencoded");
    Some(if is_form { text } else { escaped(&text) })
}

/// A body in a format that is not read, for a message in which only its presence and its media type
/// matter. `None` if the format has a structure that this function does not know.
pub(super) fn unread_body(media_type: &str) -> Option<BodyText> {
    let range = MediaRange::parse(media_type)?;
    let subtype = range.subtype().to_ascii_lowercase();
    let text = match subtype.as_str() {
        "event-stream" => "data: example\n\n",
        other if other == "xml" || other.ends_with("+xml") => "<example/>",
        other if other.contains("yaml") => "example\n",
        _ => return None,
    };
    Some(BodyText {
        text: text.to_owned(),
        media: media_type.to_owned(),
    })
}

/// The records of an array, or one record.
fn records(value: &Value, before: &str, after: &str) -> String {
    let all = match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    };
    let write = |record: &Value| format!("{before}{record}{after}");
    all.into_iter().map(write).collect()
}

/// The media types that the parts of a field may have. A part without one comes last if the field
/// has an encoding, and first otherwise.
pub(crate) fn field_content_types(
    contract: &CompiledContract,
    media: &MediaType,
    name: &str,
) -> Vec<Option<String>> {
    let encodings = FieldEncodings {
        contract,
        media: media.node_ref,
        decisive: None,
    };
    let listed = encodings.of(name).content_types();
    if listed.is_empty() {
        let usual = ["text/plain", "application/json", "application/octet-stream"];
        let usual = usual.map(|media| Some(media.to_owned()));
        return std::iter::once(None).chain(usual).collect();
    }
    let named = listed.into_iter().map(|range| {
        Some(match range {
            "image/*" => "image/png".to_owned(),
            other => usual_media_type(other),
        })
    });
    named.chain([None]).collect()
}

/// Whether a part of a field must have header fields.
pub(crate) fn has_required_headers(
    contract: &CompiledContract,
    media: &MediaType,
    name: &str,
) -> bool {
    let encodings = FieldEncodings {
        contract,
        media: media.node_ref,
        decisive: None,
    };
    !encodings.of(name).required_headers().is_empty()
}

fn form(encodings: &FieldEncodings<'_>, fields: &Map<String, Value>) -> String {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let encoding = encodings.of(name);
        if let Some(style) = encoding.style(name) {
            pairs.push(in_query(style, value));
            continue;
        }
        let pair = |value: &Value| format!("{}={}", escaped(name), escaped(&encoding.text(value)));
        match value {
            Value::Array(items) => pairs.extend(items.iter().map(pair)),
            other => pairs.push(pair(other)),
        }
    }
    pairs.retain(|pair| !pair.is_empty());
    pairs.join("&")
}

fn multipart(encodings: &FieldEncodings<'_>, fields: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let encoding = encodings.of(name);
        let mut part = |value: &Value| {
            text.push_str(&format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"\r\n{}",
                name.replace('"', "%22"),
                encoding.part(value)
            ));
        };
        match value {
            Value::Array(items) => items.iter().for_each(part),
            other => part(other),
        }
    }
    text.push_str(&format!("--{BOUNDARY}--\r\n"));
    text
}

fn ordered_parts(encodings: &FieldEncodings<'_>, items: &[Value]) -> String {
    let mut text = String::new();
    for (position, item) in items.iter().enumerate() {
        let part = encodings.at(position).part(item);
        text.push_str(&format!("--{BOUNDARY}\r\n{part}"));
    }
    text.push_str(&format!("--{BOUNDARY}--\r\n"));
    text
}
