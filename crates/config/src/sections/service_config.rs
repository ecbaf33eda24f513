//! The configuration of one service: its contract, its upstream, and which requests it gets.
//!
//! A request goes to the service with the most specific matching host pattern, and among those to
//! the one with the longest path prefix. Two services with the same host and prefix are refused
//! when the configuration is read, so the choice is unique.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_vocabulary::{ContractReading, EnforcementPolicy, Protection, SquadName};

use super::contract_source::ContractSource;
use super::host_pattern::HostPattern;
use super::path_prefix::PathPrefix;
use super::refusals_section::RefusalAudience;
use super::reload_section::ReloadConfig;
use super::upstream_http_section::UpstreamHttpConfig;
use super::upstream_servers_section::UpstreamServersConfig;
use super::upstream_target::UpstreamTarget;
use super::upstream_tls_section::UpstreamTlsConfig;
use super::vendor_section::VendorConfig;
use super::verdict_section::{VerdictCaller, VerdictConfig};

/// An HTTP service with one contract and one upstream, section `[[services]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceConfig {
    /// The name in metrics, logs and responses, unique in the configuration: 1 to 64 characters
    /// of `a-z 0-9 . _ -`.
    pub name: String,
    /// The squad that provides it.
    pub squad: Option<SquadName>,
    /// Where the contract is.
    pub contract: ContractSource,
    /// The directory below which the contract may refer to files. Default: its git repository, else
    /// its directory.
    pub ref_root: Option<PathBuf>,
    /// Documents that change the contract, in the order in which they are applied.
    pub overlays: Vec<PathBuf>,
    /// How a contract with flaws is read.
    pub contract_reading: ContractReading,
    /// Where requests go.
    pub upstream: UpstreamTarget,
    /// Further servers of the upstream, and how they are watched.
    pub servers: UpstreamServersConfig,
    /// TLS to the upstream.
    pub upstream_tls: UpstreamTlsConfig,
    /// The version of HTTP to the upstream, and the bounds of its connections.
    pub upstream_http: UpstreamHttpConfig,
    /// The hosts whose requests it gets; never empty.
    pub hosts: Vec<HostPattern>,
    /// The prefix of the paths it gets. The prefix is not stripped.
    pub path_prefix: PathPrefix,
    /// Replaces the base paths that the contract's `servers` declare.
    pub base_paths: Option<Vec<String>>,
    /// What happens to CORS preflights for operations without a declared `OPTIONS`.
    pub preflight: PreflightPolicy,
    /// How each class of violations is enforced.
    pub enforcement: EnforcementPolicy,
    /// Who receives its refusals.
    pub audience: RefusalAudience,
    /// A candidate contract, which checks copies of exchanges and affects none.
    pub candidate: Option<ContractSource>,
    /// How the contract is reloaded.
    pub reload: ReloadConfig,
    /// Circuit breakers, shares, budgets and retries.
    pub protection: Protection,
    /// Whether requests are forwarded with a `Via` field, and refused if they have been here before.
    pub via: bool,
    /// Whether answers of deprecated operations say so.
    pub deprecation_headers: bool,
    /// Replaces the limit of the same name for this service.
    pub upstream_timeout: Option<Duration>,
    /// Replaces the limit of the same name for this service.
    pub body_idle_timeout: Option<Duration>,
    /// Replaces the limit of the same name for this service.
    pub upgrade_idle_timeout: Option<Duration>,
    /// The protocols with which clients may continue after a request.
    pub upgrade: Vec<UpgradeProtocol>,
    /// Whether the service does not know squads: it gets no squad headers, and violations are only
    /// reported.
    pub legacy: bool,
    /// What it has in addition if it is a service of others that our services call; no client reaches it.
    pub vendor: Option<Box<VendorConfig>>,
    /// The commit that it was built from, shown with its owner.
    pub commit: Option<String>,
    /// The risk score of its deployment, an attribute of its spans.
    pub risk_score: Option<u32>,
}

/// What happens to a CORS preflight (`OPTIONS` with `Access-Control-Request-Method`) if the
/// contract declares the path without `OPTIONS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreflightPolicy {
    /// It goes to the upstream, which has its own CORS rules.
    #[default]
    Pass,
    /// It is rejected like any undeclared method.
    Reject,
}

/// A protocol that can follow a request on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeProtocol {
    /// WebSocket (RFC 6455).
    Websocket,
}

impl UpgradeProtocol {
    /// Each protocol with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 1] = [("websocket", Self::Websocket)];
}

impl ServiceConfig {
    /// The maximum length of a name in characters.
    pub const NAME_CHARS_MAX: usize = 64;

    /// A service for every host and path, named after its contract.
    pub fn single(contract: PathBuf, upstream: UpstreamTarget) -> Self {
        Self {
            name: name_of_contract(&contract),
            squad: None,
            contract: ContractSource::File(contract),
            ref_root: None,
            overlays: Vec::new(),
            contract_reading: ContractReading::default(),
            upstream,
            servers: UpstreamServersConfig::default(),
            upstream_tls: UpstreamTlsConfig::default(),
            upstream_http: UpstreamHttpConfig::default(),
            hosts: vec![HostPattern::Any],
            path_prefix: PathPrefix::root(),
            base_paths: None,
            preflight: PreflightPolicy::default(),
            enforcement: EnforcementPolicy::default(),
            audience: RefusalAudience::default(),
            candidate: None,
            reload: ReloadConfig::default(),
            protection: Protection::default(),
            via: true,
            deprecation_headers: true,
            upstream_timeout: None,
            body_idle_timeout: None,
            upgrade_idle_timeout: None,
            upgrade: Vec::new(),
            legacy: false,
            vendor: None,
            commit: None,
            risk_score: None,
        }
    }

    /// Whether a service may have this name.
    pub fn is_valid_name(name: &str) -> bool {
        (1..=Self::NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(is_name_char)
    }

    /// How well the service matches a request, greater for better; `None` if it does not match.
    /// `host` has no port; `path` is the raw path of the request target.
    pub fn rank(&self, host: &str, path: &str) -> Option<impl Ord + use<>> {
        let prefix = self.route_prefix();
        if !prefix.matches(path) {
            return None;
        }
        let host = self
            .hosts
            .iter()
            .filter_map(|pattern| pattern.rank(host))
            .max()?;
        Some((host, prefix.as_str().len()))
    }

    /// How another proxy asks the service for verdicts; `None` if the service has an upstream.
    pub const fn verdict(&self) -> Option<&VerdictConfig> {
        match &self.upstream {
            UpstreamTarget::Verdict(verdict) => Some(verdict),
            UpstreamTarget::Mock
            | UpstreamTarget::Http(_)
            | UpstreamTarget::H2c(_)
            | UpstreamTarget::Https(_)
            | UpstreamTarget::Unix(_) => None,
        }
    }

    /// The prefix of the paths with which requests arrive: where another proxy asks for verdicts, or
    /// else the [path prefix](Self::path_prefix).
    pub fn route_prefix(&self) -> PathPrefix {
        match self.verdict() {
            None => self.path_prefix.clone(),
            Some(verdict) => match verdict.from {
                VerdictCaller::Envoy => verdict.path.join(&self.path_prefix),
                VerdictCaller::Traefik | VerdictCaller::Nginx => verdict.path.clone(),
            },
        }
    }
}

impl PreflightPolicy {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("pass", Self::Pass), ("reject", Self::Reject)];
}

/// Metric labels, file names and Kubernetes objects can hold these without quoting.
const fn is_name_char(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')
}

/// The name of a service from its contract: `petstore` for `petstore.yaml`, `orders` for
/// `orders/openapi.yaml`. Characters that names cannot have become `-`.
pub(crate) fn name_of_contract(contract: &Path) -> String {
    let stem = contract
        .file_stem()
        .filter(|stem| *stem != "openapi" && *stem != "swagger");
    let stem = stem.or_else(|| contract.parent()?.file_name());
    let stem = stem
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let chars = stem.chars().map(|c| if is_name_char(c) { c } else { '-' });
    let name: String = chars.take(ServiceConfig::NAME_CHARS_MAX).collect();
    if name.is_empty() {
        "service".into()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_by_host_and_then_by_prefix() {
        let service = |name: &str, host, prefix| ServiceConfig {
            name: name.into(),
            hosts: vec![host],
            path_prefix: PathPrefix::parse(prefix).unwrap(),
            ..ServiceConfig::single("openapi.yaml".into(), UpstreamTarget::Mock)
        };
        let services = [
            service("rest", HostPattern::Any, "/"),
            service("any-orders", HostPattern::Any, "/orders"),
            service("suffix", HostPattern::Suffix(".example.com".into()), "/"),
            service(
                "longer-suffix",
                HostPattern::Suffix(".eu.example.com".into()),
                "/",
            ),
            service("exact", HostPattern::Exact("api.example.com".into()), "/v1"),
        ];
        let check = |host, path, name| {
            let ranked = services
                .iter()
                .filter_map(|service| Some((service.rank(host, path)?, service)));
            let best = ranked.max_by(|a, b| a.0.cmp(&b.0)).unwrap().1;
            assert_eq!(best.name, name, "{host} {path}");
        };
        check("localhost", "/", "rest");
        check("localhost", "/orders/7", "any-orders");
        check("a.example.com", "/orders/7", "suffix");
        check("a.eu.example.com", "/orders/7", "longer-suffix");
        check("api.example.com", "/v1/x", "exact");
        check("api.example.com", "/v2/x", "suffix");
    }

    #[test]
    fn names_a_single_service_after_its_contract() {
        let check = |path: &str, name: &str| {
            assert_eq!(
                ServiceConfig::single(path.into(), UpstreamTarget::Mock).name,
                name
            );
            assert!(ServiceConfig::is_valid_name(name));
        };
        check("petstore.yaml", "petstore");
        check("contracts/payments/orders/openapi.yaml", "orders");
        check("Pet Store.json", "pet-store");
        check("openapi.yaml", "service");
        check("/", "service");
    }
}
