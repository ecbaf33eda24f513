//! HTTP/2 for clients: exchanges, hostile streams, bounds, and real programs.

mod bounds;
mod exchanges;
mod grpc;
mod grpcurl;
mod hostile_streams;
mod real_clients;
mod upstreams;
mod websocket;
