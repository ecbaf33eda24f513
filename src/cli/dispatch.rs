//! Runs the command that the arguments name.

use std::process::ExitCode;

use super::command_line::{CliArgs, CliCommand};
use super::exit_code::CommandOutcome;
use super::output::{ReportWriter, print_error};
use super::{
    breakers, check, completions, config, contract, deploy_window, diff, gate, init, man,
    manifests, owners, replay, schema, serve, status, traffic,
};

/// Runs one command. The exit code is 0 for success, 1 for a finding and 2 if the command could
/// not run; the reason is then on standard error.
pub fn run(args: CliArgs) -> ExitCode {
    // Opened for each command that prints: it locks standard output, which `serve` must not do.
    let output = args.output;
    let out = || ReportWriter::stdout(output);
    let outcome = match args.command {
        CliCommand::Serve(args) => serve::serve(args),
        CliCommand::Init(args) => init::init(&args, &mut out()),
        CliCommand::Check(args) => check::check(&args, &mut out()),
        CliCommand::Diff(args) => diff::diff(&args, &mut out()),
        CliCommand::Gate(args) => gate::gate(&args, &mut out()),
        CliCommand::Replay(args) => replay::replay(&args, &mut out()),
        CliCommand::Status(args) => status::status(&args, &mut out()),
        CliCommand::Traffic(args) => traffic::traffic(&args, &mut out()),
        CliCommand::Breakers(args) => breakers::breakers(&args, &mut out()),
        CliCommand::DeployWindow(args) => deploy_window::deploy_window(&args, &mut out()),
        CliCommand::Contract(args) => contract::contract(&args, &mut out()),
        CliCommand::Config(args) => config::config(&args, &mut out()),
        CliCommand::Owners(args) => owners::owners(&args, &mut out()),
        CliCommand::Schema(args) => schema::schema(&args, &mut out()),
        CliCommand::Manifests(args) => manifests::manifests(&args, &mut out()),
        CliCommand::Completions(args) => completions::completions(args, &mut out()),
        CliCommand::Man(args) => man::man(&args, &mut out()),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        print_error(&error.to_string());
        CommandOutcome::CouldNotRun
    });
    outcome.into()
}
