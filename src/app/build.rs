//! From configuration to running threads.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::admin::{Access, Admin, Readiness};
use crate::config::Config;
use crate::proxy::inspect::InspectLimits;
use crate::proxy::{Bound, ConnectionCap, Drain, ServeSettings, Served, WireLimits, bind, drain};
use crate::telemetry::{Metrics, start_tracing};
use portcullis_vocabulary::limits::Limits;

use super::contracts::compile_all;
use super::control::{Gauges, start_control};
use super::core::{Blueprint, serve_core};
use super::error::Error;
use super::keys::{KeyReader, load_keys};
use super::reload::{Keeper, Registrar, Reread, Steering};
use super::running::Running;
use super::watched::Watched;

/// What the parts of readiness are called that data cores are.
const DATA_CORE: &str = "data core";

/// How many orders a service's keeper may have before it.
const ORDERS_MAX: usize = 4;

/// Compiles the contracts, binds the addresses and starts every thread. Everything is up when this
/// returns; the program is ready when every service has its contract.
///
/// # Errors
/// [`Error`] before anything is served: nothing is left running then.
pub fn build(config: Config) -> Result<Running, Error> {
    build_reloadable(config, None)
}

/// The same for a configuration that can be read again.
pub(super) fn build_reloadable(config: Config, reread: Option<Reread>) -> Result<Running, Error> {
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
    let metrics = match config.metrics_enabled {
        true => Metrics::new(),
        false => Metrics::off(),
    };
    let (tracer, spans) = start_tracing(&config.tracing, &metrics)?.unzip();
    let readiness = Readiness::new();
    let (trigger, drain) = drain();
    let cap = ConnectionCap::new(config.limits.connections_max);
    let limits = config.limits.clone();
    let settings = settings(&config, Arc::clone(&cap));
    let access = Access::new(admin_address, config.admin_token.as_ref());
    let registrar = Arc::new(Registrar::new(
        config,
        contracts,
        bound.len(),
        &readiness,
        &metrics,
    ));
    let watched = Watched::new(&registrar);
    let (keepers, steering) = keep(&registrar, reread);
    let admin = Admin {
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        guards: Arc::new(watched.clone()),
        traffic: Arc::new(watched.clone()),
        contracts: Arc::new(steering.clone()),
        contract_bytes_max: limits.contract_bytes_max,
        access,
    };
    let gauges = Gauges {
        metrics: metrics.clone(),
        cap,
        watched,
    };
    let control = start_control(admin_listener, admin, gauges, (key_reader, keepers, spans))?;
    let blueprint = Arc::new(Blueprint {
        published: registrar.published(),
        metrics,
        keys,
        tracer,
        settings,
    });
    let data = start_cores(bound, &blueprint, &readiness, &drain)?;
    readiness.await_parts(DATA_CORE);
    // The data cores alone hold tracers now: when they have ended, there are no more spans.
    drop(blueprint);
    Ok(Running {
        data_address,
        admin_address,
        readiness,
        trigger,
        data,
        control,
        limits,
        steering,
    })
}

/// A keeper for each service, and what orders them.
fn keep(registrar: &Arc<Registrar>, reread: Option<Reread>) -> (Vec<Keeper>, Steering) {
    let (senders, keepers) = (0..registrar.count())
        .map(|index| {
            let (sender, orders) = mpsc::channel(ORDERS_MAX);
            (sender, Keeper::new(registrar, index, orders))
        })
        .unzip();
    (keepers, Steering::new(registrar, senders, reread))
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
        let pending = readiness.pending(&format!("{DATA_CORE} {index}"));
        thread::Builder::new()
            .name(format!("data-{index}"))
            .spawn(move || serve_core(index, bound, &blueprint, drain, pending))
            .map_err(Error::Runtime)
    };
    bound.into_iter().enumerate().map(start).collect()
}
