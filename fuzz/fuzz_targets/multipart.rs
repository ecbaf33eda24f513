//! Does a multipart body get the same verdict for every way it is split into reads?
//!
//! Input: up to eight piece sizes on the first line, the parameters of the media type on the
//! second, then the body. `#` as the parameters means the boundary `b`.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::CheckScratch;
use portcullis_fuzz::{
    FuzzRequest, add_field, check_multipart, check_request, pieces, split_line,
};

fuzz_target!(|bytes: &[u8]| {
    let (sizes, rest) = split_line(bytes);
    let (parameters, body) = split_line(rest);
    let mut content_type = b"multipart/form-data;".to_vec();
    match parameters {
        b"#" => content_type.extend_from_slice(b"boundary=b"),
        other => content_type.extend_from_slice(other),
    }
    let mut headers = HeaderMap::new();
    add_field(&mut headers, "content-type", &content_type);
    let sizes = &sizes[..sizes.len().min(8)];
    for kept_bytes_max in [16, 1 << 20] {
        let whole = check_multipart(&headers, pieces(body, &[]), kept_bytes_max);
        let split = check_multipart(&headers, pieces(body, sizes), kept_bytes_max);
        assert_eq!(whole, split);
    }
    let request = FuzzRequest {
        method: Method::POST,
        target: "/parts",
        headers,
        body,
    };
    check_request(&request, &mut CheckScratch::default());
});
