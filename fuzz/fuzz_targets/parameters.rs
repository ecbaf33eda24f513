//! Whatever stands in a target, in header fields and in cookies is judged or refused.
//!
//! Input: the target on the first line; then, on each line, the value of a field.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::Scratch;
use portcullis_fuzz::{Request, field, judge, split_line};

const FIELDS: [&str; 9] = [
    "cookie", "x-ns", "x-na", "x-no", "x-xs", "x-xa", "x-xo", "x-j", "cookie",
];

fuzz_target!(|bytes: &[u8]| {
    let (target, mut rest) = split_line(bytes);
    // The wire passes ASCII only, as the reader of the request line has it.
    let Ok(target) = std::str::from_utf8(target) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for name in FIELDS {
        if rest.is_empty() {
            break;
        }
        let (value, below) = split_line(rest);
        field(&mut headers, name, value);
        rest = below;
    }
    let mut scratch = Scratch::default();
    let request = Request {
        method: Method::GET,
        target,
        headers,
        body: &[],
    };
    judge(&request, &mut scratch);
    // The same text in every other place.
    let text = target.rsplit(['?', '/']).next().unwrap_or_default();
    for prefix in [
        "/query?",
        "/spread?",
        "/matrix/true/object/",
        "/label/true/array/",
    ] {
        let target = format!("{prefix}{text}");
        judge(
            &Request {
                target: &target,
                ..request.clone()
            },
            &mut scratch,
        );
    }
});
