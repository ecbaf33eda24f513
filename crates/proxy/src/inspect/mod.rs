//! Strict parsing of a client's byte stream, before the HTTP library reads it.
//!
//! Request smuggling uses requests that two programs read differently. The HTTP library repairs or
//! tolerates several of them (a bare LF, `Content-Length` together with `Transfer-Encoding`), so
//! the inspector reads the stream first and passes only unambiguous messages. The inspector does no
//! I/O: bytes go in, a verdict comes out.
//!
//! HTTP/2 has one reading, which its library enforces. Its heads are judged by the same rules
//! afterwards, and its frames are counted.

mod inspect_limits;
mod stream_inspector;
mod stream_position;
mod head_reader;
mod request_target;
mod chunk_header;
mod http_refusal;
mod http2_head;
mod frame_scanner;
mod frame_budget;
mod proxy_header;

pub use frame_budget::FrameBudget;
pub use frame_scanner::{FrameScanner, HTTP2_PREFACE};
pub use http_refusal::HttpRefusal;
pub use http2_head::{check_http2_head, check_http2_trailers, http2_head_start};
pub use inspect_limits::InspectLimits;
pub(crate) use proxy_header::PROXY_HEADER_BYTES_MAX;
pub use proxy_header::{ProxiedClient, ProxyHeader, ProxyHeaderFault, read_proxy_header};
pub use stream_inspector::StreamInspector;
pub use stream_position::{FeedOutcome, StreamPosition};

pub(crate) use request_target::{check_host, check_origin};

#[cfg(test)]
mod tests;
