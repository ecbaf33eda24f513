//! Writes the head of an answer and decides how its body ends (RFC 9112 sections 4 and 6). No I/O.

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderMap, HeaderName, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::response::Parts;
use http::{HeaderValue, StatusCode};

use crate::headers::{ReasonPhrase, announced_trailers, write_field};
use crate::inspect::ExchangeTerms;

/// The room for one header field of a head.
const FIELD_BYTES_USUAL: usize = 40;

/// How the client finds the end of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AnswerFraming {
    /// By its length, of which this is left.
    Sized(u64),
    /// By chunks. Only trailers with these names are sent, because the head announced them.
    Chunked { trailer_names: Vec<HeaderName> },
    /// By the end of the connection, because the client knows no chunks.
    UntilClose,
}

/// The body of an answer, as far as its head must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerLength {
    /// No body.
    Empty,
    Known(u64),
    Unknown,
}

/// What decides the framing of an answer and the fields of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerTerms<'r> {
    pub(super) request: &'r ExchangeTerms,
    pub(super) length: AnswerLength,
    /// Whether the connection closes after the answer.
    pub(super) closes: bool,
    pub(super) date: &'r [u8],
}

/// Writes a head. Returns the framing of the body; nothing if the answer has none.
pub(super) fn write_answer_head(
    head: &Parts,
    terms: AnswerTerms<'_>,
    out: &mut Vec<u8>,
) -> Option<AnswerFraming> {
    let is_http10 = terms.request.is_http10;
    out.reserve((head.headers.len() + 5) * FIELD_BYTES_USUAL);
    write_status_line(head, is_http10, out);
    let framing = framing(head.status, &head.headers, terms);
    let has_no_trailers = is_http10 || is_bodiless(head.status, terms);
    let (mut has_date, mut is_upgrade) = (false, false);
    for (name, value) in &head.headers {
        match *name {
            CONNECTION | TRANSFER_ENCODING | CONTENT_LENGTH => continue,
            TRAILER if has_no_trailers => continue,
            DATE => has_date = true,
            UPGRADE => is_upgrade = true,
            _ => {}
        }
        write_field(name, value, out);
    }
    write_framing(head, &framing, terms, out);
    // An answer that is framed by the end of the connection closes it.
    let closes = terms.closes || framing == AnswerFraming::UntilClose;
    let options: &[u8] = match (closes, is_upgrade) {
        // An answer that names protocols names the option, too (RFC 9110 section 7.8).
        (true, true) => b"connection: upgrade, close\r\n",
        (true, false) => b"connection: close\r\n",
        (false, _) if is_http10 => b"connection: keep-alive\r\n",
        (false, _) => b"",
    };
    out.extend_from_slice(options);
    if !has_date {
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(terms.date);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    let has_body = terms.length != AnswerLength::Empty && !is_bodiless(head.status, terms);
    has_body.then_some(framing)
}

/// Writes `HTTP/1.1 200 OK`. A client of HTTP/1.0 is answered in its version.
fn write_status_line(head: &Parts, is_http10: bool, out: &mut Vec<u8>) {
    let version: &[u8] = if is_http10 {
        b"HTTP/1.0 "
    } else {
        b"HTTP/1.1 "
    };
    out.extend_from_slice(version);
    out.extend_from_slice(head.status.as_str().as_bytes());
    out.push(b' ');
    let reason = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => reason.as_bytes(),
        None => head
            .status
            .canonical_reason()
            .unwrap_or_default()
            .as_bytes(),
    };
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// Whether an answer has no body whatever its fields say (RFC 9112 section 6.3).
fn is_bodiless(status: StatusCode, terms: AnswerTerms<'_>) -> bool {
    terms.request.is_head || has_no_length(status)
}

/// Whether a status has no body in the answer to any request.
fn has_no_length(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How the body ends, or would end.
fn framing(status: StatusCode, headers: &HeaderMap, terms: AnswerTerms<'_>) -> AnswerFraming {
    match terms.length {
        AnswerLength::Empty => AnswerFraming::Sized(0),
        AnswerLength::Known(length) => AnswerFraming::Sized(length),
        AnswerLength::Unknown => match headers.get(CONTENT_LENGTH).and_then(length_of) {
            Some(length) => AnswerFraming::Sized(length),
            None if is_bodiless(status, terms) => AnswerFraming::Sized(0),
            None if terms.request.is_http10 => AnswerFraming::UntilClose,
            None => AnswerFraming::Chunked {
                trailer_names: if terms.request.takes_trailers {
                    announced_trailers(headers)
                } else {
                    Vec::new()
                },
            },
        },
    }
}

/// Writes the field that frames the body.
fn write_framing(head: &Parts, framing: &AnswerFraming, terms: AnswerTerms<'_>, out: &mut Vec<u8>) {
    let is_head = terms.request.is_head;
    match framing {
        AnswerFraming::UntilClose => {}
        AnswerFraming::Chunked { .. } => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        AnswerFraming::Sized(_) if has_no_length(head.status) => {}
        // The length that the answer to a GET would have.
        AnswerFraming::Sized(0) if is_head => {
            if let Some(length) = head.headers.get(CONTENT_LENGTH) {
                write_field(&CONTENT_LENGTH, length, out);
            }
        }
        AnswerFraming::Sized(length) => {
            out.extend_from_slice(b"content-length: ");
            write_decimal(*length, out);
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn length_of(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse().ok()
}

/// Writes a number.
fn write_decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    /// The head of an answer with these fields, after its status line, and its framing.
    fn head(
        status: u16,
        fields: &[(&str, &str)],
        length: AnswerLength,
        request: ExchangeTerms,
        closes: bool,
    ) -> (String, Option<AnswerFraming>) {
        let mut response = Response::builder().status(status).header("date", "x");
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        let (parts, ()) = response.body(()).unwrap().into_parts();
        let terms = AnswerTerms {
            request: &request,
            length,
            closes,
            date: b"",
        };
        let mut out = Vec::new();
        let framing = write_answer_head(&parts, terms, &mut out);
        let text = String::from_utf8(out).unwrap();
        let (_, rest) = text.split_once("date: x\r\n").unwrap();
        (rest.replace("\r\n", ";"), framing)
    }

    #[test]
    fn the_framing_of_answers() {
        use AnswerLength::{Empty, Known, Unknown};
        let get = ExchangeTerms::default();
        let is_head = ExchangeTerms {
            is_head: true,
            ..get
        };
        let old = ExchangeTerms {
            is_http10: true,
            ..get
        };
        let sized = |length| Some(AnswerFraming::Sized(length));
        let chunked = Some(AnswerFraming::Chunked {
            trailer_names: Vec::new(),
        });
        let check = |status, fields: &[_], length, request, text: &str, framing| {
            let found = head(status, fields, length, request, false);
            assert_eq!(found, (text.to_owned(), framing), "{status} {length:?}");
        };
        let five = [("content-length", "5")];
        check(200, &[], Empty, get, "content-length: 0;;", None);
        check(200, &five, Empty, get, "content-length: 0;;", None);
        check(200, &[], Known(5), get, "content-length: 5;;", sized(5));
        check(200, &five, Known(5), get, "content-length: 5;;", sized(5));
        check(200, &five, Unknown, get, "content-length: 5;;", sized(5));
        check(
            200,
            &[],
            Unknown,
            get,
            "transfer-encoding: chunked;;",
            chunked.clone(),
        );
        let coded = [("transfer-encoding", "x")];
        check(
            200,
            &coded,
            Unknown,
            get,
            "transfer-encoding: chunked;;",
            chunked,
        );
        check(200, &five, Empty, is_head, "content-length: 5;;", None);
        check(200, &[], Empty, is_head, ";", None);
        check(200, &[], Known(5), is_head, "content-length: 5;;", None);
        check(200, &[], Unknown, is_head, ";", None);
        check(200, &five, Unknown, is_head, "content-length: 5;;", None);
        for status in [204, 304] {
            check(status, &five, Empty, get, ";", None);
            check(status, &[], Unknown, get, ";", None);
        }
        let until_close = Some(AnswerFraming::UntilClose);
        check(200, &[], Unknown, old, "connection: close;;", until_close);
        let kept = "content-length: 5;connection: keep-alive;;";
        check(200, &[], Known(5), old, kept, sized(5));
    }

    #[test]
    fn the_fields_of_the_connection() {
        let check = |fields: &[_], closes, expected: &str| {
            let terms = ExchangeTerms::default();
            let (text, _) = head(426, fields, AnswerLength::Known(1), terms, closes);
            assert_eq!(text, format!("{expected};"));
        };
        check(&[], false, "content-length: 1;");
        check(&[("connection", "x")], false, "content-length: 1;");
        check(&[], true, "content-length: 1;connection: close;");
        let upgrade = "upgrade: websocket;content-length: 1;connection: upgrade, close;";
        check(&[("upgrade", "websocket")], true, upgrade);
    }

    #[test]
    fn status_lines() {
        let line = |status: u16, reason: Option<&[u8]>, is_http10| {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(reason) = reason.and_then(ReasonPhrase::new) {
                response.extensions_mut().insert(reason);
            }
            let mut out = Vec::new();
            write_status_line(&response.into_parts().0, is_http10, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(line(200, None, false), "HTTP/1.1 200 OK\r\n");
        assert_eq!(line(404, None, true), "HTTP/1.0 404 Not Found\r\n");
        assert_eq!(line(299, None, false), "HTTP/1.1 299 \r\n");
        assert_eq!(line(200, Some(b""), false), "HTTP/1.1 200 \r\n");
        assert_eq!(line(200, Some(b"Fine"), false), "HTTP/1.1 200 Fine\r\n");
        assert_eq!(line(200, Some(b"a\rb"), false), "HTTP/1.1 200 OK\r\n");
    }
}
