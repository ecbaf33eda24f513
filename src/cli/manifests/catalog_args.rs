//! The argument that names the catalog.

use std::path::PathBuf;

use clap::Args as Flags;

/// The catalog.
#[derive(Clone, Debug, Flags)]
pub(super) struct CatalogArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
}
