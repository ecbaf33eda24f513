//! The bodies of an HTTP Archive.
//!
//! What a browser saves of a body is often less than what was sent, so a body that is missing in the
//! archive is distinguished from one that was never sent:
//! - `content-length` and `transfer-encoding` decide first. `bodySize` of an upload can be 0 or -1.
//! - The text of a form with files is the body only if it has the stated length: browsers omit the
//!   content of files or replace bytes that are not UTF-8.
//! - A body with a size but without text was not saved. Only the head of its message is checked.
//! - If an exporter omitted all header fields, `mimeType` replaces `content-type`.
//! - `content.text` is decoded, so `content-encoding` is removed from its response.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::record_error::RecordError;
use super::record_field::RecordField;
use super::recorded_exchange::RecordedBody;

/// The body of a request. Adds `content-type` where the exporter omitted it.
pub(super) fn read_post_data<'a>(
    request: RecordField<'a>,
    method: &Method,
    headers: &mut HeaderMap,
) -> Result<RecordedBody<'a>, RecordError> {
    let Some(data) = request.present("postData", "request.postData") else {
        return Ok(request_without_text(request, method, "", headers));
    };
    let kind = data.present("mimeType", "request.postData.mimeType");
    let kind = kind.map_or(Ok(""), RecordField::text)?;
    let encoding = data.present("encoding", "request.postData.encoding");
    let encoding = encoding.map_or(Ok(""), RecordField::text)?;
    let text = data.present("text", "request.postData.text");
    let params = data.present("params", "request.postData.params");
    let params = params.filter(|params| !params.node.is_empty());
    let body = match (text, params) {
        (Some(text), _) if !text.text()?.is_empty() => read_text(text, encoding, kind, headers)?,
        (_, Some(params)) => read_params(params, kind)?,
        _ => request_without_text(request, method, kind, headers),
    };
    if matches!(body, RecordedBody::Bytes(_) | RecordedBody::NotRecorded) {
        add_content_type(data, headers, kind)?;
    }
    Ok(body)
}

/// The body of a request from `postData.text`.
fn read_text<'a>(
    field: RecordField<'a>,
    encoding: &str,
    kind: &str,
    headers: &HeaderMap,
) -> Result<RecordedBody<'a>, RecordError> {
    if let Some(bytes) = decoded(field, encoding)? {
        return Ok(RecordedBody::from(bytes));
    }
    let kind = kind.to_ascii_lowercase();
    let is_multipart = kind.starts_with("multipart/");
    let is_form = is_multipart || kind.starts_with(FORM);
    let mut text = field.text()?;
    if is_form {
        text = without_fields(text);
    }
    let has_files = is_multipart && text.to_ascii_lowercase().contains("filename");
    if has_files && content_length(headers) != Some(text.len() as u64) {
        return Ok(RecordedBody::NotRecorded);
    }
    Ok(RecordedBody::from(text))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The text of a form without header fields that Firefox records in front of it.
fn without_fields(text: &str) -> &str {
    let first = text.get(.."content-".len()).unwrap_or_default();
    match text.split_once("\r\n\r\n") {
        Some((_, body)) if first.eq_ignore_ascii_case("content-") => body,
        _ => text,
    }
}

/// The body of a form from its pairs. The pairs of `multipart/form-data` do not determine the bytes
/// that were sent.
fn read_params<'a>(params: RecordField<'a>, kind: &str) -> Result<RecordedBody<'a>, RecordError> {
    if !kind.to_ascii_lowercase().starts_with(FORM) {
        return Ok(RecordedBody::NotRecorded);
    }
    let mut text = String::new();
    for param in params.node.elements() {
        let param = params.with(param, "request.postData.params");
        let value = param.present("value", "request.postData.params.value");
        let pair = [
            param
                .expect("name", "request.postData.params.name")?
                .text()?,
            value.map_or(Ok(""), RecordField::text)?,
        ];
        let [name, value] = pair.map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC));
        let separator = if text.is_empty() { "" } else { "&" };
        text.push_str(&format!("{separator}{name}={value}"));
    }
    Ok(RecordedBody::from(text.into_bytes()))
}

/// The body of a response. Adds `content-type` where the exporter omitted it.
pub(super) fn read_content<'a>(
    content: RecordField<'a>,
    headers: &mut HeaderMap,
) -> Result<RecordedBody<'a>, RecordError> {
    let encoding = content.present("encoding", "response.content.encoding");
    let encoding = encoding.map_or(Ok(""), RecordField::text)?;
    let body = match content.present("text", "response.content.text") {
        Some(text) if !text.text()?.is_empty() || !encoding.is_empty() => {
            match decoded(text, encoding)? {
                Some(bytes) => RecordedBody::from(bytes),
                None => RecordedBody::from(text.text()?),
            }
        }
        _ if is_positive(content, "size") || content_length(headers) > Some(0) => {
            RecordedBody::NotRecorded
        }
        _ => RecordedBody::Absent,
    };
    if matches!(body, RecordedBody::Bytes(_)) {
        headers.remove(CONTENT_ENCODING);
    }
    let kind = content.present("mimeType", "response.content.mimeType");
    if !matches!(body, RecordedBody::Absent) {
        add_content_type(content, headers, kind.map_or(Ok(""), RecordField::text)?)?;
    }
    Ok(body)
}

/// The bytes of encoded text; `None` if it is not encoded.
fn decoded(text: RecordField<'_>, encoding: &str) -> Result<Option<Vec<u8>>, RecordError> {
    if encoding.is_empty() {
        Ok(None)
    } else if encoding.eq_ignore_ascii_case("base64") {
        text.base64().map(Some)
    } else {
        Err(text.error("has an encoding other than base64"))
    }
}

/// A request body without text.
fn request_without_text<'a>(
    request: RecordField<'_>,
    method: &Method,
    kind: &str,
    headers: &HeaderMap,
) -> RecordedBody<'a> {
    if let Some(length) = content_length(headers) {
        return if length == 0 {
            RecordedBody::Absent
        } else {
            RecordedBody::NotRecorded
        };
    }
    if headers.contains_key(TRANSFER_ENCODING) || is_positive(request, "bodySize") {
        return RecordedBody::NotRecorded;
    }
    let size = request.node.get("bodySize").and_then(|size| size.as_f64());
    let is_bodiless = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let has_type = !kind.is_empty() || headers.contains_key(CONTENT_TYPE);
    if !has_type && (size == Some(0.0) || is_bodiless) {
        RecordedBody::Absent
    } else {
        RecordedBody::Unknown
    }
}

fn is_positive(message: RecordField<'_>, size: &str) -> bool {
    let size = message.node.get(size).and_then(|size| size.as_f64());
    size.is_some_and(|size| size > 0.0)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Adds `content-type` if the exporter omitted all header fields.
fn add_content_type(
    field: RecordField<'_>,
    headers: &mut HeaderMap,
    kind: &str,
) -> Result<(), RecordError> {
    if headers.is_empty() && !kind.is_empty() {
        field.add_line(headers, CONTENT_TYPE.as_str(), kind)?;
    }
    Ok(())
}
