//! The cap on calls and tunnels at the same time, shared by all data cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The calls and tunnels that are open.
#[derive(Debug)]
pub struct OpenCalls {
    open: AtomicUsize,
    max: usize,
}

/// One open call. Dropping it makes room for another one.
#[derive(Debug)]
pub(super) struct CallPermit(Arc<OpenCalls>);

impl OpenCalls {
    /// A cap of `calls_max`.
    pub fn new(calls_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            max: calls_max,
        })
    }

    /// The number of open calls.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Opens a call; `None` if there are too many.
    pub(super) fn enter(self: &Arc<Self>) -> Option<CallPermit> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let permit = CallPermit(Arc::clone(self));
        (before < self.max).then_some(permit)
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_ends_makes_room() {
        let calls = OpenCalls::new(2);
        let first = calls.enter().unwrap();
        let _second = calls.enter().unwrap();
        assert!(calls.enter().is_none());
        assert_eq!(calls.open(), 2);
        drop(first);
        assert!(calls.enter().is_some());
        assert_eq!(calls.open(), 1);
    }
}
