//! Exchanges as an HTTP Archive (HAR 1.2), the format that browsers and debugging proxies save.
//!
//! Exporters differ, so unused properties are ignored, and the others are interpreted as follows:
//! - A header name that begins with a colon is a pseudo-header field of HTTP/2 and is ignored. A
//!   value with line breaks contains several fields with one name.
//! - Bodies are read by `har_body`.
//! - For status 304 and for HEAD, the text comes from a cache and not from the response. A response
//!   without a status never arrived.

use http::{HeaderMap, Method};

use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

use super::har_body::{read_content, read_post_data};
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
    /// `startedDateTime`, if it looks like a time.
    pub started: Option<&'a str>,
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
                started: started(entry),
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

/// The time of an entry in RFC 3339. Messages show it, so other text is left out.
fn started(entry: RecordField<'_>) -> Option<&str> {
    let text = entry.node.get("startedDateTime")?.as_str()?;
    let is_part = |byte| matches!(byte, b'0'..=b'9' | b'-' | b':' | b'.' | b'+' | b'T' | b'Z');
    let is_time = (10..=40).contains(&text.len()) && text.bytes().all(is_part);
    is_time.then_some(text)
}

/// Reads an entry; `None` if its URL is not sent to a server.
fn read_entry(entry: RecordField<'_>) -> Result<Option<RecordedExchange<'_>>, RecordError> {
    let request = entry.expect("request", "request")?;
    let url = request.expect("url", "request.url")?;
    let text = url.text()?;
    if LOCAL.iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(None);
    }
    let sent = split_url(text).ok_or_else(|| url.error("is not an http(s) URL"))?;
    let method = request.expect("method", "request.method")?.method()?;
    let response = match entry.get("response", "response") {
        Some(response) if !response.node.is_null() => read_response(response, &method)?,
        _ => None,
    };
    let mut headers = read_headers(request)?;
    let body = read_post_data(request, &method, &mut headers)?;
    Ok(Some(RecordedExchange {
        method,
        authority: sent.authority,
        path: sent.path,
        query: sent.query,
        headers,
        body,
        response,
    }))
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
    let content = response.present("content", "response.content");
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

fn read_headers(message: RecordField<'_>) -> Result<HeaderMap, RecordError> {
    let mut headers = HeaderMap::new();
    let Some(list) = message.present("headers", "headers") else {
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
