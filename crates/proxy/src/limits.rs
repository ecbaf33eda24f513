//! Limits on both sides of the proxy: every number that decides when a peer is disconnected.

use std::sync::Arc;
use std::time::Duration;

use portcullis_config::{Http2Config, UpstreamHttpConfig};
use portcullis_egress::AddressPolicy;

use super::inspect::InspectLimits;

/// The memory for answers that are read ahead of their clients, on one data core.
pub(super) const RESPONSE_BUFFERS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Limits on client connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Limits of the size of request heads and chunked bodies.
    pub inspect: InspectLimits,
    /// Whether clients may speak HTTP/2, and the bounds of one connection.
    pub http2: Http2Config,
    /// Time from the first byte of a head to its end.
    pub request_head_timeout: Duration,
    /// Time a connection may be idle, before the first request and between two requests.
    pub keep_alive_timeout: Duration,
    /// Time to wait for a silent client inside a request body. Each received
    /// [`request_body_rate_min`](Self::request_body_rate_min) bytes give one second of it back.
    pub request_body_timeout: Duration,
    /// The lowest rate, in bytes per second, at which a body never times out. At least 1.
    pub request_body_rate_min: u64,
    /// Time in which a client must accept at least one byte of its answer, or send one of its request.
    pub write_timeout: Duration,
    /// The lowest rate, in bytes per second, at which a client must accept its answer while the proxy
    /// waits for it, over [`write_timeout`](Self::write_timeout). 0 allows any rate.
    pub response_rate_min: u64,
    /// How many bytes of one answer are read ahead of a client that does not read.
    pub response_buffer_max: usize,
    /// Time for an answer after the client has closed its sending side.
    pub half_close_grace: Duration,
    /// Time to wait for more bytes of the client after the last answer. They are read and discarded,
    /// because a reset would destroy the answer.
    pub linger_timeout: Duration,
    /// All of that time, for a client that does not stop sending.
    pub linger_timeout_max: Duration,
    /// Time idle connections stay open while the server stops, for requests that were already sent.
    pub drain_idle_grace: Duration,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            inspect: InspectLimits {
                target_bytes_max: 8 * 1024,
                header_count_max: 100,
                header_bytes_max: 64 * 1024,
                forward_proxy: false,
            },
            http2: Http2Config::default(),
            request_head_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            request_body_timeout: Duration::from_secs(30),
            request_body_rate_min: 1024,
            write_timeout: Duration::from_secs(30),
            response_rate_min: 1024,
            response_buffer_max: 256 * 1024,
            half_close_grace: Duration::from_secs(5),
            linger_timeout: Duration::from_secs(2),
            linger_timeout_max: Duration::from_secs(30),
            drain_idle_grace: Duration::from_millis(500),
        }
    }
}

/// How long one response may take. An operation can have its own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTimeouts {
    /// Time from sending a request to the complete head of its response. It restarts while a
    /// streamed request body makes progress or waits for its client, and when the body ends.
    pub head: Duration,
    /// Time without progress after which a response body is aborted.
    pub body_idle: Duration,
}

impl Default for ResponseTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            body_idle: Duration::from_secs(60),
        }
    }
}

/// Limits on connections to the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// The version of HTTP, and the bounds of connections of HTTP/2.
    pub http: UpstreamHttpConfig,
    /// Time to connect, over all addresses of the host name.
    pub connect_timeout: Duration,
    /// Age after which an idle connection is not reused.
    pub idle_timeout: Duration,
    /// Most idle connections that a data core keeps.
    pub idle_max: usize,
    /// Most header fields in a response head.
    pub header_count_max: usize,
    /// Largest response head, in bytes. A limit below 8 KiB counts as 8 KiB.
    pub header_bytes_max: usize,
    /// The addresses that may be dialled; `None` for all.
    pub addresses: Option<Arc<AddressPolicy>>,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        Self {
            http: UpstreamHttpConfig::default(),
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(60),
            idle_max: 256,
            header_count_max: 100,
            header_bytes_max: 64 * 1024,
            addresses: None,
        }
    }
}
