//! The relay under test. Clients, upstreams and corpora are shared with the tests of the whole
//! program.

#[path = "../../../../../tests/it/support/client.rs"]
pub(crate) mod client;
#[path = "../../../../../tests/it/support/corpus.rs"]
pub(crate) mod corpus;
pub(crate) mod relay;
#[path = "../../../../../tests/it/support/upstream.rs"]
pub(crate) mod upstream;
