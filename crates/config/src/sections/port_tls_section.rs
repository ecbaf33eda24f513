//! `[listen.tls]`, `[admin.tls]` and `[egress.tls]`: certificates of a port, and what it asks of clients.
//!
//! A port speaks TLS if it has certificates. Other keys without certificates are refused, so a port
//! is not plain by mistake.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_vocabulary::limits::{CERTIFICATES_MAX, TLS_HANDSHAKE_MAX};
use portcullis_vocabulary::{AlpnProtocol, ClientAuth, TlsVersion};

use crate::tree::config_value::{duration, path, texts, word};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// TLS of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortTlsConfig {
    /// The certificates; the first is the default. Empty if the port is plain.
    pub certificates: Vec<CertificatePaths>,
    /// The oldest version.
    pub min_version: TlsVersion,
    /// The protocols that are offered inside TLS, the preferred one first.
    pub alpn: Vec<AlpnProtocol>,
    /// The time of a handshake.
    pub handshake_timeout: Duration,
    /// Whether clients have certificates.
    pub client_auth: ClientAuth,
    /// The file with the authorities of client certificates.
    pub client_ca: Option<PathBuf>,
    /// The file with the revoked client certificates.
    pub client_crl: Option<PathBuf>,
}

/// The files of a certificate; paths are resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificatePaths {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl PortTlsConfig {
    /// The defaults of the port for clients, the only one that offers HTTP/2.
    pub fn for_clients() -> Self {
        Self {
            alpn: vec![AlpnProtocol::Http2, AlpnProtocol::Http11],
            ..Self::default()
        }
    }

    /// Whether the port speaks TLS.
    pub const fn is_enabled(&self) -> bool {
        !self.certificates.is_empty()
    }
}

impl Default for PortTlsConfig {
    fn default() -> Self {
        Self {
            certificates: Vec::new(),
            min_version: TlsVersion::default(),
            alpn: vec![AlpnProtocol::Http11],
            handshake_timeout: Duration::from_secs(5),
            client_auth: ClientAuth::default(),
            client_ca: None,
            client_crl: None,
        }
    }
}

/// Reads the TLS of a port; paths are relative to the directory. Only a port that offers HTTP/2 by
/// default has a choice of protocols.
pub(crate) fn read_port_tls(
    mut section: ConfigSection<'_>,
    default: &PortTlsConfig,
    directory: &Path,
) -> PortTlsConfig {
    let location = section.location_of("certificates");
    let has_certificates = section.has("certificates");
    let mut certificates = Vec::new();
    let mut count = 0;
    section.each("certificates", |entry| {
        count += 1;
        certificates.extend(read_certificate(entry, directory));
    });
    if has_certificates && (count == 0 || count > CERTIFICATES_MAX) {
        let message = format!("expected 1 to {CERTIFICATES_MAX} certificates, found {count}");
        section.refuse_at(location, "certificates", message);
    }
    let has_choice = default.alpn.contains(&AlpnProtocol::Http2);
    let alpn = has_choice.then(|| section.value("alpn", default.alpn.clone(), protocols));
    let times = duration(Duration::from_millis(1)..=TLS_HANDSHAKE_MAX);
    let file = |file: Option<String>| file.map(|file| directory.join(file));
    let tls = PortTlsConfig {
        certificates,
        min_version: section.value("min_version", default.min_version, word(&TlsVersion::NAMES)),
        alpn: alpn.unwrap_or_else(|| default.alpn.clone()),
        handshake_timeout: section.value("handshake_timeout", default.handshake_timeout, times),
        client_auth: section.value("client_auth", default.client_auth, word(&ClientAuth::NAMES)),
        client_ca: file(section.read("client_ca", path)),
        client_crl: file(section.read("client_crl", path)),
    };
    check(&mut section, &tls, default, has_certificates);
    section.finish();
    tls
}

/// A list of different protocols.
fn protocols(node: &ConfigNode) -> Result<Vec<AlpnProtocol>, ConfigValueError> {
    let fault =
        || ConfigValueError::expected("a list of \"h2\" and \"http/1.1\", each at most once");
    let mut protocols = Vec::new();
    for text in texts(node).map_err(|_| fault())? {
        let named = AlpnProtocol::NAMES.iter().find(|(name, _)| *name == text);
        let (_, protocol) = named.ok_or_else(fault)?;
        if protocols.contains(protocol) {
            return Err(fault());
        }
        protocols.push(*protocol);
    }
    Ok(protocols)
}

fn read_certificate(mut entry: ConfigSection<'_>, directory: &Path) -> Option<CertificatePaths> {
    let cert = entry.required("cert", path);
    let key = entry.required("key", path);
    entry.finish();
    Some(CertificatePaths {
        cert: directory.join(cert?),
        key: directory.join(key?),
    })
}

/// Reports keys that would have no effect, and those that are missing.
fn check(
    section: &mut ConfigSection<'_>,
    tls: &PortTlsConfig,
    default: &PortTlsConfig,
    has_certificates: bool,
) {
    if !has_certificates && tls != default {
        let message = "is missing, so the other keys of this section would have no effect";
        section.refuse("certificates", message);
        return;
    }
    let is_off = tls.client_auth == ClientAuth::Off;
    if !is_off && tls.client_ca.is_none() {
        let message = "is missing: client certificates are verified with its authorities";
        section.refuse("client_ca", message);
    }
    for (key, is_set) in [
        ("client_ca", tls.client_ca.is_some()),
        ("client_crl", tls.client_crl.is_some()),
    ] {
        if is_off && is_set {
            let message = "has no effect while client_auth is \"off\"; try \"optional\" or \
                           \"required\" there";
            section.refuse(key, message);
        }
    }
}
