//! HTTP/2 to an upstream: connections that requests share, and exchanges on their streams.
//!
//! A connection has its own task, which drives the library `h2`. The client of hyper is not used:
//! it hides what decides whether a request may be sent again, which is the stream that an error ended
//! and whether the upstream processed it, and it passes each request through a channel.
//!
//! The windows of all streams fit into that of the connection. So a response that is not read holds
//! its own window, and never the others of its connection.

mod acquire_stream;
mod http2_pool;
mod stream_waiters;
mod shared_connection;
mod connection_opener;
mod driven_connection;
mod liveness_check;
mod counted_socket;
mod stream_exchange;
mod stream_upload;
mod message_heads;
mod stream_failure;
mod http2_body;

pub(super) use http2_body::Http2ResponseBody;
pub(super) use http2_pool::Http2Pool;
pub(super) use message_heads::needs_length;
pub(super) use stream_exchange::{RequestTerms, send_on_stream};
