//! The format of commands that show data.

use clap::ValueEnum;

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For humans
    #[default]
    Text,
    /// For programs
    Json,
}
