//! Shared by the tests: the program under test, upstreams, clients, and the locations of corpora and
//! tools.

pub(crate) mod app;
pub(crate) mod browser;
#[allow(dead_code, reason = "the tests of the data plane's crate use the rest")]
pub(crate) mod client;
pub(crate) mod certificates;
pub(crate) mod corpus;
pub(crate) mod faulty;
pub(crate) mod http2_client;
pub(crate) mod http2_upstream;
pub(crate) mod load;
pub(crate) mod open_load;
pub(crate) mod postgres;
pub(crate) mod promql;
pub(crate) mod running_proxy;
pub(crate) mod spawned;
pub(crate) mod steered;
pub(crate) mod tls_client;
pub(crate) mod tools;
#[allow(dead_code, reason = "the tests of the data plane's crate use the rest")]
pub(crate) mod upstream;
