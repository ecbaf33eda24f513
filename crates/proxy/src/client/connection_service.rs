//! The service that the HTTP library calls once for each request of a connection.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, UPGRADE};
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::answer_buffer::{AnswerBuffer, CurrentAnswer};
use super::connection_registry::ConnectionRegistry;
use super::incoming_request::{IncomingRequest, RequestHandler};
use crate::connection_state::ConnectionState;
use crate::exchange::{AnswerBody, AnswerInterruption};
use crate::headers::Peer;
use crate::inspect::StreamPosition;
use crate::limits::ClientLimits;

/// The source of an answer's body.
pub(super) enum AnswerSource {
    /// It is in memory, or almost.
    Direct(Box<AnswerBody>),
    /// It comes from the upstream.
    Buffered(Rc<RefCell<AnswerBuffer>>),
}

/// Passes the requests of one connection to the handler.
pub(super) struct ConnectionService<H> {
    pub(super) handler: Rc<H>,
    pub(super) peer: Rc<Peer>,
    pub(super) state: Rc<ConnectionState>,
    pub(super) limits: Rc<ClientLimits>,
    pub(super) registry: Rc<ConnectionRegistry>,
    pub(super) current: Rc<CurrentAnswer>,
}

impl<H: RequestHandler> ConnectionService<H> {
    pub(super) fn call(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<TrackedBody>, Infallible>> + use<H> {
        let state = Rc::clone(&self.state);
        state.requests.set(state.requests.get() + 1);
        state.is_framed.set(request.version() != Version::HTTP_10);
        let has_length = request.headers().contains_key(CONTENT_LENGTH);
        let peer = Rc::clone(&self.peer);
        let limits = &self.limits;
        let incoming = IncomingRequest::on_connection(request, peer, Rc::clone(&state), limits);
        let handler = Rc::clone(&self.handler);
        let registry = Rc::clone(&self.registry);
        let current = Rc::clone(&self.current);
        let buffer_max = self.limits.response_buffer_max;
        // Only the last head of a connection can ask for it.
        let asks_upgrade = state.position.get() == StreamPosition::Upgrading
            && state.requests.get() == state.heads.get();
        state.asks_upgrade.set(asks_upgrade);
        async move {
            // Called in here, because a future that is moved in is stored twice.
            let mut answer = handler.handle(incoming).await;
            // The library reads past an unread body only if it has all of it.
            let is_skippable = has_length && state.has_whole_request();
            let continues = state.upload_continues.get() && !state.closes_after_upload.get();
            let is_cut = state.body_unread.get() && !is_skippable && !continues;
            if answer.body().is_upgraded() {
                registry.counts.borrow_mut().requests += 1;
                // Boxed, because it is rare and its size would count for every request.
                return Box::pin(hand_over(answer, &current)).await;
            }
            // What follows a request to upgrade is not read as a request.
            if registry.closing.get() || is_cut || asks_upgrade {
                // An answer that names protocols names the option, too (RFC 9110 section 7.8).
                let options = if answer.headers().contains_key(UPGRADE) {
                    "upgrade, close"
                } else {
                    "close"
                };
                answer
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static(options));
            }
            registry.counts.borrow_mut().requests += 1;
            Ok(answer.map(|body| TrackedBody {
                source: AnswerSource::new(body, buffer_max, &registry, &current),
                state,
                failure: None,
            }))
        }
    }
}

/// Leaves an answer that ends HTTP on the connection to the driver, which takes the socket back and
/// drops this future.
async fn hand_over(
    answer: Response<AnswerBody>,
    current: &CurrentAnswer,
) -> Result<Response<TrackedBody>, Infallible> {
    let (head, body) = answer.into_parts();
    if let Some(exchange) = body.into_upgraded() {
        current.set_upgraded(Response::from_parts(head, exchange));
    }
    pending().await
}

/// The body of an answer. It records when the library has taken all of it.
pub(super) struct TrackedBody {
    source: AnswerSource,
    state: Rc<ConnectionState>,
    /// The error that ends the body early. It is held back until the data before it is written,
    /// because the library discards its buffer when a body fails.
    failure: Option<AnswerInterruption>,
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = AnswerInterruption;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        match self.source.poll_frame(cx) {
            Poll::Ready(Some(Err(failure))) => {
                self.failure = Some(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            polled => {
                if polled.is_ready() && self.source.is_end_stream() {
                    self.source.complete();
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.source.size_hint()
    }
}

impl AnswerSource {
    pub(super) fn new(
        body: AnswerBody,
        buffer_max: usize,
        registry: &ConnectionRegistry,
        current: &CurrentAnswer,
    ) -> Self {
        if !body.is_streamed() {
            return Self::Direct(Box::new(body));
        }
        let buffered = Rc::clone(&registry.buffered);
        let answer = AnswerBuffer::new(body, buffer_max, buffered);
        let answer = Rc::new(RefCell::new(answer));
        current.set(&answer);
        Self::Buffered(answer)
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        match self {
            Self::Direct(body) => Pin::new(&mut **body).poll_frame(cx),
            Self::Buffered(answer) => answer.borrow_mut().poll_frame(cx),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Direct(body) => body.is_end_stream(),
            Self::Buffered(answer) => answer.borrow().is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct(body) => body.size_hint(),
            Self::Buffered(answer) => answer.borrow().size_hint(),
        }
    }

    /// Notes that the library has taken the whole answer.
    pub(super) fn complete(&mut self) {
        match self {
            Self::Direct(body) => body.complete(),
            Self::Buffered(answer) => answer.borrow_mut().complete(),
        }
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        let handed_over = &self.state.handed_over;
        handed_over.set(handed_over.get() + 1);
    }
}
