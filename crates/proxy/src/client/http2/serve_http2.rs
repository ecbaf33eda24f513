//! One HTTP/2 connection, from its preface to its end.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection};
use portcullis_telemetry::LogThrottle;
use tokio::time::Instant;

use super::frame_meter::FrameMeter;
use super::http2_connection::{Http2Connection, Http2End};
use super::metered_socket::{MeteredSocket, SharedSocket};
use super::stream_registry::StreamRegistry;
use super::stream_task::StreamContext;
use crate::client::client_socket::ClientSocket;
use crate::client::connection_context::ConnectionContext;
use crate::client::connection_registry::ConnectionPermit;
use crate::client::final_answer::close_with_linger;
use crate::client::incoming_request::RequestHandler;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::headers::Peer;
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;

/// How much of an answer the library holds for each stream, within the window of the stream.
const SEND_BYTES_MAX: usize = 64 * 1024;

/// The library counts what it decodes in another way than HTTP/1.1 does: 32 bytes for each field, and
/// the pseudo fields (RFC 9113 section 6.5.2). Heads within this slack are judged and answered.
const FIELD_OVERHEAD: usize = 32;
const HEAD_SLACK: usize = 8 * 1024;

/// How long the library knows which streams it has reset. What a client has sent on them before it
/// learns that is not an error (RFC 9113 section 5.1).
const RESETS_KNOWN: Duration = Duration::from_secs(30);

/// Serves a connection of which `first` was read already.
pub(in crate::client) async fn serve_http2<H: RequestHandler>(
    socket: ClientSocket,
    first: Vec<u8>,
    peer: &Rc<Peer>,
    permit: &ConnectionPermit,
    context: &Rc<ConnectionContext<H>>,
) {
    let now = Instant::now();
    let limits = &context.limits;
    let socket: SharedSocket = Rc::new(RefCell::new(socket));
    let meter = Rc::new(FrameMeter::new(limits, now));
    let state = Rc::new(ConnectionState::new());
    poll_fn(|cx| {
        permit.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let metered = MeteredSocket::new(
        Rc::clone(&socket),
        first,
        Rc::clone(&meter),
        Rc::clone(&state),
    );
    let end = match open(metered, context).await {
        Ok(library) => {
            let streams = Rc::new(StreamContext {
                handler: Rc::clone(&context.handler),
                peer: Rc::clone(peer),
                limits: Rc::clone(limits),
                connections: Rc::clone(&context.registry),
                streams: Rc::new(StreamRegistry::new(now)),
                meter,
            });
            Http2Connection::new(library, streams, state).serve().await
        }
        Err(end) => end,
    };
    if let Http2End::Refused(refusal) = end {
        context.registry.counts.borrow_mut().refused += 1;
        // Counted and logged like an answer of HTTP/1.1. The client has GOAWAY.
        drop(context.handler.refuse(refusal, peer, &[]));
        log_refusal(peer, refusal);
    }
    // The library is dropped, so the socket has no other owner.
    let Some(socket) = Rc::into_inner(socket).map(RefCell::into_inner) else {
        return;
    };
    match end {
        Http2End::Done | Http2End::Refused(_) => {
            close_with_linger(socket, limits, permit).await;
        }
        Http2End::Stalled => drop(socket.into_tcp().set_zero_linger()),
        Http2End::Aborted => {
            drop(socket);
            // The tasks of the streams run once more, and record how their requests ended.
            tokio::task::yield_now().await;
        }
    }
}

/// Reads the preface, within the time of a head.
async fn open<H: RequestHandler>(
    socket: MeteredSocket,
    context: &ConnectionContext<H>,
) -> Result<Connection<MeteredSocket, Bytes>, Http2End> {
    let mut opening = pin!(
        builder(&context.limits, context.handler.accepts_websocket()).handshake::<_, Bytes>(socket)
    );
    let mut timer = DeadlineTimer::default();
    let registry = &context.registry;
    let deadline = Instant::now() + context.limits.request_head_timeout;
    poll_fn(|cx| {
        if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
            // A client that does not send the preface gets no answer that it could read.
            return Poll::Ready(opened.map_err(|_| Http2End::Refused(HttpRefusal::Http2Malformed)));
        }
        let until = registry.idle_until.get();
        let until = until.map_or(deadline, |stop| stop.min(deadline));
        if registry.aborting.get() || timer.poll(cx, until).is_ready() {
            return Poll::Ready(Err(Http2End::Aborted));
        }
        Poll::Pending
    })
    .await
}

/// `with_websocket`: whether any service accepts it. Otherwise the client learns that none does.
fn builder(limits: &ClientLimits, with_websocket: bool) -> Builder {
    let (http2, inspect) = (&limits.http2, &limits.inspect);
    let head_bytes = inspect.header_bytes_max
        + inspect.target_bytes_max
        + inspect.header_count_max * FIELD_OVERHEAD
        + HEAD_SLACK;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(http2.streams_max)
        .initial_window_size(http2.stream_window)
        .initial_connection_window_size(http2.connection_window)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BYTES_MAX)
        .max_concurrent_reset_streams(2 * http2.streams_max as usize)
        .reset_stream_duration(RESETS_KNOWN)
        // Cancelled requests are counted when their tasks begin; no more of them are open before.
        .max_pending_accept_reset_streams((http2.resets_max + http2.streams_max) as usize)
        .max_local_error_reset_streams(Some(http2.error_resets_max));
    if with_websocket {
        builder.enable_connect_protocol();
    }
    builder
}

fn log_refusal(peer: &Peer, refusal: HttpRefusal) {
    static REFUSALS: LogThrottle = LogThrottle::new();
    if let Some(suppressed) = REFUSALS.pass(std::time::Instant::now()) {
        let peer = peer.address;
        tracing::warn!(%peer, suppressed, "an HTTP/2 connection was ended: {refusal}");
    }
}
