//! The socket of an upstream, and how it is secured.

use std::sync::Arc;

use portcullis_tls::{
    ActiveTls, TlsFault, UpstreamAlpn, UpstreamTls, UpstreamTlsStream, has_chosen_http2,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::peer_socket::PeerSocket;

/// How connections to an upstream are secured.
#[derive(Clone, Debug)]
pub enum UpstreamSecurity {
    /// Not at all.
    Plain,
    /// With TLS. Without settings, every connection fails.
    Tls(Option<Arc<ActiveTls<UpstreamTls>>>),
}

/// Why a connected socket cannot be used.
#[derive(Debug)]
pub(super) enum SocketFailure {
    /// TLS failed.
    Tls(TlsFault),
    /// TLS took too long.
    TooSlow,
}

impl UpstreamSecurity {
    /// Prepares a connected socket. With TLS, the handshake is a part of connecting.
    pub(super) async fn open(
        &self,
        stream: TcpStream,
        alpn: UpstreamAlpn,
        deadline: Instant,
    ) -> Result<UpstreamSocket, SocketFailure> {
        let fault = |reason: &str| SocketFailure::Tls(TlsFault::Handshake(reason.to_owned()));
        let tls = match self {
            Self::Plain => return Ok(UpstreamSocket::Plain(stream)),
            Self::Tls(Some(tls)) => tls.load(),
            Self::Tls(None) => return Err(fault("its settings are not loaded")),
        };
        match timeout_at(deadline, tls.connect(stream, alpn)).await {
            Ok(Ok(stream)) => Ok(UpstreamSocket::Tls(stream)),
            Ok(Err(error)) => Err(match TlsFault::of(&error) {
                Some(fault) => SocketFailure::Tls(fault),
                None => fault("it closed the connection during the handshake"),
            }),
            Err(_) => Err(SocketFailure::TooSlow),
        }
    }
}

/// An upstream's socket.
pub(super) type UpstreamSocket = PeerSocket<UpstreamTlsStream>;

impl UpstreamSocket {
    /// Whether the upstream has chosen HTTP/2 in the handshake of TLS.
    pub(super) fn has_chosen_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => has_chosen_http2(stream),
        }
    }
}
