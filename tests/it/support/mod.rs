//! What tests share: the program under test, upstreams, relays, and where corpora and tools are.

pub(crate) mod app;
pub(crate) mod corpus;
pub(crate) mod faulty;
pub(crate) mod load;
pub(crate) mod promql;
pub(crate) mod relay;
pub(crate) mod spawned;
pub(crate) mod steered;
pub(crate) mod tools;
pub(crate) mod upstream;
