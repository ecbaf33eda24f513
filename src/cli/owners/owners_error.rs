//! Why ownership cannot be checked.

use std::path::PathBuf;

use crate::cli::inputs::KnownNames;
use crate::source::{FileReadError, PrometheusError, RemoteError, RepositoryError};
use portcullis_config::{ConfigErrors, UnknownCatalogForm};

/// Why ownership cannot be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnersError {
    /// The arguments name no change.
    #[error(
        "nothing to check: name a revision (--base origin/main), changed paths, or - for a list \
         on standard input"
    )]
    NoChange,
    /// The catalog is invalid.
    #[error("the catalog is refused\n{0}")]
    Catalog(#[from] ConfigErrors),
    /// The catalog of a Git revision is not UTF-8, or too large.
    #[error("{}: not UTF-8, or larger than a catalog may be", path.display())]
    CatalogBytes {
        /// The catalog.
        path: PathBuf,
    },
    /// The text of the catalog has a form that no edit knows.
    #[error(transparent)]
    CatalogForm(UnknownCatalogForm),
    /// The changed text of the catalog does not mean what was planned.
    #[error(
        "the change cannot be made in the text of the catalog, because its tables are written in an \
         unusual form; make it by hand"
    )]
    CatalogMeaning,
    /// The catalog was changed while the command ran.
    #[error("{}: changed by another process in the meantime; run the command again", path.display())]
    CatalogChanged {
        /// The catalog.
        path: PathBuf,
    },
    /// The month has not begun.
    #[error("--month {month}: it has not begun; name an earlier one")]
    FutureMonth {
        /// The month.
        month: String,
    },
    /// No consumer used the service.
    #[error(
        "Prometheus has no use of {service} in {month} by this method, so the amount cannot be divided: \
         {queries}; check that it scrapes the proxies and keeps its samples that long"
    )]
    NoUsage {
        /// The service.
        service: String,
        /// The month.
        month: String,
        /// The queries.
        queries: String,
    },
    /// The catalog has no such service.
    #[error("no squad of {catalog} lists a service `{name}`{known}")]
    UnknownService {
        /// The catalog.
        catalog: String,
        /// The name from the command line.
        name: String,
        /// The services of the catalog.
        known: KnownNames,
    },
    /// Fewer than two squads own paths.
    #[error(
        "{catalog}: fewer than two squads have `paths`, so no import crosses a boundary; add the \
         paths of each squad"
    )]
    NoBoundary {
        /// The catalog.
        catalog: String,
    },
    /// No file with code of a squad was found.
    #[error(
        "{}: no {ending} file below this directory, and below a --root, belongs to a squad; name \
         the root of the repository with --directory",
        directory.display()
    )]
    NoCode {
        /// The directory.
        directory: PathBuf,
        /// The ending of the files.
        ending: &'static str,
    },
    /// The proxy has no forward proxy, so it knows no calls.
    #[error(
        "the proxy has no `egress.address`, so no service calls through it; set it, or ask another proxy \
         with --admin or Prometheus with --prometheus"
    )]
    NoEgress,
    /// The address of Prometheus is invalid.
    #[error("--prometheus: {0}")]
    PrometheusUrl(Box<RemoteError>),
    /// Prometheus did not answer.
    #[error(transparent)]
    Prometheus(Box<PrometheusError>),
    /// There is no runtime for the connection.
    #[error("cannot start a connection: {0}")]
    Runtime(std::io::Error),
    /// The catalog has no such squad.
    #[error("{flag}: no squad of {catalog} is called `{name}`{known}")]
    UnknownSquad {
        /// The flag that names it.
        flag: &'static str,
        /// The catalog.
        catalog: String,
        /// The name from the command line.
        name: String,
        /// The squads of the catalog.
        known: KnownNames,
    },
    /// A path leads out of the repository, or is empty.
    #[error(
        "`{path}`: expected a path from the repository's root, such as services/orders/main.rs"
    )]
    Path {
        /// The path from the command line.
        path: String,
    },
    /// A changed path is a directory.
    #[error(
        "`{path}` is a directory; name the files that change, or list them: git diff --name-only \
         -z main... -- {path} | portcullis owners --squad SQUAD -0 -"
    )]
    Directory {
        /// The path from the command line.
        path: String,
    },
    /// Git quoted a path.
    #[error(
        "line {line} of standard input is a path in quotes; use git -z, which ends paths \
         with zero bytes, together with -0"
    )]
    QuotedPath {
        /// The line, from 1.
        line: usize,
    },
    /// Standard input cannot be read.
    #[error("standard input cannot be read: {0}")]
    Input(#[from] std::io::Error),
    /// The list of paths is too long.
    #[error("standard input is longer than {bytes_max} bytes; check fewer commits at once")]
    InputTooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// Git failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// A file is not UTF-8.
    #[error("{}: not UTF-8: save the file as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
}
