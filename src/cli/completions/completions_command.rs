//! `portcullis completions`: what a shell needs to complete this command line.

use clap::CommandFactory;

use crate::cli::command_line::{CliArgs, CompletionsArgs};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;

/// Prints the completions.
pub(crate) fn completions(
    args: CompletionsArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut CliArgs::command(),
        "portcullis",
        &mut script,
    );
    out.write(String::from_utf8_lossy(&script));
    out.finish()?;
    Ok(CommandOutcome::Success)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;
    use crate::cli::report_writer::tests::printed;

    #[test]
    fn every_shell_learns_the_subcommands() {
        for &shell in Shell::value_variants() {
            let script = printed(|out| {
                completions(CompletionsArgs { shell }, out).unwrap();
            });
            assert!(
                script.contains("fail-on") && script.contains("log-level"),
                "{shell}"
            );
        }
    }
}
