//! HTTP on both sides, bodies, refusals, draining.

pub(crate) mod bodies;
pub(crate) mod body_memory;
pub(crate) mod content_32;
pub(crate) mod deprecations;
pub(crate) mod descriptors;
pub(crate) mod drain;
pub(crate) mod gateway;
pub(crate) mod haproxy;
pub(crate) mod header_names;
pub(crate) mod mock;
pub(crate) mod hops;
pub(crate) mod live_records;
pub(crate) mod objectives;
pub(crate) mod public_refusals;
pub(crate) mod proxy_protocol;
pub(crate) mod refusals;
pub(crate) mod responses;
pub(crate) mod serve;
pub(crate) mod stream;
pub(crate) mod unix_sockets;
pub(crate) mod upstream_failures;
pub(crate) mod upstream_servers;
pub(crate) mod verdict_proxies;
pub(crate) mod verdicts;
pub(crate) mod websocket;
pub(crate) mod websocket_peers;
