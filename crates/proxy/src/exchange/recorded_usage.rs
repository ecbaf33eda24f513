//! What one exchange uses, for the consumers' share of a service.

use std::cell::Cell;
use std::time::Duration;

/// What one exchange uses.
#[derive(Debug)]
pub(super) struct RecordedUsage {
    /// What the connection had read of earlier bodies.
    body_bytes_before: u64,
    response_bytes: Cell<u64>,
    upstream_wait: Cell<Duration>,
}

impl RecordedUsage {
    /// The usage of a request on a connection that has read this many bytes of bodies.
    pub(super) const fn after(body_bytes: u64) -> Self {
        Self {
            body_bytes_before: body_bytes,
            response_bytes: Cell::new(0),
            upstream_wait: Cell::new(Duration::ZERO),
        }
    }

    /// Adds time spent waiting for the upstream.
    pub(super) fn add_upstream_wait(&self, time: Duration) {
        self.upstream_wait.set(self.upstream_wait.get() + time);
    }

    /// Counts bytes of the response's body.
    pub(super) fn add_response_bytes(&self, bytes: u64) {
        self.response_bytes.set(self.response_bytes.get() + bytes);
    }

    /// The time spent waiting for the upstream.
    pub(super) const fn upstream_wait(&self) -> Duration {
        self.upstream_wait.get()
    }

    /// The bytes of the request's body, of all bytes that the connection has read of bodies.
    pub(super) const fn request_bytes(&self, body_bytes: u64) -> u64 {
        body_bytes - self.body_bytes_before
    }

    /// The bytes of the response's body.
    pub(super) const fn response_bytes(&self) -> u64 {
        self.response_bytes.get()
    }
}
