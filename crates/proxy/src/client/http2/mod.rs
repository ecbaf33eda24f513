//! HTTP/2 connections of clients (RFC 9113).
//!
//! The library `h2` reads and writes frames, below hyper's server, because the bounds need more than
//! that server passes on: informational answers, the counts of resets, and a shutdown in two steps.
//! One task drives the connection, and each stream has its own task on the same core, where its
//! request takes the same way as one of HTTP/1.1.

mod frame_meter;
mod metered_socket;
mod stream_registry;
mod answer_sender;
mod stream_tunnel;
mod stream_task;
mod http2_connection;
mod serve_http2;

pub(super) use serve_http2::serve_http2;
