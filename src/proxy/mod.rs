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
pub use client::connection::IncomingRequest;
pub use client::drain_signal::{DrainPhase, DrainSignal, DrainTrigger, drain};
pub use client::listener::{
    BindError, BoundListener, ConnectionCap, ListenerSettings, ListenerTotals, bind, serve,
};
pub use exchange::active_config::{ActiveConfig, ActiveService, PublishedConfig};
pub use exchange::answer_body::AnswerBody;
pub use exchange::data_core::DataCore;
pub use exchange::pipeline::{pipeline, refuse_stream};
pub use exchange::shadow::{ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler};
pub use headers::{
    MaxForwards, Peer, add_forwarding, add_request_id, count_hop, remove_hop_by_hop,
};
pub use inspect::{HttpRefusal, InspectLimits};
pub use limits::{ClientLimits, UpstreamLimits};
pub use upstream::{UpstreamBody, UpstreamClient, UpstreamError, UpstreamPhase};
