//! Applies a new configuration while the program serves.
//!
//! All changes take effect at once, for all services together. Settings that need a restart are
//! reported and keep their values until then.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_config::{Config, ServiceConfig};
use portcullis_proxy::ActiveService;
use portcullis_telemetry::set_log_level;
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::limits::Limits;

use super::live_state_writer::{LiveState, LiveStateWriter, declared};
use super::read_task::options;
use super::shadow_candidate::ShadowCandidate;

/// The result of applying a new configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReconfigureOutcome {
    /// The keys and sections that took effect.
    pub(super) changed: Vec<String>,
    /// The keys and sections that differ but need a restart.
    pub(super) needs_restart: Vec<String>,
    /// The services whose contracts must be compiled again.
    pub(super) recompile: Vec<usize>,
}

impl LiveStateWriter {
    /// Applies a configuration as far as possible without a restart.
    pub(super) fn reconfigure(&self, new: &Config) -> ReconfigureOutcome {
        let mut state = self.lock();
        let old = Arc::clone(&state.config);
        let mut done = ReconfigureOutcome {
            needs_restart: restart_only_changes(&old, new),
            ..ReconfigureOutcome::default()
        };
        let merged = Arc::new(merge(&old, new, &mut done));
        if done.changed.is_empty() {
            return done;
        }
        set_log_level(merged.log.level);
        state.config = Arc::clone(&merged);
        for index in 0..state.services.len() {
            self.reconfigure_service(&mut state, index, &old, &merged, &mut done);
        }
        self.publish(&state);
        for service in &mut state.services {
            service.check_reachability(&merged, &self.metrics);
        }
        tracing::info!(
            changed = done.changed.join(", "),
            needs_restart = done.needs_restart.join(", "),
            "configuration changed"
        );
        done
    }

    fn reconfigure_service(
        &self,
        state: &mut LiveState,
        index: usize,
        old: &Config,
        new: &Config,
        done: &mut ReconfigureOutcome,
    ) {
        let service = &mut state.services[index];
        let before = &service.live.config;
        let config = &new.services[index];
        if options(before) != options(config) || before.ref_root != config.ref_root {
            done.recompile.push(index);
        }
        let contract = service.live.compiled().map(Arc::clone);
        let has_same_squads = same_squads(&old.catalog, &new.catalog);
        let protection = if has_same_squads {
            let policy = Arc::new(ServicePolicy {
                protection: config.protection.clone(),
                tiers: new.tiers,
                provider: new.provider_of(config, declared(contract.as_deref())),
            });
            let limits = Arc::clone(&service.live.protection.limits);
            limits.adopt(&new.catalog, &policy);
            ServiceProtection {
                service: config.name.clone(),
                limits,
                policy,
            }
        } else {
            // The catalog numbers the squads, so the old counters do not fit the new catalog.
            // Operators' overrides are keyed by name and carried over.
            let protection = self.new_protection(new, config, contract.as_deref());
            let before = &service.live.protection.limits;
            protection
                .limits
                .inherit_overrides(before, &old.catalog, &new.catalog);
            protection
        };
        let is_candidate_outdated = !has_same_squads
            || before.enforcement != config.enforcement
            || before.reload.candidate_sample != config.reload.candidate_sample
            || old.limits != new.limits;
        if let Some(candidate) = service.candidate.take_if(|_| is_candidate_outdated) {
            service.candidate = self.restart_candidate(candidate, new, config);
        }
        let parts = (protection, Arc::clone(&service.live.inventory));
        let live = ActiveService::new(new, config, contract, parts, service.shadow_sampler());
        state.replace(index, live);
    }

    /// Restarts a candidate under the new configuration, with an empty report.
    fn restart_candidate(
        &self,
        candidate: ShadowCandidate,
        config: &Config,
        service: &ServiceConfig,
    ) -> Option<ShadowCandidate> {
        let ShadowCandidate {
            contract, options, ..
        } = candidate;
        let name = &service.name;
        match ShadowCandidate::start(contract, options, config, service, &self.metrics) {
            Ok(candidate) => {
                tracing::info!(service = name, "candidate restarted: its report is empty");
                Some(candidate)
            }
            Err(error) => {
                tracing::warn!(service = name, %error, "candidate dropped: cannot start its thread");
                None
            }
        }
    }
}

/// The configuration to apply: the new one, with the old values of settings that need a restart.
fn merge(old: &Config, new: &Config, done: &mut ReconfigureOutcome) -> Config {
    let mut merged = Config {
        listen_address: old.listen_address,
        via: old.via.clone(),
        admin_address: old.admin_address,
        identity: old.identity.clone(),
        runtime: old.runtime,
        admin_token: old.admin_token.clone(),
        tracing: old.tracing.clone(),
        ..new.clone()
    };
    merged.limits = wire_limits_of(&old.limits, &new.limits);
    merged.log.format = old.log.format;
    merged.metrics_enabled = old.metrics_enabled;
    // Host and path routes were validated for the whole set of services, so they change only if
    // the set is the same.
    let is_same_set = same_services(old, new);
    let named = |name: &str| new.services.iter().find(|service| service.name == name);
    merged.services = old
        .services
        .iter()
        .map(|before| match named(&before.name) {
            Some(after) => ServiceConfig {
                hosts: if is_same_set { after } else { before }.hosts.clone(),
                path_prefix: if is_same_set { after } else { before }.path_prefix.clone(),
                contract: before.contract.clone(),
                candidate: before.candidate.clone(),
                reload: portcullis_config::ReloadConfig {
                    poll: before.reload.poll,
                    cache: before.reload.cache.clone(),
                    ..after.reload.clone()
                },
                ..after.clone()
            },
            None => before.clone(),
        })
        .collect();
    let mut note = |name: &str, is_changed: bool| {
        if is_changed {
            done.changed.push(name.to_owned());
        }
    };
    note("catalog", old.catalog != merged.catalog);
    note("limits", old.limits != merged.limits);
    note("tiers", old.tiers != merged.tiers);
    note("log.level", old.log.level != merged.log.level);
    note("access_log", old.access_log != merged.access_log);
    note("owner", old.owner != merged.owner);
    note("refusals", old.refusals != merged.refusals);
    for (before, after) in old.services.iter().zip(&merged.services) {
        note(&format!("services.{}", after.name), before != after);
    }
    merged
}

/// The settings that differ and need a restart.
fn restart_only_changes(old: &Config, new: &Config) -> Vec<String> {
    let mut fixed = Vec::new();
    let mut note = |name: &str, differs: bool| {
        if differs {
            fixed.push(name.to_owned());
        }
    };
    note("listen.address", old.listen_address != new.listen_address);
    note("listen.via", old.via != new.via);
    note("admin.address", old.admin_address != new.admin_address);
    note("admin.token", old.admin_token != new.admin_token);
    note("identity", old.identity != new.identity);
    note("runtime", old.runtime != new.runtime);
    note("tracing", old.tracing != new.tracing);
    note("log.format", old.log.format != new.log.format);
    note("metrics", old.metrics_enabled != new.metrics_enabled);
    let wire = wire_limits_of(&old.limits, &new.limits) != new.limits;
    note("limits (those of connections, heads and contracts)", wire);
    for before in &old.services {
        let name = &before.name;
        match new.services.iter().find(|service| service.name == *name) {
            None => note(&format!("services.{name} (removed)"), true),
            Some(after) => {
                note(
                    &format!("services.{name}.contract"),
                    before.contract != after.contract,
                );
                note(
                    &format!("services.{name}.candidate"),
                    before.candidate != after.candidate,
                );
                let routed = !same_services(old, new)
                    && (before.hosts != after.hosts || before.path_prefix != after.path_prefix);
                note(&format!("services.{name} (hosts and path_prefix)"), routed);
                let (old, new) = (&before.reload, &after.reload);
                let differs = old.poll != new.poll || old.cache != new.cache;
                note(&format!("services.{name}.reload"), differs);
            }
        }
    }
    for after in &new.services {
        let is_new = !old.services.iter().any(|before| before.name == after.name);
        note(&format!("services.{} (added)", after.name), is_new);
    }
    fixed
}

/// The new limits, with the old values of those that connections and contracts already use.
fn wire_limits_of(old: &Limits, new: &Limits) -> Limits {
    Limits {
        header_count_max: old.header_count_max,
        header_bytes_max: old.header_bytes_max,
        request_target_bytes_max: old.request_target_bytes_max,
        connections_max: old.connections_max,
        request_head_timeout: old.request_head_timeout,
        request_body_timeout: old.request_body_timeout,
        request_body_rate_min: old.request_body_rate_min,
        idle_timeout: old.idle_timeout,
        response_rate_min: old.response_rate_min,
        response_buffer_max: old.response_buffer_max,
        drain_delay: old.drain_delay,
        drain_timeout: old.drain_timeout,
        contract_bytes_max: old.contract_bytes_max,
        ..new.clone()
    }
}

fn same_services(old: &Config, new: &Config) -> bool {
    let names = |config: &Config| {
        let names = config.services.iter().map(|service| service.name.clone());
        names.collect::<BTreeSet<_>>()
    };
    names(old) == names(new)
}

/// Whether the squads are the same, so that they have the same numbers.
fn same_squads(old: &Catalog, new: &Catalog) -> bool {
    let names = |catalog: &Catalog| {
        let squads = catalog.squads().iter().map(|squad| squad.name.clone());
        squads.collect::<Vec<_>>()
    };
    names(old) == names(new)
}
