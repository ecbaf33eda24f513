//! The listening sockets of one data core. They take turns, so none of them starves another one.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpStream, UnixListener};

use super::bound_listener::{BoundListener, BoundSocket};
use super::unix_listener::SocketFile;
use crate::headers::PeerAddress;
use crate::unix_stream::as_stream;

/// The listening sockets of one data core.
#[derive(Debug)]
pub(super) struct CoreListeners {
    listeners: Vec<CoreListener>,
    /// The one whose turn it is.
    next: usize,
}

#[derive(Debug)]
enum CoreListener {
    Tcp(TcpListener),
    /// The file is removed when the last core has closed its socket.
    Unix(
        UnixListener,
        #[expect(dead_code, reason = "dropped with the socket")] Arc<SocketFile>,
    ),
}

impl CoreListeners {
    /// Registers bound sockets with the runtime.
    pub(super) fn new(bound: BoundListener) -> io::Result<Self> {
        let register = |socket| {
            Ok(match socket {
                BoundSocket::Tcp(socket) => CoreListener::Tcp(TcpListener::from_std(socket)?),
                BoundSocket::Unix(socket, file) => {
                    CoreListener::Unix(UnixListener::from_std(socket)?, file)
                }
            })
        };
        Ok(Self {
            listeners: bound
                .sockets
                .into_iter()
                .map(register)
                .collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// The next connection of any of them.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, PeerAddress)> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, PeerAddress)>> {
        let count = self.listeners.len();
        for turn in 0..count {
            let at = (self.next + turn) % count;
            if let Poll::Ready(accepted) = self.listeners[at].poll_accept(cx) {
                self.next = (at + 1) % count;
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }

    /// Makes the kernel drop every SYN from now on, while handshakes that have begun complete and can
    /// be accepted. Closing a socket resets the connections in its queue, some of which have sent a
    /// request. A client whose SYN is dropped has sent no request; it tries again and is refused.
    pub(super) fn drop_new_handshakes(&self) {
        for listener in &self.listeners {
            if let CoreListener::Tcp(listener) = listener {
                drop_new_handshakes(listener);
            }
        }
    }
}

impl CoreListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, PeerAddress)>> {
        Poll::Ready(match self {
            Self::Tcp(listener) => {
                let (stream, address) = ready!(listener.poll_accept(cx))?;
                // Answers are written in one piece, so Nagle's algorithm would only delay them. It
                // fails if the client has closed, which the first read finds too.
                let _ = stream.set_nodelay(true);
                Ok((stream, address.into()))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                as_stream(stream).map(|stream| (stream, PeerAddress::Unix))
            }
        })
    }
}

#[cfg(target_os = "linux")]
fn drop_new_handshakes(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};
    // Instructions of the classic Berkeley packet filter. The packet begins with the TCP header.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    let drop_syn = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_AT),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&drop_syn) {
        tracing::debug!(%error, "a connection made while the port closes may be reset");
    }
}

/// Only Linux has such a filter.
#[cfg(not(target_os = "linux"))]
fn drop_new_handshakes(_listener: &TcpListener) {}
