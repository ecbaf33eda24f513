//! `[listen]`: where clients connect, and how.

use std::path::Path;

use portcullis_vocabulary::{AlpnProtocol, ConfigLocation, TrustedPeers};

use super::http2_section::{Http2Config, read_http2};
use super::identity_section::{trusted, trusted_peer};
use super::listen_address::{ListenAddress, overlapping, parse_addresses};
use super::port_tls_section::{PortTlsConfig, read_port_tls};
use super::socket_file_section::{SocketFileConfig, read_socket_file};
use crate::program_config::Config;
use crate::tree::config_value::word;
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// `[listen]`.
pub(crate) struct ListenSection {
    pub(crate) addresses: Vec<ListenAddress>,
    pub(crate) file: SocketFileConfig,
    pub(crate) proxies: Option<TrustedPeers>,
    /// Of the addresses.
    pub(crate) location: ConfigLocation,
    pub(crate) via: String,
    pub(crate) tls: PortTlsConfig,
    pub(crate) http2: Http2Config,
}

/// Reads `[listen]`.
pub(crate) fn read_listen(
    mut section: ConfigSection<'_>,
    default: &Config,
    directory: &Path,
) -> ListenSection {
    let location = section.location_of("address");
    // Paths of flags are relative to the working directory.
    let is_flag = matches!(location, ConfigLocation::Flag(_));
    let sockets = if is_flag { Path::new("") } else { directory };
    let addresses = parse_addresses(sockets);
    let addresses = section.value("address", default.listen_addresses.clone(), addresses);
    if let Some((one, other)) = overlapping(&addresses) {
        let message =
            format!("{one} and {other} overlap, so only one of them can be bound; remove one");
        section.refuse_at(location.clone(), "address", message);
    }
    let file = read_socket_file(&mut section, &default.listen_file);
    let proxies = read_proxies(&mut section);
    let via = section.value("via", default.via.clone(), pseudonym);
    let mut tls = read_port_tls(section.section("tls"), &default.listen_tls, directory);
    let http2 = read_http2(section.section("http2"));
    if !http2.is_enabled() {
        tls.alpn.retain(|protocol| *protocol != AlpnProtocol::Http2);
        if tls.alpn.is_empty() {
            let message = "leaves no protocol, because HTTP/2 is off; add \"http/1.1\"";
            section.refuse("tls.alpn", message);
        }
    }
    section.finish();
    ListenSection {
        addresses,
        file,
        proxies,
        location,
        via,
        tls,
        http2,
    }
}

/// Whether connections must begin with a header of the PROXY protocol, and who may send it.
fn read_proxies(section: &mut ConfigSection<'_>) -> Option<TrustedPeers> {
    const MODES: [(&str, bool); 2] = [("off", false), ("required", true)];
    let location = section.location_of("proxy_protocol");
    let is_required = section.value("proxy_protocol", false, word(&MODES));
    let peers = section.list("proxy_peers", trusted_peer);
    if is_required && peers.as_ref().is_none_or(Vec::is_empty) {
        let message = "needs the addresses of the load balancers that may send it; set proxy_peers";
        section.refuse_at(location, "proxy_protocol", message);
    }
    peers.filter(|_| is_required).map(trusted)
}

/// A pseudonym of RFC 9110 section 7.6.3, without characters that its readers must quote.
fn pseudonym(node: &ConfigNode) -> Result<String, ConfigValueError> {
    const CHARS_MAX: usize = 64;
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name = node
        .text()
        .filter(|name| (1..=CHARS_MAX).contains(&name.len()) && name.chars().all(is_char));
    name.map(str::to_owned).ok_or_else(|| {
        ConfigValueError::expected(format!(
            "1 to {CHARS_MAX} letters, digits, '.', '_' and '-'"
        ))
    })
}
