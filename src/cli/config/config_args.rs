//! The arguments of `portcullis config`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};

use crate::cli::admin_port::AdminChangeArgs;
use crate::cli::output::DataFormat;
use crate::cli::report::FailThreshold;

/// `portcullis config`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis config check
  portcullis config show
  portcullis config reload
  portcullis config schema > config.schema.json

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub(crate) struct ConfigArgs {
    /// The subcommand
    #[command(subcommand)]
    pub(super) action: ConfigAction,
}

/// The subcommands of `portcullis config`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum ConfigAction {
    /// Check a configuration, its contracts and its other files, without starting the proxy
    Check(ConfigCheckArgs),
    /// Print a configuration with all defaults, and where each value comes from
    Show(ConfigShowArgs),
    /// Print the JSON Schema of a file, for editors
    Schema(ConfigSchemaArgs),
    /// Reload the configuration and apply the settings that can change at run time
    Reload(ConfigReloadArgs),
}

/// `portcullis config schema`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config schema > config.schema.json
  portcullis config schema catalog > squads.schema.json

Editors with a TOML language server complete and check the keys if the first line of config.toml is
`#:schema ./config.schema.json`.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ConfigSchemaArgs {
    /// The file that the schema describes
    #[arg(value_enum, value_name = "FILE", default_value_t)]
    pub(super) file: DescribedFile,
}

/// A file with a JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DescribedFile {
    /// The configuration
    #[default]
    Config,
    /// The catalog of squads
    Catalog,
}

/// `portcullis config check`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config check
  portcullis config check gateway.toml --fail-on warning
  portcullis config check --format json | jq '.findings[]'

Everything that a start reads from files is read: the configuration, the catalog, contracts, certificates
and keys. No port is opened, and nothing is fetched over the network. Environment variables apply.

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub(super) struct ConfigCheckArgs {
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The lowest level that makes the exit code 1
    #[arg(long, value_enum, default_value_t)]
    pub(super) fail_on: FailThreshold,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// `portcullis config show`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config show
  portcullis config show gateway.toml | grep -v '# default'
  portcullis config show --format json | jq -r '.[] | select(.source != null) | .key'

The text is a configuration, with the source of each value in a comment: a line, an environment variable
or the default. Secrets are not shown. What a service takes over from a section of the same name is
listed in that section only.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ConfigShowArgs {
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// `portcullis config reload`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config reload
  portcullis config reload --format json | jq '.needs_restart[]'

The configuration applies as a whole. If it is invalid, or a contract that it needs is, nothing changes.

Exit codes: 0 fine, 1 the configuration is refused, 2 could not run.")]
pub(super) struct ConfigReloadArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
