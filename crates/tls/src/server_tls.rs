//! A port with TLS: its certificates, and what it asks of clients.
//!
//! Everything about a port is one immutable value. A change of any file makes a new one, which
//! replaces the old one as a whole, so a connection never sees a part of a change. Ticket keys are a
//! part of it: sessions that began before a change are not resumed after it.
//!
//! With client certificates, no session is resumed at all, so each connection proves a certificate
//! that is valid and not revoked now.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, SupportedProtocolVersion};

use portcullis_vocabulary::{AlpnProtocol, ClientAuth, TlsVersion};

use super::certificate_details::CertificateDetails;
use super::pem_file::{
    PemFile, TlsMaterialError, authorities, certified_key, malformed, refused, revocation_lists,
};
use super::served_certificate::{CertificateIndex, ServedCertificate};
use super::tls_provider::provider;

/// What a port needs.
#[derive(Clone, Debug)]
pub struct ServerTlsFiles {
    /// Certificates, each with its key. The first is the default.
    pub certificates: Vec<CertificateFiles>,
    /// The oldest version.
    pub min_version: TlsVersion,
    /// The protocols that are offered inside TLS, the preferred one first.
    pub alpn: Vec<AlpnProtocol>,
    /// Whether clients have certificates.
    pub client_auth: ClientAuth,
    /// The authorities of client certificates.
    pub client_ca: Option<PemFile>,
    /// The client certificates that are revoked.
    pub client_crl: Option<PemFile>,
}

/// A certificate chain and its key.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The certificates, that of the server or client first.
    pub certificate: PemFile,
    /// The private key.
    pub key: PemFile,
}

/// A port with TLS.
#[derive(Debug)]
pub struct ServerTls {
    pub(super) index: CertificateIndex,
}

impl ServerTls {
    /// Checks the files and prepares the port.
    ///
    /// # Errors
    /// [`TlsMaterialError`].
    pub fn new(files: &ServerTlsFiles) -> Result<Self, TlsMaterialError> {
        let verifier = client_verifier(files)?;
        let serve = |pair: &CertificateFiles| {
            let (certified, details) = certified_key(&pair.certificate, &pair.key)?;
            let certified = Arc::new(certified);
            let resolver = SingleCertAndKey::from(Arc::clone(&certified));
            Ok(Arc::new(ServedCertificate {
                details,
                certified,
                config: Arc::new(server_config(files, &verifier, resolver)?),
            }))
        };
        let served: Result<Vec<_>, TlsMaterialError> =
            files.certificates.iter().map(serve).collect();
        let index = CertificateIndex::new(served?).ok_or_else(|| TlsMaterialError::Refused {
            reason: "a port with TLS needs at least one certificate".to_owned(),
        })?;
        Ok(Self { index })
    }

    /// What each certificate says, in the order of the configuration.
    pub fn details(&self) -> impl Iterator<Item = &CertificateDetails> {
        let certificates = self.index.certificates().iter();
        certificates.map(|certificate| &certificate.details)
    }
}

fn server_config(
    files: &ServerTlsFiles,
    verifier: &Option<Arc<dyn ClientCertVerifier>>,
    resolver: SingleCertAndKey,
) -> Result<ServerConfig, TlsMaterialError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(files.min_version))
        .map_err(|error| refused(&error))?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    let names = files.alpn.iter().map(|protocol| protocol.name());
    config.alpn_protocols = names.map(|name| name.as_bytes().to_vec()).collect();
    if verifier.is_some() {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    } else {
        config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(|error| refused(&error))?;
    }
    Ok(config)
}

/// The versions from the oldest one on.
pub(super) fn versions(oldest: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static ONLY_13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
    match oldest {
        TlsVersion::V12 => rustls::ALL_VERSIONS,
        TlsVersion::V13 => &ONLY_13,
    }
}

fn client_verifier(
    files: &ServerTlsFiles,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsMaterialError> {
    if files.client_auth == ClientAuth::Off {
        return Ok(None);
    }
    let Some(ca) = &files.client_ca else {
        return Err(TlsMaterialError::Refused {
            reason: "client certificates need `client_ca`".to_owned(),
        });
    };
    let roots = Arc::new(authorities(ca)?);
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    if let Some(list) = &files.client_crl {
        builder = builder.with_crls(revocation_lists(list)?);
    }
    if files.client_auth == ClientAuth::Optional {
        builder = builder.allow_unauthenticated();
    }
    let verifier = builder.build().map_err(|error| match &files.client_crl {
        Some(list) => malformed(list, "certificate revocation lists", &error.to_string()),
        None => malformed(ca, "certificates", &error.to_string()),
    })?;
    Ok(Some(verifier))
}
