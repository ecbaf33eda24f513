//! `[services.verdict]`: a service whose requests stay with another proxy, which asks here whether
//! it may forward them.

use super::path_prefix::{PathPrefix, parse_path_prefix};
use crate::tree::ConfigSection;
use crate::tree::config_value::word;

/// How another proxy asks for verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictConfig {
    /// Which proxy asks, and so how its questions look.
    pub from: VerdictCaller,
    /// The path at which it asks. Envoy asks below it, with the path of the request.
    pub path: PathPrefix,
    /// What happens to a request without the body that its operation declares and does not require.
    pub empty_bodies: EmptyBodyPolicy,
}

/// A proxy that asks for verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerdictCaller {
    /// Envoy's HTTP `ext_authz`: the question is the request itself.
    #[default]
    Envoy,
    /// Traefik's `ForwardAuth`: the request is described by `X-Forwarded-Method`, `-Uri` and `-Host`.
    Traefik,
    /// nginx' `auth_request`: the request is described by `X-Original-Method` and `-URI`, and has no
    /// body. Every refusal is a 401 or 403.
    Nginx,
}

/// What happens to a request without the body that its operation declares and does not require: the
/// asking proxy may have kept the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyBodyPolicy {
    /// It is refused.
    #[default]
    Refuse,
    /// It is judged as a request without a body.
    Pass,
}

impl VerdictCaller {
    /// Each proxy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("envoy", Self::Envoy),
        ("traefik", Self::Traefik),
        ("nginx", Self::Nginx),
    ];
}

impl EmptyBodyPolicy {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("refuse", Self::Refuse), ("pass", Self::Pass)];
}

impl Default for VerdictConfig {
    fn default() -> Self {
        Self {
            from: VerdictCaller::default(),
            path: PathPrefix::root(),
            empty_bodies: EmptyBodyPolicy::default(),
        }
    }
}

/// Reads `[services.verdict]`. `is_verdict` says whether the service gives verdicts.
pub(crate) fn read_verdict(mut section: ConfigSection<'_>, is_verdict: bool) -> VerdictConfig {
    let location = section.location().clone();
    let callers = word(&VerdictCaller::NAMES);
    let from = if is_verdict {
        section.required("from", callers)
    } else {
        section.read("from", callers)
    };
    let default = VerdictConfig::default();
    let verdict = VerdictConfig {
        from: from.unwrap_or_default(),
        path: section.value("path", default.path, parse_path_prefix),
        empty_bodies: section.value(
            "empty_bodies",
            default.empty_bodies,
            word(&EmptyBodyPolicy::NAMES),
        ),
    };
    if !is_verdict && (from.is_some() || verdict != VerdictConfig::default()) {
        let message =
            "has no effect, because the service has an upstream; try upstream = \"verdict\"";
        section.refuse_at(location, "", message);
    }
    section.finish();
    verdict
}
