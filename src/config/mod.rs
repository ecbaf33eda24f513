//! What the operator decides: `config.toml`, the catalog, the environment and the flags,
//! read once into an immutable [`Config`].
//!
//! The way of a key: `raw` reads a file's text into a tree in which every value knows its
//! line; `environment` and `overrides` write into the same tree; `section` hands values out
//! and notices what nobody asked for; `value` turns text into types; `resolve` puts the model
//! together. Every problem on the way is collected, so that one run names them all.
//!
//! The vocabulary of violations stands in `enforcement`, because the configuration is where
//! classes are named first; `contract` and `proxy` import it from here.

mod identity_config;
mod program_config;
mod service_config;

mod catalog_file;
mod catalog_locations;
mod environment;
mod load_config;
mod flag_overrides;
mod config_problem;
mod protection_sections;
mod config_tree;
mod reload_config;
mod resolve_sections;
mod config_section;
mod service_sections;
mod admin_token;
mod tracing_config;
mod config_value;

pub use admin_token::{AdminToken, InvalidAdminToken};
pub use config_problem::{ConfigErrors, ConfigProblem, nearest};
pub use environment::{ADMIN_TOKEN_VARIABLE, ADMIN_URL_VARIABLE, CONFIG_VARIABLE};
pub use flag_overrides::FlagOverrides;
pub use identity_config::{IdentityConfig, IdentitySource, JwtConfig, KeySource};
pub use load_config::{load, load_catalog, load_catalog_file, parse_catalog};
pub use program_config::{
    AccessLogConfig, AccessLogPath, Config, LogConfig, LogFormat, LogLevel, OwnerConfig,
    RefusalConfig, RefusalValues, RuntimeConfig,
};
pub use reload_config::{ReloadConfig, ReloadPolicy};
pub use service_config::{
    ContractSource, HostPattern, PathPrefix, PreflightPolicy, ServiceConfig, UpstreamAddress,
    UpstreamTarget,
};
pub use tracing_config::{CollectorUrl, SecretHeaders, TracingConfig};

#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod tests;
