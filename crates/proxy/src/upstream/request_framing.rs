//! The framing of a request for the upstream, in place of the one that it arrived with.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Version};
use http_body::Body;

use super::http2::needs_length;
use crate::body::ForwardBody;

/// Sets the HTTP version and the framing of a request, and `Host` if it has none.
pub(super) fn frame_request(request: &mut Request<ForwardBody>, host: &HeaderValue) {
    *request.version_mut() = Version::HTTP_11;
    let length = request.body().size_hint().exact();
    let trailer_names = request.body().trailers().and_then(trailer_field);
    let needs_length = needs_length(request.method());
    let headers = request.headers_mut();
    // One pass over the names is cheaper than looking up each.
    let (mut has_host, mut has_te, mut has_length) = (false, false, false);
    for name in headers.keys() {
        match *name {
            HOST => has_host = true,
            TE => has_te = true,
            CONTENT_LENGTH => has_length = true,
            _ => {}
        }
    }
    if !has_host {
        headers.insert(HOST, host.clone());
    }
    if has_te {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    match length {
        Some(length) if length > 0 || needs_length => {
            if !(has_length && is_length(headers, length)) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            return;
        }
        _ if has_length => {
            headers.remove(CONTENT_LENGTH);
        }
        _ => {}
    }
    if length.is_none() {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        if let Some(names) = trailer_names {
            headers.insert(TRAILER, names);
        }
    }
}

/// Whether the fields say this length, once and in the usual form.
fn is_length(headers: &HeaderMap, length: u64) -> bool {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let (Some(only), None) = (values.next(), values.next()) else {
        return false;
    };
    let digits = only.as_bytes();
    let is_usual = digits.first() != Some(&b'0') || digits.len() == 1;
    let value = digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    });
    is_usual && !digits.is_empty() && value == Some(length)
}

/// The `Trailer` field for trailers that are known before the body is sent.
fn trailer_field(trailers: &HeaderMap) -> Option<HeaderValue> {
    let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::BufferedBody;

    #[test]
    fn the_body_decides_the_length() {
        let check = |lines: &[&'static str], body: &'static str, expected: Option<&str>| {
            let body = ForwardBody::whole(BufferedBody {
                bytes: body.into(),
                trailers: None,
            });
            let mut request = Request::new(body);
            for line in lines {
                let value = HeaderValue::from_static(line);
                request.headers_mut().append(CONTENT_LENGTH, value);
            }
            frame_request(&mut request, &HeaderValue::from_static("a.test"));
            let fields = request.headers();
            let mut lengths = fields.get_all(CONTENT_LENGTH).iter();
            let found = lengths.next().map(|value| value.to_str().unwrap());
            assert_eq!((found, lengths.next()), (expected, None), "{lines:?}");
            assert_eq!(fields[HOST], "a.test");
            assert!(!fields.contains_key(TRANSFER_ENCODING));
        };
        for lines in [&["5"][..], &[], &["4"], &["05"], &["5", "5"], &["x"], &[""]] {
            check(lines, "12345", Some("5"));
            check(lines, "", None);
        }
    }
}
