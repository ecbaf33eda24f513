//! One client connection: the library's state machine, the clock, and the way it ends.
//!
//! The driver polls the library and then looks at what the parts of the connection left in
//! their common cells. It alone decides about time, so a connection has one timer however
//! many deadlines it knows, and a request that is answered in time moves none of them.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::Service;

use super::connection_registry::{ConnectionPermit, ConnectionRegistry};
use super::final_answer::{close_with_linger, write_answer};
use super::inspected_stream::InspectedStream;
use crate::proxy::body::request_body::RequestBody;
use crate::proxy::connection_state::ConnectionState;
use crate::proxy::deadline_timer::DeadlineTimer;
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::headers;
use crate::proxy::headers::Peer;
use crate::proxy::inspect::{HttpRefusal, StreamInspector, StreamPosition};
use crate::proxy::limits::ClientLimits;
use crate::proxy::upstream::UpstreamError;

/// A request as the service receives it: target in origin-form, `Host` settled, fields of
/// the hop removed.
#[derive(Debug)]
pub struct IncomingRequest {
    /// The request.
    pub request: Request<RequestBody>,
    /// Who sent it.
    pub peer: Rc<Peer>,
}

impl IncomingRequest {
    /// A request that did not come through a listener, for callers that read HTTP themselves.
    pub fn new(request: Request<Incoming>, peer: Rc<Peer>, limits: Rc<ClientLimits>) -> Self {
        let link = Rc::new(ConnectionState::new(Instant::now()));
        Self::on(request, peer, link, limits)
    }

    fn on(
        request: Request<Incoming>,
        peer: Rc<Peer>,
        link: Rc<ConnectionState>,
        limits: Rc<ClientLimits>,
    ) -> Self {
        let (mut head, incoming) = request.into_parts();
        headers::normalize_request_head(&mut head);
        let body = RequestBody::new(incoming, link, limits);
        Self {
            request: Request::from_parts(head, body),
            peer,
        }
    }
}

/// What all connections of a data core are served with.
#[derive(Debug)]
pub(super) struct ConnectionContext<S, R> {
    pub(super) service: S,
    pub(super) refuse: R,
    pub(super) limits: Rc<ClientLimits>,
    pub(super) builder: http1::Builder,
    pub(super) registry: Rc<ConnectionRegistry>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum ConnectionEnd {
    /// In agreement with the client.
    Done,
    /// With a last answer.
    Refused(HttpRefusal),
    /// Without a word.
    WithoutAnswer,
    /// In the middle of an answer, which the client must not take for a whole one.
    Broken,
    /// With what the client does not accept still in the kernel.
    Stalled,
}

/// A socket after its last exchange.
struct ClosingSocket {
    stream: TcpStream,
    end: ConnectionEnd,
    /// Whether a refusal may carry a body.
    with_body: bool,
    /// Whether the last answer's framing shows where it ends.
    is_framed: bool,
}

/// What to do when nothing happens until a deadline.
#[derive(Clone, Copy, Debug)]
enum DeadlineAction {
    End(ConnectionEnd),
    Body,
}

/// Serves a connection until it ends.
pub(super) async fn serve_connection<S, R>(
    stream: TcpStream,
    peer: Peer,
    seat: ConnectionPermit,
    serving: Rc<ConnectionContext<S, R>>,
) where
    S: Service<IncomingRequest, Response = Response<AnswerBody>, Error = Infallible>
        + Clone
        + 'static,
    R: Fn(HttpRefusal, &Peer) -> Response<Bytes> + 'static,
{
    let patience = serving.limits.linger_timeout;
    let peer = Rc::new(peer);
    let ClosingSocket {
        mut stream,
        end,
        with_body,
        is_framed,
    } = if seat.within_cap {
        exchange(stream, &peer, &seat, &serving).await
    } else {
        let end = ConnectionEnd::Refused(HttpRefusal::TooManyConnections);
        ClosingSocket {
            stream,
            end,
            with_body: true,
            is_framed: true,
        }
    };
    match end {
        ConnectionEnd::Done => close_with_linger(stream, patience).await,
        ConnectionEnd::Refused(refusal) => {
            seat.registry().counts.borrow_mut().refused += 1;
            let answer = (serving.refuse)(refusal, &peer);
            write_answer(&mut stream, answer, with_body, serving.limits.write_timeout).await;
            close_with_linger(stream, patience).await;
        }
        ConnectionEnd::WithoutAnswer => {}
        // Framing shows that the answer is not whole, but HTTP/1.0 knows only the end of the
        // stream, so that must be a reset.
        ConnectionEnd::Broken if !is_framed => drop(stream.set_zero_linger()),
        ConnectionEnd::Broken => {}
        ConnectionEnd::Stalled => drop(stream.set_zero_linger()),
    }
}

/// Exchanges messages until the connection is to end. Gives the socket back.
async fn exchange<S, R>(
    stream: TcpStream,
    peer: &Rc<Peer>,
    seat: &ConnectionPermit,
    serving: &Rc<ConnectionContext<S, R>>,
) -> ClosingSocket
where
    S: Service<IncomingRequest, Response = Response<AnswerBody>, Error = Infallible>
        + Clone
        + 'static,
    R: 'static,
{
    let link = Rc::new(ConnectionState::new(Instant::now()));
    let wire = InspectedStream::new(
        stream,
        StreamInspector::new(serving.limits.inspect),
        Rc::clone(&link),
    );
    let calls = ConnectionService {
        service: serving.service.clone(),
        peer: Rc::clone(peer),
        link: Rc::clone(&link),
        limits: Rc::clone(&serving.limits),
        registry: Rc::clone(&serving.registry),
    };
    let service = service_fn(move |request| calls.call(request));
    let connection = serving
        .builder
        .serve_connection(TokioIo::new(wire), service);
    let mut driver = ConnectionDriver {
        connection,
        link,
        alarm: DeadlineTimer::default(),
        limits: Rc::clone(&serving.limits),
        registry: Rc::clone(&serving.registry),
    };
    poll_fn(|cx| {
        seat.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let end = poll_fn(|cx| driver.poll(cx)).await;
    let is_framed = driver.link.is_framed.get();
    let (stream, with_body) = driver.connection.into_parts().io.into_inner().into_stream();
    ClosingSocket {
        stream,
        end,
        with_body,
        is_framed,
    }
}

/// The service as the library calls it, once per request.
struct ConnectionService<S> {
    service: S,
    peer: Rc<Peer>,
    link: Rc<ConnectionState>,
    limits: Rc<ClientLimits>,
    registry: Rc<ConnectionRegistry>,
}

impl<S> ConnectionService<S>
where
    S: Service<IncomingRequest, Response = Response<AnswerBody>, Error = Infallible> + Clone,
{
    fn call(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<TrackedBody>, Infallible>> + use<S> {
        let link = Rc::clone(&self.link);
        link.requests.set(link.requests.get() + 1);
        link.is_framed.set(request.version() != Version::HTTP_10);
        let is_sized = request.headers().contains_key(CONTENT_LENGTH);
        let (peer, limits) = (Rc::clone(&self.peer), Rc::clone(&self.limits));
        let arrived = IncomingRequest::on(request, peer, Rc::clone(&link), limits);
        let mut service = self.service.clone();
        let registry = Rc::clone(&self.registry);
        async move {
            // Called in here: a future that is handed in is kept twice, and this one is large.
            let Ok(mut answer) = service.call(arrived).await;
            // The library reads past an unread body only when it has it in one piece.
            let is_skippable = is_sized && link.has_whole_request();
            if registry.closing.get() || (link.body_unread.get() && !is_skippable) {
                answer
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            registry.counts.borrow_mut().requests += 1;
            Ok(answer.map(|body| TrackedBody {
                body,
                link,
                failure: None,
            }))
        }
    }
}

/// An answer's body that tells when the library has all of it.
struct TrackedBody {
    body: AnswerBody,
    link: Rc<ConnectionState>,
    /// Why the body ends too soon, held back until what came before it is written: the
    /// library throws away what it has buffered when a body fails.
    failure: Option<UpstreamError>,
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Err(failure))) => {
                self.failure = Some(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.link.handed_over.set(self.link.handed_over.get() + 1);
    }
}

struct ConnectionDriver<S>
where
    S: HttpService<Incoming>,
{
    connection: http1::Connection<TokioIo<InspectedStream>, S>,
    link: Rc<ConnectionState>,
    alarm: DeadlineTimer,
    limits: Rc<ClientLimits>,
    registry: Rc<ConnectionRegistry>,
}

impl<S> ConnectionDriver<S>
where
    S: HttpService<Incoming, ResBody = TrackedBody, Error = Infallible>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            if let Poll::Ready(outcome) = Pin::new(&mut self.connection).poll(cx) {
                return Poll::Ready(self.end_of(outcome.is_ok()));
            }
            if self.registry.aborting.get() {
                self.registry.counts.borrow_mut().aborted += 1;
                return Poll::Ready(ConnectionEnd::Broken);
            }
            if let Some(end) = self.pending_end() {
                return Poll::Ready(end);
            }
            let Some((deadline, lapse)) = self.deadline() else {
                return Poll::Pending;
            };
            match (self.alarm.poll(cx, deadline), lapse) {
                (Poll::Pending, _) => return Poll::Pending,
                (Poll::Ready(()), DeadlineAction::End(end)) => return Poll::Ready(end),
                (Poll::Ready(()), DeadlineAction::Body) => {
                    self.link.body_deadline.set(None);
                    self.link.body_expired.set(true);
                    self.link.wake_body();
                }
            }
        }
    }

    /// How the connection ends when the library is done with it.
    fn end_of(&self, is_ok: bool) -> ConnectionEnd {
        match self.pending_end() {
            Some(end) => end,
            None if self.link.is_serving() => ConnectionEnd::Broken,
            None if is_ok => ConnectionEnd::Done,
            None => ConnectionEnd::WithoutAnswer,
        }
    }

    /// How it ends although the library would go on.
    fn pending_end(&self) -> Option<ConnectionEnd> {
        let link = &self.link;
        if !link.is_idle() || link.refused_in_body.get() {
            return None;
        }
        match link.refusal.get() {
            Some(refusal) => Some(ConnectionEnd::Refused(refusal)),
            None if link.stage.get() == StreamPosition::Closed => Some(ConnectionEnd::Done),
            None => None,
        }
    }

    /// The nearest deadline, if anything is waited for.
    fn deadline(&self) -> Option<(Instant, DeadlineAction)> {
        let (link, limits) = (&self.link, &self.limits);
        if link.is_idle() {
            let since = link.since.get();
            if link.stage.get() == StreamPosition::Head {
                let refused = DeadlineAction::End(ConnectionEnd::Refused(HttpRefusal::HeadTimeout));
                return Some((since + limits.request_head_timeout, refused));
            }
            let until = since + limits.keep_alive_timeout;
            let until = self
                .registry
                .idle_until
                .get()
                .map_or(until, |stop| stop.min(until));
            return Some((until, DeadlineAction::End(ConnectionEnd::WithoutAnswer)));
        }
        let stalled = link.stalled.get().map(|since| since + limits.write_timeout);
        let gone = link
            .half_closed
            .get()
            .map(|since| since + limits.half_close_grace);
        let body = link.body_deadline.get();
        [
            stalled.map(|at| (at, DeadlineAction::End(ConnectionEnd::Stalled))),
            gone.map(|at| (at, DeadlineAction::End(ConnectionEnd::Broken))),
            body.map(|at| (at, DeadlineAction::Body)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }
}
