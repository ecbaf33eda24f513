//! Why owners cannot be told.

use std::path::PathBuf;

use crate::config::ConfigErrors;
use crate::source::{FileReadError, RepositoryError};

/// Why owners cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnersError {
    /// There is nothing to judge.
    #[error(
        "nothing to judge: name a revision (--base origin/main), changed paths, or - for a list \
         on standard input"
    )]
    NoChange,
    /// The catalog is refused.
    #[error("the catalog is refused\n{0}")]
    Catalog(#[from] ConfigErrors),
    /// The catalog of a revision is no text.
    #[error("{}: not UTF-8, or larger than a catalog may be", path.display())]
    CatalogBytes {
        /// The catalog.
        path: PathBuf,
    },
    /// The catalog has no such squad.
    #[error(
        "{flag}: no squad of {catalog} is called `{name}`{}",
        near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
    )]
    UnknownSquad {
        /// Where it was named.
        flag: &'static str,
        /// The catalog.
        catalog: String,
        /// What was named.
        name: String,
        /// The squad that is most like it.
        near: Option<String>,
    },
    /// A path leads out of the repository, or says nothing.
    #[error(
        "`{path}`: expected a path from the repository's root, such as services/orders/main.rs"
    )]
    Path {
        /// What was named.
        path: String,
    },
    /// A directory is no changed path.
    #[error(
        "`{path}` is a directory; name the files that change, or list them: git diff --name-only \
         -z main... -- {path} | portcullis owners --squad SQUAD -0 -"
    )]
    Directory {
        /// What was named.
        path: String,
    },
    /// git has quoted a path.
    #[error(
        "line {line} of standard input is a path in quotes; have git end paths with zero bytes \
         (-z), and read them so (-0)"
    )]
    QuotedPath {
        /// The line, from 1.
        line: usize,
    },
    /// The list of paths is not text.
    #[error("standard input cannot be read: {0}")]
    Input(#[from] std::io::Error),
    /// The list of paths is too long.
    #[error("standard input is longer than {bytes_max} bytes; judge fewer commits at once")]
    InputTooLong {
        /// The bound.
        bytes_max: usize,
    },
    /// git cannot be asked.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// A file is no text.
    #[error("{}: not UTF-8: save the file as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
}
