//! Forms, text and records, plain and compressed, are judged or refused.
//!
//! Input: a byte that chooses the media type, one that chooses the coding, then the body. With
//! the media type `n`, the first line of the body is the media type.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::Scratch;
use portcullis_fuzz::{Request, field, judge, split_line};

fuzz_target!(|bytes: &[u8]| {
    let [kind, coding, body @ ..] = bytes else {
        return;
    };
    let (content_type, body): (&[u8], &[u8]) = match kind {
        b'f' => (b"application/x-www-form-urlencoded", body),
        b'j' => (b"application/json", body),
        b'l' => (b"application/x-ndjson", body),
        b's' => (b"application/json-seq", body),
        b't' => (b"text/plain; charset=iso-8859-1", body),
        _ => split_line(body),
    };
    let coding: &[u8] = match coding {
        b'g' => b"gzip",
        b'd' => b"deflate",
        b'b' => b"br",
        b'z' => b"zstd",
        b'2' => b"gzip, br",
        _ => b"identity",
    };
    let mut headers = HeaderMap::new();
    field(&mut headers, "content-type", content_type);
    field(&mut headers, "content-encoding", coding);
    let request = Request {
        method: Method::POST,
        target: "/form",
        headers,
        body,
    };
    judge(&request, &mut Scratch::default());
});
