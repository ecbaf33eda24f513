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
    /// Who receives refusals, unless a service says otherwise.
    pub audience: RefusalAudience,
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

/// Who receives refusals, which decides what they reveal. The log is the same for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalAudience {
    /// Squads of the same platform: a refusal says everything that helps to fix the request.
    #[default]
    Internal,
    /// Strangers: a refusal has its status, its class and the request id, and nothing about the
    /// contract, the upstream or the squads.
    Public,
}

impl Default for RefusalConfig {
    fn default() -> Self {
        Self {
            values: RefusalValues::Caller,
            report_header: true,
            audience: RefusalAudience::default(),
        }
    }
}

impl RefusalValues {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("caller", Self::Caller), ("never", Self::Never)];
}

impl RefusalAudience {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] =
        [("internal", Self::Internal), ("public", Self::Public)];
}

/// Reads `[services.refusals]`: the audience of one service.
pub(crate) fn read_audience(
    mut section: ConfigSection<'_>,
    inherited: RefusalAudience,
) -> RefusalAudience {
    let audience = section.value("audience", inherited, word(&RefusalAudience::NAMES));
    section.finish();
    audience
}

/// Reads `[refusals]`.
pub(crate) fn read_refusals(mut section: ConfigSection<'_>) -> RefusalConfig {
    let default = RefusalConfig::default();
    let refusals = RefusalConfig {
        values: section.value("values", default.values, word(&RefusalValues::NAMES)),
        report_header: section.value("report_header", default.report_header, boolean),
        audience: section.value("audience", default.audience, word(&RefusalAudience::NAMES)),
    };
    section.finish();
    refusals
}
