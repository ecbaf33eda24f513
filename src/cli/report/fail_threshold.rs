//! The severity from which findings fail a command.

use clap::ValueEnum;

/// The lowest severity that makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailThreshold {
    /// Errors only
    #[default]
    Error,
    /// Errors and warnings
    Warning,
}

impl FailThreshold {
    /// Whether a run with these counts fails.
    pub(crate) const fn is_reached(self, errors: usize, warnings: usize) -> bool {
        match self {
            Self::Error => errors > 0,
            Self::Warning => errors + warnings > 0,
        }
    }
}
