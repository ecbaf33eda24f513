//! The keys in force: one writer, and readers that never wait.
//!
//! The control thread puts sets in; data cores read them and may ask for a new one. Each set has
//! a generation, by which whoever remembers verdicts knows that they are no longer worth anything.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

use super::key_set::KeySet;

/// The keys in force, shared; a copy is the same handle.
#[derive(Clone, Debug, Default)]
pub struct IssuerKeys(Arc<SharedKeys>);

#[derive(Debug, Default)]
struct SharedKeys {
    current: ArcSwapOption<ActiveKeySet>,
    wanted: Notify,
}

/// A set with its place in the row of sets.
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

    /// Puts a set in force. There is one writer.
    pub fn replace(&self, set: KeySet) {
        let before = self.0.current.load();
        let generation = before.as_ref().map_or(0, |before| before.generation) + 1;
        self.0
            .current
            .store(Some(Arc::new(ActiveKeySet { set, generation })));
    }

    /// Whether there is a set.
    pub fn is_loaded(&self) -> bool {
        self.0.current.load().is_some()
    }

    /// Waits until somebody misses a key. What was asked for before the call counts.
    pub async fn refresh_requested(&self) {
        self.0.wanted.notified().await;
    }

    /// The set in force, if there is one yet.
    pub(super) fn current(&self) -> arc_swap::Guard<Option<Arc<ActiveKeySet>>> {
        self.0.current.load()
    }

    /// Asks for a new set, because a token names a key that this one lacks.
    pub(super) fn request_refresh(&self) {
        self.0.wanted.notify_one();
    }
}
