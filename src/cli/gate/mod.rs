//! `portcullis gate`: may this revision go out? And what is recorded of what did.
//!
//! `verdict` gathers what the rules of the domain are asked about (the registry, the contract,
//! what Prometheus has seen), has them judge, and records. `report` is the result as a value and
//! as JSON; each other file writes it in one format. `history`, `release` and `rollback` are what
//! is done with a registry besides.

mod gate_args;
mod gate_error;
mod gate_command;
mod gate_registry;
mod candidate_contract;
mod prometheus_queries;
mod verdict_command;
mod gate_report;
mod gate_text;
mod gate_markdown;
mod github;
mod gitlab;
mod textfile;
mod otlp;
mod release_rollback;
mod history_command;

pub use gate_args::{
    GateAction, GateArgs, GateFormat, HistoryArgs, RegistryArgs, ReleaseArgs, RollbackArgs,
    VerdictArgs,
};
pub(super) use gate_command::gate;
pub(super) use gate_error::GateError;
