//! Exchanges as JSON Lines: one object per line.
//!
//! ```json
//! {"request": {"method": "POST", "path": "/orders?draft=1",
//!              "headers": {"content-type": "application/json"}, "body": {"quantity": 1}},
//!  "response": {"status": 201, "headers": [["location", "/orders/1"]], "body_base64": "e30="}}
//! ```
//!
//! - `url` is an absolute URL, or its part after the host. `path` is the raw request target, in
//!   origin form or absolute form.
//! - `headers` is an object whose values are strings or arrays of strings, or an array of pairs.
//! - `body` is a string that contains the body, or any other JSON value whose source text is the
//!   body.
//! - `response`, `headers` and `body` are optional. Unknown properties are ignored and counted, so a
//!   misspelt name is noticed.

use http::HeaderMap;

use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

use super::ignored_properties::IgnoredProperties;
use super::record_error::RecordError;
use super::record_field::RecordField;
use super::recorded_exchange::{
    RecordedBody, RecordedExchange, RecordedResponse, request_target, split_url,
};

/// The deepest nesting of a line. It is deeper than the limit for bodies, so a body beyond that limit
/// is read and then reported as a violation.
const DEPTH_MAX: u32 = 512;

/// Reads one line. The tape can be reused for the next line.
///
/// # Errors
/// The first mistake in the line and its position.
pub fn read_line<'a>(
    tape: &'a mut Tape,
    text: &'a [u8],
    ignored: &mut IgnoredProperties,
) -> Result<RecordedExchange<'a>, RecordError> {
    // `known_properties` refuses repeated properties. Inside a body the check reports them.
    let limits = JsonLimits {
        depth_max: DEPTH_MAX,
        duplicate_keys: DuplicateKeys::Allow,
    };
    let source = tape.parse("", text, limits)?;
    let root = RecordField::root(tape.root(source), source);
    let [request, response] =
        root.known_properties([("request", "request"), ("response", "response")], ignored)?;
    let request = request.ok_or_else(|| root.error("the property \"request\" is missing"))?;
    let response = response
        .map(|response| read_response(response, ignored))
        .transpose()?;
    read_request(request, response, ignored)
}

fn read_request<'a>(
    request: RecordField<'a>,
    response: Option<RecordedResponse<'a>>,
    ignored: &mut IgnoredProperties,
) -> Result<RecordedExchange<'a>, RecordError> {
    let known = [
        ("method", "request.method"),
        ("url", "request.url"),
        ("path", "request.path"),
        ("headers", "request.headers"),
        ("body", "request.body"),
        ("body_base64", "request.body_base64"),
    ];
    let [method, url, path, headers, body, base64] = request.known_properties(known, ignored)?;
    let method = method.ok_or_else(|| request.error("the property \"method\" is missing"))?;
    let url = match (url, path) {
        (Some(url), None) => split_url(url.text()?).ok_or_else(|| {
            url.error("is neither an http(s) URL nor a path that begins with `/`")
        })?,
        (None, Some(path)) => request_target(path.text()?),
        (Some(_), Some(path)) => {
            return Err(path.error("\"url\" is present too; remove one of them"));
        }
        (None, None) => return Err(request.error("one of \"url\" and \"path\" is missing")),
    };
    Ok(RecordedExchange {
        method: method.method()?,
        authority: url.authority,
        path: url.path,
        query: url.query,
        headers: read_headers(headers)?,
        body: read_body(body, base64)?,
        response,
    })
}

fn read_response<'a>(
    response: RecordField<'a>,
    ignored: &mut IgnoredProperties,
) -> Result<RecordedResponse<'a>, RecordError> {
    let known = [
        ("status", "response.status"),
        ("headers", "response.headers"),
        ("body", "response.body"),
        ("body_base64", "response.body_base64"),
    ];
    let [status, headers, body, base64] = response.known_properties(known, ignored)?;
    let status = status.ok_or_else(|| response.error("the property \"status\" is missing"))?;
    Ok(RecordedResponse {
        status: status.status()?,
        headers: read_headers(headers)?,
        body: read_body(body, base64)?,
    })
}

fn read_headers(field: Option<RecordField<'_>>) -> Result<HeaderMap, RecordError> {
    let mut headers = HeaderMap::new();
    let Some(field) = field else {
        return Ok(headers);
    };
    if !field.node.is_object() && !field.node.is_array() {
        return Err(field.expected("an object or an array of pairs"));
    }
    for (name, value) in field.node.members() {
        let value = field.with(value, "headers");
        if value.node.is_array() {
            for line in value.node.elements() {
                field.with(line, "headers").add_to(&mut headers, name)?;
            }
        } else {
            value.add_to(&mut headers, name)?;
        }
    }
    for pair in field.node.elements() {
        let mut texts = pair.elements();
        let (Some(name), Some(value), None) = (texts.next(), texts.next(), texts.next()) else {
            return Err(field
                .with(pair, "headers")
                .expected("a pair of name and value"));
        };
        let name = field.with(name, "headers").text()?;
        field.with(value, "headers").add_to(&mut headers, name)?;
    }
    Ok(headers)
}

fn read_body<'a>(
    body: Option<RecordField<'a>>,
    base64: Option<RecordField<'a>>,
) -> Result<RecordedBody<'a>, RecordError> {
    match (body, base64) {
        (None, None) => Ok(RecordedBody::Absent),
        (Some(body), None) => Ok(RecordedBody::from(
            body.node.as_str().unwrap_or_else(|| body.json()),
        )),
        (None, Some(base64)) => base64.base64().map(RecordedBody::from),
        (Some(_), Some(base64)) => Err(base64.error("\"body\" is present too; remove one of them")),
    }
}
