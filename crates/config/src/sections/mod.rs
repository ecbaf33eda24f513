//! The sections of `config.toml`: one file for each, with its type, its defaults and the function
//! that reads it.
//!
//! Each line of a reader reads one key, with its bounds if it has any. An invalid value is
//! reported and replaced by its default, so that the rest is checked too; the configuration is
//! returned only if nothing was reported.

mod listen_address;
mod socket_file_section;
mod listen_section;
mod port_tls_section;
mod http2_section;
mod admin_section;
mod identity_section;
mod runtime_section;
mod limits_section;
mod log_section;
mod access_log_section;
mod owner_section;
mod tracing_section;
mod refusals_section;
mod tiers_section;
mod protection_sections;
mod reload_section;
mod contract_source;
mod host_pattern;
mod path_prefix;
mod upstream_http_section;
mod verdict_section;
mod upstream_target;
mod upstream_tls_section;
mod egress_section;
mod health_section;
mod upstream_servers_section;
mod vendor_section;
mod service_upstream;
mod service_config;
mod enforcement_section;
mod services_section;

pub use access_log_section::{AccessLogConfig, AccessLogPath};
pub use admin_section::{AdminToken, InvalidAdminToken};
pub use contract_source::ContractSource;
pub use egress_section::{EgressConfig, UndeclaredPolicy};
pub use health_section::{HealthCheckConfig, HealthProbe};
pub use host_pattern::HostPattern;
pub use http2_section::{Http2Config, Http2Mode};
pub use identity_section::{
    CertificateIdentityConfig, IdentityConfig, IdentitySource, JwtConfig, KeySource,
};
pub use listen_address::ListenAddress;
pub use log_section::{LogConfig, LogFormat, LogLevel};
pub use owner_section::OwnerConfig;
pub use path_prefix::PathPrefix;
pub use port_tls_section::{CertificatePaths, PortTlsConfig};
pub use refusals_section::{RefusalAudience, RefusalConfig, RefusalValues};
pub use reload_section::{ReloadConfig, ReloadPolicy};
pub use runtime_section::RuntimeConfig;
pub use service_config::{PreflightPolicy, ServiceConfig, UpgradeProtocol};
pub use socket_file_section::SocketFileConfig;
pub use tracing_section::{CollectorUrl, SecretHeaders, TracingConfig};
pub use upstream_http_section::{UpstreamHttpConfig, UpstreamVersion};
pub use upstream_servers_section::UpstreamServersConfig;
pub use upstream_target::{UpstreamAddress, UpstreamTarget};
pub use upstream_tls_section::UpstreamTlsConfig;
pub use vendor_section::VendorConfig;
pub use verdict_section::{EmptyBodyPolicy, VerdictCaller, VerdictConfig};

pub(super) use access_log_section::read_access_log;
pub(super) use admin_section::read_admin;
pub(super) use egress_section::read_egress;
pub(super) use identity_section::{IdentityContext, read_identity};
pub(super) use limits_section::read_limits;
pub(super) use listen_section::{ListenSection, read_listen};
pub(super) use log_section::read_log;
pub(super) use owner_section::read_owner;
pub(super) use protection_sections::read_protection;
pub(super) use refusals_section::read_refusals;
pub(super) use reload_section::read_reload;
pub(super) use runtime_section::read_runtime;
pub(super) use service_config::name_of_contract;
pub(super) use services_section::{ServiceContext, read_services};
pub(super) use tiers_section::read_tiers;
pub(super) use tracing_section::read_tracing;
