//! Where the requests of a service go, and how.

use std::path::Path;

use portcullis_vocabulary::ConfigLocation;

use super::service_config::UpgradeProtocol;
use super::upstream_http_section::{UpstreamHttpConfig, UpstreamVersion, read_upstream_http};
use super::upstream_target::{UpstreamTarget, parse_upstream};
use super::upstream_tls_section::{UpstreamTlsConfig, read_upstream_tls};
use super::verdict_section::read_verdict;
use crate::tree::ConfigSection;
use crate::tree::config_value::word;

/// Where the requests of a service go, and how.
pub(super) struct ServiceUpstream {
    /// `None` if it is missing or refused.
    pub(super) target: Option<UpstreamTarget>,
    pub(super) tls: UpstreamTlsConfig,
    pub(super) http: UpstreamHttpConfig,
    pub(super) upgrade: Vec<UpgradeProtocol>,
}

/// Reads the keys and sections about the upstream of a service.
pub(super) fn read_service_upstream(
    section: &mut ConfigSection<'_>,
    directory: &Path,
) -> ServiceUpstream {
    let (target, tls) = upstream(section, directory);
    let http = read_upstream_http(section.section("upstream_http"), target.as_ref());
    let upgrade = upgrade(section, target.as_ref(), http.version);
    ServiceUpstream {
        target,
        tls,
        http,
        upgrade,
    }
}

/// Where requests go, and TLS to it.
fn upstream(
    section: &mut ConfigSection<'_>,
    directory: &Path,
) -> (Option<UpstreamTarget>, UpstreamTlsConfig) {
    // Paths of flags are relative to the working directory.
    let is_flag = matches!(section.location_of("upstream"), ConfigLocation::Flag(_));
    let sockets = if is_flag { Path::new("") } else { directory };
    let upstream = section.required("upstream", parse_upstream(sockets));
    let is_tls = matches!(upstream, None | Some(UpstreamTarget::Https(_)));
    let is_verdict = matches!(upstream, Some(UpstreamTarget::Verdict(_)));
    let verdict = read_verdict(section.section("verdict"), is_verdict);
    let upstream = upstream.map(|upstream| match upstream {
        UpstreamTarget::Verdict(_) => UpstreamTarget::Verdict(verdict),
        other => other,
    });
    let upstream_tls = section.section("upstream_tls");
    let upstream_tls = read_upstream_tls(upstream_tls, is_tls, directory);
    (upstream, upstream_tls)
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
