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
mod inspected_stream;

mod answer_body;
mod request_body;
mod forward_body;
mod headers;
mod upstream;
mod buffered_body;

mod connection;
mod drain_signal;
mod listener;
mod final_answer;
mod connection_registry;

mod answer_table;
mod data_core;
mod stages;
mod request_record;
mod service_access_log;
mod owner_endpoint;
mod active_config;
mod service_core;
mod shadow;
mod mock_upstream;
mod in_flight;
mod pipeline;
mod problem_details;
mod retry;
mod body_tee;

pub use active_config::{ActiveConfig, ActiveService, PublishedConfig};
pub use answer_body::AnswerBody;
pub use buffered_body::{BufferOutcome, BufferedBody};
pub use connection::IncomingRequest;
pub use data_core::DataCore;
pub use drain_signal::{DrainPhase, DrainSignal, DrainTrigger, drain};
pub use forward_body::ForwardBody;
pub use headers::{
    MaxForwards, Peer, add_forwarding, add_request_id, count_hop, remove_hop_by_hop,
};
pub use inspect::{HttpRefusal, InspectLimits};
pub use limits::{ClientLimits, UpstreamLimits};
pub use listener::{
    BindError, BoundListener, ConnectionCap, ListenerSettings, ListenerTotals, bind, serve,
};
pub use pipeline::{pipeline, refuse_stream};
pub use request_body::{RequestBody, RequestBodyError};
pub use shadow::{ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler};
pub use upstream::{UpstreamBody, UpstreamClient, UpstreamError, UpstreamPhase};
