//! The arguments of `portcullis man`.

use std::path::PathBuf;

use clap::Args as Flags;

/// `portcullis man`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis man /usr/local/share/man/man1
  portcullis man . && man ./portcullis-serve.1

Pages of the same names are replaced.")]
pub(crate) struct ManArgs {
    /// The directory for the pages; it is created if it is missing
    #[arg(value_name = "DIRECTORY")]
    pub(super) directory: PathBuf,
}
