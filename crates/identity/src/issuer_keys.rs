//! The current key set: one writer, and readers that never wait.
//!
//! The control thread replaces the set. Data cores read it and can request a refresh. Each set has
//! a generation, so a cache of verified tokens knows when its content is outdated.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

use super::key_set::KeySet;

/// A shared handle to the current key set; clones refer to the same set.
#[derive(Clone, Debug, Default)]
pub struct IssuerKeys(Arc<SharedKeys>);

#[derive(Debug, Default)]
struct SharedKeys {
    current: ArcSwapOption<ActiveKeySet>,
    refresh: Notify,
}

/// A key set and its generation, counted from 1.
#[derive(Debug)]
pub(super) struct ActiveKeySet {
    pub(super) set: KeySet,
    pub(super) generation: u64,
}

impl IssuerKeys {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the current set. Only one thread may call this.
    pub fn replace(&self, set: KeySet) {
        let before = self.0.current.load();
        let generation = before.as_ref().map_or(0, |before| before.generation) + 1;
        self.0
            .current
            .store(Some(Arc::new(ActiveKeySet { set, generation })));
    }

    /// Whether a set was loaded.
    pub fn is_loaded(&self) -> bool {
        self.0.current.load().is_some()
    }

    /// Waits until a data core requests a refresh. A request before the call counts too.
    pub async fn refresh_requested(&self) {
        self.0.refresh.notified().await;
    }

    /// The current set, if one was loaded.
    pub(super) fn current(&self) -> arc_swap::Guard<Option<Arc<ActiveKeySet>>> {
        self.0.current.load()
    }

    /// Requests a new set, because a token names a key that the current set lacks.
    pub(super) fn request_refresh(&self) {
        self.0.refresh.notify_one();
    }
}
