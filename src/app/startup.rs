//! Starts every thread of the program from a configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::admin::{AdminAccess, Readiness};
use portcullis_config::{Config, Http2Config, Http2Mode, ListenAddress};
use portcullis_proxy::inspect::InspectLimits;
use portcullis_proxy::{
    BoundListener, ClientLimits, ConnectionCap, CoreResources, CoreSockets, DrainSignal,
    EgressSockets, InFlightCount, ListenerProxies, ListenerSettings, ListenerTls, ListenerTotals,
    VendorSecrets, bind, drain, listen_at_socket, serve_core,
};
use portcullis_telemetry::{Metrics, start_tracing};
use portcullis_vocabulary::limits::{CHECK_STACK_BYTES, Limits};

use super::app_error::AppError;
use super::control_thread::{BoundAdmin, ControlTasks, start_control};
use super::descriptors::client_connections;
use super::egress_parts::EgressParts;
use super::endpoint_watcher::EndpointBoard;
use super::key_reader::{KeyReader, load_keys};
use super::live_parts::LiveParts;
use super::live_state_reader::LiveStateReader;
use super::reload::{
    ConfigReader, ContractWatcher, LiveStateWriter, ReloadController, ServiceReaders,
    WatcherRegistry, WatcherResources,
};
use super::running_app::RunningApp;
use super::startup_contracts::compile_all;
use super::tls::{StartupTls, TlsPlaces};

/// The prefix of the data cores' names in the readiness state.
const DATA_CORE: &str = "data core";

/// Compiles the contracts, binds the addresses and starts every thread. All threads run when this
/// returns. The program is ready when every service has its contract.
///
/// # Errors
/// [`AppError`] if the program cannot start.
pub fn build(config: Config) -> Result<RunningApp, AppError> {
    build_reloadable(config, None)
}

/// Builds the program as [`build`] does, with a way to reload the configuration.
pub(super) fn build_reloadable(
    config: Config,
    config_reader: Option<ConfigReader>,
) -> Result<RunningApp, AppError> {
    let contracts = compile_all(&config)?;
    let key_reader = load_keys(&config.identity)?;
    let keys = key_reader.as_ref().map(KeyReader::keys);
    let metrics = metrics(&config);
    let tls = StartupTls::load(&config, &metrics)?;
    let (bound, data_addresses) = bind_data(&config)?;
    let (admin_listener, admin_address) = bind_admin(&config)?;
    let (tracer, spans) = start_tracing(&config.tracing, &metrics)?.unzip();
    let (readiness, (trigger, drain)) = (Readiness::new(), drain());
    let (cores, cap) = (bound.len(), connection_cap(&config, bound.len()));
    let limits = config.limits.clone();
    let (settings, calls) = port_settings(&config, (tls.listen, tls.egress), &cap);
    let egress = EgressParts::open(&config, &metrics, calls, cores)?;
    let (egress_addresses, vendor_addresses) = (egress.addresses(), egress.vendor_addresses());
    let access = admin_access(&admin_address, &config);
    let writer = Arc::new(LiveStateWriter::new(
        config, contracts, cores, &readiness, &metrics,
    ));
    let files = (tls.places.clone(), egress.control.secrets.clone());
    let (watchers, reload) = create_watchers(&writer, config_reader, files, &limits, cores)?;
    let live = LiveParts {
        live_state: LiveStateReader::new(&writer),
        endpoints: EndpointBoard::default(),
        metrics: &metrics,
        tls: &tls.places,
        egress: &egress,
    };
    let admin = live.admin_state(access, &readiness, &reload, &limits);
    let tasks = ControlTasks {
        gauges: live.gauges(cap),
        keys: key_reader,
        watchers,
        spans,
        cache_folders: cache_folders(&writer.config()),
        services: writer.config().services.clone(),
        egress: egress.control.clone(),
        tls: tls.places.clone(),
        endpoints: live.endpoint_watcher(writer.published()),
    };
    let control = start_control((admin_listener, tls.admin), admin, tasks)?;
    let in_flight = in_flight_counts(cores);
    let resources = Arc::new(CoreResources {
        published: writer.published(),
        endpoints: live.endpoints.store().clone(),
        metrics: metrics.clone(),
        keys,
        tracer,
        upstream_tls: tls.places.upstreams().clone(),
        in_flight: in_flight.clone(),
        settings,
        egress: egress.resources,
    });
    let sockets = core_sockets(bound, egress.sockets);
    let data = start_cores(sockets, &resources, &readiness, &drain)?;
    readiness.await_parts(DATA_CORE);
    // Only the data cores hold the tracer now. When they end, the span channel closes.
    drop(resources);
    Ok(RunningApp {
        data_addresses,
        egress_addresses,
        vendor_addresses,
        admin_address,
        readiness,
        trigger,
        data,
        in_flight,
        calls: Arc::clone(&egress.control.calls),
        control,
        limits,
        reload,
    })
}

/// A count for each data core.
fn in_flight_counts(cores: usize) -> Vec<InFlightCount> {
    (0..cores).map(|_| InFlightCount::default()).collect()
}

fn admin_access(address: &ListenAddress, config: &Config) -> AdminAccess {
    let token = config.admin_token.as_ref();
    match address {
        ListenAddress::Tcp(address) => AdminAccess::new(*address, token),
        ListenAddress::Unix(_) => AdminAccess::at_socket(token),
    }
}

/// The folders of the contract caches.
fn cache_folders(config: &Config) -> BTreeSet<PathBuf> {
    let services = config.services.iter();
    services
        .filter_map(|service| service.reload.cache.clone())
        .collect()
}

fn metrics(config: &Config) -> Metrics {
    if config.metrics_enabled {
        Metrics::new()
    } else {
        Metrics::off()
    }
}

/// Creates one watcher for each service, and the controller that sends requests to them.
fn create_watchers(
    writer: &Arc<LiveStateWriter>,
    config_reader: Option<ConfigReader>,
    files: (TlsPlaces, VendorSecrets),
    limits: &Limits,
    data_cores: usize,
) -> Result<(Vec<ContractWatcher>, ReloadController), AppError> {
    // Compilations leave the data cores their processors.
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let resources = WatcherResources::start(
        files.0.files(),
        processors.saturating_sub(data_cores).max(1),
    )
    .map_err(AppError::Runtime)?;
    let registry = WatcherRegistry::default();
    let watchers = writer.services().into_iter().map(|(id, service)| {
        let readers = ServiceReaders::new(&service, limits.contract_bytes_max, &resources);
        ContractWatcher::new(writer, id, registry.add(id), readers, None)
    });
    let watchers = watchers.collect();
    let reload = ReloadController::new(writer, registry, resources, config_reader, files);
    Ok((watchers, reload))
}

/// The number of data cores.
pub(super) fn data_cores(config: &Config) -> usize {
    match config.runtime.data_cores {
        0 => thread::available_parallelism().map_or(1, usize::from),
        cores => cores,
    }
}

fn connection_cap(config: &Config, cores: usize) -> Arc<ConnectionCap> {
    let connections_max = client_connections(config.limits.connections_max, cores);
    ConnectionCap::new(connections_max)
}

fn bind_data(config: &Config) -> Result<(Vec<BoundListener>, Vec<ListenAddress>), AppError> {
    let bound = bind(
        &config.listen_addresses,
        &config.listen_file,
        data_cores(config),
    )?;
    let addresses = bound.first().map(|core| core.addresses().to_vec());
    Ok((bound, addresses.unwrap_or_default()))
}

/// The sockets of each data core.
fn core_sockets(data: Vec<BoundListener>, egress: Vec<EgressSockets>) -> Vec<CoreSockets> {
    let sockets = data.into_iter().zip(egress);
    sockets
        .map(|(data, egress)| CoreSockets { data, egress })
        .collect()
}

fn bind_admin(config: &Config) -> Result<(BoundAdmin, ListenAddress), AppError> {
    let bind = || match &config.admin_address {
        ListenAddress::Tcp(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let bound = ListenAddress::Tcp(listener.local_addr()?);
            Ok((BoundAdmin::Tcp(listener), bound))
        }
        ListenAddress::Unix(path) => {
            let (listener, file) = listen_at_socket(path, &config.admin_file)?;
            let bound = ListenAddress::Unix(path.clone());
            Ok((BoundAdmin::Unix(listener, file), bound))
        }
    };
    bind().map_err(|source| AppError::Admin {
        address: config.admin_address.clone(),
        source,
    })
}

/// How the ports for clients and those for calls of services are served.
fn port_settings(
    config: &Config,
    (listen, egress): (Option<ListenerTls>, Option<ListenerTls>),
    cap: &Arc<ConnectionCap>,
) -> (ListenerSettings, ListenerSettings) {
    let calls = egress_settings(config, egress, cap);
    (settings(config, listen, Arc::clone(cap)), calls)
}

fn settings(
    config: &Config,
    tls: Option<ListenerTls>,
    cap: Arc<ConnectionCap>,
) -> ListenerSettings {
    ListenerSettings {
        limits: wire_limits(&config.limits, config.listen_http2),
        trusted_peers: config.identity.trusted_peers.clone(),
        proxies: config
            .listen_proxies
            .clone()
            .map(|proxies| ListenerProxies {
                proxies,
                clients: config.identity.trusted_peers.clone(),
            }),
        tls,
        cap,
    }
}

/// The forward proxy is for clients of HTTP/1.1 on this machine or network, which choose it.
fn egress_settings(
    config: &Config,
    tls: Option<ListenerTls>,
    cap: &Arc<ConnectionCap>,
) -> ListenerSettings {
    let http2 = Http2Config {
        enabled: Http2Mode::Off,
        ..config.listen_http2
    };
    let mut limits = wire_limits(&config.limits, http2);
    limits.inspect.forward_proxy = true;
    ListenerSettings {
        limits,
        trusted_peers: config.identity.trusted_peers.clone(),
        proxies: None,
        tls,
        cap: Arc::clone(cap),
    }
}

fn wire_limits(limits: &Limits, http2: Http2Config) -> ClientLimits {
    ClientLimits {
        inspect: InspectLimits {
            target_bytes_max: limits.request_target_bytes_max,
            header_count_max: limits.header_count_max,
            header_bytes_max: limits.header_bytes_max,
            forward_proxy: false,
        },
        http2,
        request_head_timeout: limits.request_head_timeout,
        keep_alive_timeout: limits.idle_timeout,
        response_rate_min: limits.response_rate_min as u64,
        response_buffer_max: limits.response_buffer_max,
        request_body_timeout: limits.request_body_timeout,
        request_body_rate_min: limits.request_body_rate_min as u64,
        ..ClientLimits::default()
    }
}

fn start_cores(
    sockets: Vec<CoreSockets>,
    resources: &Arc<CoreResources>,
    readiness: &Readiness,
    drain: &DrainSignal,
) -> Result<Vec<JoinHandle<ListenerTotals>>, AppError> {
    let start = |(index, sockets): (usize, CoreSockets)| {
        let resources = Arc::clone(resources);
        let drain = drain.clone();
        let pending = readiness.pending(&format!("{DATA_CORE} {index}"));
        thread::Builder::new()
            .name(format!("data-{index}"))
            .stack_size(CHECK_STACK_BYTES)
            .spawn(move || {
                let on_ready = Box::new(move || drop(pending));
                serve_core(index, sockets, &resources, drain, on_ready)
            })
            .map_err(AppError::Runtime)
    };
    sockets.into_iter().enumerate().map(start).collect()
}
