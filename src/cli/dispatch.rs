//! From a command to its exit code.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app;
use crate::config::{CONFIG_VARIABLE, ConfigErrors};
use crate::source::{FileReadError, GitError};
use portcullis_contract::{ContractLoadError, ContractProblem, Severity};

use super::admin_port;
use super::admin_port::AdminError;
use super::check::check_command;
use super::command_line::{CliArgs, CliCommand};
use super::completions::completions_command;
use super::gate;
use super::gate::GateError;
use super::owners;
use super::owners::OwnersError;
use super::report_writer::{ReportWriter, print_error};
use super::serve::serve_command;
use super::{diff, replay};

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CommandOutcome {
    /// All is well.
    Success,
    /// It did its work and found something.
    Finding,
    /// It could not do all of its work, and has said why.
    CouldNotRun,
}

/// Why a command could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// There is nothing to serve.
    #[error(
        "there is no config.toml in the working directory; name a configuration with --config or \
         {CONFIG_VARIABLE}, or start without one: portcullis serve --contract openapi.yaml \
         --upstream http://127.0.0.1:3000"
    )]
    NoConfiguration,
    /// The configuration is refused.
    #[error("the configuration is refused\n{0}")]
    Configuration(#[from] ConfigErrors),
    /// No configured service has this name.
    #[error(
        "no service of the configuration is called `{name}`{}",
        near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
    )]
    UnknownService {
        /// What was asked for.
        name: String,
        /// The one that is most like it.
        near: Option<String>,
    },
    /// The program cannot start or go on.
    #[error(transparent)]
    Application(#[from] app::AppError),
    /// A directory cannot be listed.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A directory holds nothing to check.
    #[error(
        "{}: no contract below this directory; a contract is a .yaml, .yml or .json file with \
         the member `openapi`",
        path.display()
    )]
    NoContracts {
        /// The directory.
        path: PathBuf,
    },
    /// The contract cannot be read.
    #[error(transparent)]
    Load(#[from] ContractLoadError),
    /// The contract is refused.
    #[error("the contract is refused{}", listed(problems))]
    Contract {
        /// All that is wrong with it, and what is questionable.
        problems: Vec<ContractProblem>,
    },
    /// One of several contracts is refused.
    #[error("{name} is refused{}", listed(problems))]
    Refused {
        /// What the user called it.
        name: String,
        /// All that is wrong with it, and what is questionable.
        problems: Vec<ContractProblem>,
    },
    /// A revision of git has no such file.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An address stands where a file was expected.
    #[error("{address} is not fetched: save it, or pipe it in and name it -")]
    NotFetched {
        /// The address.
        address: String,
    },
    /// A file is compared with a directory.
    #[error("{old} and {new} cannot be compared: name two files or two directories")]
    Unlike {
        /// The older side.
        old: String,
        /// The newer side.
        new: String,
    },
    /// Both revisions are standard input.
    #[error("standard input can be one of the revisions, not both; name a file for the other")]
    StdinForBothSides,
    /// The file of approvals cannot be used.
    #[error("{}: {message}", path.display())]
    Approvals {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Standard input was named for two things.
    #[error("standard input can be the contract or a recording, not both; name a file for one")]
    StdinTwice,
    /// What is to be sent cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// An admin port cannot be asked, or refuses.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Owners cannot be told.
    #[error(transparent)]
    Owners(#[from] OwnersError),
    /// The gate cannot judge or record.
    #[error(transparent)]
    Gate(Box<GateError>),
    /// The report cannot be written.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl From<GateError> for RunError {
    fn from(error: GateError) -> Self {
        Self::Gate(Box::new(error))
    }
}

fn listed(problems: &[ContractProblem]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| format!("\n{problem}")).collect()
}

/// Runs one command. The exit code is 0 when all is well, 1 for a finding, 2 when the command
/// could not run, which it has then explained on standard error.
pub fn run(args: CliArgs) -> ExitCode {
    let outcome = match args.command {
        CliCommand::Serve(args) => serve_command::serve(args),
        CliCommand::Check(args) => check_command::check(&args, &mut ReportWriter::stdout()),
        CliCommand::Diff(args) => diff::diff(&args, &mut ReportWriter::stdout()),
        CliCommand::Gate(args) => gate::gate(&args, &mut ReportWriter::stdout()),
        CliCommand::Replay(args) => replay::replay(&args, &mut ReportWriter::stdout()),
        CliCommand::Breakers(args) => admin_port::breakers(&args, &mut ReportWriter::stdout()),
        CliCommand::DeployWindow(args) => {
            admin_port::deploy_window(&args, &mut ReportWriter::stdout())
        }
        CliCommand::Contract(args) => admin_port::contract(&args, &mut ReportWriter::stdout()),
        CliCommand::Config(args) => admin_port::config(&args, &mut ReportWriter::stdout()),
        CliCommand::Owners(args) => owners::owners(&args, &mut ReportWriter::stdout()),
        CliCommand::Completions(args) => {
            completions_command::completions(args, &mut ReportWriter::stdout())
        }
    };
    let outcome = outcome.unwrap_or_else(|error| {
        print_error(&error.to_string());
        CommandOutcome::CouldNotRun
    });
    outcome.into()
}

impl From<CommandOutcome> for ExitCode {
    fn from(outcome: CommandOutcome) -> Self {
        Self::from(match outcome {
            CommandOutcome::Success => 0,
            CommandOutcome::Finding => 1,
            CommandOutcome::CouldNotRun => 2,
        })
    }
}
