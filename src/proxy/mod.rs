//! The data plane: bytes in from clients, bytes out to upstreams.
//!
//! A data core is one single-threaded runtime that shares nothing with the others. A client
//! connection is one task on it: the socket is read through the inspector (`inspect`,
//! `wire`), the HTTP library frames the messages, the service answers them, and the upstream
//! connection (`upstream`) is driven from within the same task.

mod limits;

pub mod inspect;

mod deadline_timer;
mod connection_state;

mod headers;
mod upstream;
mod client;
mod exchange;
mod body;

pub use body::buffered_body::{BufferOutcome, BufferedBody};
pub use body::forward_body::ForwardBody;
pub use body::request_body::{RequestBody, RequestBodyError};
pub use client::{
    BindError, BoundListener, ConnectionCap, DrainPhase, DrainSignal, DrainTrigger,
    IncomingRequest, ListenerSettings, ListenerTotals, RequestHandler, bind, drain, serve,
};
pub use exchange::{
    ActiveConfig, ActiveService, AnswerBody, DataCore, PublishedConfig, ShadowAnswer, ShadowBody,
    ShadowExchange, ShadowSampler,
};
pub use headers::{
    MaxForwards, Peer, add_forwarding, add_request_id, count_hop, remove_hop_by_hop,
};
pub use inspect::{HttpRefusal, InspectLimits};
pub use limits::{ClientLimits, UpstreamLimits};
pub use upstream::{UpstreamBody, UpstreamClient, UpstreamError, UpstreamPhase};
