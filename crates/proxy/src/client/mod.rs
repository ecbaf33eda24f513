//! The client side: listening sockets, connections, and their drain.

mod listener;
mod drain_signal;
mod listener_totals;
mod connection_registry;
mod connection;
mod inspected_stream;
mod connection_service;
mod answer_buffer;
mod incoming_request;
mod final_answer;

pub use connection_registry::ConnectionCap;
pub use drain_signal::{DrainPhase, DrainSignal, DrainTrigger, drain};
pub use incoming_request::{IncomingRequest, RequestHandler};
pub use listener::{BindError, BoundListener, ListenerSettings, bind, serve};
pub use listener_totals::ListenerTotals;
