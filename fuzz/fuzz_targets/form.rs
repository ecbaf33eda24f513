//! Are forms, JSON, text and streams of JSON texts checked or refused, plain and compressed?
//!
//! Input: one byte that selects the media type, one byte that selects the content coding, then the
//! body. If the first byte selects no media type, the first line of the body is the `Content-Type`.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::CheckScratch;
use portcullis_fuzz::{FuzzRequest, add_field, check_request, split_line};

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
    add_field(&mut headers, "content-type", content_type);
    add_field(&mut headers, "content-encoding", coding);
    let request = FuzzRequest {
        method: Method::POST,
        target: "/form",
        headers,
        body,
    };
    check_request(&request, &mut CheckScratch::default());
});
