//! A request's waits for others, which do not count as overhead of Portcullis.

use std::time::{Duration, Instant};

use super::request_record::RequestRecord;
use crate::poll_clock;

impl RequestRecord {
    /// Counts the time until the value is dropped as waiting for the client, for a slot, or before a
    /// retry. A request that is abandoned meanwhile drops it too.
    pub(super) fn wait(&self) -> RequestWait<'_> {
        self.wait_for(false)
    }

    /// Counts the time until the value is dropped as waiting for the upstream.
    pub(super) fn wait_for_upstream(&self) -> RequestWait<'_> {
        self.wait_for(true)
    }

    fn wait_for(&self, is_upstream: bool) -> RequestWait<'_> {
        RequestWait {
            record: self,
            since: Some(poll_clock::now()),
            is_upstream,
        }
    }
}

/// A wait of a request for the client, a slot or the upstream.
#[derive(Debug)]
#[must_use = "the wait ends when it is dropped"]
pub(super) struct RequestWait<'r> {
    record: &'r RequestRecord,
    /// When it began; nothing once it is counted.
    since: Option<Instant>,
    is_upstream: bool,
}

impl RequestWait<'_> {
    /// Ends the wait. Returns when it ended, and its time.
    pub(super) fn end(mut self) -> (Instant, Duration) {
        let now = poll_clock::now();
        (now, self.count(now))
    }

    /// Counts the time until `now`, once.
    fn count(&mut self, now: Instant) -> Duration {
        let since = self.since.take();
        let time = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.record.add_wait(time);
        if self.is_upstream {
            self.record.usage.add_upstream_wait(time);
            if let Some(span) = self.record.span() {
                span.upstream_took(time);
            }
        }
        time
    }
}

impl Drop for RequestWait<'_> {
    fn drop(&mut self) {
        if self.since.is_some() {
            self.count(poll_clock::now());
        }
    }
}
