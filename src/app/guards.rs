//! What guards each service: one bank for all data cores.

use std::sync::Arc;
use std::time::Instant;

use crate::breaker::{Guarded, Policy};
use crate::config::Config;
use crate::contract::CompiledContract;
use crate::proxy::provider;

/// The guard of every service, in the order of the configuration.
pub(super) fn guard_all(
    config: &Config,
    contracts: &[Arc<CompiledContract>],
    cores: usize,
) -> Arc<[Guarded]> {
    let started = Instant::now();
    let services = config.services.iter().zip(contracts);
    services
        .map(|(service, contract)| {
            let policy = Policy {
                protection: service.protection.clone(),
                tiers: config.tiers,
                provider: provider(config, service, contract),
            };
            Guarded::new(&service.name, policy, &config.catalog, cores, started)
        })
        .collect()
}
