//! The bounds and patience of the wire: every number that decides when a peer is cut off.

use std::time::Duration;

use super::inspect::InspectLimits;

/// Fields the library reads without being told a number, and fastest so.
pub(super) const LIBRARY_HEADER_COUNT_MAX: usize = 100;

/// Bounds on the clients' side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// What a request head and a chunked body may measure.
    pub inspect: InspectLimits,
    /// Time for a head to arrive once its first byte has.
    pub request_head_timeout: Duration,
    /// Time a connection may stay silent between two requests, and before the first.
    pub keep_alive_timeout: Duration,
    /// Time spent waiting for a request body, to which each received
    /// [`request_body_rate_min`](Self::request_body_rate_min) bytes add one second.
    pub request_body_timeout: Duration,
    /// The slowest body, in bytes per second, that outlasts the timeout. At least 1.
    pub request_body_rate_min: u64,
    /// Time a client may take without accepting a single byte of its answer.
    pub write_timeout: Duration,
    /// Time an answer may still take once its client has closed its sending side.
    pub half_close_grace: Duration,
    /// Time to go on reading after the last answer, so that a reset does not destroy it.
    pub linger_timeout: Duration,
    /// Time idle connections stay open when the server stops, for requests on their way.
    pub drain_idle_grace: Duration,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            inspect: InspectLimits {
                target_bytes_max: 8 * 1024,
                header_count_max: 100,
                header_bytes_max: 64 * 1024,
            },
            request_head_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            request_body_timeout: Duration::from_secs(30),
            request_body_rate_min: 1024,
            write_timeout: Duration::from_secs(30),
            half_close_grace: Duration::from_secs(5),
            linger_timeout: Duration::from_secs(2),
            drain_idle_grace: Duration::from_millis(500),
        }
    }
}

/// Bounds on the upstream's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// Time for a connection to be made, over all addresses of the name.
    pub connect_timeout: Duration,
    /// Time from sending a request to the complete head of its response. While a streamed
    /// request body moves, or its client is waited for, it begins anew.
    pub response_head_timeout: Duration,
    /// Time a response body may stand still while it is waited for.
    pub response_stall_timeout: Duration,
    /// Age at which an unused connection is no longer reused.
    pub idle_timeout: Duration,
    /// Most unused connections kept, per data core.
    pub idle_max: usize,
    /// Most header fields in a response head; at least 100 are allowed.
    pub header_count_max: usize,
    /// Largest response head, in bytes; at least 8 KiB are allowed.
    pub header_bytes_max: usize,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            response_head_timeout: Duration::from_secs(30),
            response_stall_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            idle_max: 256,
            header_count_max: 100,
            header_bytes_max: 64 * 1024,
        }
    }
}
