//! A stream of requests has one verdict, however the network cuts it.
//!
//! Input: up to eight sizes of pieces on the first line, then the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::proxy::inspect::{HttpRefusal, InspectLimits, StreamInspector, StreamPosition};
use portcullis_fuzz::{pieces, split_line};

const LIMITS: InspectLimits = InspectLimits {
    target_bytes_max: 64,
    header_count_max: 8,
    header_bytes_max: 256,
};

fuzz_target!(|bytes: &[u8]| {
    let (cuts, stream) = split_line(bytes);
    let (heads, verdict, whole) = read(stream, &[]);
    let (heads_cut, verdict_cut, cut) = read(stream, &cuts[..cuts.len().min(8)]);
    assert!(stream.starts_with(&cut));
    // A message refused for its body may have had its head passed on in an earlier piece.
    assert_eq!(verdict.is_err(), verdict_cut.is_err());
    if verdict.is_ok() {
        assert_eq!((heads, verdict, whole), (heads_cut, verdict_cut, cut));
    } else {
        assert!(heads_cut >= heads && cut.starts_with(&whole));
    }
});

/// The heads that passed, the verdict, and the bytes that passed.
fn read(stream: &[u8], cuts: &[u8]) -> (u32, Result<StreamPosition, HttpRefusal>, Vec<u8>) {
    let mut inspector = StreamInspector::new(LIMITS);
    let (mut heads, mut passed) = (0, Vec::new());
    for piece in pieces(stream, cuts) {
        let fed = inspector.feed(piece);
        heads += fed.heads;
        passed.extend_from_slice(&piece[..fed.pass]);
        if let Some(refusal) = fed.refusal {
            return (heads, Err(refusal), passed);
        }
    }
    (heads, Ok(inspector.position()), passed)
}
