//! A request's waits for others, which do not count as overhead of Portcullis.

use std::time::Instant;

use super::request_record::RequestRecord;

impl RequestRecord {
    /// Counts the time until the value is dropped as waiting for the client, for a slot, or before a
    /// retry. A request that is abandoned meanwhile drops it too.
    pub(super) fn wait(&self) -> RequestWait<'_> {
        RequestWait {
            record: self,
            since: Instant::now(),
            is_upstream: false,
        }
    }

    /// Counts the time until the value is dropped as waiting for the upstream.
    pub(super) fn wait_for_upstream(&self) -> RequestWait<'_> {
        RequestWait {
            is_upstream: true,
            ..self.wait()
        }
    }
}

/// A wait of a request for the client, a slot or the upstream.
#[derive(Debug)]
#[must_use = "the wait ends when it is dropped"]
pub(super) struct RequestWait<'r> {
    record: &'r RequestRecord,
    since: Instant,
    is_upstream: bool,
}

impl Drop for RequestWait<'_> {
    fn drop(&mut self) {
        let time = self.since.elapsed();
        self.record.add_wait(time);
        if let Some(span) = self.record.span().filter(|_| self.is_upstream) {
            span.upstream_took(time);
        }
    }
}
