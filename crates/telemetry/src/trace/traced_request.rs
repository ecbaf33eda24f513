//! The parts of a request that tracing reads.

use http::{HeaderMap, HeaderValue, Method, Version};

/// The head of a request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct TracedRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The HTTP version.
    pub version: Version,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The request id, as sent to the client and the upstream.
    pub request_id: &'a HeaderValue,
}
