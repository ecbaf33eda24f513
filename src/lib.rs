//! Portcullis: a contract-validating reverse proxy.
//!
//! # The life of a request
//! A data core accepts it (`proxy::listener`), reads it strictly (`proxy::inspect`) and hands it
//! to one list of layers (`proxy::pipeline`): which service, which operation, is the head right,
//! is the body right, then out to the upstream and back, is the response right. The layers ask
//! [`contract`], which knows neither sockets nor clocks.
//!
//! # The map
//! Vocabulary: [`squad`], [`json`]. What is configured: [`config`]. Where bytes live: [`source`].
//! Who calls: [`identity`]. The engine: [`contract`]. Exchanges as data: [`traffic`]. What a change breaks: [`compat`]. Whose a change is: [`ownership`]. What may go out: [`gate`]. What is told: [`telemetry`], [`admin`]. The data plane: [`proxy`].
//! Composition: [`app`]. Words in, words out: [`cli`].
//!
//! # What must stay true
//! The upstream receives the bytes that were judged. What can be read in two ways is refused.
//! Our own answers say that they are ours. No value of a message is logged or labels a metric.
//! Data cores share nothing that is locked. Bad input never panics.

mod tls;
pub mod identity;
pub mod config;
pub mod source;
pub mod telemetry;
pub mod admin;
pub mod proxy;
pub mod app;
pub mod cli;
