//! The whole configuration: complete, checked and immutable.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_egress::DeclaredDependencies;
use portcullis_vocabulary::{Catalog, Limits, SquadId, TierPolicies, TrustedPeers};

use super::sections::{
    AccessLogConfig, AdminToken, EgressConfig, Http2Config, IdentityConfig, ListenAddress,
    LogConfig, OwnerConfig, PortTlsConfig, RefusalConfig, RuntimeConfig, ServiceConfig,
    SocketFileConfig, TracingConfig, UpstreamTarget,
};
use super::written_config::WrittenConfig;

/// The TCP port for operators where no other one is configured.
const ADMIN_PORT: u16 = 9901;

/// The whole configuration, from [`load`](super::load()) or [`Config::single`].
#[derive(Clone, Debug)]
pub struct Config {
    /// The addresses for clients, `listen.address`; at least one.
    pub listen_addresses: Vec<ListenAddress>,
    /// The files of Unix sockets for clients, `listen.unix_mode` and others.
    pub listen_file: SocketFileConfig,
    /// The load balancers that must begin each connection with a header of the PROXY protocol,
    /// `listen.proxy_peers`; `None` without the protocol.
    pub listen_proxies: Option<TrustedPeers>,
    /// TLS for clients, `listen.tls`.
    pub listen_tls: PortTlsConfig,
    /// HTTP/2 for clients, `listen.http2`.
    pub listen_http2: Http2Config,
    /// The pseudonym in the `Via` field of forwarded requests, `listen.via`.
    pub via: String,
    /// The address for operators, `admin.address`.
    pub admin_address: ListenAddress,
    /// The file of a Unix socket for operators, `admin.unix_mode` and others.
    pub admin_file: SocketFileConfig,
    /// TLS for operators, `admin.tls`.
    pub admin_tls: PortTlsConfig,
    /// The token that changes over the admin port require, `admin.token`.
    pub admin_token: Option<AdminToken>,
    /// The squads; empty if no catalog is configured.
    pub catalog: Arc<Catalog>,
    /// How callers are identified.
    pub identity: IdentityConfig,
    /// The threads of the data plane.
    pub runtime: RuntimeConfig,
    /// The bounds.
    pub limits: Limits,
    /// The policy of each tier.
    pub tiers: TierPolicies,
    /// The format and the level of the log.
    pub log: LogConfig,
    /// Which exchanges get a line in the access log.
    pub access_log: AccessLogConfig,
    /// Whether metrics are collected, `metrics.enabled`.
    pub metrics_enabled: bool,
    /// The path that shows who owns a service.
    pub owner: OwnerConfig,
    /// How spans are exported.
    pub tracing: TracingConfig,
    /// What a refusal reveals.
    pub refusals: RefusalConfig,
    /// The calls that services make.
    pub egress: EgressConfig,
    /// The hosts that services may call, as the catalog declares them.
    pub dependencies: Arc<DeclaredDependencies>,
    /// The services in the order of the file, with unique names; at least one after loading.
    pub services: Vec<ServiceConfig>,
    /// The keys as they are written, with the values of what needs a restart.
    pub written: WrittenConfig,
}

impl Config {
    /// The configuration of one service without a file: all defaults, every host and path, no
    /// catalog. The service is named after the file or directory of its contract.
    pub fn single(contract: impl Into<PathBuf>, upstream: UpstreamTarget) -> Self {
        let service = ServiceConfig::single(contract.into(), upstream);
        Self {
            services: vec![service],
            ..Self::default()
        }
    }

    /// The TCP port for operators; the default one if they connect to a Unix socket.
    pub fn admin_port(&self) -> u16 {
        self.admin_address
            .tcp()
            .map_or(ADMIN_PORT, |address| address.port())
    }

    /// Whether calls of services are accepted, by the forward proxy or at an address of a vendor.
    pub fn accepts_calls(&self) -> bool {
        let mut vendors = self.services.iter().filter_map(|one| one.vendor.as_ref());
        self.egress.is_on() || vendors.any(|vendor| !vendor.listen_addresses.is_empty())
    }

    /// The squad that owns a service: the configured one, or else the one that its contract
    /// declares, or else the one that the catalog names.
    pub fn provider_of(&self, service: &ServiceConfig, declared: Option<&str>) -> Option<SquadId> {
        let catalog = &self.catalog;
        let named = service.squad.as_ref().map(|squad| squad.as_str());
        let named = named.or(declared).and_then(|name| catalog.find(name));
        named.or_else(|| {
            let provider = catalog.provider_of(&service.name)?;
            catalog.find(provider.name.as_str())
        })
    }
}

impl Default for Config {
    /// The defaults, without any service.
    fn default() -> Self {
        Self {
            listen_addresses: vec![ListenAddress::Tcp(([0, 0, 0, 0], 8080).into())],
            listen_file: SocketFileConfig::with_mode(0o660),
            listen_proxies: None,
            listen_tls: PortTlsConfig::for_clients(),
            listen_http2: Http2Config::default(),
            via: "portcullis".to_owned(),
            admin_address: ListenAddress::Tcp(([127, 0, 0, 1], ADMIN_PORT).into()),
            admin_file: SocketFileConfig::with_mode(0o600),
            admin_tls: PortTlsConfig::default(),
            admin_token: None,
            catalog: Arc::default(),
            identity: IdentityConfig::default(),
            runtime: RuntimeConfig::default(),
            limits: Limits::default(),
            tiers: TierPolicies::default(),
            log: LogConfig::default(),
            access_log: AccessLogConfig::default(),
            metrics_enabled: true,
            owner: OwnerConfig::default(),
            tracing: TracingConfig::default(),
            refusals: RefusalConfig::default(),
            egress: EgressConfig::default(),
            dependencies: Arc::default(),
            services: Vec::new(),
            written: WrittenConfig::default(),
        }
    }
}
