//! The beginning of a connection on a port with TLS: the handshake, within its time.
//!
//! It runs in the task of the connection, which has its permit already, so handshakes count towards
//! the cap on connections. A connection beyond the cap gets an alert instead of a handshake, because
//! a handshake is what costs.

use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use portcullis_telemetry::LogThrottle;
use portcullis_tls::{ActiveTls, FailedHandshake, ServerTls, TlsFault, TlsSession, accept};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::client_socket::ClientSocket;
use super::connection_registry::ConnectionPermit;
use super::final_answer::{close_with_linger, write_answer};
use super::handshake_failure::HandshakeFailure;
use super::incoming_request::RequestHandler;
use super::timed_opening::{OpeningCut, open_in_time};
use crate::headers::Peer;
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;

/// The first byte of a TLS handshake (RFC 8446 section 5.1). No HTTP message begins with it.
pub(super) const TLS_HANDSHAKE: u8 = 0x16;

/// The alert `internal_error` (RFC 8446 section 6.2), for a connection that this process has no room
/// for.
const OVERLOADED_ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 80];

/// The alert `handshake_failure`, for a client that speaks TLS to a port without it.
pub(super) const NO_TLS_ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// TLS of a port.
#[derive(Clone, Debug)]
pub struct ListenerTls {
    /// The active certificates and rules.
    pub active: Arc<ActiveTls<ServerTls>>,
    /// The time of a handshake.
    pub handshake_timeout: Duration,
}

/// What the opening of a connection needs.
pub(super) struct TlsOpening<'c, H> {
    pub(super) tls: &'c ListenerTls,
    pub(super) handler: &'c Rc<H>,
    pub(super) limits: &'c ClientLimits,
    pub(super) permit: &'c ConnectionPermit,
    pub(super) peer: &'c Peer,
}

impl<H: RequestHandler> TlsOpening<'_, H> {
    /// Performs the handshake. `None` if the connection has ended.
    pub(super) async fn open(&self, stream: TcpStream) -> Option<(ClientSocket, TlsSession)> {
        if !self.permit.within_cap {
            self.refuse_for_capacity(stream).await;
            return None;
        }
        let opened = self.in_time(async {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(0) => Err(OpeningEnd::closed()),
                Ok(_) if first != [TLS_HANDSHAKE] => Err(OpeningEnd::Plain(stream, first[0])),
                Ok(_) => accept(&self.tls.active.load(), stream)
                    .await
                    .map_err(OpeningEnd::Failed),
                Err(error) => Err(OpeningEnd::failed(error)),
            }
        });
        match opened.await {
            Some(Ok((stream, session))) => Some((ClientSocket::Tls(stream), session)),
            Some(Err(OpeningEnd::Plain(stream, first))) => {
                self.refuse_plain(stream, first).await;
                None
            }
            Some(Err(OpeningEnd::Failed(failed))) => {
                self.note_failure(&failed.error);
                if let Some(socket) = failed.socket {
                    let socket = ClientSocket::Plain(socket);
                    close_with_linger(socket, self.limits, self.permit).await;
                }
                None
            }
            None => None,
        }
    }

    /// Runs the handshake until its deadline or the end of the process.
    async fn in_time<F: Future>(&self, work: F) -> Option<F::Output> {
        match open_in_time(work, self.tls.handshake_timeout, self.permit).await {
            Ok(done) => Some(done),
            Err(cut) => {
                self.handler.note_handshake(match cut {
                    OpeningCut::Stopped => HandshakeFailure::Stopped,
                    OpeningCut::Timeout => HandshakeFailure::Timeout,
                });
                None
            }
        }
    }

    fn note_failure(&self, error: &io::Error) {
        let (failure, reason) = match TlsFault::of(error) {
            Some(TlsFault::Certificate(reason)) => (HandshakeFailure::Certificate, reason),
            Some(TlsFault::Handshake(reason)) => (HandshakeFailure::Protocol, reason),
            None => (HandshakeFailure::Closed, String::new()),
        };
        self.handler.note_handshake(failure);
        if failure == HandshakeFailure::Closed {
            return;
        }
        static FAILURES: LogThrottle = LogThrottle::new();
        if let Some(suppressed) = FAILURES.pass(std::time::Instant::now()) {
            let peer = self.peer.address;
            tracing::warn!(%peer, suppressed, "a TLS handshake with a client failed: {reason}");
        }
    }

    /// Answers a client that does not speak TLS in HTTP, if it may understand that.
    async fn refuse_plain(&self, mut stream: TcpStream, first: u8) {
        self.handler.note_handshake(HandshakeFailure::NotTls);
        static PLAIN: LogThrottle = LogThrottle::new();
        if let Some(suppressed) = PLAIN.pass(std::time::Instant::now()) {
            let peer = self.peer.address;
            tracing::warn!(
                %peer,
                suppressed,
                "a client does not speak TLS on a port with TLS; use https there, or remove \
                 `certificates` from [listen.tls]"
            );
        }
        // A method begins with a letter.
        if first.is_ascii_alphabetic() {
            self.permit.registry().counts.borrow_mut().refused += 1;
            let refusal = HttpRefusal::PlainHttpOnTlsPort;
            let answer: Response<Bytes> = self.handler.refuse(refusal, self.peer, &[]);
            write_answer(&mut stream, answer, true, self.limits.write_timeout).await;
        }
        let socket = ClientSocket::Plain(stream);
        close_with_linger(socket, self.limits, self.permit).await;
    }

    async fn refuse_for_capacity(&self, mut stream: TcpStream) {
        self.permit.registry().counts.borrow_mut().refused += 1;
        // Counted and logged as on a port without TLS, where this is the answer.
        drop(
            self.handler
                .refuse(HttpRefusal::TooManyConnections, self.peer, &[]),
        );
        let _ = stream.write_all(&OVERLOADED_ALERT).await;
        let socket = ClientSocket::Plain(stream);
        close_with_linger(socket, self.limits, self.permit).await;
    }
}

/// How a connection ends before its handshake does.
enum OpeningEnd {
    /// It does not begin as TLS does, but with this byte.
    Plain(TcpStream, u8),
    Failed(FailedHandshake),
}

impl OpeningEnd {
    fn closed() -> Self {
        Self::failed(io::ErrorKind::UnexpectedEof.into())
    }

    fn failed(error: io::Error) -> Self {
        Self::Failed(FailedHandshake {
            error,
            socket: None,
        })
    }
}
