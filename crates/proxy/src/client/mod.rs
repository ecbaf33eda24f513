//! The client side: listening sockets, connections, and their drain.

mod bound_listener;
mod socket_owner;
mod unix_listener;
mod core_listeners;
mod listener;
mod drain_signal;
mod listener_totals;
mod connection_registry;
mod client_socket;
mod handshake_failure;
mod timed_opening;
mod proxy_opening;
mod tls_opening;
mod connection_context;
mod connection;
mod connection_driver;
mod inspected_stream;
mod connection_service;
mod answer_buffer;
mod upgraded_connection;
mod splice;
mod http2;
mod incoming_request;
mod final_answer;

pub use bound_listener::{BindError, BoundListener, bind};
pub use connection_registry::ConnectionCap;
pub use drain_signal::{DrainPhase, DrainSignal, DrainTrigger, drain};
pub use handshake_failure::HandshakeFailure;
pub use incoming_request::{IncomingRequest, RequestHandler};
pub use listener::{ListenerSettings, serve};
pub use listener_totals::ListenerTotals;
pub use proxy_opening::ListenerProxies;
pub use tls_opening::ListenerTls;
pub use unix_listener::{SocketFile, listen_at_socket};
