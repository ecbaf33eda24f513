//! The requests of one upstream that wait for a stream.

use std::cell::Cell;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The requests that wait.
#[derive(Debug, Default)]
pub(super) struct StreamWaiters {
    count: Cell<usize>,
    changed: Notify,
}

/// A request that waits. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct WaitingRequest<'w>(&'w StreamWaiters);

impl StreamWaiters {
    /// Counts a request.
    pub(super) fn join(&self) -> WaitingRequest<'_> {
        self.count.set(self.count.get() + 1);
        WaitingRequest(self)
    }

    /// How many wait.
    pub(super) const fn count(&self) -> usize {
        self.count.get()
    }

    /// Ready when something has changed.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Notes that there is room for one more stream.
    pub(super) fn note_room(&self) {
        if self.count.get() > 0 {
            self.changed.notify_one();
        }
    }

    /// Notes that there may be room for any number of streams, or that some will not come.
    pub(super) fn note_change(&self) {
        self.changed.notify_waiters();
    }
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
    }
}
