//! Strict reading of a client's byte stream, before the HTTP library sees it.
//!
//! A request that two programs can read in two ways is how requests are smuggled past a
//! boundary. The library in use repairs or tolerates several such things (a bare LF, a
//! `Content-Length` beside a `Transfer-Encoding`), so the stream is judged here first and
//! only unambiguous messages are let through. The inspector is sans-io: bytes in, verdict out.

mod chunk_header;
mod head_reader;
mod http_refusal;
mod stream_inspector;
mod request_target;

pub use http_refusal::HttpRefusal;
pub use stream_inspector::{FeedOutcome, InspectLimits, StreamInspector, StreamPosition};

#[cfg(test)]
mod tests;
