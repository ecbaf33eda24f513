//! The socket of a client.

use std::task::{Context, Poll};

use portcullis_tls::ServerTlsStream;
use tokio::net::TcpStream;

use crate::peer_socket::PeerSocket;

/// A client's socket.
pub(super) type ClientSocket = PeerSocket<ServerTlsStream>;

impl ClientSocket {
    /// Ready when there is something to read, if only the end of the stream. Bytes that TLS has
    /// decrypted wait in this process, where the kernel does not know of them.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(stream) => stream.poll_read_ready(cx).map(drop),
            Self::Tls(stream) => match stream.get_ref() {
                (stream, session) if session.wants_read() => stream.poll_read_ready(cx).map(drop),
                _ => Poll::Ready(()),
            },
        }
    }

    /// The socket below. What is written after that is not encrypted.
    pub(super) fn into_tcp(self) -> TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.into_inner().0,
        }
    }
}
