//! Runs the subcommand of the gate that the arguments name.

use super::gate_args::{GateAction, GateArgs};
use super::verdict_command::VerdictRequest;
use super::{history_command, release_rollback, verdict_command};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Runs the gate or one of its subcommands.
pub(crate) fn gate(args: &GateArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let outcome = match &args.action {
        Some(GateAction::Release(args)) => release_rollback::release(args, out)?,
        Some(GateAction::Rollback(args)) => release_rollback::roll_back(args, out)?,
        Some(GateAction::History(args)) => history_command::history(args, out)?,
        None => verdict_command::verdict(&VerdictRequest::of(&args.verdict), out)?,
    };
    out.finish()?;
    Ok(outcome)
}
