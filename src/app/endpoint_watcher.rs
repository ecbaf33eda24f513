//! Watches the servers of all services that have several, or health checks, and shows their state.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::{AbortHandle, spawn_local};

use crate::admin::{EndpointSource, UpstreamServerView};
use portcullis_proxy::{
    EndpointSet, EndpointState, EndpointView, PublishedConfig, UpstreamEndpointStore,
    UpstreamSecurity, UpstreamTlsKey, UpstreamTlsStore,
};
use portcullis_telemetry::Metrics;

/// The servers of the process, for metrics and the admin port.
#[derive(Clone, Debug, Default)]
pub(super) struct EndpointBoard {
    store: UpstreamEndpointStore,
    /// The services that have had servers in the metrics.
    reported: Arc<Mutex<BTreeSet<String>>>,
}

/// Keeps one task for the servers of each active service.
#[derive(Debug)]
pub(super) struct EndpointWatcher {
    pub(super) published: Arc<PublishedConfig>,
    pub(super) board: EndpointBoard,
    pub(super) upstream_tls: UpstreamTlsStore,
    pub(super) metrics: Metrics,
}

/// The task of one service. It ends when this is dropped.
struct WatchedSet {
    set: Arc<EndpointSet>,
    task: AbortHandle,
}

impl EndpointBoard {
    /// The servers, for the data cores.
    pub(super) const fn store(&self) -> &UpstreamEndpointStore {
        &self.store
    }

    /// Updates the gauges. Call it every second.
    pub(super) fn observe(&self, metrics: &Metrics) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let sets = self.store.sets();
        // A service that has none any more keeps its series.
        for service in reported.iter() {
            if !sets.iter().any(|set| set.service() == service) {
                report(metrics, service, &[]);
            }
        }
        for set in sets {
            report(metrics, set.service(), &set.views());
            reported.insert(set.service().to_owned());
        }
    }
}

fn report(metrics: &Metrics, service: &str, views: &[EndpointView]) {
    for state in EndpointState::ALL {
        let count = views.iter().filter(|view| view.state == state).count();
        metrics.set_endpoints(service, state.as_str(), count);
    }
}

impl EndpointSource for EndpointBoard {
    fn endpoints(&self) -> Vec<(String, Vec<UpstreamServerView>)> {
        let views = |set: &Arc<EndpointSet>| set.views().into_iter().map(shown).collect();
        let sets = self.store.sets();
        sets.iter()
            .map(|set| (set.service().to_owned(), views(set)))
            .collect()
    }
}

fn shown(view: EndpointView) -> UpstreamServerView {
    let since = view.since.map(humantime::format_rfc3339_seconds);
    UpstreamServerView {
        address: view.address,
        state: view.state.as_str(),
        since: since.map(|since| since.to_string()),
        fault: view.fault,
        in_flight: view.in_flight,
        requests: view.requests,
        connect_failures: view.connect_failures,
    }
}

impl EndpointWatcher {
    /// Follows the active configuration. It must run on the thread of a `LocalSet`.
    pub(super) async fn run(self) {
        let mut changes = self.published.changes();
        let mut watched = Vec::new();
        loop {
            self.follow(&mut watched);
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn follow(&self, watched: &mut Vec<WatchedSet>) {
        let active = self.published.load();
        let mut used = Vec::new();
        for service in &active.services {
            let limits = service.upstream_limits(&active.config);
            let Some(set) = service.endpoints(self.board.store(), &limits) else {
                continue;
            };
            if !watched.iter().any(|of| Arc::ptr_eq(&of.set, &set)) {
                let security = match UpstreamTlsKey::of(&service.config) {
                    Some(key) => UpstreamSecurity::Tls(self.upstream_tls.find(&key)),
                    None => UpstreamSecurity::Plain,
                };
                let watch = Arc::clone(&set).watch(security, self.metrics.clone());
                watched.push(WatchedSet {
                    set: Arc::clone(&set),
                    task: spawn_local(watch).abort_handle(),
                });
            }
            used.push(set);
        }
        watched.retain(|of| used.iter().any(|set| Arc::ptr_eq(&of.set, set)));
        self.board.store().keep_only(&used);
    }
}

impl Drop for WatchedSet {
    fn drop(&mut self) {
        self.task.abort();
    }
}
