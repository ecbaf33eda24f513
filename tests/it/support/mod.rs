//! Shared by the tests: the program under test, upstreams, relays, and the locations of corpora and
//! tools.

pub(crate) mod app;
pub(crate) mod corpus;
pub(crate) mod faulty;
pub(crate) mod load;
pub(crate) mod open_load;
pub(crate) mod promql;
pub(crate) mod relay;
pub(crate) mod spawned;
pub(crate) mod steered;
pub(crate) mod tools;
pub(crate) mod upstream;
