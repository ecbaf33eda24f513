//! From configuration to running threads.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::admin::{Access, Admin, Guarded, Readiness};
use crate::breaker::{Bank, Policy};
use crate::config::Config;
use crate::config::limits::Limits;
use crate::proxy::inspect::InspectLimits;
use crate::proxy::{Bound, ConnectionCap, Drain, ServeSettings, Served, WireLimits, bind, drain};
use crate::telemetry::Metrics;

use super::contracts::compile_all;
use super::control::start_control;
use super::core::{Blueprint, serve_core};
use super::error::Error;
use super::running::Running;

/// Compiles the contracts, binds the addresses and starts every thread. The program is ready
/// when this returns.
///
/// # Errors
/// [`Error`] before anything is served: nothing is left running then.
pub fn build(config: Config) -> Result<Running, Error> {
    let contracts = compile_all(&config)?;
    let bound = bind(config.listen_address, cores(&config))?;
    let data_address = bound.first().map_or(config.listen_address, Bound::address);
    let admin_listener = bind_admin(&config)?;
    let admin_address = admin_listener.local_addr().map_err(|source| Error::Admin {
        address: config.admin_address,
        source,
    })?;
    let metrics = Metrics::new();
    for (service, contract) in config.services.iter().zip(&contracts) {
        metrics.revision_in_force(&service.name, &contract.version, &contract.revision);
    }
    let readiness = Readiness::new();
    let (trigger, drain) = drain();
    let cap = ConnectionCap::new(config.limits.connections_max);
    let limits = config.limits.clone();
    let admin = Admin {
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        services: guarded(&config, bound.len()),
        catalog: Arc::clone(&config.catalog),
        access: Access::new(admin_address, config.admin_token.as_ref()),
    };
    let control = start_control(admin_listener, admin, Arc::clone(&cap))?;
    let blueprint = Arc::new(Blueprint {
        settings: settings(&config, cap),
        config,
        contracts,
        metrics,
    });
    let data = start_cores(bound, &blueprint, &readiness, &drain)?;
    readiness.await_parts();
    Ok(Running {
        data_address,
        admin_address,
        readiness,
        trigger,
        data,
        control,
        limits,
    })
}

fn cores(config: &Config) -> usize {
    match config.runtime.data_cores {
        0 => thread::available_parallelism().map_or(1, usize::from),
        cores => cores,
    }
}

/// A bank for each service.
fn guarded(config: &Config, cores: usize) -> Arc<[Guarded]> {
    let started = Instant::now();
    let services = config.services.iter();
    services
        .map(|service| {
            let policy = Policy::default();
            let bank = Bank::new(&config.catalog, &policy, cores, started, fastrand::u64(..));
            Guarded {
                service: service.name.clone(),
                bank: Arc::new(bank),
                policy: Arc::new(policy),
            }
        })
        .collect()
}

fn bind_admin(config: &Config) -> Result<std::net::TcpListener, Error> {
    let address = config.admin_address;
    let listener = std::net::TcpListener::bind(address);
    listener
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|source| Error::Admin { address, source })
}

fn settings(config: &Config, cap: Arc<ConnectionCap>) -> ServeSettings {
    ServeSettings {
        limits: wire_limits(&config.limits),
        trusted_networks: config.identity.trusted_peers.networks().to_vec(),
        cap,
    }
}

fn wire_limits(limits: &Limits) -> WireLimits {
    WireLimits {
        inspect: InspectLimits {
            target_bytes_max: limits.request_target_bytes_max,
            header_count_max: limits.header_count_max,
            header_bytes_max: limits.header_bytes_max,
        },
        request_head_timeout: limits.request_head_timeout,
        keep_alive_timeout: limits.idle_timeout,
        request_body_timeout: limits.request_body_timeout,
        ..WireLimits::default()
    }
}

fn start_cores(
    bound: Vec<Bound>,
    blueprint: &Arc<Blueprint>,
    readiness: &Readiness,
    drain: &Drain,
) -> Result<Vec<JoinHandle<Served>>, Error> {
    let start = |(index, bound): (usize, Bound)| {
        let blueprint = Arc::clone(blueprint);
        let drain = drain.clone();
        let pending = readiness.pending(&format!("data core {index}"));
        thread::Builder::new()
            .name(format!("data-{index}"))
            .spawn(move || serve_core(bound, &blueprint, drain, pending))
            .map_err(Error::Runtime)
    };
    bound.into_iter().enumerate().map(start).collect()
}
