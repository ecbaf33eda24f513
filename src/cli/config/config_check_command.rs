//! Checks a configuration as a start with it would.

use portcullis_config::FlagOverrides;

use super::config_args::ConfigCheckArgs;
use super::config_check_report::ConfigCheckReport;
use crate::app::check_config;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ConfigArgument, config_path};
use crate::cli::output::{DataFormat, ReportWriter, print_json};
use crate::cli::run_error::RunError;

/// Checks a configuration and prints what is wrong with it.
pub(super) fn check(
    args: &ConfigCheckArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let path = config_path(args.config.as_deref(), ConfigArgument::Positional)?;
    let flags = FlagOverrides::default();
    let loaded = portcullis_config::load(Some(&path), std::env::vars_os(), &flags);
    let name = path.display().to_string();
    let report = match loaded {
        Ok(config) => ConfigCheckReport::of_check(name, check_config(&config)),
        Err(errors) => ConfigCheckReport::of_errors(name, &errors),
    };
    match args.format {
        DataFormat::Text => report.print(out),
        DataFormat::Json => print_json(out, &report),
    }
    out.finish()?;
    let is_failed = args.fail_on.is_reached(report.errors, report.warnings);
    Ok(CommandOutcome::finding_unless(!is_failed))
}
