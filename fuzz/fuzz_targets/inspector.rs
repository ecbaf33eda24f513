//! Does an HTTP/1.1 stream get the same verdict for every way it is split into reads?
//!
//! Input: up to eight piece sizes on the first line, then the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_proxy::inspect::{HttpRefusal, InspectLimits, StreamInspector, StreamPosition};
use portcullis_fuzz::{pieces, split_line};

const LIMITS: InspectLimits = InspectLimits {
    target_bytes_max: 64,
    header_count_max: 8,
    header_bytes_max: 256,
forward_proxy: false,
};

fuzz_target!(|bytes: &[u8]| {
    let (sizes, stream) = split_line(bytes);
    let (heads, verdict, whole) = inspect(stream, &[]);
    let (split_heads, split_verdict, split) = inspect(stream, &sizes[..sizes.len().min(8)]);
    assert!(stream.starts_with(&split));
    // If a body is refused, its head may have passed in an earlier piece.
    assert_eq!(verdict.is_err(), split_verdict.is_err());
    if verdict.is_ok() {
        assert_eq!((heads, verdict, whole), (split_heads, split_verdict, split));
    } else {
        assert!(split_heads >= heads && split.starts_with(&whole));
    }
});

/// The number of heads that passed, the verdict, and the bytes that passed.
fn inspect(stream: &[u8], sizes: &[u8]) -> (u32, Result<StreamPosition, HttpRefusal>, Vec<u8>) {
    let mut inspector = StreamInspector::new(LIMITS);
    let (mut heads, mut passed) = (0, Vec::new());
    for piece in pieces(stream, sizes) {
        let outcome = inspector.feed(piece);
        heads += outcome.heads;
        passed.extend_from_slice(&piece[..outcome.pass]);
        if let Some(refusal) = outcome.refusal {
            return (heads, Err(refusal), passed);
        }
    }
    (heads, Ok(inspector.position()), passed)
}
