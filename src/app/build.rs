//! From configuration to running threads.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::admin::{Access, Admin, Readiness};
use crate::config::Config;
use crate::config::limits::Limits;
use crate::proxy::inspect::InspectLimits;
use crate::proxy::{Bound, ConnectionCap, Drain, ServeSettings, Served, WireLimits, bind, drain};
use crate::telemetry::Metrics;

use super::contracts::compile_all;
use super::control::{Gauges, start_control};
use super::core::{Blueprint, serve_core};
use super::error::Error;
use super::guards::guard_all;
use super::keys::{KeyReader, load_keys};
use super::running::Running;

/// Compiles the contracts, binds the addresses and starts every thread. The program is ready
/// when this returns.
///
/// # Errors
/// [`Error`] before anything is served: nothing is left running then.
pub fn build(config: Config) -> Result<Running, Error> {
    let contracts = compile_all(&config)?;
    let key_reader = load_keys(&config.identity)?;
    let keys = key_reader.as_ref().map(KeyReader::keys);
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
    let guards = guard_all(&config, &contracts, bound.len());
    let readiness = Readiness::new();
    let (trigger, drain) = drain();
    let cap = ConnectionCap::new(config.limits.connections_max);
    let limits = config.limits.clone();
    let admin = Admin {
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        services: Arc::clone(&guards),
        catalog: Arc::clone(&config.catalog),
        access: Access::new(admin_address, config.admin_token.as_ref()),
    };
    let control = start_control(
        admin_listener,
        admin,
        Gauges {
            metrics: metrics.clone(),
            cap: Arc::clone(&cap),
            guards: Arc::clone(&guards),
            catalog: Arc::clone(&config.catalog),
        },
        key_reader,
    )?;
    let blueprint = Arc::new(Blueprint {
        settings: settings(&config, cap),
        config,
        contracts,
        guards,
        metrics,
        keys,
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
            .spawn(move || serve_core(index, bound, &blueprint, drain, pending))
            .map_err(Error::Runtime)
    };
    bound.into_iter().enumerate().map(start).collect()
}
