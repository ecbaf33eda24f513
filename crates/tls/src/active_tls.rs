//! The place where the active settings of a port or an upstream are published.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// Settings that are replaced as a whole. Connections load them without waiting.
#[derive(Debug)]
pub struct ActiveTls<T>(ArcSwap<T>);

impl<T> ActiveTls<T> {
    /// The first settings.
    pub fn new(first: T) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(first)))
    }

    /// The active settings.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Replaces the settings. Connections keep those that they began with.
    pub fn replace(&self, next: T) {
        self.0.store(Arc::new(next));
    }
}
