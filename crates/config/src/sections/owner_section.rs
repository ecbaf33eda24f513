//! `[owner]`: the path that shows who owns a service.

use super::path_prefix::parse_path_prefix;
use crate::tree::ConfigSection;
use crate::tree::config_value::boolean;

/// The path at which clients can ask who owns a service, section `[owner]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerConfig {
    /// Whether the path is served.
    pub enabled: bool,
    /// The path below the prefix of the service.
    pub path: String,
}

impl Default for OwnerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "/__owner".to_owned(),
        }
    }
}

/// Reads `[owner]`.
pub(crate) fn read_owner(mut section: ConfigSection<'_>) -> OwnerConfig {
    let default = OwnerConfig::default();
    let owner = OwnerConfig {
        enabled: section.value("enabled", default.enabled, boolean),
        path: match section.read("path", parse_path_prefix) {
            Some(path) => path.to_string(),
            None => default.path,
        },
    };
    section.finish();
    owner
}
