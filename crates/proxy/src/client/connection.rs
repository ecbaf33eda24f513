//! One client connection, from its first byte to its end.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use http::Response;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::client_socket::ClientSocket;
use super::connection_context::ConnectionContext;
use super::connection_driver::ConnectionDriver;
use super::connection_end::ConnectionEnd;
use super::connection_registry::ConnectionPermit;
use super::final_answer::{close_with_linger, write_answer};
use super::http1_exchange::Http1Exchange;
use super::http2::serve_http2;
use super::incoming_request::RequestHandler;
use super::proxy_opening::ProxyOpening;
use super::request_stream::RequestStream;
use super::tls_opening::{ListenerTls, NO_TLS_ALERT, TlsOpening};
use super::upgraded_connection::serve_upgraded;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::exchange::UpgradedExchange;
use crate::headers::Peer;
use crate::inspect::HttpRefusal;
use portcullis_telemetry::LogThrottle;

/// A socket after its last exchange.
struct ClosingSocket {
    stream: ClientSocket,
    end: ConnectionEnd,
    /// Whether a refusal may have a body.
    with_body: bool,
    /// Whether the framing of the last answer shows where it ends.
    is_framed: bool,
    /// The beginning of the head that was refused, or of an HTTP/2 connection; what follows a request
    /// to upgrade.
    kept_bytes: Vec<u8>,
    /// The answer that accepts an upgrade.
    upgraded: Option<Box<Response<UpgradedExchange>>>,
}

/// Serves a connection until it ends.
pub(super) async fn serve_connection<H: RequestHandler>(
    stream: TcpStream,
    peer: Peer,
    permit: ConnectionPermit,
    context: Rc<ConnectionContext<H>>,
) {
    let (stream, peer) = match &context.proxies {
        Some(settings) if permit.within_cap => {
            let (handler, limits, permit) = (&context.handler, &context.limits, &permit);
            let opening = ProxyOpening {
                settings,
                handler,
                limits,
                permit,
            };
            // Boxed, as TLS below.
            match Box::pin(opening.open(stream, peer)).await {
                Some(opened) => opened,
                None => return,
            }
        }
        _ => (stream, peer),
    };
    // Boxed, so that connections without TLS have no room for it.
    let opened = match &context.tls {
        None => Some((ClientSocket::Plain(stream), peer)),
        Some(tls) => Box::pin(open_tls(stream, peer, tls, &permit, &context)).await,
    };
    let Some((stream, peer)) = opened else {
        return;
    };
    let peer = Rc::new(peer);
    if peer.tls.as_ref().is_some_and(|tls| tls.is_http2) {
        let served = serve_http2(stream, Vec::new(), &peer, &permit, &context);
        return Box::pin(served).await;
    }
    let closing = if permit.within_cap {
        exchange(stream, &peer, &permit, &context).await
    } else {
        Some(ClosingSocket {
            stream,
            end: ConnectionEnd::Refused(HttpRefusal::TooManyConnections),
            with_body: true,
            is_framed: true,
            kept_bytes: Vec::new(),
            upgraded: None,
        })
    };
    if let Some(closing) = closing {
        // Boxed, so that an open connection has no room for its end.
        Box::pin(conclude(closing, &peer, &permit, &context)).await;
    }
}

/// Ends a connection after its last exchange, or continues it with another protocol.
async fn conclude<H: RequestHandler>(
    closing: ClosingSocket,
    peer: &Rc<Peer>,
    permit: &ConnectionPermit,
    context: &Rc<ConnectionContext<H>>,
) {
    let ClosingSocket {
        mut stream,
        end,
        with_body,
        is_framed,
        kept_bytes,
        upgraded,
    } = closing;
    match end {
        ConnectionEnd::Done => close_with_linger(stream, &context.limits, permit).await,
        ConnectionEnd::Refused(HttpRefusal::TlsOnPlainPort) => {
            permit.registry().counts.borrow_mut().refused += 1;
            drop(
                context
                    .handler
                    .refuse(HttpRefusal::TlsOnPlainPort, peer, &[]),
            );
            log_tls_on_plain_port(peer);
            let _ = stream.write_all(&NO_TLS_ALERT).await;
            close_with_linger(stream, &context.limits, permit).await;
        }
        ConnectionEnd::Refused(refusal) => {
            permit.registry().counts.borrow_mut().refused += 1;
            let answer = context.handler.refuse(refusal, peer, &kept_bytes);
            write_answer(&mut stream, answer, with_body, context.limits.write_timeout).await;
            close_with_linger(stream, &context.limits, permit).await;
        }
        // Boxed, so that HTTP/1.1 connections have no room for it.
        ConnectionEnd::Http2 if context.limits.http2.is_enabled() => {
            Box::pin(serve_http2(stream, kept_bytes, peer, permit, context)).await;
        }
        ConnectionEnd::Http2 => {
            permit.registry().counts.borrow_mut().refused += 1;
            drop(context.handler.refuse(HttpRefusal::Http2Off, peer, &[]));
            log_http2_off(peer);
            let _ = stream.write_all(&HTTP2_OFF).await;
            close_with_linger(stream, &context.limits, permit).await;
        }
        ConnectionEnd::Upgraded => {
            if let Some(answer) = upgraded {
                // Boxed, so that other connections have no room for it.
                let served = serve_upgraded(stream, &kept_bytes, *answer, &context.limits, permit);
                Box::pin(served).await;
            }
        }
        ConnectionEnd::WithoutAnswer => stream.notify_close(),
        // Framing shows that an answer is incomplete. An HTTP/1.0 answer may end with the stream,
        // so only a reset shows it there.
        ConnectionEnd::Broken if !is_framed => drop(stream.into_tcp().set_zero_linger()),
        ConnectionEnd::Broken => {}
        ConnectionEnd::Stalled => drop(stream.into_tcp().set_zero_linger()),
    }
}

/// Performs the handshake of a connection with TLS. `None` if the connection has ended.
async fn open_tls<H: RequestHandler>(
    stream: TcpStream,
    peer: Peer,
    tls: &ListenerTls,
    permit: &ConnectionPermit,
    context: &ConnectionContext<H>,
) -> Option<(ClientSocket, Peer)> {
    let opening = TlsOpening {
        tls,
        handler: &context.handler,
        limits: &context.limits,
        permit,
        peer: &peer,
    };
    let (socket, session) = opening.open(stream).await?;
    Some((socket, peer.with_tls(session)))
}

fn log_tls_on_plain_port(peer: &Peer) {
    static TLS_ON_PLAIN_PORT: LogThrottle = LogThrottle::new();
    if let Some(suppressed) = TLS_ON_PLAIN_PORT.pass(std::time::Instant::now()) {
        let peer = peer.address;
        tracing::warn!(
            %peer,
            suppressed,
            "a client speaks TLS on a port without it; use http there, or set `certificates` in \
             [listen.tls]"
        );
    }
}

/// SETTINGS and GOAWAY with HTTP_1_1_REQUIRED (RFC 9113 section 7).
const HTTP2_OFF: [u8; 26] = [
    0, 0, 0, 4, 0, 0, 0, 0, 0, //
    0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
];

fn log_http2_off(peer: &Peer) {
    static HTTP2_OFF_PORT: LogThrottle = LogThrottle::new();
    if let Some(suppressed) = HTTP2_OFF_PORT.pass(std::time::Instant::now()) {
        let peer = peer.address;
        tracing::warn!(
            %peer,
            suppressed,
            "a client speaks HTTP/2 on a port where it is off; use HTTP/1.1 there, or set \
             `enabled = \"auto\"` in [listen.http2]"
        );
    }
}

/// Exchanges messages until the connection must end, and returns the socket.
async fn exchange<H: RequestHandler>(
    stream: ClientSocket,
    peer: &Rc<Peer>,
    permit: &ConnectionPermit,
    context: &Rc<ConnectionContext<H>>,
) -> Option<ClosingSocket> {
    let (limits, registry) = (&context.limits, &context.registry);
    let state = Rc::new(ConnectionState::new());
    let stream = RequestStream::new(stream, limits.inspect, Rc::clone(&state));
    let serve = |incoming| Rc::clone(&context.handler).handle(incoming);
    let mut driver = ConnectionDriver {
        exchange: Http1Exchange::new(stream, serve, &state, peer, limits, registry),
        state,
        timer: DeadlineTimer::default(),
        limits: Rc::clone(limits),
        registry: Rc::clone(registry),
    };
    poll_fn(|cx| {
        permit.register(cx.waker());
        driver.state.driver_waker.replace(Some(cx.waker().clone()));
        Poll::Ready(())
    })
    .await;
    let end = poll_fn(|cx| driver.poll(cx)).await;
    let upgraded = driver.exchange.take_upgraded();
    let ended = driver.exchange.stream.borrow_mut().end(end.is_continued());
    // An upload that continues has lost its client.
    driver.state.wake_body();
    let (stream, with_body, kept_bytes) = ended?;
    Some(ClosingSocket {
        stream,
        end,
        with_body,
        is_framed: driver.state.is_framed.get(),
        kept_bytes,
        upgraded,
    })
}
