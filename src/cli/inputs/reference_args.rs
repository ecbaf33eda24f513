//! The argument that says which files a contract may refer to.

use std::path::PathBuf;

use clap::Args as Flags;

use crate::source::ReferenceRoot;

/// Which files a contract may refer to.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct ReferenceArgs {
    /// The directory below which contracts may refer to files [default: the git repository of the
    /// contract, else its directory]
    #[arg(long = "ref-root", value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl ReferenceArgs {
    /// The directory, or the default of each contract.
    pub(crate) fn root(&self) -> ReferenceRoot {
        ReferenceRoot::new(self.directory.clone())
    }
}
