//! Generates the completion script of a shell.

use clap::CommandFactory;

use super::completions_args::CompletionsArgs;
use crate::cli::command_line::CliArgs;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Prints the completion script.
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
    out.write(&String::from_utf8_lossy(&script));
    out.finish()?;
    Ok(CommandOutcome::Success)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;
    use crate::cli::output::printed;

    #[test]
    fn completes_subcommands_in_every_shell() {
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
