//! The handshake of a client's connection (RFC 8446 section 2).

use std::io;
use std::sync::Arc;

use portcullis_vocabulary::AlpnProtocol;
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate_details::CertificateDetails;
use super::served_certificate::ServedCertificate;
use super::server_tls::ServerTls;

/// A client's connection with TLS.
pub type ServerTlsStream = TlsStream<TcpStream>;

/// What a handshake has shown about a connection.
#[derive(Clone, Debug)]
pub struct TlsSession {
    /// The certificate that the client got.
    pub certificate: Arc<ServedCertificate>,
    /// The server name that the client asked for (RFC 6066 section 3), in lower case.
    pub server_name: Option<String>,
    /// The URI names of the client's certificate, which was verified; `None` if it has none.
    pub client_uris: Option<Vec<String>>,
    /// Whether both sides chose HTTP/2.
    pub is_http2: bool,
}

impl TlsSession {
    /// Whether a request for this host (without a port) belongs on the connection. The client
    /// verified the connection for the server name that it sent, and may use it for every other
    /// name of the certificate (RFC 9110 section 7.4). A client that sent no name verified an
    /// address, or nothing.
    pub fn is_for_host(&self, host: &str) -> bool {
        let Some(name) = &self.server_name else {
            return true;
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        host.eq_ignore_ascii_case(name) || self.certificate.details.covers(host)
    }
}

/// A handshake that failed. The client got an alert.
#[derive(Debug)]
pub struct FailedHandshake {
    /// Why it failed.
    pub error: io::Error,
    /// The socket, if the client has sent more than its first message. It may send more before it
    /// reads the alert, which a reset would destroy.
    pub socket: Option<TcpStream>,
}

/// Performs the handshake. The caller limits its time.
///
/// # Errors
/// If the client does not speak TLS, no version, cipher or protocol is common, its certificate is
/// missing or invalid, or it went away.
pub async fn accept(
    tls: &ServerTls,
    stream: TcpStream,
) -> Result<(Box<ServerTlsStream>, TlsSession), FailedHandshake> {
    let opened = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
    let started = opened.map_err(|error| FailedHandshake {
        error,
        socket: None,
    })?;
    let hello = started.client_hello();
    let certificate = Arc::clone(tls.index.choose(&hello));
    let server_name = hello.server_name().map(str::to_ascii_lowercase);
    let accepting = started.into_stream(Arc::clone(&certificate.config));
    let accepted = accepting.into_fallible().await;
    let stream = accepted.map_err(|(error, socket)| FailedHandshake {
        error,
        socket: Some(socket),
    })?;
    let (_, connection) = stream.get_ref();
    let client = connection.peer_certificates().and_then(<[_]>::first);
    // A certificate that was verified can be read; one that cannot has no usable name.
    let details = client.map(|client| CertificateDetails::of(client).unwrap_or_default());
    let client_uris = details.map(|details| details.uris);
    let is_http2 = connection.alpn_protocol() == Some(AlpnProtocol::Http2.name().as_bytes());
    let session = TlsSession {
        certificate,
        server_name,
        client_uris,
        is_http2,
    };
    Ok((Box::new(stream), session))
}
