//! The client side: listening sockets, connections, and draining them.

pub(crate) mod inspected_stream;
pub(crate) mod connection;
pub(crate) mod drain_signal;
pub(crate) mod listener;
pub(crate) mod final_answer;
pub(crate) mod connection_registry;
