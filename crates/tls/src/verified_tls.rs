//! TLS to a server that a command connects to, over any stream. The server must have a certificate of
//! a known authority for its name; no protocol is offered.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use portcullis_vocabulary::TlsVersion;

use super::pem_file::{PemFile, TlsMaterialError, authorities, refused};
use super::server_tls::versions;
use super::tls_provider::provider;
use super::upstream_tls::system_roots;

/// A connection with TLS over another stream.
pub type VerifiedTlsStream<S> = TlsStream<S>;

/// TLS to servers whose certificates are of the same authorities.
#[derive(Clone, Debug)]
pub struct VerifiedTls {
    config: Arc<ClientConfig>,
}

impl VerifiedTls {
    /// Prepares connections; the authorities are those of the system if none are given.
    ///
    /// # Errors
    /// [`TlsMaterialError`].
    pub fn new(authority_file: Option<&PemFile>) -> Result<Self, TlsMaterialError> {
        let roots = match authority_file {
            Some(file) => Arc::new(authorities(file)?),
            None => system_roots()?,
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider());
        let verifier = verifier.build().map_err(|error| refused(&error))?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(TlsVersion::V12))
            .map_err(|error| refused(&error))?
            .with_webpki_verifier(verifier)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Performs the handshake. The caller limits its time.
    ///
    /// # Errors
    /// If the name cannot be one, or the server does not speak TLS or is another one. See
    /// [`TlsFault`](super::TlsFault).
    pub async fn connect<S>(&self, name: &str, stream: S) -> io::Result<VerifiedTlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(name.to_owned());
        let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await
    }
}
