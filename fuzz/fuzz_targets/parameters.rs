//! Are any request targets, header fields and cookies checked or refused, in every style?
//!
//! Input: the request target on the first line, then the value of one header field on each line.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::CheckScratch;
use portcullis_fuzz::{FuzzRequest, add_field, check_request, split_line};

const FIELDS: [&str; 9] = [
    "cookie", "x-ns", "x-na", "x-no", "x-xs", "x-xa", "x-xo", "x-j", "cookie",
];

fuzz_target!(|bytes: &[u8]| {
    let (target, mut rest) = split_line(bytes);
    // The proxy refuses a request line that is not ASCII before it checks the target.
    let Ok(target) = std::str::from_utf8(target) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for name in FIELDS {
        if rest.is_empty() {
            break;
        }
        let (value, following) = split_line(rest);
        add_field(&mut headers, name, value);
        rest = following;
    }
    let mut scratch = CheckScratch::default();
    let request = FuzzRequest {
        method: Method::GET,
        target,
        headers,
        body: &[],
    };
    check_request(&request, &mut scratch);
    // The last part of the target again, as a parameter of every other style.
    let text = target.rsplit(['?', '/']).next().unwrap_or_default();
    for prefix in [
        "/query?",
        "/spread?",
        "/matrix/true/object/",
        "/label/true/array/",
    ] {
        let target = format!("{prefix}{text}");
        check_request(
            &FuzzRequest {
                target: &target,
                ..request.clone()
            },
            &mut scratch,
        );
    }
});
