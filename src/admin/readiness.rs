//! Whether the program is ready for traffic.
//!
//! Every part that must start first takes a [`ReadinessGuard`] and drops it when it is ready.
//! After a drain has begun, the program stays unready.

use std::collections::BTreeSet;
use std::fmt;
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

#[derive(Default)]
struct ReadinessState {
    pending: BTreeSet<String>,
    is_draining: bool,
    /// Called once, when the program becomes ready.
    on_ready: Option<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for ReadinessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadinessState")
            .field("pending", &self.pending)
            .field("is_draining", &self.is_draining)
            .finish_non_exhaustive()
    }
}

impl ReadinessState {
    fn is_ready(&self) -> bool {
        self.pending.is_empty() && !self.is_draining
    }

    fn take_on_ready(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        let is_ready = self.is_ready();
        self.on_ready.take_if(|_| is_ready)
    }
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

    /// Calls `on_ready` as soon as the program is ready: now, or on the thread that makes it ready.
    pub fn when_ready(&self, on_ready: impl FnOnce() + Send + 'static) {
        let due = self.with(|state| {
            state.on_ready = Some(Box::new(on_ready));
            state.take_on_ready()
        });
        if let Some(on_ready) = due {
            on_ready();
        }
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
        let due = self.readiness.with(|state| {
            state.pending.remove(&self.part);
            state.take_on_ready()
        });
        self.readiness.0.up.notify_all();
        if let Some(on_ready) = due {
            on_ready();
        }
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

    #[test]
    fn readiness_is_announced_once_and_when_it_holds() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let calls = Arc::new(AtomicUsize::new(0));
        let announce = |readiness: &Readiness| {
            let calls = Arc::clone(&calls);
            readiness.when_ready(move || {
                calls.fetch_add(1, Ordering::SeqCst);
            });
        };
        let readiness = Readiness::new();
        let parts = ["a", "b"].map(|part| readiness.pending(part));
        announce(&readiness);
        let [first, second] = parts;
        drop(first);
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        drop(second);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        drop(readiness.pending("c"));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        announce(&readiness);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        // A program that stops before it was ready never was.
        let last = readiness.pending("d");
        announce(&readiness);
        readiness.drain();
        drop(last);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}
