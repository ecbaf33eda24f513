//! Whether the program is ready for traffic.
//!
//! Every part that must start first takes a [`ReadinessGuard`] and drops it when it is ready.
//! After a drain has begun, the program stays unready.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The state behind `/readyz`.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<SharedReadiness>);

#[derive(Debug, Default)]
struct SharedReadiness {
    state: Mutex<ReadinessState>,
    /// Notified when a part becomes ready.
    up: Condvar,
}

#[derive(Debug, Default)]
struct ReadinessState {
    pending: BTreeSet<String>,
    is_draining: bool,
}

/// Keeps the program unready until it is dropped.
#[derive(Debug)]
pub struct ReadinessGuard {
    readiness: Readiness,
    part: String,
}

impl Readiness {
    /// A state without pending parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part that is not ready yet.
    pub fn pending(&self, part: &str) -> ReadinessGuard {
        self.with(|state| state.pending.insert(part.to_owned()));
        ReadinessGuard {
            readiness: self.clone(),
            part: part.to_owned(),
        }
    }

    /// Blocks until no pending part has a name with this prefix.
    pub fn await_parts(&self, prefix: &str) {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let up = self.0.up.wait_while(state, |state| {
            state.pending.iter().any(|part| part.starts_with(prefix))
        });
        drop(up);
    }

    /// Marks the program as draining.
    pub fn drain(&self) {
        self.with(|state| state.is_draining = true);
    }

    /// Why the program is not ready; empty if it is.
    pub fn reasons(&self) -> Vec<String> {
        self.with(|state| {
            let draining = state.is_draining.then(|| "draining".to_owned());
            let pending = state
                .pending
                .iter()
                .map(|part| format!("{part} is not ready"));
            draining.into_iter().chain(pending).collect()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut ReadinessState) -> T) -> T {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for ReadinessGuard {
    fn drop(&mut self) {
        self.readiness
            .with(|state| state.pending.remove(&self.part));
        self.readiness.0.up.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_nothing_is_pending() {
        let readiness = Readiness::new();
        assert!(readiness.reasons().is_empty());
        let core = readiness.pending("core 0");
        assert_eq!(readiness.reasons(), ["core 0 is not ready"]);
        std::thread::scope(|scope| {
            scope.spawn(|| drop(core));
            readiness.await_parts("core");
        });
        assert!(readiness.reasons().is_empty());
        readiness.drain();
        assert_eq!(readiness.reasons(), ["draining"]);
    }
}
