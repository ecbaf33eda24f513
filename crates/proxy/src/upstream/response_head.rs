//! Reads the head of a response (RFC 9112 sections 4 and 6.3). No I/O.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use httparse::{Header, ParserConfig, Response, Status};

use super::body_decoder::BodyDecoder;
use super::response_fault::ResponseFault;
use crate::headers::ReasonPhrase;
use crate::limits::UpstreamLimits;

/// The lowest bound of the size of a head, in bytes.
const HEAD_BYTES_FLOOR: usize = 8 * 1024;

/// The most header fields that are read without an allocation.
const USUAL_COUNT_MAX: usize = 100;

/// The head of a response.
#[derive(Debug)]
pub(super) struct ReceivedHead {
    pub(super) status: StatusCode,
    /// The reason phrase, if it is not the usual one.
    pub(super) reason: Option<ReasonPhrase>,
    pub(super) headers: HeaderMap,
    /// How the body is read.
    pub(super) body: BodyDecoder,
    /// Whether another request may follow on the connection.
    pub(super) keeps_alive: bool,
}

/// Takes the head of the next response from `buffer`: an interim or the final one. Nothing if it is not
/// complete. `method` is that of the request.
///
/// # Errors
/// The head is malformed or too large, or the end of the body is uncertain.
pub(super) fn take_head(
    buffer: &mut BytesMut,
    method: &Method,
    limits: &UpstreamLimits,
) -> Result<Option<ReceivedHead>, ResponseFault> {
    let bytes_max = limits.header_bytes_max.max(HEAD_BYTES_FLOOR);
    let Some(end) = head_end(buffer) else {
        if buffer.len() > bytes_max {
            return Err(ResponseFault::HeadTooLarge(bytes_max));
        }
        // What does not begin like a response is refused at once.
        with_fields(buffer, limits, |_| Ok(()))?;
        return Ok(None);
    };
    if end > bytes_max {
        return Err(ResponseFault::HeadTooLarge(bytes_max));
    }
    let head = buffer.split_to(end).freeze();
    let head = with_fields(&head, limits, |response| interpret(&head, response, method))?;
    head.map_or(Err(ResponseFault::Head(httparse::Error::Status)), |head| {
        Ok(Some(head))
    })
}

impl ReceivedHead {
    /// Whether another response follows. After 101 another protocol does, so that is final.
    pub(super) fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// The position after the empty line that ends a head.
fn head_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|at| match bytes.get(at + 1..)? {
        [b'\r', b'\n', ..] => Some(at + 3),
        [b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// Calls `read` with a head, unless it is not complete.
fn with_fields<T>(
    head: &[u8],
    limits: &UpstreamLimits,
    read: impl FnOnce(&Response<'_, '_>) -> Result<T, ResponseFault>,
) -> Result<Option<T>, ResponseFault> {
    let count_max = limits.header_count_max;
    let mut few = [const { MaybeUninit::uninit() }; USUAL_COUNT_MAX];
    let mut many = Vec::new();
    let fields: &mut [MaybeUninit<Header<'_>>] = match few.get_mut(..count_max) {
        Some(few) => few,
        None => {
            many.resize_with(count_max, MaybeUninit::uninit);
            &mut many
        }
    };
    let mut response = Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut response, head, fields);
    match parsed {
        Ok(Status::Complete(_)) => read(&response).map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(ResponseFault::TooManyFields(count_max)),
        Err(error) => Err(ResponseFault::Head(error)),
    }
}

/// Reads what a complete head means.
fn interpret(
    head: &Bytes,
    response: &Response<'_, '_>,
    method: &Method,
) -> Result<ReceivedHead, ResponseFault> {
    let invalid = |_| ResponseFault::Head(httparse::Error::Status);
    let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(invalid)?;
    let reason = response.reason.unwrap_or_default();
    let is_usual = status.canonical_reason() == Some(reason);
    let is_http10 = response.version == Some(0);
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    let mut connection = ConnectionOptions::default();
    for field in &*response.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes())
            .map_err(|_| ResponseFault::Head(httparse::Error::HeaderName))?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(field.value))
            .map_err(|_| ResponseFault::Head(httparse::Error::HeaderValue))?;
        if name == CONNECTION {
            connection.read(&value);
        }
        headers.append(name, value);
    }
    Ok(ReceivedHead {
        status,
        reason: if is_usual {
            None
        } else {
            ReasonPhrase::new(reason.as_bytes())
        },
        body: body_decoder(status, is_http10, &headers, method)?,
        headers,
        keeps_alive: !connection.close && (!is_http10 || connection.keep_alive),
    })
}

/// The options of all `Connection` fields.
#[derive(Default)]
struct ConnectionOptions {
    close: bool,
    keep_alive: bool,
}

impl ConnectionOptions {
    fn read(&mut self, value: &HeaderValue) {
        for option in value.as_bytes().split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
}

/// How the body ends (RFC 9112 section 6.3).
fn body_decoder(
    status: StatusCode,
    is_http10: bool,
    headers: &HeaderMap,
    method: &Method,
) -> Result<BodyDecoder, ResponseFault> {
    let is_bodiless = status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || *method == Method::HEAD;
    if is_bodiless {
        return Ok(BodyDecoder::empty());
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        if is_http10 {
            return Err(ResponseFault::TransferEncoding);
        }
        return Ok(if ends_chunked(headers) {
            BodyDecoder::chunked()
        } else {
            BodyDecoder::until_close()
        });
    }
    Ok(match content_length(headers)? {
        Some(length) => BodyDecoder::sized(length),
        None => BodyDecoder::until_close(),
    })
}

/// Whether `chunked` is the last transfer coding.
fn ends_chunked(headers: &HeaderMap) -> bool {
    let last = headers.get_all(TRANSFER_ENCODING).iter().next_back();
    let last = last.and_then(|value| value.as_bytes().rsplit(|byte| *byte == b',').next());
    last.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// The length, which may be repeated.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, ResponseFault> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for digits in value.as_bytes().split(|byte| *byte == b',') {
            let found = decimal(digits.trim_ascii()).ok_or(ResponseFault::ContentLength)?;
            if length.replace(found).is_some_and(|other| other != found) {
                return Err(ResponseFault::ContentLength);
            }
        }
    }
    Ok(length)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()?
        .parse()
        .ok()
        .filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a head that arrives in pieces of this size.
    fn take(
        text: &str,
        method: &Method,
        piece: usize,
    ) -> Result<Option<(ReceivedHead, BytesMut)>, ResponseFault> {
        let mut buffer = BytesMut::new();
        let mut pieces = text.as_bytes().chunks(piece);
        while let Some(piece) = pieces.next() {
            buffer.extend_from_slice(piece);
            while let Some(head) = take_head(&mut buffer, method, &UpstreamLimits::default())? {
                if head.is_interim() {
                    continue;
                }
                pieces.for_each(|piece| buffer.extend_from_slice(piece));
                return Ok(Some((head, buffer)));
            }
        }
        Ok(None)
    }

    #[track_caller]
    fn check(text: &str, method: &Method, status: u16, body: BodyDecoder, keeps_alive: bool) {
        for piece in [1, 5, 10_000] {
            let (head, rest) = take(text, method, piece).expect(text).expect(text);
            let found = (head.status.as_u16(), head.body, head.keeps_alive);
            assert_eq!(found, (status, body, keeps_alive), "{text:?}");
            assert_eq!(&rest[..], b"rest", "{text:?}");
        }
    }

    #[test]
    fn the_head_says_how_the_body_ends() {
        let get = &Method::GET;
        let sized = BodyDecoder::sized;
        let (empty, chunked) = (BodyDecoder::empty(), BodyDecoder::chunked());
        let until_close = BodyDecoder::until_close();
        let two = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n";
        check(&format!("{two}\r\nrest"), get, 200, sized(2), true);
        check(&format!("{two}\r\nrest"), &Method::HEAD, 200, empty, true);
        check(
            &format!("{two}connection: x, Close\r\n\r\nrest"),
            get,
            200,
            sized(2),
            false,
        );
        check(
            &format!("{two}content-length: 2, 2\r\n\r\nrest"),
            get,
            200,
            sized(2),
            true,
        );
        check("HTTP/1.1 204 No Content\r\n\r\nrest", get, 204, empty, true);
        check(
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\nrest",
            get,
            304,
            empty,
            true,
        );
        check("HTTP/1.1 101 Other\r\n\r\nrest", get, 101, empty, true);
        check("HTTP/1.1 200 OK\r\n\r\nrest", get, 200, until_close, true);
        check("HTTP/1.0 200 OK\r\n\r\nrest", get, 200, until_close, false);
        let kept = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nrest";
        check(kept, get, 200, sized(2), true);
        let coded = "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n";
        check(&format!("{coded}\r\nrest"), get, 200, until_close, true);
        check(
            &format!("{coded}transfer-encoding: x, Chunked\r\n\r\nrest"),
            get,
            200,
            chunked,
            true,
        );
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
        check(&format!("{interim}{two}\r\nrest"), get, 200, sized(2), true);
        check("HTTP/1.1 204 No Content\n\nrest", get, 204, empty, true);
    }

    #[test]
    fn malformed_heads_are_refused() {
        let fault = |text: &str| take(text, &Method::GET, 10_000).err();
        for text in [
            "SSH-2.0-x\r\n",
            "garbage\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 099 Low\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        ] {
            let found = fault(text);
            assert!(
                matches!(found, Some(ResponseFault::Head(_))),
                "{text:?} {found:?}"
            );
        }
        let with = |fields: &str| fault(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
        for length in [
            "x",
            "",
            "+1",
            "-1",
            "1, 2",
            "1,",
            "99999999999999999999",
            "0x1",
        ] {
            let found = with(&format!("content-length: {length}\r\n"));
            assert_eq!(found, Some(ResponseFault::ContentLength), "{length:?}");
        }
        let twice = "content-length: 1\r\ncontent-length: 2\r\n";
        assert_eq!(with(twice), Some(ResponseFault::ContentLength));
        let old = "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(fault(old), Some(ResponseFault::TransferEncoding));
        let bytes_max = UpstreamLimits::default().header_bytes_max;
        let large = Some(ResponseFault::HeadTooLarge(bytes_max));
        assert_eq!(with(&format!("a: {}\r\n", "x".repeat(bytes_max))), large);
        assert_eq!(
            fault(&format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(bytes_max))),
            large
        );
        assert_eq!(
            with(&"a: b\r\n".repeat(101)),
            Some(ResponseFault::TooManyFields(100))
        );
        assert_eq!(with(&"a: b\r\n".repeat(100)), None);
    }

    #[test]
    fn an_unusual_reason_is_kept() {
        let reason = |text: &str| {
            let (head, _) = take(text, &Method::GET, 99).expect(text).expect(text);
            head.reason.map(|reason| reason.as_bytes().to_vec())
        };
        assert_eq!(reason("HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(reason("HTTP/1.1 200 Fine\r\n\r\n"), Some(b"Fine".to_vec()));
        assert_eq!(reason("HTTP/1.1 200\r\n\r\n"), Some(Vec::new()));
    }
}
