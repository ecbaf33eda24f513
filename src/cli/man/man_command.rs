//! Writes a manual page for each command.

use std::fs;

use clap::CommandFactory;

use super::man_args::ManArgs;
use crate::cli::command_line::CliArgs;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Writes the pages.
pub(crate) fn man(args: &ManArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let command = CliArgs::command().disable_help_subcommand(true);
    let written = fs::create_dir_all(&args.directory)
        .and_then(|()| clap_mangen::generate_to(command, &args.directory));
    written.map_err(|source| RunError::Unwritable {
        path: args.directory.clone(),
        source,
    })?;
    out.line(format_args!(
        "the manual pages are in {}",
        args.directory.display()
    ));
    out.finish()?;
    Ok(CommandOutcome::Success)
}
