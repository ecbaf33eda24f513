//! Reads the head of a response (RFC 9112 sections 4 and 6.3). No I/O.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use memchr::memchr_iter;

use super::body_decoder::BodyDecoder;
use super::field_lines::{line_text, read_field};
use super::hop_fields::HopFields;
use super::response_fault::{MalformedPart, ResponseFault};
use crate::headers::{FieldNameCache, ReasonPhrase, take_header_map};
use crate::limits::UpstreamLimits;

/// The lowest bound of the size of a head, in bytes.
const HEAD_BYTES_FLOOR: usize = 8 * 1024;

/// The most fields of a head for which there is room from the beginning.
const USUAL_FIELDS_MAX: usize = 32;

/// What all responses begin with.
const VERSION_START: &[u8] = b"HTTP/1.";

/// What a connection keeps between the heads that it reads.
#[derive(Debug, Default)]
pub(super) struct ResponseHeadMemory {
    /// The names that the upstream has sent before.
    names: FieldNameCache,
    /// Where the lines of the head end.
    line_ends: Vec<usize>,
}

/// The head of a response.
#[derive(Debug)]
pub(super) struct ReceivedHead {
    pub(super) status: StatusCode,
    /// The reason phrase, if it is not the usual one.
    pub(super) reason: Option<ReasonPhrase>,
    /// The fields, without the usual ones of the hop.
    pub(super) headers: HeaderMap,
    pub(super) hop: HopFields,
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
    memory: &mut ResponseHeadMemory,
) -> Result<Option<ReceivedHead>, ResponseFault> {
    let bytes_max = limits.header_bytes_max.max(HEAD_BYTES_FLOOR);
    let length = find_lines(buffer, &mut memory.line_ends);
    if length.bytes > bytes_max {
        return Err(ResponseFault::HeadTooLarge(bytes_max));
    }
    let head = if length.is_complete {
        buffer.split_to(length.bytes).freeze()
    } else {
        // What does not begin like a response is refused at once.
        Bytes::copy_from_slice(buffer)
    };
    let read = read_head(&head, method, limits.header_count_max, memory)?;
    match read {
        None if length.is_complete => Err(ResponseFault::Head(MalformedPart::Version)),
        // The lines that have arrived are valid.
        Some(_) if !length.is_complete => Ok(None),
        read => Ok(read),
    }
}

impl ReceivedHead {
    /// Whether another response follows. After 101 another protocol does, so that is final.
    pub(super) fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// How long a head is, as far as it has arrived.
struct HeadLength {
    bytes: usize,
    is_complete: bool,
}

/// Finds the ends of all lines before the empty one.
fn find_lines(arrived: &[u8], ends: &mut Vec<usize>) -> HeadLength {
    ends.clear();
    for at in memchr_iter(b'\n', arrived) {
        ends.push(at);
        let empty_line = match &arrived[at + 1..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => continue,
        };
        return HeadLength {
            bytes: at + 1 + empty_line,
            is_complete: true,
        };
    }
    HeadLength {
        bytes: arrived.len(),
        is_complete: false,
    }
}

/// Reads the lines of a head that have arrived. Nothing if there is no status line.
fn read_head(
    head: &Bytes,
    method: &Method,
    count_max: usize,
    memory: &mut ResponseHeadMemory,
) -> Result<Option<ReceivedHead>, ResponseFault> {
    let ResponseHeadMemory { names, line_ends } = memory;
    let mut ends = line_ends.iter();
    let mut start = match &head[..] {
        // One empty line may precede a response.
        [b'\r', b'\n', ..] | [b'\n', ..] => ends.next().map_or(0, |end| end + 1),
        _ => 0,
    };
    let Some(end) = ends.next() else {
        let rest = &head[start..];
        let length = rest.len().min(VERSION_START.len());
        let may_be_version = rest[..length] == VERSION_START[..length];
        return if may_be_version || rest == b"\r" {
            Ok(None)
        } else {
            Err(ResponseFault::Head(MalformedPart::Version))
        };
    };
    let line = line_text(&head[start..*end]);
    let (is_http10, status, reason) = read_status_line(line).map_err(ResponseFault::Head)?;
    let mut headers = take_header_map(ends.len().min(USUAL_FIELDS_MAX));
    let mut hop = HopFields::default();
    start = end + 1;
    for (place, end) in ends.enumerate() {
        if place == count_max {
            return Err(ResponseFault::TooManyFields(count_max));
        }
        let field = read_field(head, start..*end, place, names);
        let (name, value) = field.map_err(ResponseFault::Head)?;
        if hop.read(&name, &value) {
            headers.append(name, value);
        }
        start = end + 1;
    }
    let is_usual = status.canonical_reason().map(str::as_bytes) == Some(reason);
    Ok(Some(ReceivedHead {
        status,
        reason: if is_usual {
            None
        } else {
            ReasonPhrase::new(reason)
        },
        headers,
        body: hop.body(status, is_http10, method)?,
        keeps_alive: hop.keeps_alive(is_http10),
        hop,
    }))
}

/// Reads `HTTP/1.1 200 OK`, of which the reason phrase may be missing. Returns whether the version is
/// 1.0, the status and the reason phrase.
fn read_status_line(line: &[u8]) -> Result<(bool, StatusCode, &[u8]), MalformedPart> {
    let (version, rest) = line.split_at_checked(8).ok_or(MalformedPart::Version)?;
    let is_http10 = match version {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        _ => return Err(MalformedPart::Version),
    };
    let (code, reason) = match rest {
        [b' ', code @ ..] if code.len() == 3 => (code, &[][..]),
        [b' ', hundreds, tens, ones, b' ', reason @ ..] => (&[*hundreds, *tens, *ones][..], reason),
        _ => return Err(MalformedPart::StatusLine),
    };
    let status = StatusCode::from_bytes(code).map_err(|_| MalformedPart::StatusLine)?;
    let is_phrase = reason
        .iter()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..));
    if !is_phrase {
        return Err(MalformedPart::StatusLine);
    }
    Ok((is_http10, status, reason))
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
        let (mut buffer, mut memory) = (BytesMut::new(), ResponseHeadMemory::default());
        let mut pieces = text.as_bytes().chunks(piece);
        while let Some(piece) = pieces.next() {
            buffer.extend_from_slice(piece);
            let limits = UpstreamLimits::default();
            while let Some(head) = take_head(&mut buffer, method, &limits, &mut memory)? {
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
