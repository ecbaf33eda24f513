//! `[refusals]`: what a refusal reveals.

use crate::tree::ConfigSection;
use crate::tree::config_value::{boolean, word};

/// What a refusal reveals, section `[refusals]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalConfig {
    /// Whether a refusal quotes values of the request.
    pub values: RefusalValues,
    /// Whether responses to requests with reported violations carry `x-portcullis-violations`.
    pub report_header: bool,
}

/// Whether a refusal quotes values of the request. Logs and metrics never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalValues {
    /// To the caller, which sent them.
    #[default]
    Caller,
    /// Never.
    Never,
}

impl Default for RefusalConfig {
    fn default() -> Self {
        Self {
            values: RefusalValues::Caller,
            report_header: true,
        }
    }
}

impl RefusalValues {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("caller", Self::Caller), ("never", Self::Never)];
}

/// Reads `[refusals]`.
pub(crate) fn read_refusals(mut section: ConfigSection<'_>) -> RefusalConfig {
    let default = RefusalConfig::default();
    let refusals = RefusalConfig {
        values: section.value("values", default.values, word(&RefusalValues::NAMES)),
        report_header: section.value("report_header", default.report_header, boolean),
    };
    section.finish();
    refusals
}
