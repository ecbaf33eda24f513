//! From configuration to running threads.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::admin::{AdminAccess, AdminState, Readiness};
use crate::config::Config;
use crate::proxy::inspect::InspectLimits;
use crate::proxy::{
    BoundListener, ClientLimits, ConnectionCap, DrainSignal, ListenerSettings, ListenerTotals,
    bind, drain,
};
use crate::telemetry::{Metrics, start_tracing};
use portcullis_vocabulary::limits::Limits;

use super::app_error::AppError;
use super::control_thread::{GaugeSources, start_control};
use super::data_core::{CoreResources, serve_core};
use super::key_reader::{KeyReader, load_keys};
use super::live_state_reader::LiveStateReader;
use super::reload::{ConfigReader, ContractWatcher, LiveStateWriter, ReloadController};
use super::running_app::RunningApp;
use super::startup_contracts::compile_all;

/// What the parts of readiness are called that data cores are.
const DATA_CORE: &str = "data core";

/// How many orders a service's keeper may have before it.
const ORDERS_MAX: usize = 4;

/// Compiles the contracts, binds the addresses and starts every thread. Everything is up when this
/// returns; the program is ready when every service has its contract.
///
/// # Errors
/// [`AppError`] before anything is served: nothing is left running then.
pub fn build(config: Config) -> Result<RunningApp, AppError> {
    build_reloadable(config, None)
}

/// The same for a configuration that can be read again.
pub(super) fn build_reloadable(
    config: Config,
    reread: Option<ConfigReader>,
) -> Result<RunningApp, AppError> {
    let contracts = compile_all(&config)?;
    let key_reader = load_keys(&config.identity)?;
    let keys = key_reader.as_ref().map(KeyReader::keys);
    let bound = bind(config.listen_address, cores(&config))?;
    let data_address = bound
        .first()
        .map_or(config.listen_address, BoundListener::address);
    let admin_listener = bind_admin(&config)?;
    let admin_address = admin_listener
        .local_addr()
        .map_err(|source| AppError::Admin {
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
    let access = AdminAccess::new(admin_address, config.admin_token.as_ref());
    let registrar = Arc::new(LiveStateWriter::new(
        config,
        contracts,
        bound.len(),
        &readiness,
        &metrics,
    ));
    let watched = LiveStateReader::new(&registrar);
    let (keepers, steering) = create_watchers(&registrar, reread);
    let admin = AdminState {
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        guards: Arc::new(watched.clone()),
        traffic: Arc::new(watched.clone()),
        contracts: Arc::new(steering.clone()),
        contract_bytes_max: limits.contract_bytes_max,
        access,
    };
    let gauges = GaugeSources {
        metrics: metrics.clone(),
        cap,
        watched,
    };
    let control = start_control(admin_listener, admin, gauges, (key_reader, keepers, spans))?;
    let blueprint = Arc::new(CoreResources {
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
    Ok(RunningApp {
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
fn create_watchers(
    registrar: &Arc<LiveStateWriter>,
    reread: Option<ConfigReader>,
) -> (Vec<ContractWatcher>, ReloadController) {
    let (senders, keepers) = (0..registrar.count())
        .map(|index| {
            let (sender, orders) = mpsc::channel(ORDERS_MAX);
            (sender, ContractWatcher::new(registrar, index, orders))
        })
        .unzip();
    (keepers, ReloadController::new(registrar, senders, reread))
}

fn cores(config: &Config) -> usize {
    match config.runtime.data_cores {
        0 => thread::available_parallelism().map_or(1, usize::from),
        cores => cores,
    }
}

fn bind_admin(config: &Config) -> Result<std::net::TcpListener, AppError> {
    let address = config.admin_address;
    let listener = std::net::TcpListener::bind(address);
    listener
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|source| AppError::Admin { address, source })
}

fn settings(config: &Config, cap: Arc<ConnectionCap>) -> ListenerSettings {
    ListenerSettings {
        limits: wire_limits(&config.limits),
        trusted_networks: config.identity.trusted_peers.networks().to_vec(),
        cap,
    }
}

fn wire_limits(limits: &Limits) -> ClientLimits {
    ClientLimits {
        inspect: InspectLimits {
            target_bytes_max: limits.request_target_bytes_max,
            header_count_max: limits.header_count_max,
            header_bytes_max: limits.header_bytes_max,
        },
        request_head_timeout: limits.request_head_timeout,
        keep_alive_timeout: limits.idle_timeout,
        request_body_timeout: limits.request_body_timeout,
        ..ClientLimits::default()
    }
}

fn start_cores(
    bound: Vec<BoundListener>,
    blueprint: &Arc<CoreResources>,
    readiness: &Readiness,
    drain: &DrainSignal,
) -> Result<Vec<JoinHandle<ListenerTotals>>, AppError> {
    let start = |(index, bound): (usize, BoundListener)| {
        let blueprint = Arc::clone(blueprint);
        let drain = drain.clone();
        let pending = readiness.pending(&format!("{DATA_CORE} {index}"));
        thread::Builder::new()
            .name(format!("data-{index}"))
            .spawn(move || serve_core(index, bound, &blueprint, drain, pending))
            .map_err(AppError::Runtime)
    };
    bound.into_iter().enumerate().map(start).collect()
}
