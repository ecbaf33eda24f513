//! What a new configuration changes: the settings that apply at once, and those that need a restart.
//!
//! Listeners, data cores and what they were built with need a restart. Everything about services
//! applies at once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_config::{Config, ListenAddress, ServiceConfig};
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::limits::Limits;

use super::read_task::options;

/// A configuration to apply, and how it differs from the active one.
#[derive(Clone, Debug)]
pub(super) struct ConfigChanges {
    /// The new configuration, with the active values of settings that need a restart.
    pub(super) config: Arc<Config>,
    /// The keys and sections that differ and apply at once.
    pub(super) changed: Vec<String>,
    /// The keys and sections that differ and need a restart.
    pub(super) needs_restart: Vec<String>,
    /// The services whose cached contracts are not used any more, each with its folder.
    pub(super) unused_cache_entries: Vec<(PathBuf, String)>,
}

/// What a service needs before a changed configuration applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceChange {
    /// Nothing: the same source is read and watched in the same way.
    Unchanged,
    /// Another watch of the same contract.
    Watch,
    /// A contract, because it has none for this source, or one that was compiled otherwise.
    Contract,
}

impl ConfigChanges {
    /// Compares the active configuration with a new one.
    pub(super) fn between(old: &Config, new: &Config) -> Self {
        let config = merge(old, new);
        Self {
            changed: changes(old, &config),
            needs_restart: restart_only_changes(old, new),
            unused_cache_entries: unused_cache_entries(old, &config),
            config: Arc::new(config),
        }
    }
}

impl SourceChange {
    /// Compares the active configuration of a service with a new one; `None` for a new service.
    pub(super) fn between(old: Option<&ServiceConfig>, new: &ServiceConfig) -> Self {
        let Some(old) = old else {
            return Self::Contract;
        };
        let is_compiled_alike = options(old) == options(new)
            && old.ref_root == new.ref_root
            && old.overlays == new.overlays;
        if old.contract != new.contract || !is_compiled_alike {
            Self::Contract
        } else if old.candidate != new.candidate
            || old.reload.poll != new.reload.poll
            || old.reload.cache != new.reload.cache
        {
            Self::Watch
        } else {
            Self::Unchanged
        }
    }
}

/// The services of the active configuration whose cached contracts the new one does not use: each
/// name with its folder.
fn unused_cache_entries(old: &Config, new: &Config) -> Vec<(PathBuf, String)> {
    let unused = |service: &ServiceConfig| {
        let folder = cache_folder(service)?;
        let after = named(new, &service.name).and_then(cache_folder);
        (after != Some(folder)).then(|| (folder.clone(), service.name.clone()))
    };
    old.services.iter().filter_map(unused).collect()
}

/// Where the contract of a service is cached, if it is.
fn cache_folder(service: &ServiceConfig) -> Option<&PathBuf> {
    let is_remote = service.contract.as_file().is_none();
    service.reload.cache.as_ref().filter(|_| is_remote)
}

/// Whether the squads are the same, so that they have the same numbers.
pub(super) fn same_squads(old: &Catalog, new: &Catalog) -> bool {
    let names = |catalog: &Catalog| {
        let squads = catalog.squads().iter().map(|squad| squad.name.clone());
        squads.collect::<Vec<_>>()
    };
    names(old) == names(new)
}

/// The keys and sections whose old values [`merge`] keeps, as they are written.
const RESTART_KEYS: [&str; 23] = [
    "listen",
    "admin",
    "identity",
    "runtime",
    "tracing",
    "egress.address",
    "egress.tls",
    "egress.calls_max",
    "log.format",
    "metrics",
    "limits.header_count_max",
    "limits.header_bytes_max",
    "limits.request_target_bytes_max",
    "limits.connections_max",
    "limits.request_head_timeout",
    "limits.request_body_timeout",
    "limits.request_body_rate_min",
    "limits.idle_timeout",
    "limits.response_rate_min",
    "limits.response_buffer_max",
    "limits.drain_delay",
    "limits.drain_timeout",
    "limits.contract_bytes_max",
];

/// The key of services whose old value [`merge`] keeps, too.
const RESTART_KEY_OF_SERVICES: &str = "vendor.address";

/// The configuration to apply: the new one, with the old values of settings that need a restart.
fn merge(old: &Config, new: &Config) -> Config {
    let mut merged = Config {
        listen_addresses: old.listen_addresses.clone(),
        listen_file: old.listen_file.clone(),
        listen_proxies: old.listen_proxies.clone(),
        listen_tls: old.listen_tls.clone(),
        listen_http2: old.listen_http2,
        via: old.via.clone(),
        admin_address: old.admin_address.clone(),
        admin_file: old.admin_file.clone(),
        admin_tls: old.admin_tls.clone(),
        identity: old.identity.clone(),
        runtime: old.runtime,
        admin_token: old.admin_token.clone(),
        tracing: old.tracing.clone(),
        ..new.clone()
    };
    merged.limits = wire_limits_of(&old.limits, &new.limits);
    let written = new.written.keeping(&old.written, &RESTART_KEYS);
    merged.written = written.keeping_in_services(&old.written, RESTART_KEY_OF_SERVICES);
    for service in &mut merged.services {
        if let Some(vendor) = &mut service.vendor {
            vendor.listen_addresses = vendor_addresses(old, &service.name).to_vec();
        }
    }
    merged.egress.tls = old.egress.tls.clone();
    let addresses = &old.egress.listen_addresses;
    merged.egress.listen_addresses.clone_from(addresses);
    merged.egress.calls_max = old.egress.calls_max;
    merged.log.format = old.log.format;
    merged.metrics_enabled = old.metrics_enabled;
    merged
}

/// The keys and sections that differ.
fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut notes = ChangeNotes::default();
    notes.add("catalog", old.catalog != new.catalog);
    notes.add("limits", old.limits != new.limits);
    notes.add("tiers", old.tiers != new.tiers);
    notes.add("log.level", old.log.level != new.log.level);
    notes.add("access_log", old.access_log != new.access_log);
    notes.add("owner", old.owner != new.owner);
    notes.add("refusals", old.refusals != new.refusals);
    notes.add("egress", old.egress != new.egress);
    for service in &new.services {
        let name = &service.name;
        match named(old, name) {
            Some(before) => notes.add(&format!("services.{name}"), before != service),
            None => notes.add(&format!("services.{name} (added)"), true),
        }
    }
    for service in &old.services {
        let name = &service.name;
        let is_removed = named(new, name).is_none();
        notes.add(&format!("services.{name} (removed)"), is_removed);
    }
    notes.0
}

/// The settings that differ and need a restart.
fn restart_only_changes(old: &Config, new: &Config) -> Vec<String> {
    let mut notes = ChangeNotes::default();
    let differs = old.listen_addresses != new.listen_addresses;
    notes.add("listen.address", differs);
    let differs = old.listen_proxies != new.listen_proxies;
    notes.add("listen.proxy_protocol", differs);
    let differs = old.listen_file != new.listen_file;
    notes.add("listen.unix_mode, unix_owner or unix_group", differs);
    notes.add("listen.tls", old.listen_tls != new.listen_tls);
    notes.add("listen.http2", old.listen_http2 != new.listen_http2);
    notes.add("listen.via", old.via != new.via);
    notes.add("admin.address", old.admin_address != new.admin_address);
    let differs = old.admin_file != new.admin_file;
    notes.add("admin.unix_mode, unix_owner or unix_group", differs);
    notes.add("admin.tls", old.admin_tls != new.admin_tls);
    notes.add("admin.token", old.admin_token != new.admin_token);
    notes.add("identity", old.identity != new.identity);
    notes.add("runtime", old.runtime != new.runtime);
    notes.add("tracing", old.tracing != new.tracing);
    let (egress, next) = (&old.egress, &new.egress);
    let differs = egress.listen_addresses != next.listen_addresses;
    notes.add("egress.address", differs);
    notes.add("egress.tls", egress.tls != next.tls);
    notes.add("egress.calls_max", egress.calls_max != next.calls_max);
    let services = old.services.iter().chain(&new.services);
    let vendors = services.filter(|service| service.vendor.is_some());
    let names: BTreeSet<&str> = vendors.map(|service| &*service.name).collect();
    for name in names {
        let differs = vendor_addresses(old, name) != vendor_addresses(new, name);
        notes.add(&format!("services.{name}.vendor.address"), differs);
    }
    notes.add("log.format", old.log.format != new.log.format);
    notes.add("metrics", old.metrics_enabled != new.metrics_enabled);
    let wire = wire_limits_of(&old.limits, &new.limits) != new.limits;
    notes.add("limits (those of connections, heads and contracts)", wire);
    notes.0
}

/// The keys that differ.
#[derive(Default)]
struct ChangeNotes(Vec<String>);

impl ChangeNotes {
    fn add(&mut self, key: &str, differs: bool) {
        if differs {
            self.0.push(key.to_owned());
        }
    }
}

/// The addresses of a vendor; none of a service that is not one.
fn vendor_addresses<'c>(config: &'c Config, name: &str) -> &'c [ListenAddress] {
    let vendor = named(config, name).and_then(|service| service.vendor.as_ref());
    vendor.map_or(&[], |vendor| &vendor.listen_addresses)
}

fn named<'c>(config: &'c Config, name: &str) -> Option<&'c ServiceConfig> {
    config.services.iter().find(|service| service.name == name)
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
