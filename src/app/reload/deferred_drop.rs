//! What is in force no more, until nobody uses it: a contract is large, and letting go of one must
//! not cost a data core the time of a request.

use std::sync::Arc;

use crate::proxy::ActiveService;

/// Services that were in force.
#[derive(Debug, Default)]
pub(super) struct DeferredDrop(Vec<Arc<ActiveService>>);

impl DeferredDrop {
    /// Keeps a service until nobody else does.
    pub(super) fn add(&mut self, service: Arc<ActiveService>) {
        self.0.push(service);
    }

    /// Hands out those that nobody else uses, to be dropped without a lock.
    pub(super) fn take_unused(&mut self) -> Vec<Arc<ActiveService>> {
        let (unused, used): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|service| Arc::strong_count(service) == 1);
        self.0 = used;
        unused
    }
}
