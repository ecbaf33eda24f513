//! The cap on calls and tunnels at the same time, shared by all data cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The calls and tunnels that are open.
#[derive(Debug)]
pub struct OpenCalls {
    open: AtomicUsize,
    /// Those of vendors among them.
    vendors: AtomicUsize,
    max: usize,
}

/// One open call. Dropping it makes room for another one.
#[derive(Debug)]
pub(super) struct CallPermit {
    calls: Arc<OpenCalls>,
    is_vendor: bool,
}

impl OpenCalls {
    /// A cap of `calls_max`.
    pub fn new(calls_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            vendors: AtomicUsize::new(0),
            max: calls_max,
        })
    }

    /// The number of open calls.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The number of open calls to hosts, tunnels included. A call of a vendor counts as a request of the
    /// service that the vendor is.
    pub fn to_hosts(&self) -> usize {
        let vendors = self.vendors.load(Ordering::Relaxed);
        self.open.load(Ordering::Relaxed).saturating_sub(vendors)
    }

    /// Opens a call; `None` if there are too many.
    pub(super) fn enter(self: &Arc<Self>, is_vendor: bool) -> Option<CallPermit> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        self.vendors
            .fetch_add(usize::from(is_vendor), Ordering::Relaxed);
        let permit = CallPermit {
            calls: Arc::clone(self),
            is_vendor,
        };
        (before < self.max).then_some(permit)
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let vendors = &self.calls.vendors;
        vendors.fetch_sub(usize::from(self.is_vendor), Ordering::Relaxed);
        self.calls.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_ends_makes_room() {
        let calls = OpenCalls::new(2);
        let first = calls.enter(false).unwrap();
        let _second = calls.enter(true).unwrap();
        assert!(calls.enter(false).is_none());
        // The refused one has left again.
        assert_eq!((calls.open(), calls.to_hosts()), (2, 1));
        drop(first);
        assert!(calls.enter(false).is_some());
        assert_eq!(calls.to_hosts(), 0);
    }
}
