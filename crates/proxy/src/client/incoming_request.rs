//! A request as it reaches the handler, and the handler.

use std::future::Future;
use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};

use super::handshake_failure::HandshakeFailure;
use crate::body::{IncomingBody, RequestBody};
use crate::connection_state::ConnectionState;
use crate::exchange::AnswerBody;
use crate::headers;
use crate::headers::{NameTraits, Peer};
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;

/// Answers the requests of a data core. [`DataCore`](crate::DataCore) is the handler in
/// production; tests of the listener bring a simpler one.
pub trait RequestHandler: 'static {
    /// Answers a request. The future is dropped when the client goes away. The connection sets the
    /// framing and the `Connection` field of the answer.
    fn handle(
        self: Rc<Self>,
        incoming: IncomingRequest,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static;

    /// Answers a stream that cannot be read as HTTP. The connection sets the framing and the
    /// `Connection` field of the answer. `head_start` is the beginning of the head, as far as it is
    /// known.
    fn refuse(&self, refusal: HttpRefusal, peer: &Peer, head_start: &[u8]) -> Response<Bytes>;

    /// Whether a service accepts WebSocket.
    fn accepts_websocket(&self) -> bool {
        false
    }

    /// Counts a connection whose TLS handshake failed.
    fn note_handshake(&self, failure: HandshakeFailure);
}

/// A request with an origin-form target, one `Host` and no header fields of the hop.
#[derive(Debug)]
pub struct IncomingRequest {
    /// The head. Boxed, because it passes through many stages.
    pub request: Box<Request<()>>,
    /// The body.
    pub body: RequestBody,
    /// The sender.
    pub peer: Rc<Peer>,
    /// How many fields were removed, because their names fold to protected ones.
    pub disguised: u32,
    /// What the names of its fields mean.
    pub traits: NameTraits,
}

impl IncomingRequest {
    /// A request that did not come through a listener, for callers that read HTTP themselves.
    pub fn new(request: Request<Bytes>, peer: Rc<Peer>, limits: &ClientLimits) -> Self {
        let (head, body) = request.into_parts();
        let request = Box::new(Request::from_parts(head, ()));
        let state = Rc::new(ConnectionState::new());
        let body = IncomingBody::Whole(body);
        Self::on_connection(request, NameTraits::UNKNOWN, body, peer, state, limits)
    }

    /// A request on a connection.
    pub(super) fn on_connection(
        mut request: Box<Request<()>>,
        traits: NameTraits,
        body: IncomingBody,
        peer: Rc<Peer>,
        state: Rc<ConnectionState>,
        limits: &ClientLimits,
    ) -> Self {
        let disguised = headers::normalize_request_head(&mut request, traits);
        let body = RequestBody::new(body, state, limits);
        Self {
            request,
            body,
            peer,
            disguised,
            traits,
        }
    }
}
