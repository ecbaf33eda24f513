//! The watchers of all services: where their requests are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::contract_watcher::WatcherRequest;
use super::service_state::ServiceId;

/// How many requests may wait for the watcher of one service.
const REQUESTS_MAX: usize = 4;

/// Senders of requests to the watchers. A watcher ends when its sender is removed. Clones share
/// their state.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct WatcherRegistry(Arc<Mutex<WatcherSenders>>);

type WatcherSenders = BTreeMap<ServiceId, mpsc::Sender<WatcherRequest>>;

impl WatcherRegistry {
    /// Adds a watcher, which receives its requests here.
    pub(in crate::app) fn add(&self, service: ServiceId) -> mpsc::Receiver<WatcherRequest> {
        let (sender, requests) = mpsc::channel(REQUESTS_MAX);
        self.lock().insert(service, sender);
        requests
    }

    /// The sender to the watcher of a service, if there is one.
    pub(super) fn sender(&self, service: ServiceId) -> Option<mpsc::Sender<WatcherRequest>> {
        self.lock().get(&service).cloned()
    }

    /// The senders to all watchers.
    pub(super) fn senders(&self) -> Vec<mpsc::Sender<WatcherRequest>> {
        self.lock().values().cloned().collect()
    }

    /// Ends the watchers of all other services.
    pub(super) fn keep_only(&self, services: &BTreeSet<ServiceId>) {
        self.lock().retain(|service, _| services.contains(service));
    }

    fn lock(&self) -> MutexGuard<'_, WatcherSenders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
