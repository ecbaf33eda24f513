//! The data plane: requests from clients to upstreams, and the answers back.
//!
//! A data core is a thread with a single-threaded runtime. It has its own listening socket, its
//! own connections to upstreams and its own metric recorders. The data cores share the circuit
//! breakers, the slots and the traffic inventory of each service.
//!
//! A client connection is one task, which also drives the upstream connections that its requests
//! use. A request goes through these files, and its answer comes back the other way:
//!
//! 1. `client/listener.rs` accepts the connection.
//! 2. `client/connection.rs` drives it, with one timer for all deadlines.
//! 3. `client/request_stream.rs` reads the socket. `inspect/request_reader.rs` reads each head, and
//!    refuses ambiguous messages.
//! 4. `client/http1_exchange.rs` passes each request to the handler, and writes its answer.
//! 5. `exchange/handle.rs` lists the stages of a request and answers what they refuse.
//! 6. `exchange/stages/` has one file for each stage. `forward.rs` sends the request.
//! 7. `upstream/upstream_client.rs` sends it on a pooled connection and reads the response head.
//! 8. `upstream/upstream_body.rs` reads the body of the response.
//! 9. `exchange/answer_body.rs` passes the body to the client, and releases the slot at its end.
//! 10. `exchange/request_record.rs` publishes what happened when the last part is dropped.

mod limits;
mod client;
mod connection_state;
mod write_pace;
mod deadline_timer;
mod poll_clock;
mod interim_responses;
mod peer_socket;
mod unix_stream;
pub mod inspect;
mod headers;
mod body;
mod exchange;
mod egress;
mod upstream;
mod core_thread;

pub use body::{
    BodyBudget, BufferOutcome, BufferedBody, ForwardBody, RequestBody, RequestBodyError,
};
pub use client::{
    BindError, BoundListener, ConnectionCap, DrainPhase, DrainSignal, DrainTrigger,
    HandshakeFailure, IncomingRequest, ListenerProxies, ListenerSettings, ListenerTls,
    ListenerTotals, RequestHandler, SocketFile, bind, drain, listen_at_socket, serve,
};
pub use core_thread::{CoreResources, CoreSockets, serve_core};
pub use egress::{
    EgressResources, EgressSockets, OpenCalls, SecretValues, VendorPauses, VendorSecrets,
};
pub use exchange::{
    ActiveConfig, ActiveService, AnswerBody, AnswerInterruption, DataCore, DataCoreParts,
    InFlightCount, PublishedConfig, ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler,
};
pub use headers::{
    AddedFields, HeaderConcern, HeaderRefusal, MaxForwards, NameTraits, Peer, PeerAddress,
    add_forwarding, add_request_id, count_hop, remove_hop_by_hop,
};
pub use inspect::{HttpRefusal, InspectLimits};
pub use interim_responses::InterimResponses;
pub use limits::{ClientLimits, ResponseTimeouts, UpstreamLimits};
pub use upstream::{
    EndpointSet, EndpointState, EndpointView, LocalResource, UpstreamBody, UpstreamClient,
    UpstreamEndpointStore, UpstreamError, UpstreamPhase, UpstreamSecurity, UpstreamTlsKey,
    UpstreamTlsStore,
};
