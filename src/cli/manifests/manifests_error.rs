//! Why no manifest can be printed.

use portcullis_config::ConfigErrors;
use portcullis_manifests::{ManifestProblem, ManifestProblems};

/// Why no manifest can be printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestsError {
    /// The configuration or the catalog is invalid.
    #[error("the configuration is refused\n{0}")]
    Configuration(#[from] ConfigErrors),
    /// The catalog or the configuration is valid and cannot be written as manifests.
    #[error("no manifest can be written\n{0}")]
    Problems(#[from] ManifestProblems),
}

impl From<ManifestProblem> for ManifestsError {
    fn from(problem: ManifestProblem) -> Self {
        Self::Problems(problem.into())
    }
}
