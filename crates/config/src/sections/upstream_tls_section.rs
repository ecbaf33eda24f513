//! `[services.upstream_tls]`: how the upstream of a service is verified, and what is shown to it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use portcullis_vocabulary::SpiffeId;

use super::host_pattern::is_host;
use super::port_tls_section::CertificatePaths;
use crate::tree::config_value::{ConfigValueResult, parsed, path};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// TLS to an upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UpstreamTlsConfig {
    /// The file with the authorities of the upstream; those of the system if absent.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to the upstream.
    pub client: Option<CertificatePaths>,
    /// The name that is sent and verified; the host of the upstream if absent.
    pub server_name: Option<String>,
    /// The identity that is verified instead of the name.
    pub spiffe: Option<SpiffeId>,
}

/// Reads TLS to an upstream; paths are relative to the directory.
pub(crate) fn read_upstream_tls(
    mut section: ConfigSection<'_>,
    is_tls: bool,
    directory: &Path,
) -> UpstreamTlsConfig {
    let location = section.location().clone();
    let ca = section.read("ca", path).map(|ca| directory.join(ca));
    let pair = (section.has("client_cert"), section.has("client_key"));
    let cert = section.read("client_cert", path);
    let key = section.read("client_key", path);
    match pair {
        (true, false) => section.refuse("client_key", "is missing: client_cert needs its key"),
        (false, true) => section.refuse("client_cert", "is missing: client_key is for it"),
        _ => {}
    }
    let client = cert.zip(key).map(|(cert, key)| CertificatePaths {
        cert: directory.join(cert),
        key: directory.join(key),
    });
    let tls = UpstreamTlsConfig {
        ca,
        client,
        server_name: section.read("server_name", server_name),
        spiffe: section.read("spiffe", parsed),
    };
    if !is_tls && tls != UpstreamTlsConfig::default() {
        let message = "has no effect, because the upstream is not https; try \"https://host:port\" \
                       as upstream";
        section.refuse_at(location, "", message);
    }
    section.finish();
    tls
}

fn server_name(node: &ConfigNode) -> ConfigValueResult<String> {
    let is_name =
        |text: &&str| is_host(&text.to_ascii_lowercase()) || text.parse::<IpAddr>().is_ok();
    let name = node.text().filter(is_name);
    name.map(str::to_owned)
        .ok_or_else(|| ConfigValueError::expected("a host name or an IP address without a port"))
}
