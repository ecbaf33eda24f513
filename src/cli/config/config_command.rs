//! Runs the subcommand that the arguments name.

use super::config_args::{ConfigAction, ConfigArgs};
use super::{
    config_check_command, config_reload_command, config_schema_command, config_show_command,
};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Runs `portcullis config`.
pub(crate) fn config(
    args: &ConfigArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.action {
        ConfigAction::Check(args) => config_check_command::check(args, out),
        ConfigAction::Show(args) => config_show_command::show(args, out),
        ConfigAction::Schema(args) => config_schema_command::schema(args, out),
        ConfigAction::Reload(args) => config_reload_command::reload(args, out),
    }
}
