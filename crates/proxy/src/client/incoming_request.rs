//! A request as it reaches the handler, and the handler.

use std::future::Future;
use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::handshake_failure::HandshakeFailure;
use crate::body::{IncomingBody, RequestBody};
use crate::connection_state::ConnectionState;
use crate::exchange::AnswerBody;
use crate::headers;
use crate::headers::Peer;
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;

/// Answers the requests of a data core. [`DataCore`](crate::DataCore) is the handler in
/// production; tests of the listener bring a simpler one.
pub trait RequestHandler: 'static {
    /// Answers a request. The future is dropped when the client goes away.
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

/// How many fields are added to most requests: their id, `Via` and four of forwarding.
const GATEWAY_FIELDS: usize = 6;

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
}

impl IncomingRequest {
    /// A request that did not come through a listener, for callers that read HTTP themselves.
    pub fn new(request: Request<Incoming>, peer: Rc<Peer>, limits: &ClientLimits) -> Self {
        let state = Rc::new(ConnectionState::new(Instant::now()));
        Self::on_connection(request, peer, state, limits)
    }

    /// A request on a connection.
    pub(super) fn on_connection(
        request: Request<impl Into<IncomingBody>>,
        peer: Rc<Peer>,
        state: Rc<ConnectionState>,
        limits: &ClientLimits,
    ) -> Self {
        let (mut head, incoming) = request.into_parts();
        // Room for what a gateway adds, so that the table grows once.
        head.headers.reserve(GATEWAY_FIELDS);
        let disguised = headers::normalize_request_head(&mut head);
        let body = RequestBody::new(incoming.into(), state, limits);
        Self {
            request: Box::new(Request::from_parts(head, ())),
            body,
            peer,
            disguised,
        }
    }
}
