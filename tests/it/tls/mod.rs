//! TLS on the ports and to upstreams, and identity by certificates.

pub(crate) mod client_certificates;
pub(crate) mod envoy_mesh;
pub(crate) mod listen;
pub(crate) mod real_clients;
pub(crate) mod reload;
pub(crate) mod upstream;
pub(crate) mod wrong_protocol;
