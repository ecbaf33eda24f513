//! The configuration: `config.toml`, the catalog, environment variables and flags, read once into
//! an immutable [`Config`].
//!
//! [`load`] parses the files into a tree of raw values with locations (`tree`), writes variables
//! and flags into it, and reads every section into its type (`sections`). The catalog of squads is
//! a second file (`catalog`). All problems are collected, so one run reports every one of them.

mod tree;
mod sections;
mod catalog;
mod flag_overrides;
mod program_config;
mod resolve_config;
mod load_config;
mod effective_config;
mod written_config;
mod editor_schemas;

pub use catalog::{CatalogTextEdit, UnknownCatalogForm, declared_dependencies, edit_catalog};
pub use editor_schemas::{CATALOG_SCHEMA, CONFIG_SCHEMA};
pub use effective_config::EffectiveKey;
pub use flag_overrides::FlagOverrides;
pub use load_config::{load, load_catalog, load_catalog_file, parse_catalog};
pub use program_config::Config;
pub use sections::{
    AccessLogConfig, AccessLogPath, AdminToken, CertificateIdentityConfig, CertificatePaths,
    CollectorUrl, ContractSource, EgressConfig, EmptyBodyPolicy, HealthCheckConfig, HealthProbe,
    HostPattern, Http2Config, Http2Mode, IdentityConfig, IdentitySource, InvalidAdminToken,
    JwtConfig, KeySource, ListenAddress, LogConfig, LogFormat, LogLevel, OwnerConfig, PathPrefix,
    PortTlsConfig, PreflightPolicy, RefusalAudience, RefusalConfig, RefusalValues, ReloadConfig,
    ReloadPolicy, RuntimeConfig, SecretHeaders, ServiceConfig, SocketFileConfig, TracingConfig,
    UndeclaredPolicy, UpgradeProtocol, UpstreamAddress, UpstreamHttpConfig, UpstreamServersConfig,
    UpstreamTarget, UpstreamTlsConfig, UpstreamVersion, VendorConfig, VerdictCaller, VerdictConfig,
};
pub use tree::environment::{
    ADMIN_CA_VARIABLE, ADMIN_CERT_VARIABLE, ADMIN_KEY_VARIABLE, ADMIN_TOKEN_VARIABLE,
    ADMIN_URL_VARIABLE, CONFIG_VARIABLE,
};
pub use tree::{ConfigErrors, ConfigProblem, nearest};
pub use written_config::WrittenConfig;

#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
