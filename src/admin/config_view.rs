//! `/config`: the active configuration, each key with its value and where the value comes from.

use serde::Serialize;

use portcullis_config::{Config, EffectiveKey};

use super::admin_response::{AdminResponse, json};

/// One key of a configuration. Secrets are not shown.
#[derive(Debug, Serialize)]
struct EffectiveKeyView {
    /// The dotted key.
    key: String,
    /// The value in TOML.
    value: String,
    /// The line, the variable or the flag; null for a default.
    source: Option<String>,
}

#[derive(Serialize)]
struct ConfigView {
    keys: Vec<EffectiveKeyView>,
}

impl From<&EffectiveKey> for EffectiveKeyView {
    fn from(key: &EffectiveKey) -> Self {
        Self {
            key: key.path(),
            value: key.value.clone(),
            source: key.source.as_ref().map(ToString::to_string),
        }
    }
}

/// All keys of the active configuration.
pub(super) fn active(config: &Config) -> AdminResponse {
    let keys = config.written.keys();
    json(&ConfigView {
        keys: keys.iter().map(EffectiveKeyView::from).collect(),
    })
}
