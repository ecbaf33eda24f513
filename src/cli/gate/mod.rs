//! `portcullis gate`: may this revision go out? And what is recorded of what did.
//!
//! `verdict` gathers what the rules of the domain are asked about (the registry, the contract,
//! what Prometheus has seen), has them judge, and records. `report` is the result as a value and
//! as JSON; each other file writes it in one format. `history`, `release` and `rollback` are what
//! is done with a registry besides.

mod args;
mod error;
mod command;
mod registry;
mod candidate;
mod measure;
mod verdict;
mod report;
mod text;
mod markdown;
mod github;
mod gitlab;
mod textfile;
mod otlp;
mod changes;
mod history;

pub use args::{
    GateAction, GateArgs, GateFormat, HistoryArgs, RegistryArgs, ReleaseArgs, RollbackArgs,
    VerdictArgs,
};
pub(super) use command::gate;
pub(super) use error::GateError;
