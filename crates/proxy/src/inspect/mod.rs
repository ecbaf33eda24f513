//! Strict parsing of a client's byte stream, before the HTTP library reads it.
//!
//! Request smuggling uses requests that two programs read differently. The HTTP library repairs or
//! tolerates several of them (a bare LF, `Content-Length` together with `Transfer-Encoding`), so
//! the inspector reads the stream first and passes only unambiguous messages. The inspector does no
//! I/O: bytes go in, a verdict comes out.

mod stream_inspector;
mod head_reader;
mod request_target;
mod chunk_header;
mod http_refusal;

pub use http_refusal::HttpRefusal;
pub use stream_inspector::{FeedOutcome, InspectLimits, StreamInspector, StreamPosition};

#[cfg(test)]
mod tests;
