//! All places with TLS of the program, and their watchers.
//!
//! What is loaded becomes a part of the program in [`follow`](TlsPlaces::follow), when its
//! configuration is active. So a configuration that is refused changes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

use portcullis_config::{PortTlsConfig, ServiceConfig};
use portcullis_proxy::{UpstreamTlsKey, UpstreamTlsStore};
use portcullis_telemetry::Metrics;
use portcullis_tls::{ActiveTls, ServerTls};

use crate::source::FileWatcher;

use super::tls_files::TlsLoadError;
use super::tls_place::{LoadedPlace, TlsPlace};
use super::tls_status::{LoadedCertificate, TlsStatusBoard};
use super::tls_watcher::TlsWatcher;

/// Loads and watches the files of every place. Clones share their state.
#[derive(Clone, Debug)]
pub(in crate::app) struct TlsPlaces {
    status: TlsStatusBoard,
    files: FileWatcher,
    upstreams: UpstreamTlsStore,
    followed: Arc<Mutex<FollowedPlaces>>,
}

#[derive(Debug, Default)]
struct FollowedPlaces {
    /// What was loaded and is not followed yet.
    pending: Vec<PendingPlace>,
    /// What is followed, by its section.
    running: BTreeMap<String, RunningPlace>,
}

/// A place that was loaded.
#[derive(Debug)]
struct PendingPlace {
    /// What is configured, for an upstream.
    key: Option<UpstreamTlsKey>,
    certificates: Vec<LoadedCertificate>,
    watcher: TlsWatcher,
}

/// A place that is followed.
#[derive(Debug)]
struct RunningPlace {
    key: Option<UpstreamTlsKey>,
    /// Absent for a place without files: the authorities of the system are not watched.
    task: Option<AbortHandle>,
}

impl TlsPlaces {
    pub(in crate::app) fn new(metrics: &Metrics, files: FileWatcher) -> Self {
        Self {
            status: TlsStatusBoard::new(metrics),
            files,
            upstreams: UpstreamTlsStore::default(),
            followed: Arc::default(),
        }
    }

    /// Watches files for the whole program.
    pub(in crate::app) fn files(&self) -> &FileWatcher {
        &self.files
    }

    /// What the admin port shows.
    pub(in crate::app) fn status(&self) -> &TlsStatusBoard {
        &self.status
    }

    /// TLS to the upstreams, for the data cores.
    pub(in crate::app) fn upstreams(&self) -> &UpstreamTlsStore {
        &self.upstreams
    }

    /// Loads the files of a port. `None` if the port is plain.
    ///
    /// # Errors
    /// [`TlsLoadError`].
    pub(in crate::app) fn load_port(
        &self,
        section: &str,
        config: &PortTlsConfig,
    ) -> Result<Option<Arc<ActiveTls<ServerTls>>>, TlsLoadError> {
        if !config.is_enabled() {
            return Ok(None);
        }
        let loaded = TlsPlace::port(section, config)?;
        Ok(Some(self.add(None, loaded)))
    }

    /// Loads the files of upstreams that are new among the services.
    ///
    /// # Errors
    /// All problems.
    pub(in crate::app) fn load_upstreams(
        &self,
        services: &[ServiceConfig],
    ) -> Result<(), Vec<TlsLoadError>> {
        let mut errors = Vec::new();
        for service in services {
            let Some(key) = UpstreamTlsKey::of(service) else {
                continue;
            };
            if self.upstreams.find(&key).is_some() {
                continue;
            }
            let section = format!("services.{}.upstream_tls", service.name);
            match TlsPlace::upstream(&section, &service.upstream_tls, key.host()) {
                Ok(loaded) => {
                    let active = self.add(Some(key.clone()), loaded);
                    self.upstreams.insert(key, active);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Forgets the upstreams that the active services do not have, and begins to watch what was
    /// loaded for them and for the ports. It must run on a runtime.
    pub(in crate::app) fn follow(&self, services: &[ServiceConfig]) {
        let used: Vec<_> = services.iter().filter_map(UpstreamTlsKey::of).collect();
        let is_used =
            |key: &Option<UpstreamTlsKey>| key.as_ref().is_none_or(|key| used.contains(key));
        self.upstreams.keep_only(&used);
        let mut followed = self.lock();
        followed.running.retain(|section, place| {
            let is_kept = is_used(&place.key);
            if !is_kept {
                place.task.iter().for_each(AbortHandle::abort);
                self.status.remove(section);
            }
            is_kept
        });
        for pending in std::mem::take(&mut followed.pending) {
            if !is_used(&pending.key) {
                continue;
            }
            let section = pending.watcher.place.section.clone();
            self.status.note_loaded(&section, &pending.certificates);
            let has_files = !pending.watcher.place.files().is_empty();
            let task = has_files.then(|| tokio::spawn(pending.watcher.run()).abort_handle());
            let running = RunningPlace {
                key: pending.key,
                task,
            };
            followed.running.insert(section, running);
        }
    }

    fn add<T>(&self, key: Option<UpstreamTlsKey>, loaded: LoadedPlace<T>) -> Arc<ActiveTls<T>> {
        let LoadedPlace {
            place,
            certificates,
            signature,
            active,
        } = loaded;
        self.lock().pending.push(PendingPlace {
            key,
            certificates,
            watcher: TlsWatcher {
                place,
                signature,
                files: self.files.clone(),
                status: self.status.clone(),
            },
        });
        active
    }

    fn lock(&self) -> MutexGuard<'_, FollowedPlaces> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
