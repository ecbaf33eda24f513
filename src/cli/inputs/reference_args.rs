//! The arguments that say which files a contract consists of.

use std::path::PathBuf;

use clap::Args as Flags;

use crate::source::ReferenceRoot;

/// Which files a contract may refer to, and what changes it.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct ReferenceArgs {
    /// The directory below which contracts may refer to files [default: the git repository of the
    /// contract, else its directory]
    #[arg(long = "ref-root", value_name = "DIR")]
    directory: Option<PathBuf>,
    /// A document that changes every contract that is read from files (OpenAPI Overlay 1.0 or 1.1);
    /// may be repeated, and is applied in this order
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
}

impl ReferenceArgs {
    /// The directory, or the default of each contract, and the overlays.
    pub(crate) fn root(&self) -> ReferenceRoot {
        ReferenceRoot::new(self.directory.clone()).with_overlays(self.overlays.clone())
    }
}
