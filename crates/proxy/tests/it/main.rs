//! The HTTP side of the data plane over real sockets: a client and an upstream that tests script,
//! and a relay between them that checks nothing. The tests with contracts need the whole program;
//! they are in `tests/it` of the workspace.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, wherever that happens"
)]

mod support;

mod http1;
mod http1_corpus;
mod uploads;
