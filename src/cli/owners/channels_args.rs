//! The arguments of `portcullis owners channels`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

use crate::cli::inputs::ReferenceArgs;

/// `portcullis owners channels`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners channels contracts
  portcullis owners channels orders.asyncapi.yaml search.asyncapi.yaml --catalog contracts/squads.toml
  portcullis owners channels contracts --format json | jq '.channels[] | select(.channel == \"orders\")'

The squad of a contract is its info.x-squad-owner; of messages that it sends also that of the operation or
the channel. Channels are the same if brokers know them by the same name.

Exit codes: 0 fine, 1 a contract has no squad, or one that is not in the catalog, 2 a contract cannot be
read.")]
pub(super) struct ChannelsArgs {
    /// AsyncAPI contracts, and directories with them
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(super) contracts: Vec<PathBuf>,
    /// The catalog that has the squads [default: squads are not checked]
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// Which files contracts may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ChannelsFormat,
}

/// How the users of channels are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ChannelsFormat {
    /// For humans
    #[default]
    Text,
    /// For programs
    Json,
}
