//! A request whose head was read.

use http::Request;

use super::body_framing::BodyFraming;
use crate::headers::NameTraits;

/// A request whose head was read.
#[derive(Debug)]
pub struct ParsedRequest {
    /// The head. Boxed, because it passes through many stages.
    pub request: Box<Request<()>>,
    /// What the connection must know of it.
    pub terms: ExchangeTerms,
    /// What the names of its fields are.
    pub traits: NameTraits,
}

/// What a connection must know of a request, to read its body, to answer it and to continue.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeTerms {
    /// How the body ends.
    pub framing: BodyFraming,
    /// Whether the client speaks HTTP/1.0.
    pub is_http10: bool,
    /// Whether the answer has no body, because it answers a HEAD.
    pub is_head: bool,
    /// Whether another request may follow this one.
    pub keeps_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub awaits_continue: bool,
    /// Whether the client accepts trailers.
    pub takes_trailers: bool,
    /// Whether the request asks to continue with another protocol: WebSocket, or a tunnel.
    pub asks_upgrade: bool,
}

impl Default for ExchangeTerms {
    fn default() -> Self {
        Self {
            framing: BodyFraming::None,
            is_http10: false,
            is_head: false,
            keeps_alive: true,
            awaits_continue: false,
            takes_trailers: false,
            asks_upgrade: false,
        }
    }
}
