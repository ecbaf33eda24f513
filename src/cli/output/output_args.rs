//! The arguments of every command that say what is printed, and how.

use anstream::ColorChoice;
use clap::{Args as Flags, ValueEnum};

/// What a command prints on standard output.
#[derive(Clone, Copy, Debug, Flags)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print nothing but errors; the exit code says the rest
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Whether the output has colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: OutputColor,
}

/// Whether the output has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputColor {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<OutputColor> for ColorChoice {
    fn from(color: OutputColor) -> Self {
        match color {
            OutputColor::Auto => Self::Auto,
            OutputColor::Always => Self::Always,
            OutputColor::Never => Self::Never,
        }
    }
}
