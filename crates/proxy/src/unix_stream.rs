//! Connections over Unix sockets, on both sides.
//!
//! A stream of the standard library is a descriptor, and reading, writing and closing it are the same
//! system calls for every stream socket. So a connection over a Unix socket is used as a `TcpStream`,
//! and everything above has one type of socket. Only what asks for an address or sets an option of TCP
//! differs, and that happens where a connection is made.

use std::io;
use std::net::TcpStream as StdTcpStream;
use std::os::fd::OwnedFd;

use tokio::net::{TcpStream, UnixStream};

/// The same connection as the type that is used for all connections.
pub(crate) fn as_stream(stream: UnixStream) -> io::Result<TcpStream> {
    let descriptor = OwnedFd::from(stream.into_std()?);
    TcpStream::from_std(StdTcpStream::from(descriptor))
}
