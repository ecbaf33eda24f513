//! Does the judgement of JSON in one pass accept only what the validators accept?
//!
//! `check_body` compares both in builds with debug assertions, such as those of these targets. The
//! first byte chooses the schema; the rest is the body.

#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use portcullis_contract::CheckScratch;
use portcullis_fuzz::{FuzzRequest, JUDGED_BODIES, add_field, check_twice};

const TARGETS: [&str; 8] = [
    "/lines", "/trees", "/kinds", "/numbers", "/texts", "/lists", "/names", "/closed",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else {
        return;
    };
    let mut headers = HeaderMap::new();
    add_field(&mut headers, "content-type", b"application/json");
    let request = FuzzRequest {
        method: Method::POST,
        target: TARGETS[usize::from(*choice) % TARGETS.len()],
        headers,
        body,
    };
    check_twice(&JUDGED_BODIES, &request, &mut CheckScratch::default());
});
