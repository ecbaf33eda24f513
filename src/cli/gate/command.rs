//! Which part of the gate is asked for, and what its parts have in common.

use std::env;
use std::time::SystemTime;

use portcullis_control::gate::UtcTimestamp;

use super::super::output::ReportWriter;
use super::super::run::{CommandOutcome, RunError};
use super::args::{GateAction, GateArgs};
use super::verdict::VerdictRequest;
use super::{changes, history, verdict};

/// Judges, or does what else is asked for.
pub(in crate::cli) fn gate(
    args: &GateArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let outcome = match &args.action {
        Some(GateAction::Release(args)) => changes::release(args, out)?,
        Some(GateAction::Rollback(args)) => changes::roll_back(args, out)?,
        Some(GateAction::History(args)) => history::history(args, out)?,
        None => verdict::verdict(&VerdictRequest::of(&args.verdict), out)?,
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
