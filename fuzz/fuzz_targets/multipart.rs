//! A multipart body has one verdict, however the network cuts it.
//!
//! Input: up to eight sizes of pieces on the first line, then the parameters of the media type,
//! then the body. `#` in the media type stands for a boundary `b`.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::Scratch;
use portcullis_fuzz::{Request, field, judge, judge_parts, pieces, split_line};

fuzz_target!(|bytes: &[u8]| {
    let (cuts, rest) = split_line(bytes);
    let (parameters, body) = split_line(rest);
    let mut content_type = b"multipart/form-data;".to_vec();
    match parameters {
        b"#" => content_type.extend_from_slice(b"boundary=b"),
        other => content_type.extend_from_slice(other),
    }
    let mut headers = HeaderMap::new();
    field(&mut headers, "content-type", &content_type);
    let cuts = &cuts[..cuts.len().min(8)];
    for kept_max in [16, 1 << 20] {
        let whole = judge_parts(&headers, pieces(body, &[]), kept_max);
        let cut = judge_parts(&headers, pieces(body, cuts), kept_max);
        assert_eq!(whole, cut);
    }
    let request = Request {
        method: Method::POST,
        target: "/parts",
        headers,
        body,
    };
    judge(&request, &mut Scratch::default());
});
