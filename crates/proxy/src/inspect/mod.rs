//! Strict reading of a client's byte stream.
//!
//! Request smuggling uses requests that two programs read differently. Several of them are commonly
//! repaired or tolerated (a bare LF, `Content-Length` together with `Transfer-Encoding`). Here only
//! unambiguous messages are read, and everything else is refused, in the one pass that reads a message.
//! Nothing here does I/O: bytes go in, requests and the parts of their bodies come out.
//!
//! HTTP/2 has one reading, which its library enforces. Its heads are judged by the same rules
//! afterwards, and its frames are counted.

mod http_refusal;
mod inspect_limits;
mod message_lines;
mod field_syntax;
mod body_framing;
mod parsed_request;
mod request_target;
mod transfer_codings;
mod head_reader;
mod request_reader;
mod chunk_header;
mod request_body_decoder;
mod http2_head;
mod frame_scanner;
mod frame_budget;
mod proxy_header;

pub use body_framing::BodyFraming;
pub use frame_budget::FrameBudget;
pub use frame_scanner::{FrameScanner, HTTP2_PREFACE};
pub use http_refusal::HttpRefusal;
pub use http2_head::{check_http2_head, check_http2_trailers, http2_head_start};
pub use inspect_limits::InspectLimits;
pub use parsed_request::{ExchangeTerms, ParsedRequest};
pub(crate) use proxy_header::PROXY_HEADER_BYTES_MAX;
pub use proxy_header::{ProxiedClient, ProxyHeader, ProxyHeaderFault, read_proxy_header};
pub use request_body_decoder::{RequestBodyDecoder, RequestBodyPart};
pub use request_reader::RequestReader;

pub(crate) use request_target::{check_host, check_origin};

#[cfg(test)]
mod tests;
