//! Keeps replaced services until no data core uses them. A contract is large; if a data core
//! dropped the last reference, a request would wait for it.

use std::sync::Arc;

use portcullis_proxy::ActiveService;

/// Services that have been replaced.
#[derive(Debug, Default)]
pub(super) struct DeferredDrop(Vec<Arc<ActiveService>>);

impl DeferredDrop {
    /// Keeps a service until this is its last reference.
    pub(super) fn add(&mut self, service: Arc<ActiveService>) {
        self.0.push(service);
    }

    /// Takes out the services that have no other reference. Drop them without holding a lock.
    pub(super) fn take_unused(&mut self) -> Vec<Arc<ActiveService>> {
        let (unused, used): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|service| Arc::strong_count(service) == 1);
        self.0 = used;
        unused
    }
}
