//! The configuration as the program sees it: complete, checked, immutable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::{AdminToken, IdentityConfig, ServiceConfig, TracingConfig, UpstreamTarget};
use portcullis_vocabulary::{Catalog, SquadId};
use portcullis_vocabulary::{Limits, TierPolicies};

/// All that the operator decides, from [`load`](super::load()) or [`Config::single`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect, `listen.address`.
    pub listen_address: SocketAddr,
    /// Where operators connect, `admin.address`.
    pub admin_address: SocketAddr,
    /// What an operator must show to change anything, `admin.token`.
    pub admin_token: Option<AdminToken>,
    /// The squads; empty where no catalog is configured.
    pub catalog: Arc<Catalog>,
    /// How it is known who calls.
    pub identity: IdentityConfig,
    /// How the work is spread.
    pub runtime: RuntimeConfig,
    /// Every bound.
    pub limits: Limits,
    /// What holds for each tier.
    pub tiers: TierPolicies,
    /// What is written to the log.
    pub log: LogConfig,
    /// Which exchanges have a line in the log.
    pub access_log: AccessLogConfig,
    /// Whether metrics are kept, `metrics.enabled`.
    pub metrics_enabled: bool,
    /// Where clients learn who owns a service.
    pub owner: OwnerConfig,
    /// Where spans go.
    pub tracing: TracingConfig,
    /// What a refusal tells.
    pub refusals: RefusalConfig,
    /// The services in the order of the file, at least one when loaded; names are unique.
    pub services: Vec<ServiceConfig>,
}

/// How the work is spread, section `[runtime]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// How many threads serve requests; 0 is as many as there are CPUs.
    pub data_cores: usize,
}

/// What is written to the log, section `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// The form of a line.
    pub format: LogFormat,
    /// The least severe events that are written.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for collectors.
    Json,
}

/// The least severe events that are written; the order is that of severity, gravest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happens in the ordinary course.
    #[default]
    Info,
    /// And how it came about.
    Debug,
    /// And every step.
    Trace,
}

/// Which exchanges have a line in the log besides those that were refused or failed, section
/// `[access_log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AccessLogConfig {
    /// The share of ordinary exchanges, from 0 to 1.
    pub sample: f64,
    /// What stands for the path.
    pub path: AccessLogPath,
}

/// What stands for the path in a line of the access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLogPath {
    /// The operation's template, which holds no value.
    #[default]
    Template,
    /// Path and query as they came: they hold what the client put there.
    Raw,
}

/// Where clients learn who owns a service, section `[owner]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerConfig {
    /// Whether they do.
    pub enabled: bool,
    /// The path, below the service's own prefix.
    pub path: String,
}

/// What a refusal tells, section `[refusals]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalConfig {
    /// Whether values of the request are repeated.
    pub values: RefusalValues,
    /// Whether answers to requests with reported violations carry `x-portcullis-violations`.
    pub report_header: bool,
}

/// Whether values of the request are repeated in a refusal. Logs and metrics never have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalValues {
    /// To the caller, who sent them.
    #[default]
    Caller,
    /// To nobody.
    Never,
}

impl Config {
    /// The configuration of one service without any file: every default, every host and path,
    /// no catalog. The service is named after its contract's file or directory.
    pub fn single(contract: impl Into<PathBuf>, upstream: UpstreamTarget) -> Self {
        let service = ServiceConfig::single(contract.into(), upstream);
        Self {
            services: vec![service],
            ..Self::default()
        }
    }

    /// The squad that owns a service: as configured, as its contract declares, as the catalog says.
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
    /// What holds where a file says nothing, before it names any service.
    fn default() -> Self {
        Self {
            listen_address: SocketAddr::from(([0, 0, 0, 0], 8080)),
            admin_address: SocketAddr::from(([127, 0, 0, 1], 9901)),
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
            services: Vec::new(),
        }
    }
}

impl Default for RefusalConfig {
    fn default() -> Self {
        Self {
            values: RefusalValues::Caller,
            report_header: true,
        }
    }
}

impl Default for OwnerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "/__owner".to_owned(),
        }
    }
}

impl AccessLogPath {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("template", Self::Template), ("raw", Self::Raw)];
}

impl LogFormat {
    /// Each format with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}

impl LogLevel {
    /// Each level with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl RefusalValues {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("caller", Self::Caller), ("never", Self::Never)];
}
