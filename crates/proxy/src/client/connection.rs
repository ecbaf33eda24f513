//! One client connection: the HTTP library's state machine, the deadlines, and the end.
//!
//! The driver polls the library and then reads the [`ConnectionState`] that the parts of the
//! connection share. Only the driver looks at the clock, so a connection has one timer however
//! many deadlines it has, and a request that is answered in time moves none of them.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::answer_buffer::CurrentAnswer;
use super::client_socket::ClientSocket;
use super::connection_registry::{ConnectionPermit, ConnectionRegistry};
use super::connection_service::{ConnectionService, TrackedBody};
use super::final_answer::{close_with_linger, write_answer};
use super::incoming_request::RequestHandler;
use super::inspected_stream::InspectedStream;
use super::tls_opening::{ListenerTls, NO_TLS_ALERT, TlsOpening};
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::headers::Peer;
use crate::inspect::{HttpRefusal, StreamInspector, StreamPosition};
use crate::limits::ClientLimits;
use portcullis_telemetry::LogThrottle;

/// What all connections of a data core share.
#[derive(Debug)]
pub(super) struct ConnectionContext<H> {
    pub(super) handler: Rc<H>,
    pub(super) limits: Rc<ClientLimits>,
    /// TLS of the port, if it has any.
    pub(super) tls: Option<ListenerTls>,
    pub(super) builder: http1::Builder,
    pub(super) registry: Rc<ConnectionRegistry>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum ConnectionEnd {
    /// After the last answer, as HTTP provides.
    Done,
    /// With an answer that refuses the stream.
    Refused(HttpRefusal),
    /// Without an answer.
    WithoutAnswer,
    /// Inside an answer, which the client must not take for complete.
    Broken,
    /// With data that the client does not accept left in the kernel's buffer.
    Stalled,
}

/// A socket after its last exchange.
struct ClosingSocket {
    stream: ClientSocket,
    end: ConnectionEnd,
    /// Whether a refusal may have a body.
    with_body: bool,
    /// Whether the framing of the last answer shows where it ends.
    is_framed: bool,
    /// The beginning of the head that was refused.
    head_start: Vec<u8>,
}

/// What to do when a deadline passes.
#[derive(Clone, Copy, Debug)]
enum DeadlineAction {
    /// End the connection.
    End(ConnectionEnd),
    /// Drop the library's state.
    Park,
    /// End the wait for the request body.
    ExpireBody,
}

/// Serves a connection until it ends.
pub(super) async fn serve_connection<H: RequestHandler>(
    stream: TcpStream,
    peer: Peer,
    permit: ConnectionPermit,
    context: Rc<ConnectionContext<H>>,
) {
    let linger_timeout = context.limits.linger_timeout;
    // Boxed, so that connections without TLS have no room for it.
    let opened = match &context.tls {
        None => Some((ClientSocket::Plain(stream), peer)),
        Some(tls) => Box::pin(open_tls(stream, peer, tls, &permit, &context)).await,
    };
    let Some((stream, peer)) = opened else {
        return;
    };
    let peer = Rc::new(peer);
    let ClosingSocket {
        mut stream,
        end,
        with_body,
        is_framed,
        head_start,
    } = if permit.within_cap {
        exchange(stream, &peer, &permit, &context).await
    } else {
        ClosingSocket {
            stream,
            end: ConnectionEnd::Refused(HttpRefusal::TooManyConnections),
            with_body: true,
            is_framed: true,
            head_start: Vec::new(),
        }
    };
    match end {
        ConnectionEnd::Done => close_with_linger(stream, linger_timeout).await,
        ConnectionEnd::Refused(HttpRefusal::TlsOnPlainPort) => {
            permit.registry().counts.borrow_mut().refused += 1;
            drop(
                context
                    .handler
                    .refuse(HttpRefusal::TlsOnPlainPort, &peer, &[]),
            );
            log_tls_on_plain_port(&peer);
            let _ = stream.write_all(&NO_TLS_ALERT).await;
            close_with_linger(stream, linger_timeout).await;
        }
        ConnectionEnd::Refused(refusal) => {
            permit.registry().counts.borrow_mut().refused += 1;
            let answer = context.handler.refuse(refusal, &peer, &head_start);
            write_answer(&mut stream, answer, with_body, context.limits.write_timeout).await;
            close_with_linger(stream, linger_timeout).await;
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
        let peer = peer.address.ip();
        tracing::warn!(
            %peer,
            suppressed,
            "a client speaks TLS on a port without it; use http there, or set `certificates` in \
             [listen.tls]"
        );
    }
}

/// Exchanges messages until the connection must end, and returns the socket.
async fn exchange<H: RequestHandler>(
    stream: ClientSocket,
    peer: &Rc<Peer>,
    permit: &ConnectionPermit,
    context: &Rc<ConnectionContext<H>>,
) -> ClosingSocket {
    let state = Rc::new(ConnectionState::new(Instant::now()));
    let stream = InspectedStream::new(
        stream,
        StreamInspector::new(context.limits.inspect),
        Rc::clone(&state),
    );
    let current = Rc::new(CurrentAnswer::default());
    let connection_service = Rc::new(ConnectionService {
        handler: Rc::clone(&context.handler),
        peer: Rc::clone(peer),
        state: Rc::clone(&state),
        limits: Rc::clone(&context.limits),
        registry: Rc::clone(&context.registry),
        current: Rc::clone(&current),
    });
    let begin = |stream| {
        let connection_service = Rc::clone(&connection_service);
        let service = service_fn(move |request| connection_service.call(request));
        let library = context
            .builder
            .serve_connection(TokioIo::new(stream), service);
        Box::new(library)
    };
    let mut driver = ConnectionDriver {
        socket: Some(SocketOwner::Driver(stream)),
        begin,
        state,
        timer: DeadlineTimer::default(),
        limits: Rc::clone(&context.limits),
        registry: Rc::clone(&context.registry),
        current,
    };
    poll_fn(|cx| {
        permit.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let end = poll_fn(|cx| driver.poll(cx)).await;
    let is_framed = driver.state.is_framed.get();
    let socket = driver
        .socket
        .expect("a connection has its socket until it ends");
    let (stream, with_body, head_start) = socket.into_stream().into_parts();
    ClosingSocket {
        stream,
        end,
        with_body,
        is_framed,
        head_start,
    }
}

/// How long a connection is idle before it is parked: the library's state is dropped, whose buffers
/// are most of the memory of a connection.
const PARK_AFTER: Duration = Duration::from_secs(1);

/// The library's state of one connection.
type LibraryConnection<S> = http1::Connection<TokioIo<InspectedStream>, S>;

/// Who reads the socket.
enum SocketOwner<S: HttpService<Incoming>> {
    /// The driver, which waits for the first byte of a request.
    Driver(InspectedStream),
    Library(Box<LibraryConnection<S>>),
}

impl<S> SocketOwner<S>
where
    S: HttpService<Incoming, ResBody = TrackedBody, Error = Infallible>,
{
    fn into_stream(self) -> InspectedStream {
        match self {
            Self::Driver(stream) => stream,
            // The library has read nothing of a request that it has not served.
            Self::Library(library) => library.into_parts().io.into_inner(),
        }
    }
}

struct ConnectionDriver<S, B>
where
    S: HttpService<Incoming>,
{
    /// Nothing only while it changes hands.
    socket: Option<SocketOwner<S>>,
    /// Begins to serve a socket with the library.
    begin: B,
    state: Rc<ConnectionState>,
    timer: DeadlineTimer,
    limits: Rc<ClientLimits>,
    registry: Rc<ConnectionRegistry>,
    current: Rc<CurrentAnswer>,
}

impl<S, B> ConnectionDriver<S, B>
where
    S: HttpService<Incoming, ResBody = TrackedBody, Error = Infallible>,
    B: Fn(InspectedStream) -> Box<LibraryConnection<S>>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            if let Poll::Ready(is_ok) = self.poll_library(cx) {
                return Poll::Ready(self.end_after_library(is_ok));
            }
            if self.registry.aborting.get() {
                self.registry.counts.borrow_mut().aborted += 1;
                self.state.is_aborted.set(true);
                return Poll::Ready(ConnectionEnd::Broken);
            }
            if let Some(end) = self.pending_end() {
                return Poll::Ready(end);
            }
            if self.state.stalled.get().is_some() {
                // The library reads no further, so that the upstream is read here.
                self.current.read_ahead(cx);
            }
            let Some((deadline, action)) = self.deadline() else {
                return Poll::Pending;
            };
            match (self.timer.poll(cx, deadline), action) {
                (Poll::Pending, _) => return Poll::Pending,
                (Poll::Ready(()), DeadlineAction::End(end)) => return Poll::Ready(end),
                (Poll::Ready(()), DeadlineAction::Park) => self.park(),
                (Poll::Ready(()), DeadlineAction::ExpireBody) => {
                    self.state.body_deadline.set(None);
                    self.state.body_expired.set(true);
                    self.state.wake_body();
                }
            }
        }
    }

    /// Polls the library, which begins when the first byte of a request arrives. Ready when the
    /// library has finished; returns whether it did so without an error.
    fn poll_library(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match &mut self.socket {
                Some(SocketOwner::Library(library)) => {
                    return Pin::new(&mut **library)
                        .poll(cx)
                        .map(|outcome| outcome.is_ok());
                }
                Some(SocketOwner::Driver(stream)) => ready!(stream.poll_readable(cx)),
                None => return Poll::Ready(false),
            }
            let stream = self.socket.take().map(SocketOwner::into_stream);
            let library = stream.map(|stream| SocketOwner::Library((self.begin)(stream)));
            self.socket = library;
        }
    }

    /// Drops the library's state until the next request.
    fn park(&mut self) {
        let stream = self.socket.take().map(SocketOwner::into_stream);
        self.socket = stream.map(SocketOwner::Driver);
    }

    /// How the connection ends after the library has finished with it.
    fn end_after_library(&self, is_ok: bool) -> ConnectionEnd {
        match self.pending_end() {
            Some(end) => end,
            None if self.state.is_serving() => ConnectionEnd::Broken,
            None if is_ok => ConnectionEnd::Done,
            None => ConnectionEnd::WithoutAnswer,
        }
    }

    /// How the connection must end although the library would continue.
    fn pending_end(&self) -> Option<ConnectionEnd> {
        let state = &self.state;
        if !state.is_idle() || state.refused_in_body.get() {
            return None;
        }
        match state.refusal.get() {
            Some(refusal) => Some(ConnectionEnd::Refused(refusal)),
            None if state.position.get() == StreamPosition::Closed => Some(ConnectionEnd::Done),
            None => None,
        }
    }

    /// The next deadline, if the connection waits for something.
    fn deadline(&self) -> Option<(Instant, DeadlineAction)> {
        let (state, limits) = (&self.state, &self.limits);
        if state.is_idle() {
            let since = state.since.get();
            if state.position.get() == StreamPosition::Head {
                let refused = DeadlineAction::End(ConnectionEnd::Refused(HttpRefusal::HeadTimeout));
                return Some((since + limits.request_head_timeout, refused));
            }
            let until = since + limits.keep_alive_timeout;
            let until = self
                .registry
                .idle_until
                .get()
                .map_or(until, |stop| stop.min(until));
            let park_at = since + PARK_AFTER;
            if matches!(self.socket, Some(SocketOwner::Library(_))) && park_at < until {
                return Some((park_at, DeadlineAction::Park));
            }
            return Some((until, DeadlineAction::End(ConnectionEnd::WithoutAnswer)));
        }
        let stalled = state.stalled.get();
        let stalled = stalled.map(|since| {
            let pace = state.write_pace.get().settled(limits);
            state.write_pace.set(pace);
            pace.deadline(since, limits)
        });
        let half_closed = state.half_closed.get();
        let half_closed = half_closed.map(|since| since + limits.half_close_grace);
        let body = state.body_deadline.get();
        [
            stalled.map(|at| (at, DeadlineAction::End(ConnectionEnd::Stalled))),
            half_closed.map(|at| (at, DeadlineAction::End(ConnectionEnd::Broken))),
            body.map(|at| (at, DeadlineAction::ExpireBody)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }
}
