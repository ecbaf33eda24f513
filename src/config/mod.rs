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

mod identity;
mod model;
mod service;

mod catalog;
mod catalog_places;
mod environment;
mod load;
mod overrides;
mod problem;
mod protect;
mod raw;
mod reload;
mod resolve;
mod section;
mod services;
mod token;
mod tracing;
mod value;

pub use environment::{ADMIN_TOKEN_VARIABLE, ADMIN_URL_VARIABLE, CONFIG_VARIABLE};
pub use identity::{IdentityConfig, IdentitySource, JwtConfig, KeySource};
pub use load::{load, load_catalog, load_catalog_file, parse_catalog};
pub use model::{
    AccessLogConfig, AccessLogPath, Config, LogConfig, LogFormat, LogLevel, OwnerConfig,
    RefusalConfig, RefusalValues, RuntimeConfig,
};
pub use overrides::FlagOverrides;
pub use problem::{ConfigErrors, ConfigProblem, nearest};
pub use reload::{ReloadConfig, ReloadPolicy};
pub use service::{
    ContractSource, HostPattern, PathPrefix, PreflightPolicy, ServiceConfig, UpstreamAddress,
    UpstreamTarget,
};
pub use token::{AdminToken, InvalidAdminToken};
pub use tracing::{CollectorUrl, SecretHeaders, TracingConfig};

#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod tests;
