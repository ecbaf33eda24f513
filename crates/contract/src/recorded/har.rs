//! Exchanges as an HTTP Archive (HAR 1.2), the format that browsers and debugging proxies save.
//!
//! Exporters differ, so unused properties are ignored, and the others are interpreted as follows:
//! - A header name that begins with a colon is a pseudo-header field of HTTP/2 and is ignored. A
//!   value with line breaks contains several fields with one name.
//! - If an exporter omitted all header fields, `mimeType` replaces `content-type`.
//! - `content.text` is decoded, so `content-encoding` is removed from its response.
//! - A body with a size but without text was not saved. Only the head of its message is checked.
//! - For status 304 and for HEAD, the text comes from a cache and not from the response. A response
//!   without a status never arrived.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

use super::record_error::RecordError;
use super::record_field::RecordField;
use super::recorded_exchange::{RecordedBody, RecordedExchange, RecordedResponse, split_url};

const LIMITS: JsonLimits = JsonLimits {
    depth_max: 512,
    duplicate_keys: DuplicateKeys::Allow,
};

/// The schemes of URLs that browsers record but do not send to a server.
const LOCAL: [&str; 6] = [
    "about:",
    "blob:",
    "chrome-extension:",
    "data:",
    "file:",
    "moz-extension:",
];

/// A parsed archive.
#[derive(Clone, Copy)]
pub struct HarArchive<'a> {
    entries: RecordField<'a>,
}

/// An entry of `log.entries`.
#[derive(Debug)]
pub struct HarEntry<'a> {
    /// The index, from 0.
    pub index: u64,
    /// The line of its beginning, from 1.
    pub line: u64,
    /// The exchange, or why it cannot be read.
    pub exchange: Result<RecordedExchange<'a>, RecordError>,
}

impl<'a> HarArchive<'a> {
    /// Parses the text of an archive and ignores a byte order mark. [`entries`](Self::entries) reads
    /// the entries one by one.
    ///
    /// # Errors
    /// The text is not JSON, or not an archive.
    pub fn parse(tape: &'a mut Tape, text: &'a [u8]) -> Result<Self, RecordError> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let source = tape.parse("", text, LIMITS)?;
        let root = RecordField::root(tape.root(source), source);
        let entries = root
            .expect("log", "log")?
            .expect("entries", "log.entries")?;
        if !entries.node.is_array() {
            return Err(entries.expected("an array"));
        }
        Ok(Self { entries })
    }

    /// The exchanges with a server, in the order of the archive.
    pub fn entries(self) -> impl Iterator<Item = HarEntry<'a>> {
        let elements = (0..).zip(self.entries.node.elements());
        elements.filter_map(move |(index, node)| {
            let entry = self.entries.with(node, "entry");
            Some(HarEntry {
                index,
                line: u64::from(node.line()),
                exchange: read_entry(entry).transpose()?,
            })
        })
    }
}

impl std::fmt::Debug for HarArchive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HarArchive")
            .field("entries", &self.entries.node.len())
            .finish()
    }
}

/// Reads an entry; `None` if its URL is not sent to a server.
fn read_entry(entry: RecordField<'_>) -> Result<Option<RecordedExchange<'_>>, RecordError> {
    let request = entry.expect("request", "request")?;
    let url = request.expect("url", "request.url")?;
    let text = url.text()?;
    if LOCAL.iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(None);
    }
    let (path, query) = split_url(text).ok_or_else(|| url.error("is not an http(s) URL"))?;
    let method = request.expect("method", "request.method")?.method()?;
    let response = match entry.get("response", "response") {
        Some(response) if !response.node.is_null() => read_response(response, &method)?,
        _ => None,
    };
    let mut headers = read_headers(request)?;
    let body = read_post_data(request, &mut headers)?;
    Ok(Some(RecordedExchange {
        method,
        path,
        query,
        headers,
        body,
        response,
    }))
}

fn read_post_data<'a>(
    request: RecordField<'a>,
    headers: &mut HeaderMap,
) -> Result<RecordedBody<'a>, RecordError> {
    let Some(data) = present(request, "postData", "request.postData") else {
        return Ok(body_without_text(request, "bodySize"));
    };
    let kind = present(data, "mimeType", "request.postData.mimeType");
    let kind = kind.map_or(Ok(""), RecordField::text)?;
    let body = match present(data, "text", "request.postData.text") {
        Some(text) if !text.text()?.is_empty() => RecordedBody::from(text.text()?),
        _ => match present(data, "params", "request.postData.params") {
            Some(params) if !params.node.is_empty() => read_params(params, kind)?,
            _ => body_without_text(request, "bodySize"),
        },
    };
    if !matches!(body, RecordedBody::Absent) {
        add_content_type(data, headers, kind)?;
    }
    Ok(body)
}

/// The body of a form from its pairs. The pairs of `multipart/form-data` do not determine the bytes
/// that were sent.
fn read_params<'a>(params: RecordField<'a>, kind: &str) -> Result<RecordedBody<'a>, RecordError> {
    let is_form = kind
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded");
    if !is_form {
        return Ok(RecordedBody::NotRecorded);
    }
    let mut text = String::new();
    for param in params.node.elements() {
        let param = params.with(param, "request.postData.params");
        let value = present(param, "value", "request.postData.params.value");
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

fn read_response<'a>(
    response: RecordField<'a>,
    method: &Method,
) -> Result<Option<RecordedResponse<'a>>, RecordError> {
    let status = response.expect("status", "response.status")?;
    if status.node.as_i64().is_some_and(|status| status <= 0) {
        return Ok(None);
    }
    let status = status.status()?;
    let mut headers = read_headers(response)?;
    let content = present(response, "content", "response.content");
    let is_bodiless = method == Method::HEAD || matches!(status, 100..=199 | 204 | 304);
    let body = match content {
        Some(content) if !is_bodiless => read_content(content, &mut headers)?,
        _ => RecordedBody::Absent,
    };
    Ok(Some(RecordedResponse {
        status,
        headers,
        body,
    }))
}

fn read_content<'a>(
    content: RecordField<'a>,
    headers: &mut HeaderMap,
) -> Result<RecordedBody<'a>, RecordError> {
    let encoding = present(content, "encoding", "response.content.encoding");
    let encoding = encoding.map_or(Ok(""), RecordField::text)?;
    let body = match present(content, "text", "response.content.text") {
        None => body_without_text(content, "size"),
        Some(text) if encoding.is_empty() => RecordedBody::from(text.text()?),
        Some(text) if encoding.eq_ignore_ascii_case("base64") => RecordedBody::from(text.base64()?),
        Some(text) => return Err(text.error("has an encoding other than base64")),
    };
    if matches!(body, RecordedBody::Bytes(_)) {
        headers.remove(CONTENT_ENCODING);
    }
    let kind = present(content, "mimeType", "response.content.mimeType");
    if !matches!(body, RecordedBody::Absent) {
        add_content_type(content, headers, kind.map_or(Ok(""), RecordField::text)?)?;
    }
    Ok(body)
}

/// A body without text. The message had a body if the size is positive.
fn body_without_text<'a>(message: RecordField<'_>, size: &str) -> RecordedBody<'a> {
    let size = message.node.get(size).and_then(|size| size.as_f64());
    if size.is_some_and(|size| size > 0.0) {
        RecordedBody::NotRecorded
    } else {
        RecordedBody::Absent
    }
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

fn read_headers(message: RecordField<'_>) -> Result<HeaderMap, RecordError> {
    let mut headers = HeaderMap::new();
    let Some(list) = present(message, "headers", "headers") else {
        return Ok(headers);
    };
    if !list.node.is_array() {
        return Err(list.expected("an array"));
    }
    for field in list.node.elements() {
        let field = list.with(field, "headers");
        let name = field.expect("name", "headers.name")?.text()?;
        let value = field.expect("value", "headers.value")?;
        for line in value.text()?.split('\n') {
            value.add_line(&mut headers, name, line.trim_end_matches('\r'))?;
        }
    }
    Ok(headers)
}

/// A property that is present and not null.
fn present<'a>(
    object: RecordField<'a>,
    property: &str,
    name: &'static str,
) -> Option<RecordField<'a>> {
    object
        .get(property, name)
        .filter(|field| !field.node.is_null())
}
