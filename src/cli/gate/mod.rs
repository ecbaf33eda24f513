//! `portcullis gate`: decides whether a contract revision may be deployed, and records
//! deployments.
//!
//! `verdict_command` reads the registry, the contract and the measurements of Prometheus, applies
//! the rules of `portcullis_control::gate`, and records the deployment. `gate_report` is the
//! result, `gate_text` prints it, and `gate_findings` translates it for the formats that all
//! commands share. `github_step`, `textfile` and `otlp` export the figures. The other subcommands
//! are `history`, `release` and `rollback`. `deployed_contract` gives `diff` the contracts of a
//! registry, and `moving_registry` shows `owners transfer` what it keeps.

mod gate_args;
mod gate_error;
mod gate_command;
mod gate_context;
mod gate_registry;
mod moving_registry;
mod deployed_contract;
mod candidate_contract;
mod candidate_comparison;
mod budget_queries;
mod prometheus_queries;
mod judged_objectives;
mod gate_migrations;
mod record_writer;
mod verdict_command;
mod gate_report;
mod gate_text;
mod gate_findings;
mod github_step;
mod textfile;
mod otlp;
mod release_rollback;
mod history_command;

pub(super) use deployed_contract::DeployedContract;
pub(super) use gate_args::GateArgs;
pub(super) use gate_command::gate;
pub(super) use gate_error::GateError;
pub(super) use moving_registry::moving_registry;
