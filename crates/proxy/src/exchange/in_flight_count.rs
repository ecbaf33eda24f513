//! How many requests a data core has in flight, for other threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many requests a data core has in flight. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct InFlightCount(Arc<OwnCacheLine>);

/// Counts of different cores share no cache line, so that counting disturbs no other core.
#[derive(Debug, Default)]
#[repr(align(64))]
struct OwnCacheLine(AtomicUsize);

impl InFlightCount {
    /// The number of requests.
    pub fn get(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Counts a request that begins. Only the thread of the core counts, so a load and a store do.
    pub(super) fn enter(&self) {
        self.0.0.store(self.get() + 1, Ordering::Relaxed);
    }

    /// Counts a request that has ended.
    pub(super) fn leave(&self) {
        self.0
            .0
            .store(self.get().saturating_sub(1), Ordering::Relaxed);
    }
}
