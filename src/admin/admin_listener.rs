//! Where operators connect: a TCP port, or a Unix socket.

use std::io;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::admin_state::OperatorAddress;

/// A listener for operators.
#[derive(Debug)]
pub enum AdminListener {
    /// A port.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix(UnixListener),
}

/// A connection of an operator.
#[derive(Debug)]
pub(super) enum AdminStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AdminListener {
    /// The next connection, and where it comes from.
    pub(super) async fn accept(&self) -> io::Result<(AdminStream, OperatorAddress)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((AdminStream::Tcp(stream), OperatorAddress::Ip(peer)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((AdminStream::Unix(stream), OperatorAddress::Unix))
            }
        }
    }
}

impl From<TcpListener> for AdminListener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}
