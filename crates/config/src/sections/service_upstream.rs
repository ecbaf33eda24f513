//! Where the requests of a service go, and how.

use std::path::Path;

use portcullis_vocabulary::ConfigLocation;

use super::health_section::HealthProbe;
use super::service_config::UpgradeProtocol;
use super::upstream_http_section::{UpstreamHttpConfig, UpstreamVersion, read_upstream_http};
use super::upstream_servers_section::{
    UpstreamServersConfig, check_tls_names, parse_upstreams, read_servers,
};
use super::upstream_target::UpstreamTarget;
use super::upstream_tls_section::{UpstreamTlsConfig, read_upstream_tls};
use super::verdict_section::read_verdict;
use crate::tree::ConfigSection;
use crate::tree::config_value::word;

/// Where the requests of a service go, and how.
pub(super) struct ServiceUpstream {
    /// `None` if it is missing or refused.
    pub(super) target: Option<UpstreamTarget>,
    pub(super) servers: UpstreamServersConfig,
    pub(super) tls: UpstreamTlsConfig,
    pub(super) http: UpstreamHttpConfig,
    pub(super) upgrade: Vec<UpgradeProtocol>,
}

/// Reads the keys and sections about the upstream of a service.
pub(super) fn read_service_upstream(
    section: &mut ConfigSection<'_>,
    directory: &Path,
) -> ServiceUpstream {
    let health = section.location_of("health");
    let (targets, tls) = upstream(section, directory);
    let servers = read_servers(section, targets.as_deref());
    let target = targets.and_then(|targets| targets.into_iter().next());
    let http = read_upstream_http(section.section("upstream_http"), target.as_ref());
    if let Some(fault) = grpc_health_fault(&servers, target.as_ref(), http.version) {
        section.refuse_at(health, "health.grpc", fault);
    }
    let upgrade = upgrade(section, target.as_ref(), http.version);
    ServiceUpstream {
        target,
        servers,
        tls,
        http,
        upgrade,
    }
}

/// Where requests go, and TLS to it.
fn upstream(
    section: &mut ConfigSection<'_>,
    directory: &Path,
) -> (Option<Vec<UpstreamTarget>>, UpstreamTlsConfig) {
    // Paths of flags are relative to the working directory.
    let location = section.location_of("upstream");
    let is_flag = matches!(location, ConfigLocation::Flag(_));
    let sockets = if is_flag { Path::new("") } else { directory };
    let mut targets = section.required("upstream", parse_upstreams(sockets));
    let first = targets.as_deref().map(|targets| &targets[0]);
    let is_tls = matches!(first, None | Some(UpstreamTarget::Https(_)));
    let is_verdict = matches!(first, Some(UpstreamTarget::Verdict(_)));
    let verdict = read_verdict(section.section("verdict"), is_verdict);
    if is_verdict {
        targets = Some(vec![UpstreamTarget::Verdict(verdict)]);
    }
    let upstream_tls = section.section("upstream_tls");
    let upstream_tls = read_upstream_tls(upstream_tls, is_tls, directory);
    if let Some(targets) = &targets {
        let server_name = upstream_tls.server_name.as_deref();
        check_tls_names(section, location, targets, server_name);
    }
    (targets, upstream_tls)
}

/// Why checks of gRPC are refused: the upstream is not spoken to in HTTP/2.
fn grpc_health_fault(
    servers: &UpstreamServersConfig,
    upstream: Option<&UpstreamTarget>,
    version: UpstreamVersion,
) -> Option<&'static str> {
    let probe = servers.health.as_ref().map(|health| &health.probe);
    if !matches!(probe, Some(HealthProbe::Grpc(_))) {
        return None;
    }
    match upstream {
        Some(UpstreamTarget::Http(_) | UpstreamTarget::Unix(_)) => {
            Some("needs HTTP/2; try upstream = \"h2c://host:port\"")
        }
        Some(UpstreamTarget::Https(_)) if version == UpstreamVersion::Http1 => {
            Some("needs HTTP/2; try upstream_http.version = \"auto\"")
        }
        _ => None,
    }
}

/// The protocols that may follow a request. They need HTTP/1.1 to the upstream, and the mock speaks
/// none.
fn upgrade(
    section: &mut ConfigSection<'_>,
    upstream: Option<&UpstreamTarget>,
    version: UpstreamVersion,
) -> Vec<UpgradeProtocol> {
    let location = section.location_of("upgrade");
    let protocols = section.list("upgrade", word(&UpgradeProtocol::NAMES));
    let protocols = protocols.unwrap_or_default();
    let fault = match upstream {
        Some(UpstreamTarget::Mock | UpstreamTarget::Verdict(_)) => {
            Some("has no effect without an upstream server; remove it")
        }
        Some(UpstreamTarget::H2c(_)) => Some("needs HTTP/1.1; try upstream = \"http://host:port\""),
        _ if version == UpstreamVersion::Http2 => {
            Some("needs HTTP/1.1; try upstream_http.version = \"auto\"")
        }
        _ => None,
    };
    if let Some(fault) = fault.filter(|_| !protocols.is_empty()) {
        section.refuse_at(location, "upgrade", fault);
    }
    protocols
}
