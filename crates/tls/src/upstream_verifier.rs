//! Verifies an upstream by its SPIFFE ID instead of its host name.
//!
//! The chain is verified as for any server. The certificate then has exactly one URI name, which is
//! the expected ID (X.509-SVID, section 2).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use portcullis_vocabulary::SpiffeId;

use super::certificate_details::CertificateDetails;

/// The identity of the upstream is another one.
#[derive(Debug, thiserror::Error)]
#[error("its certificate is not for {expected} but for {}", shown(.presented))]
pub(super) struct OtherIdentity {
    expected: SpiffeId,
    presented: Vec<String>,
}

/// The names, as far as they are few and short. They may contain any bytes.
fn shown(names: &[String]) -> String {
    const BYTES_MAX: usize = 300;
    let joined = names.join(" and ");
    match names.len() {
        0 => "no URI name".to_owned(),
        _ if joined.len() <= BYTES_MAX => joined.escape_debug().to_string(),
        1 => "a long URI name".to_owned(),
        count => format!("{count} URI names"),
    }
}

/// The verifier for one upstream.
#[derive(Debug)]
pub(super) struct SpiffeVerifier {
    pub(super) expected: SpiffeId,
    pub(super) roots: Arc<RootCertStore>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for SpiffeVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        let details = CertificateDetails::of(end_entity)
            .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        match &details.uris[..] {
            [uri] if *uri == self.expected.as_str() => Ok(ServerCertVerified::assertion()),
            _ => {
                let other = OtherIdentity {
                    expected: self.expected.clone(),
                    presented: details.uris,
                };
                let other = CertificateError::Other(OtherError(Arc::new(other)));
                Err(Error::InvalidCertificate(other))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
