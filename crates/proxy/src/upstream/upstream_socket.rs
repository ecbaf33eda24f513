//! The socket of an upstream: plain, or with TLS. Reads and writes are the decrypted bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use portcullis_tls::{ActiveTls, TlsFault, UpstreamTls, UpstreamTlsStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

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
    /// The socket cannot be set up.
    Socket(io::Error),
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
        deadline: Instant,
    ) -> Result<UpstreamSocket, SocketFailure> {
        stream.set_nodelay(true).map_err(SocketFailure::Socket)?;
        let fault = |reason: &str| SocketFailure::Tls(TlsFault::Handshake(reason.to_owned()));
        let tls = match self {
            Self::Plain => return Ok(UpstreamSocket::Plain(stream)),
            Self::Tls(Some(tls)) => tls.load(),
            Self::Tls(None) => return Err(fault("its settings are not loaded")),
        };
        match timeout_at(deadline, tls.connect(stream)).await {
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
#[derive(Debug)]
pub(super) enum UpstreamSocket {
    Plain(TcpStream),
    Tls(Box<UpstreamTlsStream>),
}

impl Drop for UpstreamSocket {
    /// Announces the end of the stream to an upstream with TLS, if the kernel takes the bytes at once.
    fn drop(&mut self) {
        if let Self::Tls(stream) = self {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(stream).poll_shutdown(&mut cx);
        }
    }
}

impl AsyncRead for UpstreamSocket {
    /// An end without `close_notify` is an error, so a body that ends with the stream is not
    /// complete if it was cut (RFC 9112 section 9.8).
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for UpstreamSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
