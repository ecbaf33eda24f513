//! The measurements of one request.

use std::time::Duration;

use super::inventory::ViolatedParts;

/// The measurements of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestMeasurement {
    /// From the head of the request to the head of the response.
    pub took: Duration,
    /// The part of `took` that was spent in Portcullis.
    pub own: Duration,
    /// The time from sending the request to the upstream to the head of its response.
    pub upstream: Duration,
    /// Bytes of the request's body that were read until the response had passed.
    pub request_bytes: u64,
    /// Bytes of the response's body.
    pub response_bytes: u64,
    /// The time spent validating it against the contract.
    pub judging: Duration,
    /// Whether the request or the response violated the contract.
    pub departed: ViolatedParts,
    /// Whether a circuit that failures opened refused it.
    pub is_circuit_open: bool,
}
