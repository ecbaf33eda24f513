//! The data plane: bytes in from clients, bytes out to upstreams.
//!
//! A data core is one single-threaded runtime that shares nothing with the others. A client
//! connection is one task on it: the socket is read through the inspector (`inspect`,
//! `wire`), the HTTP library frames the messages, the service answers them, and the upstream
//! connection (`upstream`) is driven from within the same task.

mod limits;

pub mod inspect;

mod alarm;
mod link;
mod wire;

mod answer_body;
mod body;
mod forward_body;
mod headers;
mod upstream;
mod whole;

mod connection;
mod drain;
mod listener;
mod refuse;
mod registry;

mod answer;
mod core;
mod layers;
mod ledger;
mod access;
mod owner;
mod live;
mod service;
mod tap;
mod mock;
mod passage;
mod pipeline;
mod problem;
mod retry;
mod watch;

pub use answer_body::AnswerBody;
pub use body::{RequestBody, RequestBodyError};
pub use connection::IncomingRequest;
pub use core::DataCore;
pub use drain::{DrainPhase, DrainSignal, DrainTrigger, drain};
pub use forward_body::ForwardBody;
pub use headers::{
    MaxForwards, Peer, add_forwarding, add_request_id, count_hop, remove_hop_by_hop,
};
pub use inspect::{HttpRefusal, InspectLimits};
pub use limits::{ClientLimits, UpstreamLimits};
pub use listener::{
    BindError, BoundListener, ConnectionCap, ListenerSettings, ListenerTotals, bind, serve,
};
pub use live::{ActiveConfig, ActiveService, PublishedConfig};
pub use pipeline::{pipeline, refuse_stream};
pub use tap::{ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler};
pub use upstream::{UpstreamBody, UpstreamClient, UpstreamError, UpstreamPhase};
pub use whole::{BufferOutcome, BufferedBody};
