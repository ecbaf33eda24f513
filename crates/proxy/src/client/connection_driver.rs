//! Drives one client connection: the HTTP library's state machine, and the deadlines.
//!
//! The driver polls the library and then reads the [`ConnectionState`] that the parts of the
//! connection share. Only the driver looks at the clock, so a connection has one timer however
//! many deadlines it has, and a request that is answered in time moves none of them.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::answer_buffer::CurrentAnswer;
use super::connection_registry::ConnectionRegistry;
use super::connection_service::TrackedBody;
use super::inspected_stream::InspectedStream;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::inspect::{HttpRefusal, StreamPosition};
use crate::limits::ClientLimits;

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConnectionEnd {
    /// After the last answer, as HTTP provides.
    Done,
    /// With an answer that refuses the stream.
    Refused(HttpRefusal),
    /// Without an answer.
    WithoutAnswer,
    /// Inside an answer, which the client must not take for complete.
    Broken,
    /// With HTTP/2 from its first byte on.
    Http2,
    /// With another protocol after an answer that accepts it.
    Upgraded,
    /// With data that the client does not accept left in the kernel's buffer.
    Stalled,
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

/// How long a connection is idle before it is parked: the library's state is dropped, whose buffers
/// are most of the memory of a connection.
const PARK_AFTER: Duration = Duration::from_secs(1);

/// The library's state of one connection.
pub(super) type LibraryConnection<S> = http1::Connection<TokioIo<InspectedStream>, S>;

/// Who reads the socket.
#[expect(
    clippy::large_enum_variant,
    reason = "a connection has one, in a future that is allocated once"
)]
pub(super) enum SocketOwner<S: HttpService<Incoming>> {
    /// The driver, which waits for the first byte of a request.
    Driver(InspectedStream),
    Library(Box<LibraryConnection<S>>),
}

impl<S> SocketOwner<S>
where
    S: HttpService<Incoming, ResBody = TrackedBody, Error = Infallible>,
{
    /// The socket.
    pub(super) fn into_stream(self) -> InspectedStream {
        match self {
            Self::Driver(stream) => stream,
            // The library has read nothing of a request that it has not served.
            Self::Library(library) => library.into_parts().io.into_inner(),
        }
    }
}

pub(super) struct ConnectionDriver<S, B>
where
    S: HttpService<Incoming>,
{
    /// Nothing only while it changes hands.
    pub(super) socket: Option<SocketOwner<S>>,
    /// Begins to serve a socket with the library.
    pub(super) begin: B,
    pub(super) state: Rc<ConnectionState>,
    pub(super) timer: DeadlineTimer,
    pub(super) limits: Rc<ClientLimits>,
    pub(super) registry: Rc<ConnectionRegistry>,
    pub(super) current: Rc<CurrentAnswer>,
}

impl<S, B> ConnectionDriver<S, B>
where
    S: HttpService<Incoming, ResBody = TrackedBody, Error = Infallible>,
    B: Fn(InspectedStream) -> Box<LibraryConnection<S>>,
{
    /// Ready when the connection must end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
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
                    self.state.expire_body();
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
        if state.is_http2.get() {
            return Some(ConnectionEnd::Http2);
        }
        // What is left of the answer before it comes first.
        if self.current.is_upgraded() && state.answered.get() + 1 == state.requests.get() {
            return Some(ConnectionEnd::Upgraded);
        }
        if !state.is_idle() || state.refused_in_body.get() {
            return None;
        }
        match state.refusal.get() {
            Some(refusal) => Some(ConnectionEnd::Refused(refusal)),
            None => matches!(
                state.position.get(),
                StreamPosition::Closed | StreamPosition::Upgrading
            )
            .then_some(ConnectionEnd::Done),
        }
    }

    /// The next deadline, if the connection waits for something.
    fn deadline(&self) -> Option<(Instant, DeadlineAction)> {
        let (state, limits) = (&self.state, &self.limits);
        if state.is_idle() {
            let since = state.since.get();
            let stop = self.registry.idle_until.get();
            if state.position.get() == StreamPosition::Head {
                let until = since + limits.request_head_timeout;
                // A head that is not complete holds up the end of the process no longer than silence.
                return Some(match stop.filter(|stop| *stop < until) {
                    Some(stop) => (stop, DeadlineAction::End(ConnectionEnd::WithoutAnswer)),
                    None => {
                        let refused = ConnectionEnd::Refused(HttpRefusal::HeadTimeout);
                        (until, DeadlineAction::End(refused))
                    }
                });
            }
            let until = since + limits.keep_alive_timeout;
            let until = stop.map_or(until, |stop| stop.min(until));
            let park_at = since + PARK_AFTER;
            if matches!(self.socket, Some(SocketOwner::Library(_))) && park_at < until {
                return Some((park_at, DeadlineAction::Park));
            }
            return Some((until, DeadlineAction::End(ConnectionEnd::WithoutAnswer)));
        }
        let stalled = state.write_deadline(limits);
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
