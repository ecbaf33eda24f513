//! Errors of git repositories.

use std::path::PathBuf;

use portcullis_vocabulary::limits::CHANGED_PATHS_BYTES_MAX;

/// Why a repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// git cannot be run.
    #[error("git cannot be run: {0}; install it, or pass the changed paths on the command line")]
    Program(std::io::Error),
    /// The directory is not in a repository.
    #[error("{}: no git repository: {message}", path.display())]
    NotARepository {
        /// The directory.
        path: PathBuf,
        /// The message of git.
        message: String,
    },
    /// The revision does not exist.
    #[error(
        "git knows no revision `{revision}`; check its spelling, or fetch it: pipelines often \
         clone without history"
    )]
    UnknownRevision {
        /// The revision.
        revision: String,
    },
    /// Two revisions without a common ancestor.
    #[error(
        "`{base}` and `{head}` have no common ancestor here; fetch more history, such as \
         `git fetch --unshallow`"
    )]
    Unrelated {
        /// The first revision.
        base: String,
        /// The second revision.
        head: String,
    },
    /// git failed.
    #[error("git {command} failed: {message}")]
    GitFailed {
        /// The git command.
        command: String,
        /// The output of git.
        message: String,
    },
    /// The output of git is not as documented.
    #[error("git {command} returned unexpected output: {answer:?}")]
    Answer {
        /// The git command.
        command: String,
        /// The output of git.
        answer: String,
    },
    /// The change is too large.
    #[error(
        "more than {CHANGED_PATHS_BYTES_MAX} bytes of changed paths; check fewer commits at once"
    )]
    TooLarge,
}
