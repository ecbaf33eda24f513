//! TLS to an upstream: whom it must be, and what is shown to it.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use portcullis_vocabulary::{SpiffeId, TlsVersion};

use super::certificate_details::CertificateDetails;
use super::pem_file::{PemFile, TlsMaterialError, authorities, certified_key, refused};
use super::server_tls::{CertificateFiles, versions};
use super::tls_provider::provider;
use super::upstream_verifier::SpiffeVerifier;

/// A connection to an upstream with TLS.
pub type UpstreamTlsStream = TlsStream<TcpStream>;

/// What connections to an upstream need.
#[derive(Clone, Debug)]
pub struct UpstreamTlsFiles {
    /// The authorities of the upstream's certificate; those of the system if absent.
    pub ca: Option<PemFile>,
    /// The certificate that is shown to the upstream.
    pub client: Option<CertificateFiles>,
    /// The name that is sent to the upstream, and that its certificate must have: a host name or an
    /// IP address.
    pub server_name: String,
    /// The identity that its certificate must have instead of the name.
    pub spiffe: Option<SpiffeId>,
}

/// Which protocols are offered to an upstream (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamAlpn {
    /// `http/1.1`.
    Http1,
    /// `h2`.
    Http2,
    /// Both; the upstream chooses.
    Either,
}

impl UpstreamAlpn {
    fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http1 => &[HTTP1],
            Self::Http2 => &[HTTP2],
            Self::Either => &[HTTP2, HTTP1],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// Whether the upstream has chosen HTTP/2.
pub fn has_chosen_http2(stream: &UpstreamTlsStream) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}

/// TLS to an upstream.
#[derive(Debug)]
pub struct UpstreamTls {
    /// One for each [`UpstreamAlpn`], in its order.
    configs: [Arc<ClientConfig>; 3],
    server_name: ServerName<'static>,
    /// What the certificate that is shown to the upstream says.
    client: Option<CertificateDetails>,
}

impl UpstreamTls {
    /// Checks the files and prepares connections.
    ///
    /// # Errors
    /// [`TlsMaterialError`].
    pub fn new(files: &UpstreamTlsFiles) -> Result<Self, TlsMaterialError> {
        let server_name = ServerName::try_from(files.server_name.clone());
        let server_name = server_name.map_err(|_| TlsMaterialError::Refused {
            reason: format!("{:?} is not a host name or IP address", files.server_name),
        })?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(TlsVersion::V12))
            .map_err(|error| refused(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier(files)?);
        let (config, client) = match &files.client {
            None => (builder.with_no_client_auth(), None),
            Some(pair) => {
                let (certified, details) = certified_key(&pair.certificate, &pair.key)?;
                let resolver = Arc::new(SingleCertAndKey::from(certified));
                (builder.with_client_cert_resolver(resolver), Some(details))
            }
        };
        let offering = |alpn: UpstreamAlpn| {
            let mut config = config.clone();
            config.alpn_protocols = alpn.protocols();
            // A session that is resumed has the protocol of its first connection.
            config.resumption = Resumption::default();
            Arc::new(config)
        };
        Ok(Self {
            configs: [
                UpstreamAlpn::Http1,
                UpstreamAlpn::Http2,
                UpstreamAlpn::Either,
            ]
            .map(offering),
            server_name,
            client,
        })
    }

    /// What the certificate that is shown to the upstream says.
    pub fn client_details(&self) -> Option<&CertificateDetails> {
        self.client.as_ref()
    }

    /// Performs the handshake. The caller limits its time.
    ///
    /// # Errors
    /// If the upstream does not speak TLS, is not who it must be, or refuses the client. See
    /// [`TlsFault`](super::TlsFault).
    pub async fn connect(
        &self,
        stream: TcpStream,
        alpn: UpstreamAlpn,
    ) -> io::Result<Box<UpstreamTlsStream>> {
        let [http1, http2, either] = &self.configs;
        let config = match alpn {
            UpstreamAlpn::Http1 => http1,
            UpstreamAlpn::Http2 => http2,
            UpstreamAlpn::Either => either,
        };
        let connector = TlsConnector::from(Arc::clone(config));
        let connected = connector.connect(self.server_name.clone(), stream).await?;
        Ok(Box::new(connected))
    }
}

fn verifier(files: &UpstreamTlsFiles) -> Result<Arc<dyn ServerCertVerifier>, TlsMaterialError> {
    let roots = match &files.ca {
        Some(ca) => Arc::new(authorities(ca)?),
        None => system_roots()?,
    };
    if let Some(expected) = &files.spiffe {
        return Ok(Arc::new(SpiffeVerifier {
            expected: expected.clone(),
            roots,
            provider: provider(),
        }));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider());
    Ok(verifier.build().map_err(|error| refused(&error))?)
}

/// The authorities that the system trusts, read once for all upstreams. Those that cannot be read are
/// left out, as in browsers.
pub(super) fn system_roots() -> Result<Arc<RootCertStore>, TlsMaterialError> {
    static ROOTS: LazyLock<Result<Arc<RootCertStore>, String>> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let reason = found.errors.first().map(ToString::to_string);
            return Err(reason.unwrap_or_else(|| "its store is empty".to_owned()));
        }
        Ok(Arc::new(roots))
    });
    let no_roots = |reason: &String| TlsMaterialError::NoSystemRoots {
        reason: reason.clone(),
    };
    ROOTS.as_ref().map(Arc::clone).map_err(no_roots)
}
