//! Reloads of the configuration: read it, prepare what its services need, apply it as a whole.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_proxy::{SecretValues, VendorSecrets};
use tokio::task::spawn_blocking;

use crate::admin::{ConfigReloadView, ConfigResult, ContractFault};
use crate::source::ContractCache;

use super::config_changes::ConfigChanges;
use super::contract_watcher::ContractWatcher;
use super::live_state_writer::{ConfigReader, LiveStateWriter};
use super::prepared_services::{PreparedService, prepare};
use super::reconfigure::{AppliedConfig, ReconfigureFault};
use super::watcher_registry::WatcherRegistry;
use super::watcher_resources::WatcherResources;
use crate::app::tls::TlsPlaces;
use crate::app::vendor_fields::read_for_reload;

/// How often contracts are read again because an active one changed meanwhile.
const ATTEMPTS_MAX: usize = 3;

/// Reloads the configuration. Clones share their state.
#[derive(Clone)]
pub(super) struct ConfigReloader {
    writer: Arc<LiveStateWriter>,
    watchers: WatcherRegistry,
    resources: WatcherResources,
    config_reader: Option<ConfigReader>,
    tls: TlsPlaces,
    secrets: VendorSecrets,
    /// Held during a reload: reloads run one after the other.
    reload_lock: Arc<tokio::sync::Mutex<()>>,
}

impl ConfigReloader {
    pub(super) fn new(
        writer: &Arc<LiveStateWriter>,
        watchers: &WatcherRegistry,
        resources: WatcherResources,
        config_reader: Option<ConfigReader>,
        (tls, secrets): (TlsPlaces, VendorSecrets),
    ) -> Self {
        Self {
            writer: Arc::clone(writer),
            watchers: watchers.clone(),
            resources,
            config_reader,
            tls,
            secrets,
            reload_lock: Arc::default(),
        }
    }

    /// Reads the configuration again and applies it as a whole, or not at all.
    pub(super) async fn reload(&self) -> Result<ConfigReloadView, ContractFault> {
        let Some(config_reader) = self.config_reader.clone() else {
            return Err(ContractFault::Unavailable {
                reason: "the program was started without a configuration file that can be reloaded"
                    .to_owned(),
            });
        };
        let _guard = self.reload_lock.lock().await;
        let writer = Arc::clone(&self.writer);
        let read = blocking(move || {
            let config = config_reader();
            config.map(|config| ConfigChanges::between(&writer.config(), &config))
        });
        let changes = match read.await? {
            Ok(changes) => changes,
            Err(errors) => {
                let problems = errors.to_string().lines().map(str::to_owned).collect();
                return Ok(refused(problems));
            }
        };
        let result = if changes.changed.is_empty() {
            tracing::info!(
                needs_restart = changes.needs_restart.join(", "),
                "configuration unchanged"
            );
            ConfigResult::Unchanged
        } else {
            let applied = self.apply(&changes).await;
            // TLS that was loaded for a refused configuration is removed, too.
            self.tls.follow(&self.writer.config().services);
            match applied? {
                Ok(applied) => {
                    self.follow(applied);
                    let unused = changes.unused_cache_entries;
                    let bytes_max = changes.config.limits.contract_bytes_max as u64;
                    blocking(move || remove_cached(&unused, bytes_max)).await?;
                }
                Err(problems) => return Ok(refused(problems)),
            }
            ConfigResult::Applied
        };
        Ok(ConfigReloadView {
            result,
            changed: changes.changed,
            needs_restart: changes.needs_restart,
            problems: Vec::new(),
        })
    }

    /// Applies the changes, or returns the problems of the contracts that they need.
    async fn apply(
        &self,
        changes: &ConfigChanges,
    ) -> Result<Result<AppliedConfig, Vec<String>>, ContractFault> {
        let (tls, config) = (self.tls.clone(), Arc::clone(&changes.config));
        if let Err(errors) = blocking(move || tls.load_upstreams(&config.services)).await? {
            return Ok(Err(errors.iter().map(ToString::to_string).collect()));
        }
        let (secrets, config) = (self.secrets.clone(), Arc::clone(&changes.config));
        let fields = match blocking(move || read_for_reload(&config, &secrets)).await? {
            Ok(fields) => fields,
            Err(errors) => return Ok(Err(errors.iter().map(ToString::to_string).collect())),
        };
        for _ in 0..ATTEMPTS_MAX {
            let needs = self.writer.needs(changes);
            let bytes_max = changes.config.limits.contract_bytes_max;
            let prepared = match prepare(needs, bytes_max, &self.resources).await {
                Ok(prepared) => prepared,
                Err(problems) => return Ok(Err(problems)),
            };
            match self.apply_prepared(changes, prepared, &fields).await? {
                Ok(applied) => return Ok(Ok(applied)),
                Err(ReconfigureFault::Refused(problems)) => return Ok(Err(problems)),
                Err(ReconfigureFault::Outdated) => {}
            }
        }
        let problem = "an active contract changed each time the new ones were compared with it: \
                       reload the configuration again";
        Ok(Err(vec![problem.to_owned()]))
    }

    async fn apply_prepared(
        &self,
        changes: &ConfigChanges,
        prepared: Vec<PreparedService>,
        fields: &SecretValues,
    ) -> Result<Result<AppliedConfig, ReconfigureFault>, ContractFault> {
        let (writer, changes) = (Arc::clone(&self.writer), changes.clone());
        // Published first, so the first call by the new configuration has its fields. Those that it does
        // not name are removed when the files are read again.
        self.secrets.publish(fields.clone());
        blocking(move || writer.reconfigure(&changes, prepared)).await
    }

    /// Ends the watchers of removed services, and begins those of new ones.
    fn follow(&self, applied: AppliedConfig) {
        self.watchers.keep_only(&applied.current);
        for begun in applied.begun {
            let requests = self.watchers.add(begun.id);
            let watcher = ContractWatcher::new(
                &self.writer,
                begun.id,
                requests,
                begun.readers,
                begun.first_read,
            );
            tokio::spawn(watcher.run());
        }
    }
}

/// Removes the cached contracts of removed services.
fn remove_cached(entries: &[(PathBuf, String)], bytes_max: u64) {
    for (folder, service) in entries {
        if let Err(error) = ContractCache::new(folder, bytes_max).remove(service) {
            tracing::warn!(service, %error, "cannot remove the contract from the cache");
        }
    }
}

/// Runs work that may block, which the control runtime must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ContractFault> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| ContractFault::Unavailable {
        reason: format!("the configuration could not be read: {error}"),
    })
}

fn refused(problems: Vec<String>) -> ConfigReloadView {
    tracing::warn!(
        problems = problems.join("; "),
        "reload refused: the active configuration stays"
    );
    ConfigReloadView {
        result: ConfigResult::Refused,
        changed: Vec::new(),
        needs_restart: Vec::new(),
        problems,
    }
}
