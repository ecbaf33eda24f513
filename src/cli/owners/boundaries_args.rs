//! The arguments of `portcullis owners boundaries`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

/// `portcullis owners boundaries`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners boundaries --format dependency-cruiser > .dependency-cruiser.cjs
  portcullis owners boundaries --format import-linter --root services/orders/src > .importlinter
  portcullis owners boundaries --format go-arch-lint > .go-arch-lint.yml
  portcullis owners boundaries --format archunit > src/test/java/SquadBoundaries.java
  portcullis owners boundaries --format go-arch-lint --check .go-arch-lint.yml

Exit codes: 0 fine, 1 the file of --check is out of date, or the tool cannot express all of it, 2
could not run.")]
pub(super) struct BoundariesArgs {
    /// The tool whose configuration is written
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(super) format: BoundaryTool,
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// The root of the repository, for tools that know packages and not paths
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// A folder where the names of packages start, from the root of the repository; may be
    /// repeated [default: the root]
    #[arg(long, value_name = "DIR")]
    pub(super) root: Vec<String>,
    /// Print nothing, and check that this file is up to date
    #[arg(long, value_name = "FILE")]
    pub(super) check: Option<PathBuf>,
}

/// A tool that checks imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BoundaryTool {
    /// JavaScript and TypeScript: .dependency-cruiser.cjs
    DependencyCruiser,
    /// Python: .importlinter
    ImportLinter,
    /// Go: .go-arch-lint.yml
    GoArchLint,
    /// Java and Kotlin: a class that a test calls
    #[value(name = "archunit")]
    ArchUnit,
}
