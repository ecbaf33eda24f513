//! The certificates of a port, and which one a client gets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SignatureScheme};

use super::certificate_details::CertificateDetails;

/// A certificate of a port, with the settings of its connections. Each has its own ticket keys, so a
/// session that began with one certificate is not resumed with another.
#[derive(Debug)]
pub struct ServedCertificate {
    /// What the certificate says.
    pub details: CertificateDetails,
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) config: Arc<ServerConfig>,
}

/// Finds the certificate for a server name. There is at least one; the first is the default.
#[derive(Debug)]
pub(super) struct CertificateIndex {
    certificates: Vec<Arc<ServedCertificate>>,
    /// The positions of the certificates with a DNS name, which may begin with `*.`.
    by_name: HashMap<String, Vec<usize>>,
}

impl CertificateIndex {
    /// Returns `None` if there are no certificates.
    pub(super) fn new(certificates: Vec<Arc<ServedCertificate>>) -> Option<Self> {
        if certificates.is_empty() {
            return None;
        }
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, certificate) in certificates.iter().enumerate() {
            for name in &certificate.details.dns_names {
                by_name.entry(name.clone()).or_default().push(position);
            }
        }
        Some(Self {
            certificates,
            by_name,
        })
    }

    pub(super) fn certificates(&self) -> &[Arc<ServedCertificate>] {
        &self.certificates
    }

    /// The certificate for a client: of those with its server name, the first one whose key it can
    /// verify.
    pub(super) fn choose(&self, hello: &ClientHello<'_>) -> &Arc<ServedCertificate> {
        self.choose_for(hello.server_name(), hello.signature_schemes())
    }

    fn choose_for(
        &self,
        server_name: Option<&str>,
        schemes: &[SignatureScheme],
    ) -> &Arc<ServedCertificate> {
        let named = server_name.map_or(&[][..], |name| self.with_name(name));
        let is_usable = |position: &&usize| self.certificates[**position].is_usable_with(schemes);
        let chosen = named.iter().find(is_usable).or(named.first());
        &self.certificates[chosen.copied().unwrap_or_default()]
    }

    /// The positions of the certificates with a name: an exact one, or else the wildcard of its
    /// parent.
    fn with_name(&self, name: &str) -> &[usize] {
        let name = name.to_ascii_lowercase();
        let exact = self.by_name.get(&name);
        let found = exact.or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        });
        found.map_or(&[], Vec::as_slice)
    }
}

impl ServedCertificate {
    fn is_usable_with(&self, schemes: &[SignatureScheme]) -> bool {
        self.certified.key.choose_scheme(schemes).is_some()
    }

    /// A short name for messages: the first name of the certificate.
    pub fn name(&self) -> String {
        let details = &self.details;
        let dns = details.dns_names.first().cloned();
        let address = details.addresses.first().map(IpAddr::to_string);
        dns.or(address)
            .or_else(|| details.uris.first().cloned())
            .unwrap_or_else(|| "a certificate without names".to_owned())
    }
}
