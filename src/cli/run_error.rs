//! Why a command could not run.

use std::io;
use std::path::{Path, PathBuf};

use crate::app;
use crate::source::{FileReadError, GitError};
use portcullis_config::ConfigErrors;
use portcullis_contract::{BundleError, ContractLoadError, ContractProblem, Severity};

use super::admin_port::AdminError;
use super::gate::GateError;
use super::inputs::{ConfigArgument, KnownNames, reading_advice};
use super::manifests::ManifestsError;
use super::migrations::MigrationError;
use super::owners::OwnersError;

/// Why a command could not run. The exit code is 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// There is no configuration.
    #[error("there is no {}; {}", shown_place(path), argument.advice())]
    NoConfiguration {
        /// Where it was looked for.
        path: PathBuf,
        /// How the command is given one.
        argument: ConfigArgument,
    },
    /// The samples cannot be written.
    #[error(
        "{}: {source}; the samples need a folder for temporary files, so set TMPDIR to one that this \
         process may write to",
        path.display()
    )]
    Samples {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The configuration is invalid.
    #[error("the configuration is refused\n{0}")]
    Configuration(#[from] ConfigErrors),
    /// No configured service has this name.
    #[error("no service of the configuration is called `{name}`{known}")]
    UnknownService {
        /// The name from the command line.
        name: String,
        /// The services of the configuration.
        known: KnownNames,
    },
    /// The proxy cannot start, or stopped with an error.
    #[error(transparent)]
    Application(#[from] app::AppError),
    /// A directory cannot be listed.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A directory contains no contract.
    #[error(
        "{}: no contract below this directory; a contract is a .yaml, .yml or .json file with \
         the property `openapi`",
        path.display()
    )]
    NoContracts {
        /// The directory.
        path: PathBuf,
    },
    /// Files that would be written exist.
    #[error(
        "nothing is overwritten, and nothing was written: there is {} already; name another \
         directory with --directory",
        joined(paths)
    )]
    Existing {
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// A file cannot be written.
    #[error("{}: {source}; check the directory and its permissions", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A squad cannot have this name.
    #[error("`{name}` cannot be the name of a squad: {message}; name one with --squad")]
    SquadName {
        /// The name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The contract cannot be read.
    #[error(transparent)]
    Load(#[from] ContractLoadError),
    /// The files of a contract cannot be sent.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The contract has errors.
    #[error("the contract is refused{}{}", listed(problems), advised(problems))]
    Contract {
        /// Its errors and warnings.
        problems: Vec<ContractProblem>,
    },
    /// One of several contracts has errors.
    #[error("{name} is refused{}", listed(problems))]
    Refused {
        /// The contract, as the command line names it.
        name: String,
        /// Its errors and warnings.
        problems: Vec<ContractProblem>,
    },
    /// Git cannot read a file of a revision.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An argument is a Git revision where a file is expected.
    #[error(
        "{revision} is a Git revision; name the contract in it: {revision}:{}",
        path.as_deref().unwrap_or("openapi.yaml")
    )]
    RevisionWithoutPath {
        /// The revision.
        revision: String,
        /// The path that is probably meant.
        path: Option<String>,
    },
    /// An argument is a URL where a file is expected.
    #[error("{address} is not fetched: save it, or pipe it in and name it -")]
    NotFetched {
        /// The URL.
        address: String,
    },
    /// One side of a comparison is a file and the other a directory.
    #[error("{old} and {new} cannot be compared: name two files or two directories")]
    Unlike {
        /// The older side.
        old: String,
        /// The newer side.
        new: String,
    },
    /// Both sides of a comparison are standard input.
    #[error("standard input can be one of the revisions, not both; name a file for the other")]
    StdinForBothSides,
    /// The approvals file is invalid.
    #[error("{}: {message}", path.display())]
    Approvals {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The file of levels is invalid.
    #[error("{}: {message}", path.display())]
    Levels {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Standard input is both the contract and a recording.
    #[error("standard input can be the contract or a recording, not both; name a file for one")]
    StdinTwice,
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// The admin port cannot be reached, or refuses the request.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Ownership cannot be checked.
    #[error(transparent)]
    Owners(#[from] OwnersError),
    /// Migrations cannot be judged.
    #[error(transparent)]
    Migrations(Box<MigrationError>),
    /// The gate cannot decide or record.
    #[error(transparent)]
    Gate(Box<GateError>),
    /// No manifest can be printed.
    #[error(transparent)]
    Manifests(#[from] ManifestsError),
    /// Standard output cannot be written.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl RunError {
    /// The same error, with the path of the contract that a revision is compared with.
    pub(crate) fn with_compared(self, other: &str) -> Self {
        match self {
            Self::RevisionWithoutPath {
                revision,
                path: None,
            } if Path::new(other).exists() => Self::RevisionWithoutPath {
                revision,
                path: Some(other.trim_start_matches("./").to_owned()),
            },
            error => error,
        }
    }
}

impl From<MigrationError> for RunError {
    fn from(error: MigrationError) -> Self {
        Self::Migrations(Box::new(error))
    }
}

impl From<GateError> for RunError {
    fn from(error: GateError) -> Self {
        Self::Gate(Box::new(error))
    }
}

/// A file by its name in the working directory, or by its path.
fn shown_place(path: &Path) -> String {
    if path.components().count() == 1 && path.is_relative() {
        format!("{} in the working directory", path.display())
    } else {
        format!("file {}", path.display())
    }
}

fn joined(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

/// The errors among the problems, one per line.
fn listed(problems: &[ContractProblem]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| format!("\n{problem}")).collect()
}

/// How to read the contract nevertheless, on a line of its own.
fn advised(problems: &[ContractProblem]) -> String {
    let advice = reading_advice(problems);
    advice.map(|line| format!("\n{line}")).unwrap_or_default()
}
