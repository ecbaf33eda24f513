//! Which part of the gate is asked for, and what its parts have in common.

use std::env;
use std::time::SystemTime;

use portcullis_control::gate::UtcTimestamp;

use super::gate_args::{GateAction, GateArgs};
use super::verdict_command::VerdictRequest;
use super::{history_command, release_rollback, verdict_command};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;

/// Judges, or does what else is asked for.
pub(in crate::cli) fn gate(
    args: &GateArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let outcome = match &args.action {
        Some(GateAction::Release(args)) => release_rollback::release(args, out)?,
        Some(GateAction::Rollback(args)) => release_rollback::roll_back(args, out)?,
        Some(GateAction::History(args)) => history_command::history(args, out)?,
        None => verdict_command::verdict(&VerdictRequest::of(&args.verdict), out)?,
    };
    out.finish()?;
    Ok(outcome)
}

/// Who runs this, as pipelines and shells say.
pub(super) fn actor_name(by: Option<&str>) -> String {
    let variables = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER"];
    let said = variables.into_iter().filter_map(|name| env::var(name).ok());
    let mut said = by.map(str::to_owned).into_iter().chain(said);
    said.find(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What the clock says.
pub(super) fn now() -> UtcTimestamp {
    UtcTimestamp::of(SystemTime::now())
}
