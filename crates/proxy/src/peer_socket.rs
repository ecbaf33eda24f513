//! The socket of a client or an upstream: plain, or with TLS. Reads and writes are the decrypted
//! bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use portcullis_tls::{ServerTlsStream, UpstreamTlsStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TLS stream to one kind of peer.
pub(crate) trait PeerTlsStream: AsyncRead + AsyncWrite + Unpin {
    /// Whether the peer may end the stream without `close_notify` (RFC 9112 section 9.8).
    const MAY_BE_CUT: bool;
}

/// Many clients do so. Nothing relies on it here: requests have their own framing, which shows a body
/// that was cut.
impl PeerTlsStream for ServerTlsStream {
    const MAY_BE_CUT: bool = true;
}

/// A response body that ends with the stream would look complete if it was cut.
impl PeerTlsStream for UpstreamTlsStream {
    const MAY_BE_CUT: bool = false;
}

/// A socket.
#[derive(Debug)]
pub(crate) enum PeerSocket<S> {
    Plain(TcpStream),
    Tls(Box<S>),
}

impl<S: PeerTlsStream> PeerSocket<S> {
    /// Whether written bytes may wait in this process, so that a flush has something to do.
    pub(crate) const fn is_buffered(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Whether there is nothing to read, not even the end of the stream, as far as is known. What TLS sends
    /// for itself, such as tickets, is not heard as bytes.
    pub(crate) fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        match self {
            // Registers no task.
            Self::Plain(stream) => {
                let read = stream.try_read(&mut byte);
                read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            }
            Self::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                let read = Pin::new(stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte));
                read.is_pending()
            }
        }
    }

    /// Announces the end of the stream to a peer with TLS, if the kernel takes the bytes at once.
    pub(crate) fn notify_close(&mut self) {
        if let Self::Tls(stream) = self {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(stream).poll_shutdown(&mut cx);
        }
    }
}

impl<S: PeerTlsStream> AsyncRead for PeerSocket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => match Pin::new(stream).poll_read(cx, buf) {
                Poll::Ready(Err(error))
                    if S::MAY_BE_CUT && error.kind() == io::ErrorKind::UnexpectedEof =>
                {
                    Poll::Ready(Ok(()))
                }
                polled => polled,
            },
        }
    }
}

impl<S: PeerTlsStream> AsyncWrite for PeerSocket<S> {
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
